// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"bytes"
	"cmp"
	"crypto/fips140"
	"crypto/sha1"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// Names of the properties that Build writes. Those of the document describe
// for what it holds; those of a component, the component.
const (
	PropertyGOOS       = "assay:go:goos"
	PropertyGOARCH     = "assay:go:goarch"
	PropertyCgoEnabled = "assay:go:cgo_enabled" // true or false
	PropertyTag        = "assay:go:tag"         // one for each build tag
	PropertyExperiment = "assay:go:experiment"  // one for each GOEXPERIMENT
	PropertyVendored   = "assay:go:vendored"    // true: packages come from a vendor directory

	PropertyMain     = "assay:go:main"     // of the root: import path of a main package
	PropertyH1       = "assay:go:h1"       // the h1: hash of go.sum; it is no hash of a file
	PropertyReplaced = "assay:go:replaced" // path@version that this component replaces
	PropertyLocal    = "assay:go:local"    // a Locality: there is no published version
)

// schemaBase is the beginning of the identifiers of the official schemas. It
// is a name: nothing is ever fetched from there.
const schemaBase = "http://cyclonedx.org/schema/"

// Metadata is what a document says of its own making.
type Metadata struct {
	Time        time.Time // written in UTC; none if zero; see [Timestamp]
	ToolVersion string    // of assay; "" if unknown
}

// Build describes a product of the listing in CycloneDX 1.6. The root
// component is the main module; each module that provides a package is a
// component, and so is the standard library. The dependency graph is that of
// the imports, with modules for nodes.
//
// The same product and metadata give the same document: its serial number is
// derived from its content.
func (l *Listing) Build(p *Product, meta Metadata) (*cyclonedx.BOM, error) {
	bom := &cyclonedx.BOM{
		JSONSchema:   schemaBase + "bom-1.6.schema.json",
		BOMFormat:    cyclonedx.BOMFormat,
		SpecVersion:  cyclonedx.SpecVersion1_6,
		Version:      1,
		Metadata:     l.metadata(p, meta),
		Components:   l.components(p),
		Dependencies: l.dependencies(p),
		Compositions: l.compositions(p),
	}
	var content bytes.Buffer
	if err := Write(&content, bom); err != nil {
		return nil, fmt.Errorf("bill of materials of %s: %w", p.Root.Path, err)
	}
	bom.SerialNumber = serialNumber(content.Bytes())
	return bom, nil
}

// Write writes a document as indented JSON, in the version that it names.
func Write(w io.Writer, bom *cyclonedx.BOM) error {
	enc := cyclonedx.NewBOMEncoder(w, cyclonedx.BOMFileFormatJSON)
	return enc.SetPretty(true).SetEscapeHTML(false).Encode(bom)
}

func (l *Listing) metadata(p *Product, meta Metadata) *cyclonedx.Metadata {
	kind := cyclonedx.ComponentTypeApplication
	if p.Library() {
		kind = cyclonedx.ComponentTypeLibrary
	}
	var mains properties
	for _, m := range p.Programs {
		mains.add(PropertyMain, m.Package)
	}
	target := properties{}
	target.add(PropertyGOOS, l.Target.GOOS)
	target.add(PropertyGOARCH, l.Target.GOARCH)
	target.add(PropertyCgoEnabled, strconv.FormatBool(l.Target.CgoEnabled))
	for _, t := range l.Target.Tags {
		target.add(PropertyTag, t)
	}
	for _, e := range l.Target.Experiments {
		target.add(PropertyExperiment, e)
	}
	if l.Vendored {
		target.add(PropertyVendored, "true")
	}
	timestamp := ""
	if !meta.Time.IsZero() {
		timestamp = meta.Time.UTC().Format(time.RFC3339)
	}
	return &cyclonedx.Metadata{
		Timestamp:  timestamp,
		Lifecycles: &[]cyclonedx.Lifecycle{{Phase: cyclonedx.LifecyclePhasePreBuild}}, // from sources, not from a build
		Tools: &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{
			Type: cyclonedx.ComponentTypeApplication, Name: "assay", Version: meta.ToolVersion,
		}}},
		Component: &cyclonedx.Component{
			BOMRef:     p.Root.String(),
			Type:       kind,
			Name:       p.Root.Path,
			PackageURL: p.Root.PURL(),
			Properties: mains.list(),
		},
		Properties: target.list(),
	}
}

