// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/bound"
)

// What SPDX 2 says for what is not known, and for what there is none of.
const (
	noAssertion = "NOASSERTION"
	none        = "NONE"
)

// The types below are SPDX 2.3, as far as it is read or written.
type document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	ID                string         `json:"SPDXID"`
	Name              string         `json:"name"`
	Namespace         string         `json:"documentNamespace"`
	Comment           string         `json:"comment,omitempty"`
	CreationInfo      creationInfo   `json:"creationInfo"`
	DocumentDescribes []string       `json:"documentDescribes,omitempty"` // read only
	Packages          []*pkg         `json:"packages,omitempty"`
	Files             []*file        `json:"files,omitempty"`
	Extracted         []extracted    `json:"hasExtractedLicensingInfos,omitempty"`
	Relationships     []relationship `json:"relationships,omitempty"`
	Annotations       []annotation   `json:"annotations,omitempty"`
}

type creationInfo struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
	Comment  string   `json:"comment,omitempty"`
}

type pkg struct {
	ID               string            `json:"SPDXID"`
	Name             string            `json:"name"`
	Version          string            `json:"versionInfo,omitempty"`
	FileName         string            `json:"packageFileName,omitempty"` // neither read nor written
	Supplier         string            `json:"supplier,omitempty"`
	Originator       string            `json:"originator,omitempty"`
	DownloadLocation string            `json:"downloadLocation"`
	FilesAnalyzed    *bool             `json:"filesAnalyzed,omitempty"` // true if there is none
	VerificationCode *verificationCode `json:"packageVerificationCode,omitempty"`
	Checksums        []checksum        `json:"checksums,omitempty"`
	Homepage         string            `json:"homepage,omitempty"`
	LicenseConcluded string            `json:"licenseConcluded,omitempty"`
	LicenseDeclared  string            `json:"licenseDeclared,omitempty"`
	CopyrightText    string            `json:"copyrightText,omitempty"`
	Description      string            `json:"description,omitempty"`
	ExternalRefs     []externalRef     `json:"externalRefs,omitempty"`
	Purpose          string            `json:"primaryPackagePurpose,omitempty"`
	HasFiles         []string          `json:"hasFiles,omitempty"` // read only
	Annotations      []annotation      `json:"annotations,omitempty"`
}

type verificationCode struct {
	Value string `json:"packageVerificationCodeValue"`
}

type file struct {
	ID               string       `json:"SPDXID"`
	Name             string       `json:"fileName"`
	Checksums        []checksum   `json:"checksums"`
	LicenseConcluded string       `json:"licenseConcluded,omitempty"`
	LicenseInfo      []string     `json:"licenseInfoInFiles,omitempty"` // neither read nor written
	CopyrightText    string       `json:"copyrightText,omitempty"`
	Annotations      []annotation `json:"annotations,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
	Comment  string `json:"comment,omitempty"`
}

type extracted struct {
	ID   string `json:"licenseId"`
	Text string `json:"extractedText"`
	Name string `json:"name,omitempty"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

type annotation struct {
	Date      string `json:"annotationDate"`
	Type      string `json:"annotationType"`
	Annotator string `json:"annotator"`
	Comment   string `json:"comment"`
}

func encodeV2JSON(doc *sbom.Document) ([]byte, error) {
	d, err := newDocument(doc)
	if err != nil {
		return nil, err
	}
	return marshal(d)
}

func decodeV2JSON(data []byte) (*sbom.Document, error) {
	data = trimmed(data)
	if err := bound.JSON(data); err != nil {
		return nil, err
	}
	d := new(document)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, err
	}
	return d.read()
}

func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// check reports whether a document that was read is one that is understood.
func (d *document) check() error {
	switch d.SPDXVersion {
	case "SPDX-2.2", "SPDX-2.3":
		return nil
	case "":
		return errors.New("no spdxVersion")
	}
	return fmt.Errorf("version %.20q: %w", d.SPDXVersion, errors.ErrUnsupported)
}

// versionOf returns the version that a document in JSON is of, or "".
func versionOf(data []byte) string {
	if isV3(data) {
		return string(V3_0_1)
	}
	var d struct {
		SPDXVersion string `json:"spdxVersion"`
	}
	if json.Unmarshal(trimmed(data), &d) != nil {
		return ""
	}
	return strings.TrimPrefix(d.SPDXVersion, "SPDX-")
}

// Words of SPDX for those of CycloneDX, which the model has.
var (
	purposes = map[sbom.Kind]string{
		sbom.KindApplication: "APPLICATION", sbom.KindLibrary: "LIBRARY", sbom.KindContainer: "CONTAINER",
		sbom.KindFile: "FILE", sbom.KindSystem: "OPERATING_SYSTEM",
		"framework": "FRAMEWORK", "device": "DEVICE", "firmware": "FIRMWARE",
	}
	kinds = inverse(purposes)

	algorithms = map[string]string{
		"MD5": "MD5", "SHA-1": "SHA1", "SHA-256": "SHA256", "SHA-384": "SHA384", "SHA-512": "SHA512",
		"SHA3-256": "SHA3-256", "SHA3-384": "SHA3-384", "SHA3-512": "SHA3-512", "BLAKE3": "BLAKE3",
		"BLAKE2b-256": "BLAKE2b-256", "BLAKE2b-384": "BLAKE2b-384", "BLAKE2b-512": "BLAKE2b-512",
		"SHA-224": "SHA224", "MD2": "MD2", "MD4": "MD4", "MD6": "MD6", "ADLER32": "ADLER32",
	}
	digests = inverse(algorithms)
)

func inverse[K, V comparable](m map[K]V) map[V]K {
	out := make(map[V]K, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}
