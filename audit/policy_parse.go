// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/mod/sumdb/note"
)

// MaxPolicySize bounds a policy file, in bytes.
const MaxPolicySize = 256 << 10

// maxPolicyDepth bounds how deep brackets, braces and dashes nest. A policy
// nests four levels; the parser recurses, in memory quadratic in the depth.
const maxPolicyDepth = 16

// A PolicyError is a mistake in a policy file.
type PolicyError struct {
	File         string
	Line, Column int    // from 1, the column in characters; 0 if the place is unknown
	Message      string // what is wrong
	Hint         string // the nearest right word, or "" if there is none
}

// Error gives file:line:column and what is wrong there.
func (e *PolicyError) Error() string {
	loc := &Location{File: e.File, Line: e.Line, Column: e.Column}
	return loc.String() + ": " + e.Message
}

// ParsePolicy reads a policy and checks it against the catalogue's rules.
// It is strict: an unknown key, rule or severity, a value of the wrong type,
// and a waiver that lacks any of its parts, is an error. Errors are
// *PolicyError, joined: all of them at once, in the order of the file, unless
// it is no YAML at all. A file without content is the default policy.
func ParsePolicy(file string, data []byte, rules map[string]*Rule) (*Policy, error) {
	body, err := parsePolicyYAML(data)
	if err != nil {
		err.File = file
		return nil, err
	}
	p := DefaultPolicy()
	p.File, p.Digest = file, Digest(data)
	d := &policyDecoder{values: map[string]place{}, keys: map[string]place{}}
	d.decode("", body, reflect.ValueOf(p).Elem())
	v := &policyValidator{policyDecoder: d, rules: rules}
	v.policy(p)
	if len(d.errs) == 0 {
		return p, nil
	}
	slices.SortStableFunc(d.errs, func(a, b *PolicyError) int {
		return place{a.Line, a.Column}.compare(place{b.Line, b.Column})
	})
	var errs []error
	for _, e := range d.errs {
		e.File = file
		errs = append(errs, e)
	}
	return nil, errors.Join(errs...)
}

// parsePolicyYAML returns the root of the only document, or nil if it is empty.
func parsePolicyYAML(data []byte) (ast.Node, *PolicyError) {
	if len(data) > MaxPolicySize {
		return nil, &PolicyError{Message: fmt.Sprintf("larger than %d bytes", MaxPolicySize)}
	}
	if !utf8.Valid(data) {
		return nil, &PolicyError{Message: "not UTF-8 text"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark, as Windows editors write it
	tokens := lexer.Tokenize(string(data))
	if err := plainTokens(tokens); err != nil {
		return nil, err
	}
	// Duplicate keys are found by the decoder, which finds all of them.
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		e := &PolicyError{Message: err.Error()}
		var ye yaml.Error
		if errors.As(err, &ye) {
			at := placeOf(ye.GetToken())
			e.Message, e.Line, e.Column = ye.GetMessage(), at.line, at.column
		}
		return nil, e
	}
	if len(tree.Docs) == 0 {
		return nil, nil
	}
	return tree.Docs[0].Body, nil
}

// plainTokens refuses, before anything recurses or expands, the parts of YAML
// that a policy has no use for. Among them is a second document: the parser
// drops one that follows an empty one.
func plainTokens(tokens token.Tokens) *PolicyError {
	flow, dashes, line := 0, 0, 0
	begun, ended := false, false // the document
	for _, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		at := placeOf(tk)
		if at.line != line {
			dashes, line = 0, at.line
		}
		if ended || begun && tk.Type == token.DocumentHeaderType {
			return &PolicyError{Line: at.line, Column: at.column, Message: "more than one document"}
		}
		begun, ended = true, tk.Type == token.DocumentEndType
		what := ""
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType:
			dashes++
		case token.AnchorType, token.AliasType:
			what = "anchors and aliases are"
		case token.MergeKeyType:
			what = "merge keys are"
		case token.TagType:
			what = "tags are"
		case token.MappingKeyType:
			what = "complex keys are"
		case token.DirectiveType:
			what = "directives are"
		}
		switch {
		case what != "":
			return &PolicyError{Line: at.line, Column: at.column, Message: what + " not allowed in a policy"}
		case flow+dashes > maxPolicyDepth:
			return &PolicyError{Line: at.line, Column: at.column, Message: "nested too deeply"}
		}
	}
	return nil
}

// policyValidator checks what the types cannot.
type policyValidator struct {
	*policyDecoder
	rules map[string]*Rule
}

func (v *policyValidator) policy(p *Policy) {
	v.severity("fail_on", p.FailOn)
	for _, id := range slices.Sorted(maps.Keys(p.Severities)) {
		at := "severities." + id
		v.rule(v.keys[at], id)
		v.severity(at, p.Severities[id])
	}
	for i := range p.Waivers {
		v.waiver(fmt.Sprintf("waivers[%d]", i), &p.Waivers[i])
	}
	v.logs(p.SumDB.Logs)
	v.requirements(p.FIPS.Require)
	v.spiffe(&p.SPIFFE)
	a := &p.Allowlist
	if !a.ValidFrom.IsZero() && !a.ValidUntil.IsZero() && a.ValidUntil.Before(a.ValidFrom.Time) {
		v.fail(v.values["allowlist.valid_until"], "", "valid_until is before valid_from")
	}
}