func (l *Listing) components(p *Product) *[]cyclonedx.Component {
	var all []cyclonedx.Component
	for _, m := range p.Modules {
		var props properties
		if m.H1 != "" {
			props.add(PropertyH1, m.H1)
		}
		if local := p.Locality(m); local != Published {
			props.add(PropertyLocal, string(local))
		}
		for _, r := range m.Replaced {
			props.add(PropertyReplaced, r)
		}
		all = append(all, cyclonedx.Component{
			BOMRef:     m.String(),
			Type:       cyclonedx.ComponentTypeLibrary,
			Name:       m.Path,
			Version:    m.Version,
			Scope:      cyclonedx.ScopeRequired,
			PackageURL: m.PURL(),
			Properties: props.list(),
		})
	}
	all = append(all, cyclonedx.Component{
		BOMRef:     l.stdlibRef(),
		Type:       cyclonedx.ComponentTypeLibrary,
		Name:       stdlib,
		Version:    stdlibVersion(l.Target.GoVersion),
		Scope:      cyclonedx.ScopeRequired,
		PackageURL: purl(stdlib, stdlibVersion(l.Target.GoVersion)),
	})
	slices.SortFunc(all, func(a, b cyclonedx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	return &all
}

// stdlibRef is no module's: the first element of a published module's path has
// a dot, and a main module has no version.
func (l *Listing) stdlibRef() string { return stdlib + "@" + stdlibVersion(l.Target.GoVersion) }

func (l *Listing) dependencies(p *Product) *[]cyclonedx.Dependency {
	all := []cyclonedx.Dependency{{Ref: l.stdlibRef()}}
	for _, m := range append([]*Module{p.Root}, p.Modules...) {
		var on []string
		for _, d := range p.DependsOn(m) {
			on = append(on, d.String())
		}
		// Every program starts in package runtime, whether it imports anything or not.
		if p.standard[m] || m == p.Root {
			on = append(on, l.stdlibRef())
		}
		d := cyclonedx.Dependency{Ref: m.String()}
		if slices.Sort(on); len(on) > 0 {
			d.Dependencies = &on
		}
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b cyclonedx.Dependency) int { return cmp.Compare(a.Ref, b.Ref) })
	return &all
}

// compositions declares whose dependencies are completely listed. Those of a
// module with code in other languages are not: nobody told the go command what
// that links. Which libraries of the system the standard library is linked
// with, if any, is decided by the linker.
func (l *Listing) compositions(p *Product) *[]cyclonedx.Composition {
	refs := make(map[cyclonedx.CompositionAggregate][]cyclonedx.BOMReference)
	for _, m := range append([]*Module{p.Root}, p.Modules...) {
		aggregate := cyclonedx.CompositionAggregateComplete
		if p.native[m] || len(p.Failures) > 0 {
			aggregate = cyclonedx.CompositionAggregateIncomplete
		}
		refs[aggregate] = append(refs[aggregate], cyclonedx.BOMReference(m.String()))
	}
	refs[cyclonedx.CompositionAggregateUnknown] = []cyclonedx.BOMReference{cyclonedx.BOMReference(l.stdlibRef())}

	var all []cyclonedx.Composition
	for _, aggregate := range slices.Sorted(maps.Keys(refs)) {
		list := refs[aggregate]
		slices.Sort(list)
		all = append(all, cyclonedx.Composition{Aggregate: aggregate, Dependencies: &list})
	}
	return &all
}

// properties is a list of properties, in the order they are written in.
type properties []cyclonedx.Property

func (p *properties) add(name, value string) {
	*p = append(*p, cyclonedx.Property{Name: name, Value: value})
}

// list returns the list as the encoder takes it: nil if it is empty.
func (p properties) list() *[]cyclonedx.Property {
	if len(p) == 0 {
		return nil
	}
	return (*[]cyclonedx.Property)(&p)
}

// serialNumber returns that of a document which has none yet.
func serialNumber(content []byte) string { return "urn:uuid:" + uuid5(content) }

// documents is the UUID namespace for URLs (RFC 9562, section 6.6).
var documents = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// uuid5 returns the name-based UUID of a document (RFC 9562, section 5.5).
// That is SHA-1 by definition; nothing is protected by it.
func uuid5(content []byte) string {
	var id [sha1.Size]byte
	fips140.WithoutEnforcement(func() {
		h := sha1.New()
		h.Write(documents[:])
		h.Write(content)
		h.Sum(id[:0])
	})
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// Timestamp returns the time that a reproducible document carries:
// SOURCE_DATE_EPOCH of the environment, in seconds since 1970, else now.
// As its specification asks, a malformed value is an error.
func Timestamp(environ []string, now time.Time) (time.Time, error) {
	value := ""
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, "SOURCE_DATE_EPOCH="); ok {
			value = v
		}
	}
	if value == "" {
		return now.UTC(), nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 || seconds > maxTime {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: not a number of seconds since 1970", value)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// maxTime is the last second that RFC 3339 can write.
const maxTime = 253402300799
