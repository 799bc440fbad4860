// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package license finds the licences of a Go module in the module's own files.
//
// It keeps two answers apart, as SPDX 2.3 does (7.13 and 7.15): what the authors declare - tags, a sentence in the README - and
// what is concluded from licence texts that were matched word by word. Both are SPDX licence expressions (SPDX 2.3, annex D).
// An empty expression means unknown; a text that is a licence but none that is known gets a LicenseRef- identifier derived
// from the hash of its words, and is kept.
//
// How files are combined:
//   - several licence files, or several texts in a file: AND, unless the files or the README offer a choice: OR;
//   - a licence in a directory of its own is joined with AND where it covers packages of the module, or C code and embedded files
//     of such packages; Options.Packages narrows that to the packages that are compiled in;
//   - what covers documentation or test data is evidence, and no licence of the code; so are NOTICE, PATENTS and third-party lists;
//   - a GNU licence is "-or-later" only where a notice, a tag or a sentence says so. The bare text is "-only", which is how SPDX
//     reads the identifiers without suffix; the result has a remark then.
package license

import (
	"archive/zip"
	"errors"
	"io/fs"
	"sort"
	"strings"
)

// Version changes whenever the same files may give another result. Results for all packages can be kept under it and the module's
// h1 hash; Result.For then narrows them to the packages of a program.
const Version = "2"

// Options narrow a scan. The zero value scans for all packages of the module.
type Options struct {
	// Packages are the directories of the packages that are compiled in, slash-separated and relative to the module's root, which
	// is ".". Nil means all. It decides which nested licences count; all remain in Result.Files.
	Packages []string
}

// A Result is what a module's files say about its licence.
type Result struct {
	Declared  string `json:"declared,omitempty"`  // SPDX expression that the authors state; empty: none
	Concluded string `json:"concluded,omitempty"` // SPDX expression that the matched texts give; empty: unknown
	// Conflict says how Declared differs from what the texts at the module's root give; empty where they agree or one is missing.
	Conflict   string   `json:"conflict,omitempty"`
	Parts      []Part   `json:"parts,omitempty"`      // what Concluded is made of, the module's root first
	Incomplete bool     `json:"incomplete,omitempty"` // a bound cut off what may license the code: nothing is concluded
	Files      []File   `json:"files,omitempty"`
	Copyrights []string `json:"copyrights,omitempty"` // as the files order them, without duplicates
	Notices    []Notice `json:"notices,omitempty"`
	// Texts holds the text behind each LicenseRef- identifier of the expressions.
	Texts map[string]string `json:"texts,omitempty"`
	// Remarks are facts that a reader of the conclusion needs: limits reached, texts that are only part of a file, versions unsaid.
	Remarks []string `json:"remarks,omitempty"`
}

// A Part is the licence of a directory of the module.
type Part struct {
	Dir        string `json:"dir"`
	By         string `json:"by,omitempty"` // package that takes in the directory, which has none: embedded files, C code
	Expression string `json:"expression,omitempty"`
}

// A Kind is what a file is by its name and place.
type Kind string

// Kinds of files. The first four license code by their text, a copyright file only by one that is known; a readme declares, and
// licenses only by a whole text.
const (
	KindLicense    Kind = "license"
	KindCopying    Kind = "copying"
	KindREUSE      Kind = "reuse" // in the folder LICENSES of the REUSE specification 3.3, or one used alike
	KindCopyright  Kind = "copyright"
	KindReadme     Kind = "readme"
	KindHeader     Kind = "header" // comment at the top of a Go file
	KindNotice     Kind = "notice"
	KindPatents    Kind = "patents"
	KindThirdParty Kind = "third-party" // list of the licences of others' code, often of dependencies
)

// A Cover is what a file's licence applies to.
type Cover string

// Covers. CoverUnused is a nested licence that covers no package that is compiled in.
const (
	CoverCode          Cover = "code"
	CoverNested        Cover = "nested"
	CoverUnused        Cover = "unused"
	CoverDocumentation Cover = "documentation"
	CoverTestdata      Cover = "testdata"
	CoverNothing       Cover = "nothing" // not a licence: notice, patents, list of third parties
)

