// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// policyDecoder fills a policy from its YAML tree. A decoder of its own, since
// the library's stops at the first mistake, turns numbers and booleans into
// text, and does not tell where a value stood.
type policyDecoder struct {
	values map[string]place // by path, such as waivers[0].rule
	keys   map[string]place
	failed map[string]bool // paths whose value was refused
	errs   []*PolicyError
}

// A place is a line and a column of the file, both from 1; zero if unknown.
type place struct{ line, column int }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.line, q.line), cmp.Compare(p.column, q.column))
}

func placeOf(tk *token.Token) place {
	if tk == nil || tk.Position == nil {
		return place{}
	}
	return place{tk.Position.Line, tk.Position.Column}
}

func (d *policyDecoder) fail(at place, hint, format string, args ...any) {
	d.errs = append(d.errs, &PolicyError{Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// refuse records that the value at a path is not what it must be.
func (d *policyDecoder) refuse(at string, format string, args ...any) {
	if d.failed == nil {
		d.failed = map[string]bool{}
	}
	d.failed[at] = true
	d.fail(d.values[at], "", format, args...)
}

// decode sets dst, one of the types that a [Policy] is made of, from node.
// A key without a value leaves what dst holds.
func (d *policyDecoder) decode(at string, node ast.Node, dst reflect.Value) {
	if node == nil {
		return
	}
	d.values[at] = placeOf(firstToken(node))
	if node.Type() == ast.NullType {
		return
	}
	if date, ok := dst.Addr().Interface().(*Date); ok {
		if text, ok := d.text(at, node); ok && (text == "" || date.UnmarshalText([]byte(text)) != nil) {
			d.refuse(at, "malformed date %q: a day such as 2006-01-02", text)
		}
		return
	}
	switch dst.Kind() {
	case reflect.String:
		if text, ok := d.text(at, node); ok {
			dst.SetString(text)
		}
	case reflect.Slice:
		d.list(at, node, dst)
	case reflect.Map:
		d.mapping(at, node, func(key, at string, value ast.Node) {
			elem := reflect.New(dst.Type().Elem()).Elem()
			d.decode(at, value, elem)
			if dst.IsNil() {
				dst.Set(reflect.MakeMap(dst.Type()))
			}
			dst.SetMapIndex(reflect.ValueOf(key), elem)
		})
	case reflect.Struct:
		fields := policyFields(dst.Type())
		d.mapping(at, node, func(key, at string, value ast.Node) {
			for i, name := range fields {
				if name != "" && name == key {
					d.decode(at, value, dst.Field(i))
					return
				}
			}
			d.fail(d.keys[at], Nearest(key, fields), "unknown key %q", key)
		})
	default:
		panic("policy holds a " + dst.Type().String())
	}
}

// list decodes a sequence.
func (d *policyDecoder) list(at string, node ast.Node, dst reflect.Value) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.refuse(at, "a list is wanted here, this is %s", nodeNoun(node))
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(seq.Values), len(seq.Values)))
	for i, value := range seq.Values {
		at := fmt.Sprintf("%s[%d]", at, i)
		d.decode(at, value, dst.Index(i))
		if value.Type() == ast.NullType {
			d.refuse(at, "empty entry in a list")
		}
	}
}

// mapping calls entry for each key of a mapping with the path of its value.
func (d *policyDecoder) mapping(at string, node ast.Node, entry func(key, at string, value ast.Node)) {
	m, ok := node.(ast.MapNode)
	if !ok {
		d.refuse(at, "keys and values are wanted here, this is %s", nodeNoun(node))
		return
	}
	seen := map[string]place{}
	for it := m.MapRange(); it.Next(); {
		key, ok := it.Key().(*ast.StringNode)
		if !ok {
			d.fail(placeOf(it.Key().GetToken()), "", "a key must be text, this is %s", nodeNoun(it.Key()))
			continue
		}
		if first, ok := seen[key.Value]; ok {
			d.fail(placeOf(key.GetToken()), "", "duplicate key %q, first in line %d", key.Value, first.line)
			continue
		}
		at := strings.TrimPrefix(at+"."+key.Value, ".")
		seen[key.Value] = placeOf(key.GetToken())
		d.keys[at] = seen[key.Value]
		entry(key.Value, at, it.Value())
	}
}

// text returns the value of a text node.
func (d *policyDecoder) text(at string, node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	}
	noun := nodeNoun(node)
	if _, ok := node.(ast.ScalarNode); ok {
		noun += ": put it in quotes"
	}
	d.refuse(at, "text is wanted here, this is %s", noun)
	return "", false
}

// policyFields names the keys of a struct's fields; "" for a field that does
// not stand in the file.
func policyFields(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "-" {
			names[i] = tag
		}
	}
	return names
}

// firstToken is where a node begins: a block mapping begins at its first key,
// while its own token is the colon after it.
func firstToken(node ast.Node) *token.Token {
	switch node := node.(type) {
	case *ast.MappingNode:
		if !node.IsFlowStyle && len(node.Values) > 0 {
			return node.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return node.Key.GetToken()
	}
	return node.GetToken()
}

// nodeNoun says what a node is.
func nodeNoun(node ast.Node) string {
	switch node.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "keys and values"
	case ast.SequenceType:
		return "a list"
	case ast.StringType, ast.LiteralType:
		return "text"
	case ast.BoolType:
		return "a boolean"
	case ast.NullType:
		return "nothing"
	}
	return "a number"
}
