// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/bound"
)

// context names the vocabulary of SPDX 3.0.1. Nothing is ever fetched from there.
const context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"

// Individuals of the vocabulary.
const (
	noneElement        = "NoneElement"
	noAssertionElement = "NoAssertionElement"
	noneLicense        = "expandedlicensing_NoneLicense"
)

// A graph is a document of SPDX 3.0.1.
type graph struct {
	Context  json.RawMessage `json:"@context"`
	Elements []*node         `json:"@graph"`
}

// A node is an element of any class, or what stands in one. Members that the
// model has no place for are not read.
type node struct {
	BlankID string `json:"@id,omitempty"`
	Type    string `json:"type"`
	ID      string `json:"spdxId,omitempty"`

	// CreationInfo
	SpecVersion  string `json:"specVersion,omitempty"`
	Created      string `json:"created,omitempty"`
	CreatedBy    refs   `json:"createdBy,omitempty"`
	CreatedUsing refs   `json:"createdUsing,omitempty"`

	// Element
	CreationInfo *creation             `json:"creationInfo,omitempty"`
	Name         string                `json:"name,omitempty"`
	Description  string                `json:"description,omitempty"`
	VerifiedBy   []*integrity          `json:"verifiedUsing,omitempty"`
	Identifiers  []*externalIdentifier `json:"externalIdentifier,omitempty"`
	References   []*reference          `json:"externalRef,omitempty"`
	Extensions   []*extension          `json:"extension,omitempty"`

	// ElementCollection, SpdxDocument, Sbom
	Profiles    []string `json:"profileConformance,omitempty"`
	Roots       refs     `json:"rootElement,omitempty"`
	Elements    refs     `json:"element,omitempty"`
	DataLicense ref      `json:"dataLicense,omitempty"`
	SbomTypes   []string `json:"software_sbomType,omitempty"`

	// Artifact, SoftwareArtifact, Package, File
	SuppliedBy       ref    `json:"suppliedBy,omitempty"`
	OriginatedBy     refs   `json:"originatedBy,omitempty"`
	Purpose          string `json:"software_primaryPurpose,omitempty"`
	Copyright        string `json:"software_copyrightText,omitempty"`
	Version          string `json:"software_packageVersion,omitempty"`
	PackageURL       string `json:"software_packageUrl,omitempty"`
	DownloadLocation string `json:"software_downloadLocation,omitempty"`
	HomePage         string `json:"software_homePage,omitempty"`
	ContentType      string `json:"contentType,omitempty"`

	// Relationship, LifecycleScopedRelationship
	From         ref    `json:"from,omitempty"`
	Relationship string `json:"relationshipType,omitempty"`
	To           refs   `json:"to,omitempty"`
	Completeness string `json:"completeness,omitempty"`
	Scope        string `json:"scope,omitempty"`

	// LicenseExpression, SimpleLicensingText
	Expression string             `json:"simplelicensing_licenseExpression,omitempty"`
	CustomIDs  []*dictionaryEntry `json:"simplelicensing_customIdToUri,omitempty"`
	Text       string             `json:"simplelicensing_licenseText,omitempty"`

	// Annotation
	Subject        ref    `json:"subject,omitempty"`
	AnnotationType string `json:"annotationType,omitempty"`
	Statement      string `json:"statement,omitempty"`
}

type integrity struct {
	Type      string `json:"type"`
	Algorithm string `json:"algorithm,omitempty"`
	Value     string `json:"hashValue,omitempty"`
}

type externalIdentifier struct {
	Type           string `json:"type"`
	IdentifierType string `json:"externalIdentifierType"`
	Identifier     string `json:"identifier"`
}

type reference struct {
	Type    string   `json:"type"`
	RefType string   `json:"externalRefType,omitempty"`
	Locator []string `json:"locator,omitempty"`
	Comment string   `json:"comment,omitempty"`
}

// An extension holds properties as CycloneDX has them (model/Extension/Classes/CdxPropertiesExtension).
type extension struct {
	Type       string         `json:"type"`
	Properties []*cdxProperty `json:"extension_cdxProperty,omitempty"`
}

type cdxProperty struct {
	Type  string `json:"type"`
	Name  string `json:"extension_cdxPropName"`
	Value string `json:"extension_cdxPropValue,omitempty"`
}

type dictionaryEntry struct {
	Type  string `json:"type"`
	Key   string `json:"key"`
	Value string `json:"value,omitempty"`
}

// A ref names an element. In place of the name the element itself may stand:
// then its name is read.
type ref string

func (r *ref) UnmarshalJSON(data []byte) error {
	var all refs
	if err := all.UnmarshalJSON(data); err != nil {
		return err
	}
	if len(all) > 0 {
		*r = ref(all[0])
	}
	return nil
}

// refs name elements: one, or a list of them.
type refs []string

