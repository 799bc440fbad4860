// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package bound

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrDoctype reports a document with a document type declaration. No format
// has one; entities that expand without end come with one.
var ErrDoctype = errors.New("document type declarations are refused")

// XML returns a decoder of a document in XML that keeps to the limits. It
// leaves out elements of namespaces that do not begin with the prefix: they are
// extensions, which nobody must understand.
func XML(document []byte, namespace string) (*xml.Decoder, error) {
	if err := Size(document); err != nil {
		return nil, err
	}
	if n := bytes.Count(document, []byte("<")); n > 2*MaxElements { // the cheaper way to find that there are too many
		return nil, fmt.Errorf("%w: %d tags", ErrTooLarge, n)
	}
	return xml.NewTokenDecoder(&tokens{in: xml.NewDecoder(bytes.NewReader(document)), namespace: namespace}), nil
}

// tokens reads the tokens of a document.
type tokens struct {
	in              *xml.Decoder
	namespace       string
	depth, elements int
}

// Token returns the next token, or io.EOF where elements are left open at the
// end of the document: the decoder that reads these tokens complains.
func (t *tokens) Token() (xml.Token, error) {
	for {
		token, err := t.in.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			t.depth++
			t.elements++
			if t.depth > MaxDepth || t.elements > MaxElements {
				return nil, fmt.Errorf("%w: more than %d elements, or nested more than %d levels deep", ErrTooLarge, MaxElements, MaxDepth)
			}
			if !strings.HasPrefix(token.Name.Space, t.namespace) {
				t.depth--
				if err := t.skip(); err != nil {
					return nil, err
				}
				continue
			}
			return plain(token), nil
		case xml.EndElement:
			t.depth--
			token.Name.Space = "" // the decoder that reads this has none to resolve
			return token, nil
		case xml.Directive:
			return nil, ErrDoctype
		case xml.CharData:
			return token, nil
		}
	}
}

// skip reads to the end of an element. That of the package xml recurses.
func (t *tokens) skip() error {
	for depth := 1; depth > 0; {
		token, err := t.in.Token()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.Directive:
			return ErrDoctype
		}
	}
	return nil
}

// plain is an element as a decoder reads it that resolves no prefixes any more.
func plain(e xml.StartElement) xml.StartElement {
	attrs := make([]xml.Attr, 0, len(e.Attr)+1)
	attrs = append(attrs, xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: e.Name.Space})
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local != "xmlns" {
			attrs = append(attrs, a)
		}
	}
	return xml.StartElement{Name: xml.Name{Local: e.Name.Local}, Attr: attrs}
}
