// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/goroot"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/modproxy"
)

// SumDBToolchain is the Go installation in use.
type SumDBToolchain struct {
	Go        string             `json:"go"`                // as its file VERSION says
	Module    string             `json:"module,omitempty"`  // golang.org/toolchain, for a release
	Version   string             `json:"version,omitempty"` // of the module
	Files     int                `json:"files"`             // that the module has too
	Bytes     int64              `json:"bytes"`
	Hash      string             `json:"hash,omitempty"`        // h1: of them
	GoEnvOnly bool               `json:"go_env_only,omitempty"` // with the released go.env it has the logged hash
	Odd       []goroot.Odd       `json:"odd,omitempty"`         // what no release has, and no hash covers
	Differs   *goroot.Comparison `json:"differs,omitempty"`
	Error     string             `json:"error,omitempty"` // why the differing files could not be named
}

// toolchainTree is the installation, hashed.
type toolchainTree struct {
	*goroot.Tree
	module moduleVersion
}

// goEnvSum is the digest of the released go.env.
var goEnvSum = func() (sum [sha256.Size]byte) {
	raw, err := hex.DecodeString(goenv.ReleasedFile)
	if err != nil || copy(sum[:], raw) != len(sum) {
		panic("goenv.ReleasedFile is no digest")
	}
	return sum
}()

// gatherToolchain hashes the Go installation. What it carries is a hash of a
// module, as a line of go.sum is.
func (r *sumDBRun) gatherToolchain() {
	tree, err := goroot.Scan(r.ctx, r.env.Raw("GOROOT"), r.env.Raw("GOHOSTOS"), r.env.Raw("GOHOSTARCH"), r.Progress)
	if err != nil {
		r.unreadable = audit.NotAssessed("sumdb/toolchain-unread", audit.Args{"detail": withoutSecrets(err)})
		return
	}
	f := &SumDBToolchain{Go: tree.Version, Files: len(tree.Files), Bytes: tree.Bytes, Odd: tree.Odd}
	r.facts.Toolchain = f
	m, err := tree.Module()
	if err != nil {
		r.unreadable = audit.NotAssessed("sumdb/no-toolchain", audit.Args{"go": tree.Version, "detail": err.Error()})
		return
	}
	r.toolchain = &toolchainTree{tree, m}
	s, err := parseSource(SourceGOROOT, "GOROOT", tree.Listing(m))
	if err != nil {
		r.unreadable = audit.NotAssessed("sumdb/toolchain-unread", audit.Args{"detail": err.Error()})
		return
	}
	f.Module, f.Version, f.Hash = m.Path, m.Version, s.Lines[0].Hash
	r.sources = append(r.sources, s)
	if len(tree.Odd) > 0 {
		r.unreadable = audit.NotAssessed("sumdb/toolchain-unread", audit.Args{"detail": tree.Odd[0].Name + ": " + tree.Odd[0].Why})
	}
}

// listingLine reads the hash of a listing of files, whose names begin with the
// module's.
func listingLine(name string, listing []byte) (modgraph.SumLine, error) {
	first, _, _ := strings.Cut(string(listing[:min(len(listing), 1<<10)]), "\n")
	_, entry, _ := strings.Cut(first, "  ")
	path, rest, ok := strings.Cut(entry, "@")
	version, _, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || path != goroot.ModulePath {
		return modgraph.SumLine{}, errors.New("not a listing of a Go installation")
	}
	prefix := []byte(path + "@" + version + "/")
	for line := range bytes.Lines(listing) {
		if len(line) < 66 || !bytes.HasPrefix(line[66:], prefix) {
			return modgraph.SumLine{}, errors.New("a file of another module in the listing")
		}
	}
	return modgraph.SumLine{File: name, Module: path, Version: version, Hash: goroot.HashListing(listing)}, nil
}

// settleToolchain finds out by what the installation differs from the release:
// by go.env alone, or by which files.
func (r *sumDBRun) settleToolchain() {
	t := r.toolchain
	if t == nil {
		return
	}
	rec := r.answer(t.module).record
	if rec == nil {
		return
	}
	logged, ok := rec.Hash(t.module, false)
	if !ok || logged == r.facts.Toolchain.Hash {
		return
	}
	if goroot.HashListing(t.With("go.env", goEnvSum).Listing(t.module)) == logged {
		r.facts.Toolchain.GoEnvOnly = true
		return
	}
	if r.Offline {
		r.facts.Toolchain.Error = audit.ErrOffline.Error()
		return
	}
	differs, err := r.compareToolchain(logged)
	r.facts.Toolchain.Differs = differs
	if err != nil {
		r.facts.Toolchain.Error = withoutSecrets(err)
	}
}

// compareToolchain names the files, by parts of the release's zip file.
func (r *sumDBRun) compareToolchain(logged string) (*goroot.Comparison, error) {
	chain, err := modproxy.Parse(r.env.Raw("GOPROXY"))
	if err != nil {
		return nil, err
	}
	client := &modproxy.Client{Transport: r.HTTP, Chain: chain} // GONOPROXY names no toolchain
	z, err := client.Zip(r.ctx, r.toolchain.module)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return r.toolchain.Compare(r.toolchain.module, z, z.Size, logged)
}

// reportToolchain reports an installation that is not the release.
func (r *sumDBRun) reportToolchain(c claim, evidence string) {
	m := moduleVersion{Path: c.Module, Version: c.Version}
	a := r.judged.answers[m]
	logged, _ := a.record.Hash(m, false)
	f := sumFinding(r.facts.mismatchRule(c.kind), m, c)
	f.Subject = audit.Subject{Kind: "toolchain", Name: r.facts.Toolchain.Go}
	f.Evidence = []string{evidence}
	f.Args["log"] = a.log
	if !r.facts.Toolchain.GoEnvOnly {
		f.Args["have"], f.Args["logged"] = c.Hash, logged
		f.Args["naming"], f.Args["changes"] = r.toolchainChanges()
	}
	r.Report(f)
}

// toolchainChanges lists what differs, with the word for how sure that is.
func (r *sumDBRun) toolchainChanges() (naming string, changes []string) {
	d := r.facts.Toolchain.Differs
	if d == nil {
		return "unnamed", []string{r.facts.Toolchain.Error}
	}
	for _, part := range []struct {
		sign  string
		names []string
	}{{"~", d.Changed}, {"-", d.Missing}, {"+", d.Added}} {
		for _, name := range part.names {
			changes = append(changes, part.sign+name)
		}
	}
	if !d.Proven {
		return "claimed", first(changes, maxNamed)
	}
	return "proven", first(changes, maxNamed)
}
