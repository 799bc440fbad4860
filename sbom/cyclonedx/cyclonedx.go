// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package cyclonedx reads and writes bills of materials in CycloneDX, and
// validates them against the official schemas.
//
// What a version of CycloneDX has no place for is written once more as a
// property whose name begins with assay:sbom: and whose value is the field of
// the model in JSON; reading gives the same model back. That is so for the
// document's name, for a licence that is declared beside a compound one that is
// concluded (up to 1.6 a list holds a single expression), and in 1.4 and 1.5
// for acknowledgements.
//
// What does not come back: cryptographic assets in 1.4 and 1.5, which have
// none (the document counts them in the property [PropertyLeftOut]); a version
// 0 of the document, written as 1; bytes that are no UTF-8; an empty list for
// a missing one.
//
// The work is that of the package of the CycloneDX project, within limits. Of
// that, only the types and their encoding are used: its conversion to older
// versions turns every cryptographic asset into an application, leaves
// acknowledgements of expressions and properties of the document in versions
// whose schemas forbid them, and writes lists of hashes as null. Its XML of
// cryptoProperties is that of no schema, and is put right.
package cyclonedx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/bound"
	"github.com/goassay/assay/sbom/internal/carry"
)

// Version is a version of the specification that can be written. Older ones
// can be read.
type Version string

// The versions.
const (
	V1_4 Version = "1.4"
	V1_5 Version = "1.5"
	V1_6 Version = "1.6"
	V1_7 Version = "1.7"
)

// Encoding is how a document is written down.
type Encoding string

// The encodings.
const (
	JSON Encoding = "json"
	XML  Encoding = "xml"
)

// PropertyLeftOut is a property of the document for each kind of component
// that its version has no place for: the kind and the number, "cryptographic-asset: 3".
const PropertyLeftOut = "assay:left-out"

// ErrInvalid reports a document that does not conform to the official schema.
var ErrInvalid = errors.New("does not conform to the official schema")

// namespace begins the names of the namespaces of all versions in XML.
const namespace = "http://cyclonedx.org/schema/bom/"

// Encode writes a document, which conforms to the official schema. A document
// without an ID gets the one of its content; see [sbom.Identify].
func Encode(doc *sbom.Document, v Version, enc Encoding) ([]byte, error) {
	data, err := encode(doc, v, enc)
	if err != nil {
		return nil, fmt.Errorf("write CycloneDX %s as %s: %w", v, enc, err)
	}
	return data, nil
}

func encode(doc *sbom.Document, v Version, enc Encoding) ([]byte, error) {
	load, ok := schemas[v]
	if !ok || enc != JSON && enc != XML {
		return nil, errors.ErrUnsupported
	}
	s, err := load()
	if err != nil {
		return nil, err
	}
	plain, err := carry.Prepare(doc)
	if err != nil {
		return nil, err
	}
	w := &writer{version: v, schema: s}
	plain = w.leaveOut(plain)
	read, err := reread(w.bom(plain), enc)
	if err != nil {
		return nil, err
	}
	whole, err := carry.Lost(plain, read)
	if err != nil {
		return nil, err
	}
	bom := w.bom(whole)
	data, err := marshal(bom, enc)
	if err != nil {
		return nil, err
	}
	if doc.ID == "" {
		data, bom.SerialNumber = sbom.Identify(data)
	}
	if enc == XML {
		// No validator of XML schemas is at hand: what the document says in
		// JSON is validated, and that the XML says the same.
		return data, validateXML(data, bom, s)
	}
	return data, s.validate(data)
}

// EncodeBOM writes a document with what [sbom.Document] has no place for, such as
// vulnerabilities, as JSON that conforms to the official schema of its version. One without
// a serial number gets that of its content; see [sbom.Identify].
func EncodeBOM(bom *cdx.BOM) ([]byte, error) {
	v := Version(bom.SpecVersion.String())
	data, err := encodeBOM(*bom, v)
	if err != nil {
		return nil, fmt.Errorf("write CycloneDX %s: %w", v, err)
	}
	return data, nil
}

func encodeBOM(bom cdx.BOM, v Version) ([]byte, error) {
	load, ok := schemas[v]
	if !ok {
		return nil, errors.ErrUnsupported
	}
	s, err := load()
	if err != nil {
		return nil, err
	}
	bom.JSONSchema, bom.BOMFormat = schemaBase+"bom-"+string(v)+".schema.json", cdx.BOMFormat
	unidentified := bom.SerialNumber == ""
	if unidentified {
		bom.SerialNumber = sbom.Unidentified
	}
	data, err := marshal(&bom, JSON)
	if err != nil {
		return nil, err
	}
	if unidentified {
		data, _ = sbom.Identify(data)
	}
	return data, s.validate(data)
}

