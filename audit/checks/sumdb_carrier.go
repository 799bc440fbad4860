// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/sumdb"
)

// SumDBCarriers reads what of a target carries hashes of modules, to compare it
// with evidence: its go.sum files and executables. It runs no go command and
// reaches no network; of the go command's environment, a workspace that the
// target names counts, and GOFLAGS=-modfile does not.
func SumDBCarriers(ctx context.Context, t *audit.Target) ([]sumdb.Carrier, error) {
	files, err := modgraph.ReadSumFiles(t.ModFile, t.WorkFile)
	if err != nil {
		return nil, err
	}
	for _, name := range t.SumFiles {
		f, err := modgraph.ReadSumFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	var out []sumdb.Carrier
	if t.ModFile+t.WorkFile != "" && len(files) == len(t.SumFiles) {
		out = append(out, sumdb.Carrier{Kind: string(SourceSum), Name: "go.sum", Unread: errors.New("the module has none")})
	}
	for _, f := range files {
		name := sumFileName(t, f.Path)
		hashes, _ := sourceHashes(sumSource{SumFile: f, Kind: SourceSum})
		out = append(out, sumdb.Carrier{Kind: string(SourceSum), Digest: digestOf(f.Data), Name: name, Hashes: carriedHashes(name, hashes)})
	}
	binaries, err := readBinaries(ctx, t)
	for _, b := range binaries {
		out = append(out, b.Carrier)
	}
	return out, err
}

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// sourceHash is one hash of a source, in the form of evidence.
type sourceHash struct {
	modgraph.SumLine
	text   string
	reason string // why nothing can prove it; ""
}

// sourceHashes gives the hashes of a source. Of a go.sum file each line that is
// not blank is one, also where the go command passes it over.
func sourceHashes(s sumSource) ([]sourceHash, error) {
	var out []sourceHash
	for _, l := range slices.Concat(s.Lines, s.Unproven) {
		out = append(out, sourceHash{l, strings.TrimRight(sumText3(l), " "), ""})
	}
	if leftOut(s.Problems) == 0 {
		return out, nil
	}
	data := s.Data
	if s.Kind == SourceNamed {
		data = s.takeUnproven(data) // as they were read
	}
	lines := bytes.Split(data, []byte("\n"))
	for _, p := range s.Problems {
		reason := reasonMalformed
		switch p.Kind {
		case modgraph.SumDuplicate, modgraph.SumContradiction: // among the lines
			continue
		case modgraph.SumIgnored:
			reason = "ignored"
		}
		if p.Line < 1 || p.Line > len(lines) {
			return nil, fmt.Errorf("%s: no line %d", s.Path, p.Line)
		}
		l := modgraph.SumLine{File: s.Path, Line: p.Line}
		out = append(out, sourceHash{l, string(bytes.Join(bytes.Fields(lines[p.Line-1]), []byte(" "))), reason})
	}
	return out, nil
}

func carriedHashes(name string, hashes []sourceHash) []sumdb.CarriedHash {
	var out []sumdb.CarriedHash
	for _, h := range hashes {
		at := name
		if h.Line > 0 {
			at += ":" + strconv.Itoa(h.Line)
		}
		out = append(out, sumdb.CarriedHash{Line: h.text, At: at})
	}
	return out
}

// readBinary is an executable, or one architecture of it, read for evidence.
type readBinary struct {
	sumdb.Carrier
	build string // digest of its build info, as facts have it
}

// readBinaries reads the executables of a target. The error is that of the
// context; what could not be read says so itself.
func readBinaries(ctx context.Context, t *audit.Target) ([]readBinary, error) {
	var out []readBinary
	for _, root := range t.Binaries {
		found, err := readRoot(ctx, t, root)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			found = append(found, unreadBinary(t, root, errors.New("no Go executable is in it")))
		}
		out = append(out, found...)
	}
	return out, nil
}

func unreadBinary(t *audit.Target, path string, err error) readBinary {
	return readBinary{Carrier: sumdb.Carrier{Kind: string(SourceBinary), Name: nameIn(t.Dir, path), Unread: err}}
}

// readRoot reads an executable, or those in a folder or an archive.
func readRoot(ctx context.Context, t *audit.Target, root string) (out []readBinary, err error) {
	var mu sync.Mutex
	err = gobin.Walk(ctx, []string{root}, func(f *gobin.File) error {
		if f.State == gobin.StateNotGo && !f.Root {
			return nil
		}
		part := readBinary{Carrier: sumdb.Carrier{Kind: string(SourceBinary), Digest: f.SHA256, Name: nameIn(t.Dir, f.Path)}}
		part.Unread = part.read(f)
		mu.Lock()
		defer mu.Unlock()
		out = append(out, part)
		return nil
	})
	slices.SortFunc(out, func(a, b readBinary) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Digest, b.Digest))
	})
	if err != nil && ctx.Err() == nil { // too many files
		return append(out, unreadBinary(t, root, err)), nil
	}
	return out, err
}

// read takes the hashes out of the build info.
func (b *readBinary) read(f *gobin.File) error {
	if f.State != gobin.StateRead {
		return errors.New(f.Reason)
	}
	text := f.Build.Text()
	s, err := parseSource(SourceBinary, b.Name, text)
	if err != nil {
		return err
	}
	hashes, err := sourceHashes(s)
	b.Hashes, b.build = carriedHashes(b.Name, hashes), digestOf(text)
	return err
}

// binaryDigest returns the digest of the executable that facts are about: that
// of the whole file, which was read again.
func binaryDigest(binaries []readBinary, f SumDBFile) (string, error) {
	for _, b := range binaries {
		if b.Name == f.File && b.build == f.Evidence {
			return b.Digest, nil
		}
	}
	return "", fmt.Errorf("%s: it was changed while it was read", filepath.ToSlash(f.File))
}
