// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/license"
)

// BOMModule is what became of what a document says of a published module
// version, or of an executable.
type BOMModule struct {
	Ref         string          `json:"ref"`
	Module      string          `json:"module"` // of an executable its file
	Version     string          `json:"version,omitempty"`
	Hashes      BOMState        `json:"hashes"`           // of the zip file
	H1          BOMState        `json:"h1"`               // against the zip file
	Proof       BOMState        `json:"proof"`            // the claim that the checksum database has H1
	License     BOMState        `json:"license"`          // concluded, against the files
	Reason      string          `json:"reason,omitempty"` // why something is not checked
	Differences []BOMDifference `json:"differences,omitempty"`
}

func (m *BOMModule) name() string { return strings.TrimSuffix(m.Module+"@"+m.Version, "@") }

// BOMDifference is something else than a document says.
type BOMDifference struct {
	Rule  string `json:"rule"` // that it violates
	Said  string `json:"said"`
	Found string `json:"found"`
}

func (m *BOMModule) differs(rule, said, found string) BOMState {
	m.Differences = append(m.Differences, BOMDifference{rule, said, found})
	return BOMDiffers
}

// BOMOpen is a component, or another part of a document, that nothing was held
// against.
type BOMOpen struct {
	Ref  string `json:"ref,omitempty"`
	Name string `json:"name,omitempty"`
	Why  BOMWhy `json:"why"`
}

// BOMWhy is why nothing was held against something.
type BOMWhy string

// The reasons.
const (
	BOMLocal     BOMWhy = "local"     // it is said to come from a directory: there is no published version
	BOMVersion   BOMWhy = "version"   // it has none
	BOMOther     BOMWhy = "other"     // no module of Go, or none that its package URL names
	BOMReference BOMWhy = "reference" // of the document, with a hash
)

// BOMState is what became of one thing that a document says.
type BOMState string

// The states.
const (
	BOMNothing    BOMState = "nothing-said" // the document does not say it
	BOMMatches    BOMState = "matches"
	BOMDiffers    BOMState = "differs"
	BOMNotChecked BOMState = "not-checked"
)

// verifyDocument verifies what a document says. What it describes it may
// describe as it likes, but for hashes; everything else is either held against
// something or listed as unverified.
func verifyDocument(ctx context.Context, p *audit.Pass, b *BOMDocument, log *SumDBFacts) error {
	env, err := goenv.Read(ctx, goenv.Options{Dir: p.Target.Dir, Environ: p.Environ, Run: p.Exec})
	if err != nil {
		env = nil // without a go command nobody knows where the module cache is
	}
	v := &bomVerifier{Pass: p, document: b, proofs: readProofs(p, b, env), log: log}
	v.sort()
	origins, errs := bomOrigins(p, env).Read(ctx, v.modules)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i, c := range v.components {
		m := BOMModule{Ref: c.Ref, Module: v.modules[i].Path, Version: v.modules[i].Version}
		if errs[i] != nil {
			m.Reason = redact.Text(errs[i].Error())
		}
		m.compareZip(c, origins[i], v.subjects[c.Ref])
		v.compareProof(&m, c)
		b.Modules = append(b.Modules, m)
	}
	for _, c := range b.doc.Components {
		if c.Property(sbom.PropertyFile) != "" {
			b.Modules = append(b.Modules, v.compareFile(c))
		}
	}
	return nil
}

// bomVerifier verifies one document.
type bomVerifier struct {
	*audit.Pass
	document   *BOMDocument
	proofs     *provenRecords // nil without a bundle that holds
	log        *SumDBFacts    // nil if it was not asked
	subjects   map[string]bool
	components []*sbom.Component // those with a zip file
	modules    []module.Version  // of which it is
}

