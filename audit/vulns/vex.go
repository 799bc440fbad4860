// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"
)

// A VEX is a document in the format OpenVEX v0.2.0
// (https://github.com/openvex/spec/blob/v0.2.0/OPENVEX-SPEC.md): statements about whether
// vulnerabilities affect products. Fields that are not used here are passed over.
type VEX struct {
	Context    string      `json:"@context"`
	ID         string      `json:"@id"`
	Author     string      `json:"author"`
	Role       string      `json:"role,omitempty"` // of the author
	Timestamp  time.Time   `json:"timestamp"`
	Updated    time.Time   `json:"last_updated,omitzero"`
	Version    int         `json:"version"`
	Tooling    string      `json:"tooling,omitempty"`
	Statements []Statement `json:"statements"`
}

// A Statement says how one vulnerability affects some products.
type Statement struct {
	ID            string           `json:"@id,omitempty"`
	Timestamp     time.Time        `json:"timestamp,omitzero"`    // zero: that of the document
	Updated       time.Time        `json:"last_updated,omitzero"` // zero: that of the document
	Vulnerability VEXVulnerability `json:"vulnerability"`
	Products      []VEXProduct     `json:"products,omitempty"`
	Status        Status           `json:"status"`
	Justification Justification    `json:"justification,omitempty"`
	Impact        string           `json:"impact_statement,omitempty"`
	Action        string           `json:"action_statement,omitempty"`
	Notes         string           `json:"status_notes,omitempty"`
	Supplier      string           `json:"supplier,omitempty"` // of the product
}

// A VEXVulnerability is named by any of its identifiers.
type VEXVulnerability struct {
	ID      string   `json:"@id,omitempty"` // an IRI
	Name    string   `json:"name"`          // such as "GO-2024-2687"
	Aliases []string `json:"aliases,omitempty"`
}

// A VEXProduct is a product, or a component of one.
type VEXProduct struct {
	ID          string `json:"@id,omitempty"` // an IRI, mostly a purl
	Identifiers struct {
		PURL string `json:"purl,omitempty"`
	} `json:"identifiers,omitzero"`
	Hashes        map[string]string `json:"hashes,omitempty"` // of its file, by the names of IANA's registry: "sha-256"
	Subcomponents []VEXProduct      `json:"subcomponents,omitempty"`
}

// A Product is what a statement is to be about.
type Product struct {
	PURL   string // package URL
	SHA256 string // of the file that it is, hexadecimal; "" if it is none, or that is not known

	// Platform and Tags are those for which source was looked at: what is said of it on one
	// platform does not hold on others. They are empty of anything else.
	Platform Platform
	Tags     []string
}

// qualifiers are the platform and the build tags of a product, as qualifiers of its
// package URL. Those of the platform are common for Go modules, that of tags is our own.
func (p *Product) qualifiers() map[string]string {
	q := map[string]string{}
	for key, value := range map[string]string{"goos": p.Platform.OS, "goarch": p.Platform.Arch, "tags": strings.Join(p.Tags, ",")} {
		if value != "" {
			q[key] = value
		}
	}
	return q
}

// onPlatform is the package URL of a product with its platform.
func (p *Product) onPlatform() string {
	purl, err := packageurl.FromString(p.PURL)
	if err != nil {
		return p.PURL
	}
	q := purl.Qualifiers.Map()
	maps.Copy(q, p.qualifiers())
	purl.Qualifiers = packageurl.QualifiersFromMap(q)
	return purl.ToString()
}

// Status is how a vulnerability affects a product.
type Status string

// The statuses.
const (
	NotAffected        Status = "not_affected"
	IsAffected         Status = "affected"
	IsFixed            Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// Justification is why a vulnerability does not affect a product.
type Justification string

// The justifications.
const (
	ComponentNotPresent      Justification = "component_not_present"
	VulnerableCodeNotPresent Justification = "vulnerable_code_not_present"
	NotInExecutePath         Justification = "vulnerable_code_not_in_execute_path"
	NotControlledByAdversary Justification = "vulnerable_code_cannot_be_controlled_by_adversary"
	MitigationsExist         Justification = "inline_mitigations_already_exist"
)

const vexContext = "https://openvex.dev/ns"

// MaxVEX bounds a VEX document, in bytes.
const MaxVEX = 32 << 20

// ErrVEX is a document that is not in the format, or larger than [MaxVEX].
var ErrVEX = errors.New("not a valid OpenVEX document")

// ReadVEX reads a document. A statement that the specification does not allow, such as
// one of a product that is not affected without saying why, is an error.
func ReadVEX(r io.Reader) (*VEX, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxVEX+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxVEX {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrVEX, MaxVEX)
	}
	v := &VEX{}
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrVEX, err)
	}
	if rest, ok := strings.CutPrefix(v.Context, vexContext); !ok || rest != "" && rest[0] != '/' {
		return nil, fmt.Errorf("%w: the context is %.100q", ErrVEX, v.Context)
	}
	if v.Author == "" || len(v.Statements) == 0 {
		return nil, fmt.Errorf("%w: no author or no statements", ErrVEX)
	}
	for i := range v.Statements {
		if err := v.Statements[i].check(); err != nil {
			return nil, fmt.Errorf("%w: statement %d: %w", ErrVEX, i+1, err)
		}
	}
	return v, nil
}

