// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/goassay/assay/sbom"
)

func encodeTagValue(doc *sbom.Document) ([]byte, error) {
	d, err := newDocument(doc)
	if err != nil {
		return nil, err
	}
	t := new(tagWriter)
	t.document(d)
	return t.out.Bytes(), nil
}

// A tagWriter writes a document of SPDX 2.3 as tag-value (annex C of the
// specification).
type tagWriter struct{ out bytes.Buffer }

// tag writes a tag that has a value: in one line, if it fits in one.
func (t *tagWriter) tag(name, value string) {
	if value == "" {
		return
	}
	if strings.ContainsAny(value, "\r\n") || strings.TrimSpace(value) != value || strings.HasPrefix(value, openText) {
		value = openText + strings.ReplaceAll(value, closeText, "</ text>") + closeText // what that changes is carried
	}
	fmt.Fprintf(&t.out, "%s: %s\n", name, value)
}

const openText, closeText = "<text>", "</text>"

// section begins a group of tags.
func (t *tagWriter) section() { t.out.WriteByte('\n') }

func (t *tagWriter) document(d *document) {
	t.tag("SPDXVersion", d.SPDXVersion)
	t.tag("DataLicense", d.DataLicense)
	t.tag("SPDXID", d.ID)
	t.tag("DocumentName", d.Name)
	t.tag("DocumentNamespace", d.Namespace)
	for _, c := range d.CreationInfo.Creators {
		t.tag("Creator", c)
	}
	t.tag("Created", d.CreationInfo.Created)

	// A file that stands after a package is one of that package.
	in := make(map[string]string)
	for _, r := range d.Relationships {
		if r.Type == "CONTAINS" {
			in[r.To] = r.From
		}
	}
	files := make(map[string][]*file)
	packages := make(map[string]bool)
	for _, p := range d.Packages {
		packages[p.ID] = true
	}
	for _, f := range d.Files {
		if whole := in[f.ID]; packages[whole] {
			files[whole] = append(files[whole], f)
		} else {
			t.file(f)
		}
	}
	for _, p := range d.Packages {
		t.pkg(p)
		for _, f := range files[p.ID] {
			t.file(f)
		}
	}
	for _, e := range d.Extracted {
		t.section()
		t.tag("LicenseID", e.ID)
		t.tag("ExtractedText", e.Text)
		t.tag("LicenseName", e.Name)
	}
	t.section()
	for _, r := range d.Relationships {
		t.tag("Relationship", r.From+" "+r.Type+" "+r.To)
	}
	t.annotations(d.ID, d.Annotations)
	for _, p := range d.Packages {
		t.annotations(p.ID, p.Annotations)
	}
	for _, f := range d.Files {
		t.annotations(f.ID, f.Annotations)
	}
}

func (t *tagWriter) pkg(p *pkg) {
	t.section()
	t.tag("PackageName", p.Name)
	t.tag("SPDXID", p.ID)
	t.tag("PackageVersion", p.Version)
	t.tag("PackageSupplier", p.Supplier)
	t.tag("PackageOriginator", p.Originator)
	t.tag("PackageDownloadLocation", p.DownloadLocation)
	if p.FilesAnalyzed != nil {
		t.tag("FilesAnalyzed", strconv.FormatBool(*p.FilesAnalyzed))
	}
	if p.VerificationCode != nil {
		t.tag("PackageVerificationCode", p.VerificationCode.Value)
	}
	for _, c := range p.Checksums {
		t.tag("PackageChecksum", c.Algorithm+": "+c.Value)
	}
	t.tag("PackageHomePage", p.Homepage)
	t.tag("PackageLicenseConcluded", p.LicenseConcluded)
	t.tag("PackageLicenseDeclared", p.LicenseDeclared)
	t.tag("PackageCopyrightText", p.CopyrightText)
	t.tag("PackageDescription", p.Description)
	for _, e := range p.ExternalRefs {
		t.tag("ExternalRef", e.Category+" "+e.Type+" "+e.Locator)
		t.tag("ExternalRefComment", e.Comment)
	}
	t.tag("PrimaryPackagePurpose", p.Purpose)
}

func (t *tagWriter) file(f *file) {
	t.section()
	t.tag("FileName", f.Name)
	t.tag("SPDXID", f.ID)
	for _, c := range f.Checksums {
		t.tag("FileChecksum", c.Algorithm+": "+c.Value)
	}
	t.tag("LicenseConcluded", f.LicenseConcluded)
	t.tag("FileCopyrightText", f.CopyrightText)
}

func (t *tagWriter) annotations(id string, all []annotation) {
	for _, a := range all {
		t.section()
		t.tag("Annotator", a.Annotator)
		t.tag("AnnotationDate", a.Date)
		t.tag("AnnotationType", a.Type)
		t.tag("SPDXREF", id)
		t.tag("AnnotationComment", a.Comment)
	}
}
