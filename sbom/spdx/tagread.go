// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/bound"
)

func decodeTagValue(data []byte) (*sbom.Document, error) {
	d, err := readTagValue(data)
	if err != nil {
		return nil, err
	}
	return d.read()
}

// readTagValue reads a document in tag-value. Tags that it does not know are
// passed over.
func readTagValue(data []byte) (*document, error) {
	t := &tagReader{doc: new(document), annotated: make(map[string][]annotation)}
	rest := strings.ToValidUTF8(string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), "\ufffd")
	for number, tags := 1, 0; rest != ""; tags++ {
		if tags > bound.MaxElements {
			return nil, fmt.Errorf("%w: more than %d tags", bound.ErrTooLarge, bound.MaxElements)
		}
		line, after, _ := strings.Cut(rest, "\n")
		used := line
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#"):
			rest, number = after, number+1
			continue
		case !ok || strings.ContainsAny(name, " \t"):
			return nil, fmt.Errorf("line %d: no tag: %.40q", number, line)
		case strings.HasPrefix(value, openText):
			start := strings.Index(rest, openText) + len(openText)
			end := strings.Index(rest[start:], closeText)
			if end < 0 {
				return nil, fmt.Errorf("line %d: text without end", number)
			}
			value, used = rest[start:start+end], rest[:start+end+len(closeText)]
			_, after, _ = strings.Cut(rest[len(used):], "\n")
		}
		if err := t.tag(name, value); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		rest, number = after, number+strings.Count(used, "\n")+1
	}
	return t.finish()
}

// A tagReader reads the tags of a document, each of which belongs to the
// element that was named last.
type tagReader struct {
	doc       *document
	pkg       *pkg
	file      *file
	extracted *extracted
	note      annotation
	subject   string // of the note
	annotated map[string][]annotation
	inside    [][2]string // packages and files that stood after them
}

func (t *tagReader) tag(name, value string) error {
	switch name {
	case "PackageName":
		t.pkg, t.file = &pkg{Name: value}, nil
		t.doc.Packages = append(t.doc.Packages, t.pkg)
	case "FileName":
		t.file = &file{Name: value}
		t.doc.Files = append(t.doc.Files, t.file)
	case "SPDXID":
		t.identify(value)
	case "LicenseID":
		t.doc.Extracted = append(t.doc.Extracted, extracted{ID: value})
		t.extracted = &t.doc.Extracted[len(t.doc.Extracted)-1]
	case "ExtractedText":
		if t.extracted != nil {
			t.extracted.Text = value
		}
	case "LicenseName":
		if t.extracted != nil {
			t.extracted.Name = value
		}
	case "Relationship":
		f := strings.Fields(value)
		if len(f) != 3 {
			return fmt.Errorf("no relationship: %.80q", value)
		}
		t.doc.Relationships = append(t.doc.Relationships, relationship{From: f[0], Type: f[1], To: f[2]})
	default:
		switch {
		case t.documentTag(name, value) || t.annotationTag(name, value):
		case t.file != nil && t.fileTag(name, value):
		case t.pkg != nil && t.pkgTag(name, value):
		}
	}
	return nil
}

func (t *tagReader) identify(id string) {
	switch {
	case t.file != nil:
		t.file.ID = id
		if t.pkg != nil {
			t.inside = append(t.inside, [2]string{t.pkg.ID, id})
		}
	case t.pkg != nil:
		t.pkg.ID = id
	default:
		t.doc.ID = id
	}
}

func (t *tagReader) documentTag(name, value string) bool {
	d := t.doc
	switch name {
	case "SPDXVersion":
		d.SPDXVersion = value
	case "DataLicense":
		d.DataLicense = value
	case "DocumentName":
		d.Name = value
	case "DocumentNamespace":
		d.Namespace = value
	case "Creator":
		d.CreationInfo.Creators = append(d.CreationInfo.Creators, value)
	case "Created":
		d.CreationInfo.Created = value
	default:
		return false
	}
	return true
}

func (t *tagReader) annotationTag(name, value string) bool {
	switch name {
	case "Annotator":
		t.keepNote()
		t.note.Annotator = value
	case "AnnotationDate":
		t.note.Date = value
	case "AnnotationType":
		t.note.Type = value
	case "AnnotationComment":
		t.note.Comment = value
	case "SPDXREF":
		t.subject = value
	default:
		return false
	}
	return true
}

// keepNote ends the annotation that was being read.
func (t *tagReader) keepNote() {
	if t.subject != "" {
		t.annotated[t.subject] = append(t.annotated[t.subject], t.note)
	}
	t.note, t.subject = annotation{}, ""
}

func (t *tagReader) fileTag(name, value string) bool {
	switch name {
	case "FileChecksum":
		t.file.Checksums = append(t.file.Checksums, readChecksum(value))
	case "LicenseConcluded":
		t.file.LicenseConcluded = value
	case "FileCopyrightText":
		t.file.CopyrightText = value
	default:
		return false
	}
	return true
}

func (t *tagReader) pkgTag(name, value string) bool {
	p := t.pkg
	switch name {
	case "PackageVersion":
		p.Version = value
	case "PackageSupplier":
		p.Supplier = value
	case "PackageOriginator":
		p.Originator = value
	case "PackageDownloadLocation":
		p.DownloadLocation = value
	case "FilesAnalyzed":
		analyzed := value == "true"
		p.FilesAnalyzed = &analyzed
	case "PackageVerificationCode":
		code, _, _ := strings.Cut(value, "(excludes:")
		p.VerificationCode = &verificationCode{strings.TrimSpace(code)}
	case "PackageChecksum":
		p.Checksums = append(p.Checksums, readChecksum(value))
	case "PackageHomePage":
		p.Homepage = value
	case "PackageLicenseConcluded":
		p.LicenseConcluded = value
	case "PackageLicenseDeclared":
		p.LicenseDeclared = value
	case "PackageCopyrightText":
		p.CopyrightText = value
	case "PackageDescription":
		p.Description = value
	case "ExternalRef":
		if f := strings.Fields(value); len(f) == 3 {
			p.ExternalRefs = append(p.ExternalRefs, externalRef{Category: f[0], Type: f[1], Locator: f[2]})
		}
	case "ExternalRefComment":
		if n := len(p.ExternalRefs); n > 0 {
			p.ExternalRefs[n-1].Comment = value
		}
	case "PrimaryPackagePurpose":
		p.Purpose = value
	default:
		return false
	}
	return true
}

func readChecksum(value string) checksum {
	algorithm, sum, _ := strings.Cut(value, ":")
	return checksum{Algorithm: strings.TrimSpace(algorithm), Value: strings.TrimSpace(sum)}
}

// finish puts together what stood in different places.
func (t *tagReader) finish() (*document, error) {
	t.keepNote()
	d := t.doc
	d.Annotations = t.annotated[d.ID]
	for _, p := range d.Packages {
		p.Annotations = t.annotated[p.ID]
	}
	for _, f := range d.Files {
		f.Annotations = t.annotated[f.ID]
	}
	part := make(map[string]bool)
	for _, r := range d.Relationships {
		switch r.Type {
		case "CONTAINS":
			part[r.To] = true
		case "CONTAINED_BY":
			part[r.From] = true
		}
	}
	for _, in := range t.inside {
		if !part[in[1]] {
			d.Relationships = append(d.Relationships, relationship{From: in[0], Type: "CONTAINS", To: in[1]})
		}
	}
	return d, d.check()
}
