// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/cyclonedx"
)

// describe adds to the components of a document what their zip files say, and
// returns by Ref why one could not be read. A zip file whose content is not
// what go.sum or the executable names is reported, and says nothing.
func (r *sbomRun) describe(ctx context.Context, d *sbom.Document) (noZip map[string]string, err error) {
	noZip = make(map[string]string)
	var components []*sbom.Component
	var modules []module.Version
	for _, c := range d.Components {
		m, ok := c.ModuleVersion()
		if c.IsStdlib() {
			m, ok = c.ToolchainOf(runtime.GOOS, runtime.GOARCH), true
		}
		if !ok || slices.Contains(d.Roots, c.Ref) || r.isMain(c.Ref) || c.Property(sbom.PropertyMainModule) != "" { // of an executable the hashes are its own
			continue
		}
		components, modules = append(components, c), append(modules, m)
	}
	origins, errs := r.origins().Read(ctx, modules)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for i, c := range components {
		h1 := c.Property(sbom.PropertyH1)
		switch {
		case c.IsStdlib():
			if errs[i] == nil { // most toolchains are installed otherwise
				c.DescribeToolchain(modules[i], origins[i], r.distribution(modules[i]))
			}
		case errs[i] != nil:
			noZip[c.Ref] = redact.Text(errs[i].Error())
		case h1 != "" && origins[i].H1 != h1:
			noZip[c.Ref] = "h1 " + origins[i].H1
			r.Report(audit.Finding{
				Rule: "sbom/zip-mismatch", Subject: audit.Subject{Kind: "module", Name: modules[i].String()},
				Args: audit.Args{"component": modules[i].String(), "h1": h1, "found": origins[i].H1},
			})
		default:
			c.DescribeZip(modules[i], origins[i], r.packagesOf(c), r.distribution(modules[i]))
		}
	}
	return noZip, r.describeFolders(d, noZip)
}

// describeFolders reads licences where there is no zip file: in the main
// modules, directories beside them, and vendor directories.
func (r *sbomRun) describeFolders(d *sbom.Document, noZip map[string]string) error {
	if r.listed.listing == nil {
		return nil
	}
	for _, product := range r.listed.products {
		for _, m := range append([]*sbom.Module{product.Root}, product.Modules...) {
			c := d.Component(m.String())
			if c == nil || c.License.Evidence != nil || m.Version != "" && m != product.Root && noZip[c.Ref] == "" {
				continue
			}
			dir := m.Dir
			if dir == "" && r.listed.listing.Vendored {
				dir = filepath.Join(r.Target.Dir, "vendor", filepath.FromSlash(m.Path))
			}
			if dir == "" {
				continue
			}
			if err := c.DescribeFolder(dir); err != nil {
				noZip[c.Ref] = redact.Text(err.Error())
			}
		}
	}
	return nil
}

// packagesOf returns the directories of the packages of a module that are
// compiled in, where the source says so, or nil.
func (r *sbomRun) packagesOf(c *sbom.Component) []string {
	if r.listed.listing == nil || c.Property(sbom.PropertyUse) != "" {
		return nil
	}
	return r.listed.listing.DirectoriesOf(c.Ref)
}

func (r *sbomRun) isMain(ref string) bool {
	return slices.ContainsFunc(r.listed.products, func(p *sbom.Product) bool { return p.Root.String() == ref })
}

func (r *sbomRun) origins() *sbom.Origins {
	o := &sbom.Origins{ModCache: r.env.Raw("GOMODCACHE")}
	if r.CacheDir != "" {
		o.Store = filepath.Join(r.CacheDir, "sbom")
	}
	if r.Settings[SettingDownload] == "true" && !r.Offline && r.env.ChainError == "" {
		o.Download = r.proxies().Download
	}
	return o
}

func (r *sbomRun) proxies() *modproxy.Client {
	return &modproxy.Client{Transport: r.HTTP, Chain: r.env.Chain, NoProxy: r.env.Raw("GONOPROXY")}
}

// distribution is where the first proxy of a module's route serves its zip
// file, without secrets, or "" if the module comes from version control.
func (r *sbomRun) distribution(m module.Version) string {
	steps := r.env.Chain.Route(m.Path, r.env.Raw("GONOPROXY")).Steps
	if len(steps) == 0 || steps[0].Kind != modproxy.Proxy {
		return ""
	}
	path, err1 := module.EscapePath(m.Path)
	version, err2 := module.EscapeVersion(m.Version)
	if errors.Join(err1, err2) != nil {
		return ""
	}
	return steps[0].URL + "/" + path + "/@v/" + version + ".zip"
}

// prove adds what the checksum database says of the h1: hashes.
func (r *sbomRun) prove(d *sbom.Document) {
	known := make(map[string]*SumDBModule, len(r.sumdb.Modules))
	for i := range r.sumdb.Modules {
		m := &r.sumdb.Modules[i]
		known[m.Module+"@"+m.Version] = m
	}
	used := make(map[string]bool)
	for _, c := range d.Components {
		m, ok := c.ModuleVersion()
		if !ok || c.Property(sbom.PropertyH1) == "" {
			continue
		}
		proof := sbom.Proof{State: string(NotChecked)}
		if s := known[m.String()]; s != nil {
			proof = sbom.Proof{State: string(s.State), Log: s.Log}
			if s.State == Verified {
				proof.Record = s.Record
			}
			used[s.Log] = true
		}
		c.DescribeProof(proof)
	}
	for _, l := range r.sumdb.Logs {
		if used[l.Name] && l.Root != "" {
			d.Properties = append(d.Properties, sbom.Property{Name: sbom.PropertyCheckpoint, Value: fmt.Sprintf("%s %d %s", l.Name, l.Size, l.Root)})
		}
	}
}