// Decode reads a document of any version from 1.0 to 1.7, in JSON or XML, of
// any tool. Unknown members and elements of other namespaces are passed over,
// and so are services, vulnerabilities and all else that the model has no
// place for. A document without bom-refs gets refs by position.
func Decode(data []byte) (*sbom.Document, error) {
	bom, err := unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("read CycloneDX: %w", err)
	}
	doc, err := (&reader{}).document(bom)
	if err != nil {
		return nil, fmt.Errorf("read CycloneDX: %w", err)
	}
	enc := JSON
	if isXML(data) {
		enc = XML
	}
	return carry.Restore(doc, func(doc *sbom.Document) (*sbom.Document, error) {
		load, ok := schemas[Version(bom.SpecVersion.String())]
		if !ok {
			return nil, errors.ErrUnsupported
		}
		s, err := load()
		if err != nil {
			return nil, err
		}
		plain, err := carry.Prepare(doc)
		if err != nil {
			return nil, err
		}
		w := &writer{version: Version(bom.SpecVersion.String()), schema: s}
		return reread(w.bom(plain), enc)
	}), nil
}

// reread returns the document that somebody reads who is sent this one.
func reread(bom *cdx.BOM, enc Encoding) (*sbom.Document, error) {
	if enc == XML { // some characters do not get through
		data, err := marshal(bom, enc)
		if err != nil {
			return nil, err
		}
		if bom, err = unmarshal(data); err != nil {
			return nil, err
		}
	}
	return (&reader{}).document(bom)
}

// Validate checks a document of version 1.4 to 1.7 against the official
// schema. The error of an invalid one wraps [ErrInvalid]; of a JSON document it
// names each place. XML is read, and what was understood of it is validated:
// errors in elements that this program does not know are not found.
func Validate(data []byte) error {
	if err := validate(data); err != nil {
		return fmt.Errorf("validate CycloneDX: %w", err)
	}
	return nil
}

func validate(data []byte) error {
	bom, err := unmarshal(data)
	if err != nil {
		return err
	}
	load, ok := schemas[Version(bom.SpecVersion.String())]
	if !ok {
		return fmt.Errorf("version %s: %w", bom.SpecVersion, errors.ErrUnsupported)
	}
	s, err := load()
	if err != nil {
		return err
	}
	if isXML(data) {
		return s.validateBOM(bom)
	}
	return s.validate(data)
}

func validateXML(data []byte, bom *cdx.BOM, s *schema) error {
	if err := s.validateBOM(bom); err != nil {
		return err
	}
	read, err := unmarshal(data)
	if err != nil {
		return err
	}
	want, err := marshal(bom, XML)
	if err != nil {
		return err
	}
	read.XMLNS, read.XMLName = bom.XMLNS, xml.Name{}
	if got, err := marshal(read, XML); err != nil || !bytes.Equal(got, want) {
		return errors.Join(errors.New("what was written as XML does not read back"), err)
	}
	return nil
}

func (s *schema) validateBOM(bom *cdx.BOM) error {
	data, err := marshal(inJSON(bom), JSON)
	if err != nil {
		return err
	}
	return s.validate(data)
}

// inJSON is a document that was read from XML with what JSON has besides.
func inJSON(bom *cdx.BOM) *cdx.BOM {
	copied := *bom
	copied.BOMFormat = cdx.BOMFormat
	return &copied
}

func (s *schema) validate(data []byte) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if err := s.compiled.Validate(doc); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

func marshal(bom *cdx.BOM, enc Encoding) ([]byte, error) {
	format := cdx.BOMFileFormatJSON
	if enc == XML {
		format = cdx.BOMFileFormatXML
	}
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, format).SetPretty(true).SetEscapeHTML(false).Encode(bom); err != nil {
		return nil, err
	}
	if enc == XML {
		out.WriteByte('\n')
		return asSchema(out.Bytes(), bom.SpecVersion.String())
	}
	return out.Bytes(), nil
}

func unmarshal(data []byte) (*cdx.BOM, error) {
	bom := new(cdx.BOM)
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !isXML(data) {
		if err := bound.JSON(data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, bom); err != nil {
			return nil, err
		}
		if bom.BOMFormat != cdx.BOMFormat || bom.SpecVersion == 0 {
			return nil, errors.New("no bomFormat CycloneDX, or no specVersion")
		}
		return bom, nil
	}
	data, err := asLibrary(data)
	if err != nil {
		return nil, err
	}
	in, err := bound.XML(data, namespace)
	if err != nil {
		return nil, err
	}
	if err := in.Decode(bom); err != nil {
		return nil, err
	}
	for v := cdx.SpecVersion1_0; v <= cdx.SpecVersion1_7; v++ {
		if bom.XMLNS == namespace+v.String() {
			bom.SpecVersion = v
			return bom, nil
		}
	}
	return nil, fmt.Errorf("no namespace of a version from 1.0 to 1.7: %.100q", bom.XMLNS)
}

func isXML(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return strings.HasPrefix(string(bytes.TrimLeft(data[:min(len(data), 1024)], " \t\r\n")), "<")
}
