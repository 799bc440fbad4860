// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

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

// MaxSize bounds a profile, in bytes.
const MaxSize = 256 << 10

// maxDepth bounds how deep brackets, braces and dashes nest. A profile nests seven
// levels; the parser recurses, in memory quadratic in the depth.
const maxDepth = 16

// A ParseError is a mistake in a profile.
type ParseError struct {
	Line, Column int // from 1, the column in characters; 0 if the place is unknown
	Message      string
}

// Error gives line:column and what is wrong there.
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// Parse reads a profile. It is strict: an unknown key, a name that is in no registry, a
// value of the wrong type, and a clause that demands nothing is an error. Errors are
// *ParseError, joined: all of them at once, in the order of the file, unless it is no
// YAML at all.
func Parse(data []byte) (*Profile, error) {
	body, err := parseYAML(data)
	if err != nil {
		return nil, err
	}
	p := &Profile{}
	d := &decoder{values: map[string]place{}, failed: map[string]bool{}}
	d.decode("", body, reflect.ValueOf(p).Elem())
	d.profile(p)
	if len(d.errs) == 0 {
		return p, nil
	}
	slices.SortStableFunc(d.errs, func(a, b *ParseError) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var errs []error
	for _, e := range d.errs {
		errs = append(errs, e)
	}
	return nil, errors.Join(errs...)
}

// parseYAML returns the root of the only document.
func parseYAML(data []byte) (ast.Node, error) {
	if len(data) > MaxSize {
		return nil, &ParseError{Message: fmt.Sprintf("larger than %d bytes", MaxSize)}
	}
	if !utf8.Valid(data) {
		return nil, &ParseError{Message: "not UTF-8 text"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark, as Windows editors write it
	tokens := lexer.Tokenize(string(data))
	if err := plainTokens(tokens); err != nil {
		return nil, err
	}
	// Duplicate keys are found by the decoder, which finds all of them.
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		e := &ParseError{Message: err.Error()}
		var ye yaml.Error
		if errors.As(err, &ye) {
			at := placeOf(ye.GetToken())
			e.Message, e.Line, e.Column = ye.GetMessage(), at.line, at.column
		}
		return nil, e
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return nil, &ParseError{Message: "empty profile"}
	}
	return tree.Docs[0].Body, nil
}

// refusedTokens are the parts of YAML that a profile has no use for.
var refusedTokens = map[token.Type]string{
	token.AnchorType: "anchors and aliases are", token.AliasType: "anchors and aliases are", token.MergeKeyType: "merge keys are",
	token.TagType: "tags are", token.MappingKeyType: "complex keys are", token.DirectiveType: "directives are",
}

// plainTokens refuses them before anything recurses or expands. Among them is a second
// document: the parser drops one that follows an empty one.
func plainTokens(tokens token.Tokens) error {
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
			return &ParseError{Line: at.line, Column: at.column, Message: "more than one document"}
		}
		begun, ended = true, tk.Type == token.DocumentEndType
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType:
			dashes++
		}
		switch what := refusedTokens[tk.Type]; {
		case what != "":
			return &ParseError{Line: at.line, Column: at.column, Message: what + " not allowed in a profile"}
		case flow+dashes > maxDepth:
			return &ParseError{Line: at.line, Column: at.column, Message: "nested too deeply"}
		}
	}
	return nil
}
