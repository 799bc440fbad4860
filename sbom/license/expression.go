// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/github/go-spdx/v2/spdxexp/spdxlicenses"
)

// Bounds of an expression: SPDX knows none, real ones stay under twenty identifiers.
const (
	maxExpression = 4096 // bytes
	maxDepth      = 32   // nested parentheses
)

// An expr is a parsed SPDX expression: a licence (op 0) or the alternatives or members of an operator.
type expr struct {
	op   byte // 0, '&' or '|'
	id   string
	plus bool // the operator "+"
	with string
	bare bool // a GNU licence of which nothing said yet whether later versions are offered
	args []*expr
}

// Normalize returns the expression as SPDX writes it: identifiers in their own case, GNU licences with their suffix, operators in
// upper case, no duplicate and no needless parenthesis. The error tells what is wrong, unknown identifiers included.
func Normalize(expression string) (string, error) {
	e, err := parse(expression)
	if err != nil {
		return "", err
	}
	return e.String(), nil
}

// Equivalent reports whether two valid expressions are the same but for the order of operands.
func Equivalent(a, b string) bool {
	x, errX := parse(a)
	y, errY := parse(b)
	return errX == nil && errY == nil && x.key() == y.key()
}

// identifiers are the lists of the SPDX licence list by lower-case identifier.
var identifiers = sync.OnceValues(func() (licenses, exceptions map[string]string) {
	licenses, exceptions = map[string]string{}, map[string]string{}
	for _, list := range [][]string{spdxlicenses.GetDeprecated(), spdxlicenses.GetLicenses()} {
		for _, id := range list {
			licenses[strings.ToLower(id)] = id
		}
	}
	for _, id := range spdxlicenses.GetExceptions() {
		exceptions[strings.ToLower(id)] = id
	}
	return licenses, exceptions
})

type exprParser struct {
	rest  []string
	depth int
}

func parse(s string) (*expr, error) {
	if len(s) > maxExpression {
		return nil, fmt.Errorf("licence expression of more than %d bytes", maxExpression)
	}
	s = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s)
	p := &exprParser{rest: strings.Fields(s)}
	if len(p.rest) == 0 {
		return nil, errors.New("empty licence expression")
	}
	e, err := p.list('|')
	if err != nil {
		return nil, err
	}
	if len(p.rest) > 0 {
		return nil, fmt.Errorf("licence expression: %q not expected", p.rest[0])
	}
	return e, nil
}

// list reads operands of one operator: OR binds weaker than AND (annex D.4.5).
func (p *exprParser) list(op byte) (*expr, error) {
	var args []*expr
	for {
		var e *expr
		var err error
		if op == '|' {
			e, err = p.list('&')
		} else {
			e, err = p.operand()
		}
		if err != nil {
			return nil, err
		}
		args = append(args, e)
		if !p.take(map[byte]string{'|': "OR", '&': "AND"}[op]) {
			return join(op, args...), nil
		}
	}
}

func (p *exprParser) operand() (*expr, error) {
	if p.take("(") {
		if p.depth++; p.depth > maxDepth {
			return nil, fmt.Errorf("licence expression: more than %d nested parentheses", maxDepth)
		}
		e, err := p.list('|')
		if err != nil {
			return nil, err
		}
		if p.depth--; !p.take(")") {
			return nil, errors.New("licence expression: closing parenthesis missing")
		}
		return e, nil
	}
	if len(p.rest) == 0 {
		return nil, errors.New("licence expression: ends where an identifier is expected")
	}
	e, err := leaf(p.rest[0])
	if err != nil {
		return nil, err
	}
	p.rest = p.rest[1:]
	if p.take("WITH") {
		if len(p.rest) == 0 {
			return nil, errors.New("licence expression: WITH without an exception")
		}
		_, exceptions := identifiers()
		with, ok := exceptions[strings.ToLower(p.rest[0])]
		if !ok && strings.HasPrefix(p.rest[0], "AdditionRef-") && idString(p.rest[0]) { // SPDX 3.0.1, annex B
			with, ok = p.rest[0], true
		}
		if !ok {
			return nil, fmt.Errorf("licence expression: unknown exception %q", p.rest[0])
		}
		e.with, p.rest = with, p.rest[1:]
	}
	return e, nil
}

// take consumes an operator, which SPDX 3.0 allows in lower case as a whole too.
func (p *exprParser) take(token string) bool {
	if len(p.rest) == 0 || p.rest[0] != token && p.rest[0] != strings.ToLower(token) {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func leaf(s string) (*expr, error) {
	if ref := s[strings.LastIndexByte(s, ':')+1:]; strings.HasPrefix(ref, "LicenseRef-") {
		doc, _, found := strings.Cut(s, ":")
		if !idString(ref) || found && (!strings.HasPrefix(doc, "DocumentRef-") || !idString(doc)) {
			return nil, fmt.Errorf("licence expression: invalid reference %q", s)
		}
		return &expr{id: s}, nil
	}
	name, plus := strings.CutSuffix(s, "+")
	licenses, _ := identifiers()
	id, ok := licenses[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("licence expression: unknown identifier %q", s)
	}
	return gnu(&expr{id: id, plus: plus}), nil
}

// gnu gives the deprecated identifiers of GNU licences the suffix that the SPDX list says they mean: GPL-2.0 is GPL-2.0-only, and
// GPL-2.0+ is GPL-2.0-or-later.
func gnu(e *expr) *expr {
	licenses, _ := identifiers()
	base := strings.TrimSuffix(strings.TrimSuffix(e.id, "-only"), "-or-later")
	switch _, ok := licenses[strings.ToLower(base)+"-or-later"]; {
	case !ok:
	case e.plus || strings.HasSuffix(e.id, "-or-later"):
		e.id, e.plus = base+"-or-later", false
	default:
		e.id = base + "-only"
	}
	return e
}

// idString reports whether s is an idstring of annex D.1.
func idString(s string) bool {
	_, name, _ := strings.Cut(s, "-")
	return name != "" && strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.')
	}) < 0
}

// join combines expressions, flattening the same operator and dropping duplicates; nils are left out.
func join(op byte, args ...*expr) *expr {
	var flat []*expr
	seen := map[string]bool{}
	for _, a := range args {
		if a == nil {
			continue
		}
		members := []*expr{a}
		if a.op == op {
			members = a.args
		}
		for _, m := range members {
			if k := m.key(); !seen[k] {
				seen[k] = true
				flat = append(flat, m)
			}
		}
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return flat[0]
	}
	return &expr{op: op, args: flat}
}

func (e *expr) String() string {
	if e == nil {
		return ""
	}
	if e.op == 0 {
		s := e.id
		if e.plus {
			s += "+"
		}
		if e.with != "" {
			s += " WITH " + e.with
		}
		return s
	}
	parts := make([]string, len(e.args))
	for i, a := range e.args {
		parts[i] = a.String()
		if e.op == '&' && a.op == '|' {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, map[byte]string{'&': " AND ", '|': " OR "}[e.op])
}

// key is the same for expressions that differ in the order of operands only.
func (e *expr) key() string {
	if e.op == 0 {
		return e.String()
	}
	keys := make([]string, len(e.args))
	for i, a := range e.args {
		keys[i] = a.key()
	}
	slices.Sort(keys)
	return "(" + strings.Join(keys, string(e.op)) + ")"
}

// leaves calls yield for each licence of the expression.
func (e *expr) leaves(yield func(*expr)) {
	if e == nil {
		return
	}
	if e.op == 0 {
		yield(e)
	}
	for _, a := range e.args {
		a.leaves(yield)
	}
}
