// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package spdx reads and writes bills of materials in SPDX: 2.3 as JSON and
// tag-value, and 3.0.1 as JSON-LD. It reads 2.2 besides.
//
// Properties are annotations of the tool assay: "name=value". What SPDX has no
// place for is written once more as a property whose name begins with
// assay:sbom: and whose value is the field of the model in JSON; reading gives
// the same model back. In 2.3 that is so for the phases, references of the
// document, hashes and comments of references, groups, publishers, evidence of
// licences, all authors but the first, and how complete the dependencies are,
// where there are some; in 3.0.1 for those of them that it lacks; in both for
// cryptographic assets, which are packages of another purpose.
//
// What does not come back: a version 1 of the document, read as 0; bytes that
// are no UTF-8; an empty list for a missing one; which component a part
// belongs to if other tools write several. What is not written at all is an
// error: a document without a time, which SPDX demands, and in 2.3 one whose
// own licence is not CC0-1.0.
package spdx

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/bound"
	"github.com/goassay/assay/sbom/internal/carry"
)

// Version is a version of the specification that can be written.
type Version string

// The versions.
const (
	V2_3   Version = "2.3"
	V3_0_1 Version = "3.0.1"
)

// Encoding is how a document is written down.
type Encoding string

// The encodings. 3.0.1 has JSON alone, which is JSON-LD there.
const (
	JSON     Encoding = "json"
	TagValue Encoding = "tag-value"
)

var (
	// ErrInvalid reports a document that does not conform to the official schema.
	ErrInvalid = errors.New("does not conform to the official schema")

	// ErrNoTime reports a document without the time that SPDX demands.
	ErrNoTime = errors.New("the time at which the document was made is not known")

	// ErrDataLicense reports a document with a licence that SPDX 2.3 does not
	// allow it.
	ErrDataLicense = errors.New("SPDX 2.3 demands that documents are licensed under CC0-1.0")
)

// A codec is a version in an encoding.
type codec struct {
	encode func(*sbom.Document) ([]byte, error) // of a prepared document
	decode func([]byte) (*sbom.Document, error) // without restoring what is carried
}

var (
	v2JSON     = codec{encodeV2JSON, decodeV2JSON}
	v2TagValue = codec{encodeTagValue, decodeTagValue}
	v3JSON     = codec{encodeV3, decodeV3}
)

// Encode writes a document, which conforms to the official schema; in
// tag-value, what it says in JSON does. A document without an ID gets the one
// of its content; see [sbom.Identify].
func Encode(doc *sbom.Document, v Version, enc Encoding) ([]byte, error) {
	data, err := encode(doc, v, enc)
	if err != nil {
		return nil, fmt.Errorf("write SPDX %s as %s: %w", v, enc, err)
	}
	return data, nil
}

func encode(doc *sbom.Document, v Version, enc Encoding) ([]byte, error) {
	var c codec
	switch {
	case v == V2_3 && enc == JSON:
		c = v2JSON
	case v == V2_3 && enc == TagValue:
		c = v2TagValue
	case v == V3_0_1 && enc == JSON:
		c = v3JSON
	default:
		return nil, errors.ErrUnsupported
	}
	plain, err := carry.Prepare(doc)
	if err != nil {
		return nil, err
	}
	read, err := c.again(plain)
	if err != nil {
		return nil, err
	}
	whole, err := carry.Lost(plain, read)
	if err != nil {
		return nil, err
	}
	data, err := c.encode(whole)
	if err != nil {
		return nil, err
	}
	if doc.ID == "" {
		data, _ = sbom.Identify(data)
	}
	return data, validate(data)
}

// again writes a document, carrying nothing, and reads it back.
func (c codec) again(doc *sbom.Document) (*sbom.Document, error) {
	data, err := c.encode(doc)
	if err != nil {
		return nil, err
	}
	return c.decode(data)
}

// Decode reads a document of version 2.2, 2.3 or 3.0, of any tool. Snippets,
// reviews, annotations of other tools and all else that the model has no
// place for are passed over. A component whose SPDXID this package did not make
// has that for its Ref.
func Decode(data []byte) (*sbom.Document, error) {
	if err := bound.Size(data); err != nil {
		return nil, fmt.Errorf("read SPDX: %w", err)
	}
	c := codecOf(data)
	doc, err := c.decode(data)
	if err != nil {
		return nil, fmt.Errorf("read SPDX: %w", err)
	}
	return carry.Restore(doc, func(doc *sbom.Document) (*sbom.Document, error) {
		plain, err := carry.Prepare(doc)
		if err != nil {
			return nil, err
		}
		return c.again(plain)
	}), nil
}

// codecOf returns what a document is to be read with.
func codecOf(data []byte) codec {
	switch {
	case !bytes.HasPrefix(trimmed(data), []byte("{")):
		return v2TagValue
	case isV3(data):
		return v3JSON
	}
	return v2JSON
}

// trimmed is a document without the byte order mark and space before it.
func trimmed(data []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
}

// Validate checks a document of version 2.3 or 3.0.1 against the official
// schema. The error of an invalid one wraps [ErrInvalid]. Tag-value is read,
// and what was understood of it is validated.
func Validate(data []byte) error {
	if err := validate(data); err != nil {
		return fmt.Errorf("validate SPDX: %w", err)
	}
	return nil
}