// sort sorts the components of the document by what can be done for them.
func (v *bomVerifier) sort() {
	b := v.document
	v.subjects = subjectsOfBOM(b.doc)
	for _, c := range b.doc.Components {
		m, ok := c.ModuleVersion()
		if v.subjects[c.Ref] {
			b.Subjects = append(b.Subjects, componentName(c))
			switch {
			case ok && (c.Property(sbom.PropertyH1) != "" || c.Property(sbom.PropertyProof) != ""):
				v.add(c, m)
			case c.Property(sbom.PropertyFile) == "" && saidHashes(c) != nil:
				b.Unverified = append(b.Unverified, BOMOpen{c.Ref, componentName(c), BOMOther})
			}
			continue
		}
		why := BOMWhy("")
		switch {
		case c.IsStdlib():
			if m, said := toolchainSaid(c); said {
				v.add(c, m)
			} else if saidHashes(c) != nil {
				why = BOMOther
			}
		case c.Kind == sbom.KindCrypto:
			// what was seen in a binary: there is nothing to compare it with
		case ok:
			v.add(c, m)
		case c.Property(sbom.PropertyLocal) != "":
			why = BOMLocal
		case c.Version == "":
			why = BOMVersion
		default:
			why = BOMOther
		}
		if why != "" {
			b.Unverified = append(b.Unverified, BOMOpen{c.Ref, componentName(c), why})
		}
	}
	proofs, _ := namedProofs(b.doc)
	for _, r := range b.doc.References {
		if len(r.Hashes) > 0 && (r.URL != proofs || v.proofs == nil || v.proofs.other) {
			b.Unverified = append(b.Unverified, BOMOpen{Name: redact.URL(r.URL), Why: BOMReference})
		}
	}
}

func (v *bomVerifier) add(c *sbom.Component, m module.Version) {
	v.components, v.modules = append(v.components, c), append(v.modules, m)
}

func componentName(c *sbom.Component) string {
	return strings.TrimSuffix(strings.TrimPrefix(c.Group+"/"+c.Name, "/")+"@"+c.Version, "@")
}

// subjectsOfBOM returns what a document describes: its roots, and the main
// modules and executables that a root with no package URL of its own collects.
// That others are main modules too, a document cannot say of itself.
func subjectsOfBOM(d *sbom.Document) map[string]bool {
	subjects := make(map[string]bool)
	byRef := make(map[string]*sbom.Component, len(d.Components))
	for _, c := range d.Components {
		byRef[c.Ref] = c
	}
	for _, ref := range d.Roots {
		subjects[ref] = true
		root := byRef[ref]
		if root == nil || root.PURL != "" {
			continue
		}
		for _, ref := range slices.Concat(root.DependsOn, root.Parts) {
			if c := byRef[ref]; c != nil && c.Property(sbom.PropertyMainModule) != "" {
				subjects[ref] = true
			}
		}
	}
	return subjects
}

// toolchainSaid returns the module of the toolchain that hashes of the standard
// library are said to be of, if it is one of the same version.
func toolchainSaid(c *sbom.Component) (module.Version, bool) {
	said := c.Property(sbom.PropertyToolchain)
	path, version, _ := strings.Cut(said, "@")
	want := c.ToolchainOf(runtime.GOOS, runtime.GOARCH)
	prefix := strings.TrimSuffix(want.Version, runtime.GOOS+"-"+runtime.GOARCH)
	return module.Version{Path: path, Version: version}, path == want.Path && strings.HasPrefix(version, prefix) && module.Check(path, version) == nil
}

// bomOrigins reads zip files from the module cache, if the go command says
// where that is, and from the proxies, if it may.
func bomOrigins(p *audit.Pass, env *goenv.Env) *sbom.Origins {
	o := new(sbom.Origins)
	if p.CacheDir != "" {
		o.Store = filepath.Join(p.CacheDir, "sbom")
	}
	if env == nil {
		return o
	}
	o.ModCache = env.Raw("GOMODCACHE")
	if chain, err := modproxy.Parse(env.Raw("GOPROXY")); err == nil && !p.Offline && p.Settings[SettingBOMDownload] == "true" {
		o.Download = (&modproxy.Client{Transport: p.HTTP, Chain: chain, NoProxy: env.Raw("GONOPROXY")}).Download
	}
	return o
}

