// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package format reads and writes bills of materials in every format there is.
package format

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/cyclonedx"
	"github.com/goassay/assay/sbom/internal/bound"
	"github.com/goassay/assay/sbom/spdx"
)

// A Format is a format in a version.
type Format struct {
	Name    string // a word of Names
	Version string // 1.6
}

// Default is the format that is written if none is asked for.
var Default = Format{"cyclonedx-json", "1.6"}

// names are the words for the formats, each with the versions that can be
// written; the first of them is meant if none is named.
var names = []struct {
	name     string
	versions []string
}{
	{"cyclonedx-json", []string{"1.6", "1.7", "1.5", "1.4"}},
	{"cyclonedx-xml", []string{"1.6", "1.7", "1.5", "1.4"}},
	{"spdx-json", []string{"2.3"}},
	{"spdx-tag", []string{"2.3"}},
	{"spdx3-json", []string{"3.0.1"}},
}

// Names returns the words for the formats.
func Names() []string {
	var all []string
	for _, n := range names {
		all = append(all, n.name)
	}
	return all
}

// ErrFormat reports a document whose format is none of those known here.
var ErrFormat = errors.New("neither CycloneDX nor SPDX")

// An UnknownError reports a word that is no format, or a version that cannot
// be written.
type UnknownError struct{ Word string }

// Error lists what there is.
func (e *UnknownError) Error() string {
	var all []string
	for _, n := range names {
		for i, v := range n.versions {
			if word := n.name + "@" + v; i == 0 {
				all = append(all, word+" (or "+n.name+")")
			} else {
				all = append(all, word)
			}
		}
	}
	return fmt.Sprintf("no format %q: there are %s", e.Word, strings.Join(all, ", "))
}

// Parse reads a format in the words of the command: NAME or NAME@VERSION. The
// error is an [*UnknownError].
func Parse(word string) (Format, error) {
	name, version, versioned := strings.Cut(word, "@")
	for _, n := range names {
		switch {
		case n.name != name:
		case !versioned:
			return Format{name, n.versions[0]}, nil
		case slices.Contains(n.versions, version):
			return Format{name, version}, nil
		}
	}
	return Format{}, &UnknownError{word}
}

// String is the format as [Parse] reads it.
func (f Format) String() string { return f.Name + "@" + f.Version }

// Detect tells the format of a document from its beginning and its version.
// That may be one that can be read and not written. The error wraps
// [ErrFormat].
func Detect(data []byte) (Format, error) {
	if err := bound.Size(data); err != nil {
		return Format{}, err
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return detectJSON(text)
	case bytes.HasPrefix(text, []byte("<")):
		return detectXML(text)
	}
	if version := tagValue(text); version != "" {
		return Format{"spdx-tag", version}, nil
	}
	return Format{}, ErrFormat
}

func detectJSON(text []byte) (Format, error) {
	if err := bound.JSON(text); err != nil {
		return Format{}, err
	}
	var head struct {
		BOMFormat   string          `json:"bomFormat"`
		SpecVersion string          `json:"specVersion"`
		SPDXVersion string          `json:"spdxVersion"`
		Context     json.RawMessage `json:"@context"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Format{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	const spdx3 = "spdx.org/rdf/"
	switch context := string(head.Context); {
	case head.BOMFormat == "CycloneDX":
		return Format{"cyclonedx-json", head.SpecVersion}, nil
	case head.SPDXVersion != "":
		return Format{"spdx-json", strings.TrimPrefix(head.SPDXVersion, "SPDX-")}, nil
	case strings.Contains(context, spdx3):
		_, rest, _ := strings.Cut(context, spdx3)
		version, _, _ := strings.Cut(rest, "/")
		return Format{"spdx3-json", version}, nil
	}
	return Format{}, ErrFormat
}

func detectXML(text []byte) (Format, error) {
	in := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := in.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return Format{}, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if start, ok := token.(xml.StartElement); ok {
			version, found := strings.CutPrefix(start.Name.Space, "http://cyclonedx.org/schema/bom/")
			if !found {
				return Format{}, ErrFormat
			}
			return Format{"cyclonedx-xml", version}, nil
		}
	}
}

// Resembles reports whether a regular file begins as a document does: what it
// is, or that it is none, [Read] tells. Nothing that begins so is an executable
// or an archive.
func Resembles(name string) bool {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false
	}
	head = head[:n]
	if len(head) > 262 && string(head[257:262]) == "ustar" { // a tar archive begins with any name
		return false
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(text, []byte("{")) || bytes.HasPrefix(text, []byte("<")) || tagValue(text) != ""
}

// tagValue returns the version of SPDX that the first lines of a document give,
// or "".
func tagValue(text []byte) string {
	for line := range bytes.Lines(text[:min(len(text), 4096)]) {
		if version, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("SPDXVersion:")); ok {
			return strings.TrimPrefix(string(bytes.TrimSpace(version)), "SPDX-")
		}
	}
	return ""
}

// ReadFile reads a regular file of at most the size that a document may have.
func ReadFile(name string) ([]byte, error) {
	info, err := os.Stat(name) // before it is opened: a named pipe would not open
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, bound.MaxSize+1))
	if err == nil {
		err = bound.Size(data)
	}
	return data, err
}

// Read reads a document in any format. Reading is bounded: in size, in depth,
// and in what a document becomes in memory. [cyclonedx.Decode] and
// [spdx.Decode] say what of other tools' documents is read.
func Read(data []byte) (*sbom.Document, Format, error) {
	f, err := Detect(data)
	if err != nil {
		return nil, Format{}, fmt.Errorf("read bill of materials: %w", err)
	}
	decode := spdx.Decode
	if f.isCycloneDX() {
		decode = cyclonedx.Decode
	}
	doc, err := decode(data)
	if err != nil {
		return nil, f, err
	}
	return doc, f, nil
}

// Write writes a document, which conforms to the official schema of the
// format. One without an ID gets that of its content; see [sbom.Identify].
func Write(doc *sbom.Document, f Format) ([]byte, error) {
	if _, err := Parse(f.String()); err != nil {
		return nil, err
	}
	switch f.Name {
	case "cyclonedx-json":
		return cyclonedx.Encode(doc, cyclonedx.Version(f.Version), cyclonedx.JSON)
	case "cyclonedx-xml":
		return cyclonedx.Encode(doc, cyclonedx.Version(f.Version), cyclonedx.XML)
	case "spdx-tag":
		return spdx.Encode(doc, spdx.Version(f.Version), spdx.TagValue)
	}
	return spdx.Encode(doc, spdx.Version(f.Version), spdx.JSON)
}

// Validate checks a document against the official schema of its format. The
// error of an invalid one wraps [cyclonedx.ErrInvalid] or [spdx.ErrInvalid]; of
// a version for which no schema is here, [errors.ErrUnsupported].
func Validate(data []byte) error {
	f, err := Detect(data)
	if err != nil {
		return fmt.Errorf("validate bill of materials: %w", err)
	}
	if f.isCycloneDX() {
		return cyclonedx.Validate(data)
	}
	return spdx.Validate(data)
}

func (f Format) isCycloneDX() bool { return strings.HasPrefix(f.Name, "cyclonedx-") }