// A File is the evidence of one file.
type File struct {
	Path       string  `json:"path"` // relative to the module's root
	Kind       Kind    `json:"kind"`
	Covers     Cover   `json:"covers"`
	Dir        string  `json:"dir,omitempty"` // directory that a nested licence applies to
	Expression string  `json:"expression,omitempty"`
	Confidence float64 `json:"confidence"` // share of the file's words that known texts cover, 0 to 1, copyright lines left out
	Matches    []Match `json:"matches,omitempty"`
	SHA256     string  `json:"sha256"` // hexadecimal, of the bytes that were read
	Truncated  bool    `json:"truncated,omitempty"`
}

// A Match is a known text found in a file.
type Match struct {
	License   string `json:"license"`    // SPDX identifier, or licensecheck's own name
	FirstLine int    `json:"first_line"` // from 1
	LastLine  int    `json:"last_line"`
}

// A Notice is a file that section 4(d) of Apache-2.0 wants passed on.
type Notice struct {
	Path      string `json:"path"`
	Text      string `json:"text"`
	Truncated bool   `json:"truncated,omitempty"`
}

// Bounds on what is read and kept. Where one cuts off what may license the code, the conclusion is unknown. Licence files beyond 100 KB
// are collections of others' licences.
const (
	maxNames      = 1 << 18
	maxCandidates = 1024
	maxFileBytes  = 256 << 10
	maxNotices    = 16
	maxNoticeText = 32 << 10
	maxCopyrights = 200
	maxTextBytes  = 64 << 10
	maxRemarks    = 32
)

// Scan finds licences in the module whose root is fsys. Directories of other modules in it, and vendor directories, are left out.
// The error is that of reading; what the files say is never an error.
func Scan(fsys fs.FS, o Options) (*Result, error) {
	t := &tree{open: fsys.Open}
	nested := map[string]bool{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil: // an unreadable directory is not a reason to know nothing
			t.partial = true
			return nil
		case d.IsDir() && name != "." && (d.Name() == "vendor" || d.Name() == ".git"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return nil
		case len(t.names) == maxNames:
			t.partial = true
			return fs.SkipAll
		}
		if dir, base := split(name); base == "go.mod" && dir != "." {
			nested[dir] = true
		}
		t.names = append(t.names, name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(nested) > 0 {
		kept := t.names[:0]
		for _, name := range t.names {
			if !underAny(name, nested) {
				kept = append(kept, name)
			}
		}
		t.names = kept
	}
	return scan(t, o)
}

// ScanZip is Scan for a module's zip as proxies serve it: root is the module's path, "@" and its version, the prefix of all names
// in it. It reads the central directory and the candidates alone, which costs less than the same through zip.Reader's fs.FS.
func ScanZip(z *zip.Reader, root string, o Options) (*Result, error) {
	t := &tree{}
	files := make(map[string]*zip.File)
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, root+"/")
		if !ok || !fs.ValidPath(name) {
			continue
		}
		if len(t.names) == maxNames {
			t.partial = true
			break
		}
		if _, twice := files[name]; twice {
			return nil, errors.New("read module zip: " + f.Name + " is there twice")
		}
		files[name] = f
		t.names = append(t.names, name)
	}
	if len(t.names) == 0 && len(z.File) > 0 {
		return nil, errors.New("read module zip: no file under " + root)
	}
	t.open = openZip(files)
	return scan(t, o)
}

func openZip(files map[string]*zip.File) func(string) (fs.File, error) {
	return func(name string) (fs.File, error) {
		r, err := files[name].Open()
		if err != nil {
			return nil, err
		}
		return zipFile{r}, nil
	}
}

func scan(t *tree, o Options) (*Result, error) {
	sort.Strings(t.names)
	s := &scanner{tree: t, result: &Result{}}
	s.find(o)
	if err := s.readAll(); err != nil {
		return nil, err
	}
	s.conclude()
	return s.result, nil
}