// saidHashes are the hashes of files that a component has.
func saidHashes(c *sbom.Component) []sbom.Hash {
	said := slices.Clone(c.Hashes)
	for _, r := range c.References {
		said = append(said, r.Hashes...)
	}
	return said
}

// compareZip compares what is said of a module with its zip file. Of what a
// document describes, hashes of files and licences are not the zip file's.
func (m *BOMModule) compareZip(c *sbom.Component, or *sbom.Origin, subject bool) {
	var said []sbom.Hash
	h1, concluded := c.Property(sbom.PropertyH1), ""
	switch {
	case c.IsStdlib():
		h1, said = c.Property(sbom.PropertyToolchainH1), saidHashes(c)
	case !subject:
		said, concluded = saidHashes(c), c.License.Concluded
	}
	m.Hashes, m.H1, m.License = stateOf(len(said) > 0), stateOf(h1 != ""), stateOf(concluded != "")
	if or == nil {
		return
	}
	if i := slices.IndexFunc(said, func(h sbom.Hash) bool { return h.Algorithm == "SHA-256" && sameHex(h.Value, h1Hex(or.H1)) }); i >= 0 {
		m.Hashes = m.differs("bom/hash-mislabelled", "SHA-256 "+said[i].Value, or.H1)
	} else if len(said) > 0 {
		m.Hashes = m.compareHashes("bom/hash-differs", said, []sbom.Hash{{Algorithm: "SHA-256", Value: or.SHA256}, {Algorithm: "SHA-512", Value: or.SHA512}})
	}
	if h1 != "" {
		if m.H1 = BOMMatches; h1 != or.H1 {
			m.H1 = m.differs("bom/hash-differs", h1, or.H1)
		}
	}
	if concluded != "" {
		found := or.Concludes(c)
		if m.License = BOMMatches; concluded != found && !license.Equivalent(concluded, found) {
			if found == "" {
				found = "no-licence"
			}
			m.License = m.differs("bom/license-differs", concluded, found)
		}
	}
}

// compareHashes compares hashes with those of a file. They match if each of
// them was compared.
func (m *BOMModule) compareHashes(rule string, said, have []sbom.Hash) BOMState {
	state := BOMMatches
	for _, h := range said {
		i := slices.IndexFunc(have, func(known sbom.Hash) bool { return known.Algorithm == h.Algorithm })
		switch {
		case i < 0:
			state = BOMNotChecked // an algorithm that nobody should rely on, or that is not computed here
			m.Reason = h.Algorithm
		case !sameHex(h.Value, have[i].Value):
			return m.differs(rule, h.Algorithm+" "+h.Value, h.Algorithm+" "+have[i].Value)
		}
	}
	return state
}

// compareFile compares what is said of an executable with the file beside the
// document that has its name.
func (v *bomVerifier) compareFile(c *sbom.Component) BOMModule {
	name := c.Property(sbom.PropertyFile)
	m := BOMModule{Ref: c.Ref, Module: name, Hashes: stateOf(len(c.Hashes) > 0), H1: BOMNothing, Proof: BOMNothing, License: BOMNothing}
	have, err := sbom.HashBeside(v.document.path, filepath.FromSlash(name))
	if err != nil {
		m.Reason = redact.Text(err.Error())
		return m
	}
	if len(c.Hashes) > 0 {
		m.Hashes = m.compareHashes("bom/file-differs", c.Hashes, have)
	}
	return m
}

func stateOf(said bool) BOMState {
	if said {
		return BOMNotChecked
	}
	return BOMNothing
}

// h1Hex returns the 32 bytes of an h1: hash, as tools write them that take it
// for the hash of a file; "" if it is none.
func h1Hex(h1 string) string {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h1, "h1:"))
	if err != nil {
		return ""
	}
	return hex.EncodeToString(raw)
}

func sameHex(a, b string) bool {
	x, err1 := hex.DecodeString(a)
	y, err2 := hex.DecodeString(b)
	return errors.Join(err1, err2) == nil && string(x) == string(y)
}
