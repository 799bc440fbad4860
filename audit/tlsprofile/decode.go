// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A decoder fills a profile from its YAML tree. It is one of our own, since the library's
// stops at the first mistake, turns numbers and booleans into text, and does not tell
// where a value stood.
type decoder struct {
	values map[string]place // by path, such as clauses[0].level
	failed map[string]bool  // paths whose value was refused
	errs   []*ParseError
}

// A place is a line and a column of the file, both from 1; zero if unknown.
type place struct{ line, column int }

func placeOf(tk *token.Token) place {
	if tk == nil || tk.Position == nil {
		return place{}
	}
	return place{tk.Position.Line, tk.Position.Column}
}

// fail records a mistake in what stands at a path, or if that is absent, at the nearest
// that is around it.
func (d *decoder) fail(at, format string, args ...any) {
	d.failed[at] = true
	p, ok := d.values[at]
	for outer := at; !ok && outer != ""; p, ok = d.values[outer] {
		outer = outer[:max(strings.LastIndexByte(outer, '.'), 0)]
	}
	d.failAt(p, format, args...)
}

func (d *decoder) failAt(p place, format string, args ...any) {
	d.errs = append(d.errs, &ParseError{Line: p.line, Column: p.column, Message: fmt.Sprintf(format, args...)})
}

// decode sets dst, one of the types that a [Profile] is made of, from node.
func (d *decoder) decode(at string, node ast.Node, dst reflect.Value) {
	d.values[at] = placeOf(firstToken(node))
	if u, ok := dst.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if text, ok := d.text(at, node); ok && u.UnmarshalText([]byte(text)) != nil {
			if _, ok := u.(*Date); ok {
				d.fail(at, "malformed date %q: a day such as 2006-01-02", text)
				return
			}
			d.fail(at, "unknown version %q", text)
		}
		return
	}
	switch dst.Kind() {
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		d.decode(at, node, dst.Elem())
	case reflect.String:
		if text, ok := d.text(at, node); ok {
			dst.SetString(text)
		}
	case reflect.Bool:
		if b, ok := node.(*ast.BoolNode); ok {
			dst.SetBool(b.Value)
			return
		}
		d.fail(at, "true or false is wanted here, this is %s", noun(node))
	case reflect.Int:
		d.number(at, node, dst)
	case reflect.Slice:
		d.list(at, node, dst)
	case reflect.Struct:
		d.mapping(at, node, dst)
	default:
		panic("profile holds a " + dst.Type().String())
	}
}

// maxNumber is more than any number of bits or days in a profile.
const maxNumber = 1 << 20

func (d *decoder) number(at string, node ast.Node, dst reflect.Value) {
	if n, ok := node.(*ast.IntegerNode); ok {
		if v, ok := n.Value.(uint64); ok && v > 0 && v <= maxNumber {
			dst.SetInt(int64(v))
			return
		}
		d.fail(at, "a number from 1 to %d is wanted here", maxNumber)
		return
	}
	d.fail(at, "a whole number is wanted here, this is %s", noun(node))
}

// list decodes a sequence, which holds something.
func (d *decoder) list(at string, node ast.Node, dst reflect.Value) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.fail(at, "a list is wanted here, this is %s", noun(node))
		return
	}
	if len(seq.Values) == 0 {
		d.fail(at, "empty list")
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(seq.Values), len(seq.Values)))
	for i, value := range seq.Values {
		d.decode(fmt.Sprintf("%s[%d]", at, i), value, dst.Index(i))
	}
}

// mapping decodes keys and values into a struct.
func (d *decoder) mapping(at string, node ast.Node, dst reflect.Value) {
	m, ok := node.(ast.MapNode)
	if !ok {
		d.fail(at, "keys and values are wanted here, this is %s", noun(node))
		return
	}
	fields := map[string]int{}
	for i := range dst.NumField() {
		fields[dst.Type().Field(i).Tag.Get("yaml")] = i
	}
	seen := map[string]place{}
	for it := m.MapRange(); it.Next(); {
		p := placeOf(it.Key().GetToken())
		key, ok := it.Key().(*ast.StringNode)
		if !ok {
			d.failAt(p, "a key must be text, this is %s", noun(it.Key()))
			continue
		}
		if first, ok := seen[key.Value]; ok {
			d.failAt(p, "duplicate key %q, first in line %d", key.Value, first.line)
			continue
		}
		seen[key.Value] = p
		inner := strings.TrimPrefix(at+"."+key.Value, ".")
		i, ok := fields[key.Value]
		if !ok {
			d.failed[inner] = true
			d.failAt(p, "unknown key %q", key.Value)
			continue
		}
		d.decode(inner, it.Value(), dst.Field(i))
	}
}

// text returns the value of a text node.
func (d *decoder) text(at string, node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	}
	what := noun(node)
	if _, ok := node.(ast.ScalarNode); ok && node.Type() != ast.NullType {
		what += ": put it in quotes"
	}
	d.fail(at, "text is wanted here, this is %s", what)
	return "", false
}

// firstToken is where a node begins: a block mapping begins at its first key, while its
// own token is the colon after it.
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

// noun says what a node is.
func noun(node ast.Node) string {
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
