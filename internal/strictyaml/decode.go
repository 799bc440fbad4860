// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A Decoder has read a file. It is one of our own, since the library's stops at the first mistake,
// turns numbers and booleans into text, and does not tell where a value stood.
type Decoder struct {
	Values map[string]Place // by path, such as clauses[0].level; "" is the whole
	Keys   map[string]Place
	Failed map[string]bool // paths whose value was refused
	Broken bool            // it is no YAML, or none that is taken

	format   Format
	mistakes []Mistake
}

// Fail records a mistake in what stands at a path, or if that is absent, at the nearest that is
// around it.
func (d *Decoder) Fail(at, format string, args ...any) {
	d.Failed[at] = true
	p, ok := d.Values[at]
	for outer := at; !ok && outer != ""; p, ok = d.Values[outer] {
		outer = outer[:max(strings.LastIndexByte(outer, '.'), 0)]
	}
	d.FailAt(p, "", format, args...)
}

// FailAt records a mistake at a place.
func (d *Decoder) FailAt(p Place, hint, format string, args ...any) {
	d.mistakes = append(d.mistakes, Mistake{Place: p, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// decode sets dst from node.
func (d *Decoder) decode(at string, node ast.Node, dst reflect.Value) {
	d.Values[at] = placeOf(firstToken(node))
	if d.format.Blank && node.Type() == ast.NullType {
		return
	}
	if u, ok := dst.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if text, ok := d.text(at, node); ok {
			if err := d.format.Text(u, text); err != nil {
				d.Fail(at, "%s", err)
			}
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
		d.Fail(at, "true or false is wanted here, this is %s", noun(node))
	case reflect.Int:
		d.number(at, node, dst)
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
		d.fields(at, node, dst)
	default:
		panic(d.format.Noun + " holds a " + dst.Type().String())
	}
}

// fields decodes keys and values into a struct.
func (d *Decoder) fields(at string, node ast.Node, dst reflect.Value) {
	names := Keys(dst.Type())
	d.mapping(at, node, func(key, at string, value ast.Node) {
		for i, name := range names {
			if name != "" && name == key {
				d.decode(at, value, dst.Field(i))
				return
			}
		}
		hint := ""
		if d.format.Nearest != nil {
			hint = d.format.Nearest(key, names)
		}
		d.Failed[at] = true
		d.FailAt(d.Keys[at], hint, "unknown key %q", key)
	})
}

// maxNumber is more than any number of bits or days.
const maxNumber = 1 << 20

func (d *Decoder) number(at string, node ast.Node, dst reflect.Value) {
	if n, ok := node.(*ast.IntegerNode); ok {
		if v, ok := n.Value.(uint64); ok && v > 0 && v <= maxNumber {
			dst.SetInt(int64(v))
			return
		}
		d.Fail(at, "a number from 1 to %d is wanted here", maxNumber)
		return
	}
	d.Fail(at, "a whole number is wanted here, this is %s", noun(node))
}

// list decodes a sequence.
func (d *Decoder) list(at string, node ast.Node, dst reflect.Value) {
	seq, ok := node.(*ast.SequenceNode)
	if !ok {
		d.Fail(at, "a list is wanted here, this is %s", noun(node))
		return
	}
	if len(seq.Values) == 0 && !d.format.Blank {
		d.Fail(at, "empty list")
		return
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(seq.Values), len(seq.Values)))
	for i, value := range seq.Values {
		at := fmt.Sprintf("%s[%d]", at, i)
		d.decode(at, value, dst.Index(i))
		if value.Type() == ast.NullType && d.format.Blank {
			d.Fail(at, "empty entry in a list")
		}
	}
}

// mapping calls entry for each key of a mapping with the path of its value.
func (d *Decoder) mapping(at string, node ast.Node, entry func(key, at string, value ast.Node)) {
	m, ok := node.(ast.MapNode)
	if !ok {
		d.Fail(at, "keys and values are wanted here, this is %s", noun(node))
		return
	}
	seen := map[string]Place{}
	for it := m.MapRange(); it.Next(); {
		p := placeOf(it.Key().GetToken())
		key, ok := it.Key().(*ast.StringNode)
		if !ok {
			d.FailAt(p, "", "a key must be text, this is %s", noun(it.Key()))
			continue
		}
		if first, ok := seen[key.Value]; ok {
			d.FailAt(p, "", "duplicate key %q, first in line %d", key.Value, first.Line)
			continue
		}
		seen[key.Value] = p
		inner := strings.TrimPrefix(at+"."+key.Value, ".")
		d.Keys[inner] = p
		entry(key.Value, inner, it.Value())
	}
}

// text returns the value of a text node.
func (d *Decoder) text(at string, node ast.Node) (string, bool) {
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
	d.Fail(at, "text is wanted here, this is %s", what)
	return "", false
}

// Keys names the keys of a struct's fields; "" for a field that does not stand in a file.
func Keys(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		if tag := t.Field(i).Tag.Get("yaml"); tag != "-" {
			names[i] = tag
		}
	}
	return names
}

// firstToken is where a node begins: a block mapping begins at its first key, while its own token
// is the colon after it.
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
