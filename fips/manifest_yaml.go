// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Bounds of YAML.
const (
	// What the YAML library makes of a token has hundreds of bytes, and a kilobyte
	// once it is decoded; it recurses, in memory quadratic in the depth. The
	// definitions of the Prometheus operator, which are among the largest files of
	// Kubernetes, have 250,000 tokens, nested less than thirty deep.
	maxYAMLMarks  = 600_000 // characters that may begin a token, before any is made
	maxYAMLTokens = 300_000
	maxYAMLDepth  = 64

	// For each key of a mapping in block style the YAML library's parser copies the
	// keys behind it. A mapping of 10,000 keys takes this many copies, and half a
	// second; a ConfigMap, of one MiB at most, has hundreds.
	maxYAMLCopies = 50_000_000
)

// plainYAML refuses what would need much more memory, or time, than it has bytes,
// before it is decoded.
func plainYAML(data []byte) error {
	marks := 0
	for _, c := range data {
		switch c {
		case '[', ']', '{', '}', ',', ':', '-', '?', '&', '!', '*', '#', '%', '|', '>':
			marks++
		}
	}
	if marks > maxYAMLMarks {
		return fmt.Errorf("%w: %d marks", ErrYAML, marks)
	}
	tokens := lexer.Tokenize(string(data))
	if len(tokens) > maxYAMLTokens {
		return fmt.Errorf("%w: %d tokens", ErrYAML, len(tokens))
	}
	flow, run, line, tagged := 0, 0, 0, false
	var columns []int // at which the blocks stand that are open
	var keys blockKeys
	for _, t := range tokens {
		if t.Type == token.CommentType {
			continue
		}
		keys.read(t)
		opens := false // what follows is in it
		switch t.Type {
		case token.AliasType: // a few lines of them can stand for any amount of memory
			return ErrAlias
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow = max(0, flow-1)
		case token.DocumentHeaderType, token.DocumentEndType:
			flow, columns = 0, columns[:0]
		case token.TagType: // such as !!binary, behind which Kubernetes finds a name
			if t.Value != "!!str" {
				tagged = true
			}
			opens = true
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType:
			opens = true
		}
		if run++; !opens {
			run = 0
		}
		if at := t.Position; flow == 0 {
			for len(columns) > 0 && columns[len(columns)-1] > at.Column {
				columns = columns[:len(columns)-1]
			}
			if (opens || at.Line != line) && (len(columns) == 0 || columns[len(columns)-1] < at.Column) {
				columns = append(columns, at.Column)
			}
		}
		line = t.Position.Line
		if flow+len(columns)+run > maxYAMLDepth {
			return fmt.Errorf("%w: line %d", ErrYAML, line)
		}
	}
	if n := keys.copies(); n > maxYAMLCopies {
		return fmt.Errorf("%w: keys of one mapping", ErrYAML)
	}
	if tagged {
		return ErrTag
	}
	return nil
}

// blockKeys counts the keys of mappings in block style, token by token.
type blockKeys struct {
	all  int            // keys
	sum  int            // for each key, those up to it in its mapping
	odd  bool           // by the tokens it cannot be told which keys are in one mapping
	open []blockMapping // in each other
	flow []int          // keys since the last comma, for each bracket and brace that is open

	begin  int // column of what the line, or the entry of a sequence, begins with
	line   int // of the token before
	before token.Type
	text   bool // the token before may be the text of a block scalar
}

type blockMapping struct{ column, keys int }

// copies is how many keys the parser copies, at most.
func (b *blockKeys) copies() int {
	if b.odd || len(b.flow) > 0 { // they may all be in one
		return b.all * (b.all + 1) / 2
	}
	return b.sum
}

func (b *blockKeys) read(t *token.Token) {
	begins := t.Position.Line != b.line
	switch b.before {
	case token.SequenceEntryType, token.MappingKeyType, token.DocumentHeaderType, token.DocumentEndType:
		begins = true
	}
	text := b.text
	b.text = b.before == token.LiteralType || b.before == token.FoldedType
	b.line, b.before = t.Position.Line, t.Type
	if begins && len(b.flow) == 0 {
		b.begin = t.Position.Column
	}
	n := len(b.flow)
	switch t.Type {
	case token.MappingStartType, token.SequenceStartType:
		b.flow = append(b.flow, 0)
	case token.MappingEndType, token.SequenceEndType:
		b.odd = b.odd || n == 0
		b.flow = b.flow[:max(0, n-1)]
	case token.CollectEntryType:
		if n > 0 {
			b.flow[n-1] = 0
		}
	case token.DocumentHeaderType, token.DocumentEndType:
		b.odd = b.odd || n > 0
		b.flow, b.open = b.flow[:0], b.open[:0]
	case token.SequenceEntryType:
		b.leave()
	case token.MappingKeyType: // "? key"
		b.all++
		b.odd = true
	case token.MappingValueType:
		b.odd = b.odd || begins || text
		b.leave()
		b.add()
	case token.TagType, token.AnchorType: // it may be the key's, or the mapping's
		b.odd = b.odd || begins
	}
}

// leave ends the mappings that stand to the right of where the line begins.
func (b *blockKeys) leave() {
	for n := len(b.open); n > 0 && b.open[n-1].column > b.begin; n-- {
		b.open = b.open[:n-1]
	}
}

// add counts a key. In block style it stands where the line begins. Within brackets
// the parser takes keys between which there is no comma for such a mapping.
func (b *blockKeys) add() {
	b.all++
	if n := len(b.flow); n > 0 {
		b.flow[n-1]++
		b.sum += b.flow[n-1]
		return
	}
	if n := len(b.open); n == 0 || b.open[n-1].column != b.begin {
		b.open = append(b.open, blockMapping{column: b.begin})
	}
	last := &b.open[len(b.open)-1]
	last.keys++
	b.sum += last.keys
}