func (s *Statement) check() error {
	switch s.Status {
	case NotAffected:
		if s.Justification == "" && s.Impact == "" {
			return errors.New("not affected, without a justification or an impact statement")
		}
	case IsAffected, IsFixed, UnderInvestigation:
		if s.Justification != "" {
			return fmt.Errorf("%s, with a justification", s.Status)
		}
	default:
		return fmt.Errorf("the status %.40q", s.Status)
	}
	switch s.Justification {
	case "", ComponentNotPresent, VulnerableCodeNotPresent, NotInExecutePath, NotControlledByAdversary, MitigationsExist:
	default:
		return fmt.Errorf("the justification %.80q", s.Justification)
	}
	if s.Vulnerability.Name == "" && s.Vulnerability.ID == "" {
		return errors.New("no vulnerability")
	}
	return nil
}

// UnmarshalJSON reads a vulnerability, also in the form of a string, as OpenVEX v0.0.1
// has it.
func (v *VEXVulnerability) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &v.Name)
	}
	type plain VEXVulnerability
	return json.Unmarshal(raw, (*plain)(v))
}

// UnmarshalJSON reads a product, also in the form of a string, as OpenVEX v0.0.1 has it.
func (p *VEXProduct) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &p.ID)
	}
	type plain VEXProduct
	return json.Unmarshal(raw, (*plain)(p))
}

// PURL returns the package URL of a module (https://github.com/package-url/purl-spec,
// type golang), with the version, unless it is "" or "(devel)".
func PURL(module, version string) string {
	namespace, name := "", module
	if i := strings.LastIndexByte(module, '/'); i >= 0 {
		namespace, name = module[:i], module[i+1:]
	}
	if version == "(devel)" {
		version = ""
	}
	if module == Stdlib || module == Toolchain {
		if v, ok := goSemver(version); ok {
			version = strings.TrimPrefix(v, "v")
		}
	}
	return packageurl.NewPackageURL(packageurl.TypeGolang, namespace, name, version, nil, "").ToString()
}

// Find returns the statement about a vulnerability of a product: the latest of those that
// name the vulnerability by its ID or an alias, and the product by its package URL with
// that version or with none, or by the hash of its file, and, if they name components, its
// module. A statement about another product, another version or another file of it, is
// none, and so is one that is made more than a day after at: it would outweigh all that are
// made. If two of the same time differ in their status, the one counts that hides less.
func (v *VEX) Find(product Product, found Vulnerability, at time.Time) (*Statement, bool) {
	var best *Statement
	for i := range v.Statements {
		s := &v.Statements[i]
		if !s.names(found) || !s.covers(product, found) || v.time(s).After(at.AddDate(0, 0, 1)) {
			continue
		}
		if best == nil || v.time(s).After(v.time(best)) || v.time(s).Equal(v.time(best)) && !s.Hides() {
			best = s
		}
	}
	return best, best != nil
}

// Hides reports whether a statement says that the vulnerability does not affect the
// product.
func (s *Statement) Hides() bool { return s.Status == NotAffected || s.Status == IsFixed }

// time is when a statement was made.
func (v *VEX) time(s *Statement) time.Time {
	for _, t := range []time.Time{s.Updated, s.Timestamp, v.Updated} {
		if !t.IsZero() {
			return t
		}
	}
	return v.Timestamp
}

// names reports whether a statement is about a vulnerability.
func (s *Statement) names(found Vulnerability) bool {
	last := s.Vulnerability.ID[strings.LastIndexByte(s.Vulnerability.ID, '/')+1:]
	for _, name := range append([]string{s.Vulnerability.Name, last}, s.Vulnerability.Aliases...) {
		if name != "" && (strings.EqualFold(name, found.ID) || slices.ContainsFunc(found.Aliases, func(a string) bool { return strings.EqualFold(a, name) })) {
			return true
		}
	}
	return false
}

// covers reports whether a statement is about a product, and about the module of the
// vulnerability in it.
func (s *Statement) covers(product Product, found Vulnerability) bool {
	component := PURL(found.Module, found.Version)
	return slices.ContainsFunc(s.Products, func(p VEXProduct) bool {
		return p.is(product) && (len(p.Subcomponents) == 0 || slices.ContainsFunc(p.Subcomponents, func(c VEXProduct) bool { _, is := c.names(component, nil); return is }))
	})
}

// is reports whether a product is the one that is wanted. One with hashes is a file: that
// with another hash, or with one of another kind alone, is not it.
func (p *VEXProduct) is(want Product) bool {
	if len(p.Hashes) > 0 && (want.SHA256 == "" || !strings.EqualFold(p.Hashes[sha256Name], want.SHA256)) {
		return false
	}
	named, is := p.names(want.PURL, want.qualifiers())
	return is || !named && len(p.Hashes) > 0
}

const sha256Name = "sha-256"

// names reports whether a product has a package URL, and whether that is the given one, which
// has some qualifiers more. It may lack the version, or qualifiers, and so stand for any.
func (p *VEXProduct) names(purl string, more map[string]string) (named, is bool) {
	want, wantErr := packageurl.FromString(purl)
	qualifiers := want.Qualifiers.Map()
	maps.Copy(qualifiers, more)
	for _, text := range []string{p.Identifiers.PURL, p.ID} {
		got, err := packageurl.FromString(text)
		if err != nil {
			continue
		}
		plain := func(v string) string { return strings.TrimPrefix(strings.TrimPrefix(v, "go"), "v") }
		return true, wantErr == nil && strings.EqualFold(got.Type+"/"+got.Namespace+"/"+got.Name, want.Type+"/"+want.Namespace+"/"+want.Name) &&
			(got.Version == "" || plain(got.Version) == plain(want.Version)) && got.Subpath == want.Subpath && subset(got.Qualifiers.Map(), qualifiers)
	}
	return false, false
}

// subset reports whether a has nothing that b has not.
func subset(a, b map[string]string) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
