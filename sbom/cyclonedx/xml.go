// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/goassay/assay/sbom/internal/bound"
)

// The CycloneDX library writes cryptoProperties in XML as no schema has them,
// and reads them likewise: references as attributes instead of text, and lists
// without the element around them. What it writes is put right here, and what
// it is to read is turned into what it expects.

// An element is one of XML. Namespaces are not told apart.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []*element `xml:",any"`
}

const cryptoElement = "cryptoProperties"

// asSchema turns the document of the library into that of the schema.
func asSchema(document []byte, v string) ([]byte, error) {
	return rewrite(document, func(e *element) {
		e.asSchema(v)
		e.Attrs = nil // the namespace is the default one of the document
	})
}

// asLibrary is the opposite of asSchema.
func asLibrary(document []byte) ([]byte, error) {
	return rewrite(document, (*element).asLibrary)
}

// rewrite applies a change to each element cryptoProperties. Everything else
// stays as it is.
func rewrite(document []byte, change func(*element)) ([]byte, error) {
	if !bytes.Contains(document, []byte(cryptoElement)) {
		return document, nil
	}
	bounded, err := bound.XML(document, namespace)
	if err != nil {
		return nil, err
	}
	for err == nil {
		_, err = bounded.Token()
	}
	if err != io.EOF {
		return nil, err
	}
	in := xml.NewDecoder(bytes.NewReader(document))
	var out bytes.Buffer
	written, depth := int64(0), 0
	for {
		from := in.InputOffset()
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			out.Write(document[written:])
			return out.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			if token.Name.Local != cryptoElement || !strings.HasPrefix(token.Name.Space, namespace) {
				depth++
				continue
			}
			e := new(element)
			if err := in.DecodeElement(e, &token); err != nil {
				return nil, err
			}
			space := e.XMLName.Space
			e.plain()
			e.Attrs = append(e.Attrs, xml.Attr{Name: xml.Name{Local: "xmlns"}, Value: space})
			change(e)
			out.Write(document[written:from])
			if err := e.write(&out, depth); err != nil {
				return nil, err
			}
			written = in.InputOffset()
		}
	}
}

// plain removes namespaces, and the space between elements.
func (e *element) plain() {
	e.XMLName.Space = ""
	e.Attrs = slices.DeleteFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Space != "" || a.Name.Local == "xmlns" })
	if len(e.Children) > 0 {
		e.Text = ""
	}
	for _, c := range e.Children {
		c.plain()
	}
}

// write writes the element as it stands at a depth of a document.
func (e *element) write(out *bytes.Buffer, depth int) error {
	var text bytes.Buffer
	enc := xml.NewEncoder(&text)
	enc.Indent(strings.Repeat("  ", depth), "  ")
	if err := enc.Encode(e); err != nil {
		return err
	}
	out.Write(bytes.TrimLeft(text.Bytes(), " "))
	return nil
}

// refs are the elements whose content is a reference.
var refs = []string{"signatureAlgorithmRef", "subjectPublicKeyRef", "algorithmRef"}

func (e *element) asSchema(v string) {
	var children []*element
	for _, c := range e.Children {
		c.asSchema(v)
		switch c.XMLName.Local {
		case "cipherSuites":
			children = within(children, c, "cipherSuites", "cipherSuite")
		case "algorithms":
			children = within(children, c.refToText(), "algorithms", "algorithm")
		case "identifiers":
			children = within(children, c, "identifiers", "identifier")
		case "cryptoRefArray":
			if v >= string(V1_7) { // 1.6 has it in JSON alone
				children = append(children, c.refToText().rename("cryptoRef"))
			}
		default:
			if slices.Contains(refs, c.XMLName.Local) {
				c.refToText()
			}
			children = append(children, c)
		}
	}
	e.Children = children
}

// within adds an element of a list to the element around the list, which is
// the last one or comes after it.
func within(children []*element, c *element, around, name string) []*element {
	if n := len(children); n == 0 || children[n-1].XMLName.Local != around {
		children = append(children, &element{XMLName: xml.Name{Local: around}})
	}
	list := children[len(children)-1]
	list.Children = append(list.Children, c.rename(name))
	return children
}

func (e *element) asLibrary() {
	var children []*element
	for _, c := range e.Children {
		c.asLibrary()
		switch name := c.XMLName.Local; name {
		case "cipherSuites", "identifiers", "algorithms":
			if len(c.Children) == 0 || name == "cipherSuites" && c.Children[0].XMLName.Local != "cipherSuite" {
				children = append(children, c) // written by the library
				continue
			}
			for _, item := range c.Children {
				if name == "algorithms" {
					item.textToRef()
				}
				children = append(children, item.rename(name))
			}
		case "cryptoRef":
			children = append(children, c.textToRef().rename("cryptoRefArray"))
		default:
			if slices.Contains(refs, name) {
				c.textToRef()
			}
			children = append(children, c)
		}
	}
	e.Children = children
}

func (e *element) rename(name string) *element {
	e.XMLName.Local = name
	return e
}

func (e *element) refToText() *element {
	for _, a := range e.Attrs {
		if a.Name.Local == "ref" {
			e.Text, e.Attrs = a.Value, nil
		}
	}
	return e
}

func (e *element) textToRef() *element {
	if len(e.Attrs) == 0 { // else it was written by the library
		e.Text, e.Attrs = "", []xml.Attr{{Name: xml.Name{Local: "ref"}, Value: e.Text}}
	}
	return e
}