// addComponents adds the components of a document to the facts.
func (r *sbomRun) addComponents(d *sbom.Document, noZip map[string]string) {
	for _, c := range d.Components {
		if slices.Contains(d.Roots, c.Ref) || c.Property(sbom.PropertyMainModule) != "" || c.Kind != sbom.KindLibrary || c.IsStdlib() || isPackage(c) {
			continue
		}
		f := SBOMComponent{
			Ref: c.Ref, Document: len(r.facts.Documents), Module: c.Name, Version: c.Version, PURL: c.PURL,
			H1: c.Property(sbom.PropertyH1), Local: sbom.Locality(c.Property(sbom.PropertyLocal)),
			Use: c.Property(sbom.PropertyUse), License: c.License.Concluded, Proof: c.Property(sbom.PropertyProof), NoZip: noZip[c.Ref],
		}
		for _, p := range c.Properties {
			if p.Name == sbom.PropertyReplaced {
				f.Replaced = append(f.Replaced, p.Value)
			}
		}
		for _, h := range c.Hashes {
			if h.Algorithm == "SHA-512" {
				f.SHA512 = h.Value
			}
		}
		r.facts.Components = append(r.facts.Components, f)
		r.facts.Counts.add(f)
	}
	slices.SortStableFunc(r.facts.Components, func(a, b SBOMComponent) int {
		return cmp.Or(cmp.Compare(a.Document, b.Document), cmp.Compare(a.Ref, b.Ref))
	})
}

// isPackage reports whether a component is a package: of a module, or of Debian.
func isPackage(c *sbom.Component) bool {
	return c.Property(sbom.PropertyImportPath) != "" || c.Property(sbom.PropertyBuiltUsing) != ""
}

func (n *SBOMCounts) add(f SBOMComponent) {
	n.Components++
	switch {
	case f.Local != sbom.Published:
		n.Local++
	case f.H1 != "":
		n.WithH1++
	default:
		n.WithoutH1++
	}
	if f.Local == sbom.Published && f.Version == "" {
		n.VersionUnknown++
	}
	if f.Proof == string(Verified) {
		n.Verified++
	}
	if f.SHA512 != "" {
		n.WithHashes++
	}
	if f.License != "" {
		n.WithLicense++
	}
}

// reportComponents reports each component that cannot be proven, once.
func (r *sbomRun) reportComponents() {
	reported := make(map[string]bool)
	for _, c := range r.facts.Components {
		name := c.Module
		if c.Version != "" {
			name += "@" + c.Version
		}
		rule := ""
		switch {
		case c.Use != "":
		case c.Local != sbom.Published:
			rule = "sbom/local-component"
		case c.H1 == "" && c.Version != "":
			rule = "sbom/component-without-hash"
		case c.Proof == string(Mismatch):
			rule = "sbom/hash-disputed"
		}
		if rule == "" || reported[name] {
			continue
		}
		reported[name] = true
		f := audit.Finding{
			Rule:     rule,
			Subject:  audit.Subject{Kind: "module", Name: name},
			Args:     audit.Args{"component": name, "product": r.productOf(c)},
			Evidence: []string{r.facts.Documents[c.Document].Evidence},
		}
		if r.facts.Documents[c.Document].Subject == "source" {
			f.Location = modFileLocation(r.Target)
		}
		r.Report(f)
	}
}

// productOf names a main module or an executable that contains a component.
func (r *sbomRun) productOf(c SBOMComponent) string {
	if r.facts.Documents[c.Document].Subject == "source" {
		for _, p := range r.listed.products {
			if slices.ContainsFunc(p.Modules, func(m *sbom.Module) bool { return m.String() == c.Ref }) {
				return p.Root.Path
			}
		}
	}
	for _, f := range r.measured.Files {
		if f.Build == nil {
			continue
		}
		for _, m := range f.Build.Deps {
			if m.Path == c.Module || m.Replace != nil && m.Replace.Path == c.Module {
				return f.Path
			}
		}
	}
	return ""
}

// recheckSBOM compares the stored documents with the stored facts.
func recheckSBOM(stored json.RawMessage, evidence func(string) ([]byte, error)) error {
	var facts SBOMFacts
	if err := json.Unmarshal(stored, &facts); err != nil {
		return err
	}
	for i, document := range facts.Documents {
		data, err := evidence(document.Evidence)
		if err != nil {
			return err
		}
		d, err := cyclonedx.Decode(data)
		if err == nil {
			err = sbom.VerifyID(data, d.ID)
		}
		if err != nil {
			return fmt.Errorf("bill of materials of the %s: %w", document.Subject, err)
		}
		r := &sbomRun{facts: &SBOMFacts{Documents: make([]SBOMDocument, i)}}
		r.addComponents(d, nil)
		listed := slices.DeleteFunc(slices.Clone(facts.Components), func(c SBOMComponent) bool { return c.Document != i })
		for j := range listed {
			listed[j].NoZip = ""
		}
		if len(d.Components) != document.Components || !slices.EqualFunc(r.facts.Components, listed, sameComponent) {
			return fmt.Errorf("bill of materials of the %s: its components are not those of the report", document.Subject)
		}
	}
	return nil
}

func sameComponent(a, b SBOMComponent) bool { return reflect.DeepEqual(a, b) }