func (v *policyValidator) severity(at string, s Severity) {
	if s.Valid() || v.failed[at] {
		return
	}
	words := make([]string, 0, len(Severities()))
	for _, s := range Severities() {
		words = append(words, string(s))
	}
	v.fail(v.values[at], Nearest(string(s), words), "unknown severity %q: one of %s", s, strings.Join(words, ", "))
}

func (v *policyValidator) rule(at place, id string) {
	if v.rules[id] == nil {
		v.fail(at, Nearest(id, slices.Sorted(maps.Keys(v.rules))), "unknown rule %q", id)
	}
}

func (v *policyValidator) waiver(at string, w *Waiver) {
	w.Line = v.values[at].line
	if v.failed[at] {
		return
	}
	parts := []struct {
		key     string
		missing bool
	}{
		{"rule", blank(w.Rule)}, {"subject", blank(w.Subject)}, {"reason", blank(w.Reason)}, {"owner", blank(w.Owner)},
		{"expires", w.Expires.IsZero()},
	}
	for _, part := range parts {
		if part.missing && !v.failed[at+"."+part.key] {
			v.fail(v.values[at], "", "waiver without %s", part.key)
		}
	}
	if !blank(w.Rule) {
		v.rule(v.values[at+".rule"], w.Rule)
	}
	if _, err := path.Match(w.Subject, ""); err != nil {
		v.fail(v.values[at+".subject"], "", "malformed pattern %q", w.Subject)
	}
}

// logs checks the checksum databases: each with a key, each name once, and
// patterns that the go command would take in GOPRIVATE.
func (v *policyValidator) logs(logs []PolicyLog) {
	names := map[string]bool{}
	for i, log := range logs {
		at := fmt.Sprintf("sumdb.logs[%d]", i)
		if v.failed[at] {
			continue
		}
		fields := strings.Fields(log.GOSUMDB)
		switch {
		case v.failed[at+".gosumdb"]:
		case len(fields) == 0:
			v.fail(v.values[at], "", "log without gosumdb")
		case len(fields) > 2:
			v.fail(v.values[at+".gosumdb"], "", "gosumdb is name+key, or name+key and a URL")
		default:
			verifier, err := note.NewVerifier(fields[0])
			switch {
			case err != nil:
				v.fail(v.values[at+".gosumdb"], "", "gosumdb does not begin with name+key: %v", err)
			case names[verifier.Name()]:
				v.fail(v.values[at+".gosumdb"], "", "two logs called %s", verifier.Name())
			default:
				names[verifier.Name()] = true
			}
		}
		if len(log.Modules) == 0 && !v.failed[at+".modules"] {
			v.fail(v.values[at], "", "log without modules")
		}
		for j, pattern := range log.Modules {
			at := fmt.Sprintf("%s.modules[%d]", at, j)
			if _, err := path.Match(pattern, ""); !v.failed[at] && (err != nil || blank(pattern) || strings.Contains(pattern, ",")) {
				v.fail(v.values[at], "", "malformed pattern %q", pattern)
			}
		}
	}
}

// requirements checks what is demanded of executables.
func (v *policyValidator) requirements(list []FIPSRequirement) {
	for i, r := range list {
		at := fmt.Sprintf("fips.require[%d]", i)
		if v.failed[at] {
			continue
		}
		switch {
		case v.failed[at+".level"]:
		case r.Level == "":
			v.fail(v.values[at], "", "requirement without level")
		case !slices.Contains(FIPSLevels, r.Level):
			v.fail(v.values[at+".level"], Nearest(r.Level, FIPSLevels), "unknown level %q", r.Level)
		}
		if len(r.Paths) == 0 && !v.failed[at+".paths"] {
			v.fail(v.values[at], "", "requirement without paths")
		}
		for j, pattern := range r.Paths {
			at := fmt.Sprintf("%s.paths[%d]", at, j)
			if _, err := path.Match(pattern, ""); !v.failed[at] && (err != nil || blank(pattern)) {
				v.fail(v.values[at], "", "malformed pattern %q", pattern)
			}
		}
	}
}

// spiffe checks what is said of X.509-SVIDs.
func (v *policyValidator) spiffe(p *SPIFFEPolicy) {
	const at = "spiffe.trust_domain"
	if p.TrustDomain != "" && !trustDomain().MatchString(p.TrustDomain) {
		v.fail(v.values[at], "", "malformed trust domain %q: a name such as prod.example", p.TrustDomain)
	}
	for i, pattern := range p.Paths {
		at := fmt.Sprintf("spiffe.paths[%d]", i)
		if err := CheckSPIFFEPath(pattern); err != nil && !v.failed[at] {
			v.fail(v.values[at], "", "path %q: %v", pattern, err)
		}
	}
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