func (r *refs) UnmarshalJSON(data []byte) error {
	var all []json.RawMessage
	if !bytes.HasPrefix(data, []byte("[")) {
		all = []json.RawMessage{data}
	} else if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	for _, one := range all {
		var name string
		if json.Unmarshal(one, &name) != nil {
			var n struct {
				BlankID string `json:"@id"`
				ID      string `json:"spdxId"`
			}
			if err := json.Unmarshal(one, &n); err != nil {
				return err
			}
			name = n.ID + n.BlankID
		}
		if name != "" {
			*r = append(*r, name)
		}
	}
	return nil
}

// creation names the CreationInfo of an element, or is it.
type creation struct {
	name string
	info *node
}

func (c creation) MarshalJSON() ([]byte, error) { return json.Marshal(c.name) }

func (c *creation) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &c.name) == nil {
		return nil
	}
	c.info = new(node)
	type plain struct {
		Created      string `json:"created"`
		CreatedBy    refs   `json:"createdBy"`
		CreatedUsing refs   `json:"createdUsing"`
	}
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	c.info.Created, c.info.CreatedBy, c.info.CreatedUsing = p.Created, p.CreatedBy, p.CreatedUsing
	return nil
}

func encodeV3(doc *sbom.Document) ([]byte, error) {
	g, err := newGraph(doc)
	if err != nil {
		return nil, err
	}
	return marshal(g)
}

func decodeV3(data []byte) (*sbom.Document, error) {
	data = trimmed(data)
	if err := bound.JSON(data); err != nil {
		return nil, err
	}
	g := new(graph)
	if err := json.Unmarshal(data, g); err != nil {
		return nil, err
	}
	if len(g.Elements) == 0 {
		return nil, errors.New("no @graph, or nothing in it")
	}
	return g.read()
}

// isV3 reports whether a document in JSON is JSON-LD of SPDX 3.
func isV3(data []byte) bool {
	var d struct {
		Context json.RawMessage `json:"@context"`
	}
	// Only the beginning is looked at: other programs put the context first, too.
	head := data[:min(len(data), 4096)]
	if !bytes.Contains(head, []byte(`"@context"`)) && !bytes.Contains(head, []byte(`"@graph"`)) {
		return false
	}
	return json.Unmarshal(trimmed(data), &d) == nil && bytes.Contains(d.Context, []byte("spdx.org/rdf/3."))
}

// Words of SPDX 3 for those of CycloneDX, which the model has.
var (
	purposesV3 = map[sbom.Kind]string{
		sbom.KindApplication: "application", sbom.KindLibrary: "library", sbom.KindContainer: "container",
		sbom.KindFile: "file", sbom.KindSystem: "operatingSystem", sbom.KindData: "data",
		"framework": "framework", "device": "device", "firmware": "firmware", "platform": "platform",
		"device-driver": "deviceDriver", "machine-learning-model": "model",
	}
	kindsV3 = inverse(purposesV3)

	algorithmsV3 = map[string]string{
		"MD5": "md5", "SHA-1": "sha1", "SHA-224": "sha224", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512",
		"SHA3-256": "sha3_256", "SHA3-384": "sha3_384", "SHA3-512": "sha3_512", "BLAKE3": "blake3",
		"BLAKE2b-256": "blake2b256", "BLAKE2b-384": "blake2b384", "BLAKE2b-512": "blake2b512",
	}
	digestsV3 = inverse(algorithmsV3)

	phasesV3 = map[string]string{
		"design": "design", "pre-build": "source", "build": "build", "post-build": "analyzed", "operations": "runtime",
	}
	sbomTypes = inverse(phasesV3)

	completenessV3 = map[sbom.Completeness]string{
		sbom.Complete: "complete", sbom.Incomplete: "incomplete", sbom.Unknown: "noAssertion",
	}
	completenesses = inverse(completenessV3)

	referenceTypesV3 = map[string]string{
		"adversary-model": "securityAdversaryModel", "advisories": "securityAdvisory", "attestation": "secureSoftwareAttestation",
		"build-meta": "buildMeta", "build-system": "buildSystem", "certification-report": "certificationReport", "chat": "chat",
		"component-analysis-report": "componentAnalysisReport", "distribution": "altDownloadLocation", "documentation": "documentation",
		"dynamic-analysis-report": "dynamicAnalysisReport", "exploitability-statement": "vulnerabilityExploitabilityAssessment",
		"issue-tracker": "issueTracker", "license": "license", "mailing-list": "mailingList", "pentest-report": "securityPenTestReport",
		"quality-metrics": "metrics", "release-notes": "releaseNotes", "risk-assessment": "riskAssessment",
		"runtime-analysis-report": "runtimeAnalysisReport", "social": "socialMedia", "source-distribution": "sourceArtifact",
		"static-analysis-report": "staticAnalysisReport", "support": "support", "threat-model": "securityThreatModel", "vcs": "vcs",
		"vulnerability-assertion": "vulnerabilityDisclosureReport", "website": "altWebPage",
	}
	referenceTypes = inverse(referenceTypesV3)
)
