// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package strictyaml reads configuration that people write, from YAML, into structs.
//
// It finds all mistakes at once, each with its line and column: an unknown or a duplicate key, and
// a value of another type than is wanted; numbers and booleans do not become text. Of YAML 1.2 it
// takes what a configuration needs: one document of mappings, lists and scalars, without anchors,
// aliases, merge keys, tags, complex keys and directives. Size, depth and the keys of a mapping
// are bounded before anything is parsed: the parser recurses in memory quadratic in the depth,
// and takes time quadratic in the keys of one mapping.
package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The bounds.
const (
	maxDepth = 17   // how deep mappings and lists nest
	maxKeys  = 1000 // of one mapping
)

// A Place is a line and a column of the file, both from 1, the column in characters; zero if
// unknown.
type Place struct{ Line, Column int }

// A Mistake is one in a file.
type Mistake struct {
	Place
	Message string // what is wrong
	Hint    string // the nearest right word, or "" if there is none
}

// A Format says what is read.
type Format struct {
	Noun    string // what a file is: "policy"
	MaxSize int    // bytes

	// Blank says that a key without a value leaves what is there, and that lists may be empty.
	// Otherwise both are mistakes, and so is an empty file.
	Blank bool

	// Text sets a value that reads itself from text, and says what is wrong with the text; nil if
	// there is no such value.
	Text func(dst any, text string) error

	// Nearest returns which of several words one may have been meant to be, or ""; nil: no hints.
	Nearest func(word string, words []string) string
}

// Read sets dst, a pointer to a struct, whose fields' tags "yaml" are the keys; "-" is none. The
// decoder knows the places of all values, for what types cannot say. What is no YAML at all is
// its only mistake.
func (f Format) Read(data []byte, dst any) *Decoder {
	d := &Decoder{format: f, Values: map[string]Place{}, Keys: map[string]Place{}, Failed: map[string]bool{}}
	body, mistake := f.parse(data)
	switch {
	case mistake != nil:
		d.Broken = true
		d.mistakes = append(d.mistakes, *mistake)
	case body != nil:
		d.decode("", body, reflect.ValueOf(dst).Elem())
	case !f.Blank:
		d.Broken = true
		d.mistakes = append(d.mistakes, Mistake{Message: "empty " + f.Noun})
	}
	return d
}

// Mistakes are all, in the order of the file.
func (d *Decoder) Mistakes() []Mistake {
	slices.SortStableFunc(d.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return d.mistakes
}

// parse returns the root of the only document, or nil if it is empty.
func (f Format) parse(data []byte) (ast.Node, *Mistake) {
	if len(data) > f.MaxSize {
		return nil, &Mistake{Message: fmt.Sprintf("larger than %d bytes", f.MaxSize)}
	}
	if !utf8.Valid(data) {
		return nil, &Mistake{Message: "not UTF-8 text"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark, as Windows editors write it
	tokens := lexer.Tokenize(string(data))
	if err := f.plain(tokens); err != nil {
		return nil, err
	}
	// Duplicate keys are found by the decoder, which finds all of them.
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		m := &Mistake{Message: err.Error()}
		var ye yaml.Error
		if errors.As(err, &ye) {
			m.Message, m.Place = ye.GetMessage(), placeOf(ye.GetToken())
		}
		return nil, m
	}
	if len(tree.Docs) == 0 {
		return nil, nil
	}
	return tree.Docs[0].Body, nil
}

// refused are the parts of YAML that a configuration has no use for.
var refused = map[token.Type]string{
	token.AnchorType: "anchors and aliases are", token.AliasType: "anchors and aliases are", token.MergeKeyType: "merge keys are",
	token.TagType: "tags are", token.MappingKeyType: "complex keys are", token.DirectiveType: "directives are",
}

// plain refuses them, and what is too deep or too much, before anything recurses or expands. Among
// them is a second document: the parser drops one that follows an empty one.
func (f Format) plain(tokens token.Tokens) *Mistake {
	n := nesting{}
	begun, ended := false, false // the document
	for _, tk := range tokens {
		if tk.Type == token.CommentType {
			continue
		}
		at := placeOf(tk)
		if ended || begun && tk.Type == token.DocumentHeaderType {
			return &Mistake{Place: at, Message: "more than one document"}
		}
		begun, ended = true, tk.Type == token.DocumentEndType
		if what := refused[tk.Type]; what != "" {
			return &Mistake{Place: at, Message: fmt.Sprintf("%s not allowed in a %s", what, f.Noun)}
		}
		if n.add(tk, at); n.depth() > maxDepth {
			return &Mistake{Place: at, Message: "nested too deeply"}
		}
		if n.keys() > maxKeys {
			return &Mistake{Place: at, Message: fmt.Sprintf("more than %d keys", maxKeys)}
		}
	}
	return nil
}

// nesting follows tokens through mappings and lists. It need not be exact: each level that the
// parser takes is one here.
type nesting struct {
	flow, dashes, line int     // brackets and braces that are open; dashes of this line
	blocks             []block // mappings by indentation, the innermost last
	last               Place   // of the token before
}

// A block is a mapping in lines of its own: where its keys begin, and how many there are.
type block struct{ column, keys int }

func (n *nesting) depth() int { return n.flow + n.dashes + len(n.blocks) }

func (n *nesting) keys() int {
	if len(n.blocks) == 0 {
		return 0
	}
	return n.blocks[len(n.blocks)-1].keys
}

func (n *nesting) add(tk *token.Token, at Place) {
	if at.Line != n.line {
		n.dashes, n.line = 0, at.Line
	}
	switch tk.Type {
	case token.MappingStartType, token.SequenceStartType:
		n.flow++
	case token.MappingEndType, token.SequenceEndType:
		n.flow = max(0, n.flow-1)
	case token.SequenceEntryType:
		n.dashes++
		n.leave(at.Column + 1)
	case token.MappingValueType:
		if n.flow > 0 { // for which the parser takes time in proportion
			break
		}
		column := n.last.Column // the key's
		n.leave(column + 1)
		if len(n.blocks) == 0 || n.blocks[len(n.blocks)-1].column < column {
			n.blocks = append(n.blocks, block{column: column})
		}
		n.blocks[len(n.blocks)-1].keys++
	}
	n.last = at
}

// leave ends the mappings whose keys begin at a column or behind it.
func (n *nesting) leave(column int) {
	for len(n.blocks) > 0 && n.blocks[len(n.blocks)-1].column >= column {
		n.blocks = n.blocks[:len(n.blocks)-1]
	}
}

func placeOf(tk *token.Token) Place {
	if tk == nil || tk.Position == nil {
		return Place{}
	}
	return Place{tk.Position.Line, tk.Position.Column}
}
