// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// MaxPolicySize bounds a policy file, in bytes.
const MaxPolicySize = 1 << 20

// A PolicyError is a mistake in a policy file.
type PolicyError struct {
	File         string
	Line, Column int    // from 1; 0 if the place is unknown
	Message      string // what is wrong
	Hint         string // the nearest right word, or "" if there is none
}

// Error gives file:line:column and what is wrong there.
func (e *PolicyError) Error() string {
	loc := &Location{File: e.File, Line: e.Line, Column: e.Column}
	return loc.String() + ": " + e.Message
}

// ParsePolicy reads a policy and checks it against the catalogue's rules.
// It is strict: an unknown key, rule or severity, and a waiver that lacks any
// of its parts, is an error. Errors are *PolicyError, joined: all of them at
// once, unless the file is not of the right form at all.
func ParsePolicy(file string, data []byte, rules map[string]*Rule) (*Policy, error) {
	if len(data) > MaxPolicySize {
		return nil, &PolicyError{File: file, Message: fmt.Sprintf("larger than %d bytes", MaxPolicySize)}
	}
	p := DefaultPolicy()
	dec := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := dec.Decode(p); err != nil && !errors.Is(err, io.EOF) {
		return nil, yamlError(file, err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, &PolicyError{File: file, Message: "more than one document"}
	}
	p.File, p.Digest = file, Digest(data)
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, yamlError(file, err)
	}
	v := &policyValidator{file: file, tree: tree, rules: rules}
	v.policy(p)
	if len(v.errs) > 0 {
		return nil, errors.Join(v.errs...)
	}
	return p, nil
}

// yamlError gives the library's error our form, with the nearest right key for
// an unknown one.
func yamlError(file string, err error) error {
	e := &PolicyError{File: file, Message: err.Error()}
	var ye yaml.Error
	if errors.As(err, &ye) {
		e.Message = ye.GetMessage()
		if tk := ye.GetToken(); tk != nil && tk.Position != nil {
			e.Line, e.Column = tk.Position.Line, tk.Position.Column
		}
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) && unknown.Token != nil {
		key := unknown.Token.Value
		e.Message = fmt.Sprintf("unknown key %q", key)
		e.Hint = Nearest(key, policyKeys())
	}
	return e
}

// policyKeys lists the keys that a policy may hold, at any depth.
func policyKeys() []string {
	var keys []string
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Slice, reflect.Pointer:
			walk(t.Elem())
		case reflect.Struct:
			for f := range fields(t) {
				keys = append(keys, f.Tag.Get("yaml"))
				walk(f.Type)
			}
		}
	}
	walk(reflect.TypeFor[Policy]())
	slices.Sort(keys)
	return slices.Compact(keys)
}

// fields yields the fields of a struct type that stand in the file.
func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			if tag := f.Tag.Get("yaml"); tag != "" && tag != "-" && !yield(f) {
				return
			}
		}
	}
}

// policyValidator checks what the types cannot, and knows where things stand.
type policyValidator struct {
	file  string
	tree  *ast.File
	rules map[string]*Rule
	errs  []error
}

// fail records a mistake at a YAML path such as $.waivers[0].rule, or at the
// nearest thing above it that is there.
func (v *policyValidator) fail(at, hint, format string, args ...any) {
	e := &PolicyError{File: v.file, Message: fmt.Sprintf(format, args...), Hint: hint}
	e.Line, e.Column = v.position(at)
	v.errs = append(v.errs, e)
}

func (v *policyValidator) position(at string) (line, column int) {
	for at != "" && at != "$" {
		if p, err := yaml.PathString(at); err == nil {
			if node, err := p.FilterFile(v.tree); err == nil && node != nil {
				pos := node.GetToken().Position
				if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
					pos = m.Values[0].Key.GetToken().Position
				}
				return pos.Line, pos.Column
			}
		}
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	return 0, 0
}

func (v *policyValidator) policy(p *Policy) {
	v.severity("$.fail_on", p.FailOn)
	for _, id := range slices.Sorted(maps.Keys(p.Severities)) {
		at := "$.severities.'" + strings.ReplaceAll(id, "'", "") + "'"
		v.rule(at, id)
		v.severity(at, p.Severities[id])
	}
	for i := range p.Waivers {
		v.waiver(fmt.Sprintf("$.waivers[%d]", i), &p.Waivers[i])
	}
	a := &p.Allowlist
	if !a.ValidFrom.IsZero() && !a.ValidUntil.IsZero() && a.ValidUntil.Before(a.ValidFrom.Time) {
		v.fail("$.allowlist.valid_until", "", "valid_until is before valid_from")
	}
}

func (v *policyValidator) severity(at string, s Severity) {
	if !s.Valid() {
		words := make([]string, 0, len(Severities()))
		for _, s := range Severities() {
			words = append(words, string(s))
		}
		v.fail(at, Nearest(string(s), words), "unknown severity %q: one of %s", s, strings.Join(words, ", "))
	}
}

func (v *policyValidator) rule(at, id string) {
	if v.rules[id] == nil {
		v.fail(at, Nearest(id, slices.Sorted(maps.Keys(v.rules))), "unknown rule %q", id)
	}
}

func (v *policyValidator) waiver(at string, w *Waiver) {
	w.Line, _ = v.position(at)
	parts := []struct{ key, value string }{
		{"rule", w.Rule}, {"subject", w.Subject}, {"reason", w.Reason}, {"owner", w.Owner},
	}
	for _, part := range parts {
		if strings.TrimSpace(part.value) == "" {
			v.fail(at, "", "waiver without %s", part.key)
		}
	}
	if w.Expires.IsZero() {
		v.fail(at, "", "waiver without expires")
	}
	if w.Rule != "" {
		v.rule(at+".rule", w.Rule)
	}
	if _, err := path.Match(w.Subject, ""); err != nil {
		v.fail(at+".subject", "", "malformed pattern %q", w.Subject)
	}
}
