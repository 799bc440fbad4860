// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// A tree is the files of a module, by name; open opens one of names.
type tree struct {
	names   []string
	open    func(string) (fs.File, error)
	partial bool // not all names are there
}

// A zipFile is a file of a zip, which needs no Stat here.
type zipFile struct{ io.ReadCloser }

func (zipFile) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// read returns at most limit bytes of a file as UTF-8.
func (t *tree) read(name string, limit int) (text string, sum string, truncated bool, err error) {
	f, err := t.open(name)
	if err != nil {
		return "", "", false, fmt.Errorf("read %s: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return "", "", false, fmt.Errorf("read %s: %w", name, err)
	}
	if truncated = len(data) > limit; truncated {
		data = data[:limit]
	}
	hash := sha256.Sum256(data)
	return decode(data), hex.EncodeToString(hash[:]), truncated, nil
}

// decode reads UTF-16 with a byte order mark, which Windows editors write, and drops what is no UTF-8.
func decode(data []byte) string {
	if len(data) >= 2 && (data[0] == 0xff && data[1] == 0xfe || data[0] == 0xfe && data[1] == 0xff) {
		units := make([]uint16, 0, len(data)/2)
		for i := 2; i+1 < len(data); i += 2 {
			lo, hi := data[i], data[i+1]
			if data[0] == 0xfe {
				lo, hi = hi, lo
			}
			units = append(units, uint16(lo)|uint16(hi)<<8)
		}
		return string(utf16.Decode(units))
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(data), "\ufeff"), "")
}

type candidate struct {
	path  string
	kind  Kind
	cover Cover
	dir   string // that it applies to; "." is the root
}

// A scanner is one scan.
type scanner struct {
	*tree
	result     *Result
	candidates []candidate
	packages   []string            // directories of packages that count, sorted
	goFiles    map[string][]string // by directory, without tests
	native     map[string]bool     // directories with C, C++ or assembly
	found      []*evidence
	readme     string
	headers    headers
	work       int  // of matching, as in maxWork
	embedRead  int  // bytes read in search of embedded files
	incomplete bool // something that may license the code was not read or not compared
}

// maxModuleWork bounds the work of matching for one module.
const maxModuleWork = 32 << 20

// find sorts the names: packages, native code, candidates.
func (s *scanner) find(o Options) {
	s.goFiles, s.native = map[string][]string{}, map[string]bool{}
	for _, name := range s.names {
		dir, base := split(name)
		switch ext := path.Ext(base); {
		case ext == ".go" && !strings.HasSuffix(base, "_test.go") && !ignored(name):
			s.goFiles[dir] = append(s.goFiles[dir], name)
		case nativeExt[ext]:
			s.native[dir] = true
		}
		if kind, cover, of, ok := classify(dir, base); ok {
			s.candidates = append(s.candidates, candidate{name, kind, cover, of})
		}
	}
	if o.Packages == nil {
		for dir := range s.goFiles {
			s.packages = append(s.packages, dir)
		}
	} else {
		for _, dir := range o.Packages {
			s.packages = append(s.packages, path.Clean(dir))
		}
	}
	slices.Sort(s.packages)
	slices.SortFunc(s.candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(depth(a.path), depth(b.path)), cmp.Compare(a.path, b.path))
	})
	if len(s.candidates) > maxCandidates {
		s.remark(fmt.Sprintf("%d of %d candidate files were read", maxCandidates, len(s.candidates)))
		s.candidates = s.candidates[:maxCandidates]
		s.incomplete = true
	}
	if s.partial {
		s.remark("the list of files is incomplete")
		s.incomplete = true
	}
}

func (s *scanner) remark(text string) {
	if len(s.result.Remarks) < maxRemarks && !slices.Contains(s.result.Remarks, text) {
		s.result.Remarks = append(s.result.Remarks, text)
	}
}

var (
	nativeExt = set(".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx", ".s", ".S", ".a", ".syso")
	textExt   = set("", ".md", ".txt", ".rst", ".html", ".htm", ".markdown", ".adoc", ".asciidoc", ".org", ".text")
	// codeExt are endings of files about licences that are none: code, templates, data.
	codeExt = set(".go", ".s", ".c", ".h", ".cc", ".py", ".js", ".mjs", ".ts", ".tsx", ".vue", ".sh", ".bash", ".ps1", ".rb", ".java", ".rs",
		".json", ".yaml", ".yml", ".toml", ".xml", ".csv", ".tsv", ".sql", ".proto", ".pb", ".tmpl", ".tpl", ".gotmpl", ".gohtml", ".css",
		".golden", ".png", ".svg", ".jpg", ".gif", ".pdf", ".lre", ".mod", ".sum", ".spdx", ".hcl", ".tf", ".mk", ".bazel", ".sig", ".asc", ".minisig", ".sigstore", ".pem", ".p7s", ".sha256",
		".gz", ".zip", ".db", ".bin", ".snap", ".template", ".test")
	// aboutSuffix are last words of names of files about licences: lists of identifiers, headers to insert.
	aboutSuffix = set("ids", "header", "headers", "template", "templates", "exceptions", "check", "checker", "report", "names", "map", "index",
		"allowlist", "whitelist", "boilerplate", "summary-template")
	testDirs   = set("testdata", "test-fixtures", "testfixtures", "fixtures", "test_data", "test-data", "test-resources")
	docDirs    = set("docs", "doc", "documentation", "website", "site", "examples", "example", "_examples", "samples", "images", "logo", "artwork")
	docSuffix  = set("doc", "docs", "documentation", "content", "samplecode", "sample", "samples", "examples", "logo", "artwork", "images", "website")
	folderName = set("licenses", "license", "licences", "licence", "legal")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// classify tells what a file is by its directory and name, and which directory it speaks of.
func classify(dir, base string) (kind Kind, cover Cover, of string, ok bool) {
	lower := strings.ToLower(base)
	ext := path.Ext(lower)
	if strings.TrimLeft(ext, ".0123456789") == "" { // license-2.0
		ext = ""
	}
	stem := strings.TrimSuffix(lower, ext)
	if !textExt[ext] {
		stem = lower
	}
	of = dir
	parent, folder := split(dir)
	inFolder := folderName[strings.ToLower(folder)]
	if inFolder {
		of = parent
	}
	last := stem[strings.LastIndexAny(stem, ".-_")+1:]
	switch {
	case (thirdParty(stem) || thirdParty(strings.ToLower(folder)) && strings.Contains(stem+folder, "icense")) && (textExt[ext] || ext == ".csv"):
		return KindThirdParty, CoverNothing, of, true
	case codeExt[ext] || aboutSuffix[last]:
		return
	case named(stem, "notice") || named(stem, "notices"):
		return KindNotice, CoverNothing, of, true
	case named(stem, "patents"):
		return KindPatents, CoverNothing, of, true
	case named(stem, "readme") && dir == ".":
		return KindReadme, CoverNothing, of, true
	case named(stem, "copying"):
		kind = KindCopying
	case named(stem, "license"), named(stem, "licence"), named(stem, "licenses"), named(stem, "licences"), named(stem, "unlicense"), named(stem, "unlicence"),
		textExt[ext] && (strings.HasSuffix(stem, "license") || strings.HasSuffix(stem, "licence")),
		dir == "." && textExt[ext] && (strings.Contains(stem, "license") || strings.Contains(stem, "licence")):
		kind = KindLicense
		if inFolder {
			kind = KindREUSE
		}
	case named(stem, "copyright"), named(stem, "copyrights"):
		kind = KindCopyright
	case inFolder && textExt[ext] && !named(stem, "readme"):
		kind = KindREUSE
	default:
		return
	}
	return kind, coverOf(dir, stem), of, true
}

// named reports whether a stem is a word, or begins with it and a separator: license, license-mit, license.docs, license_1.
func named(stem, word string) bool {
	rest, ok := strings.CutPrefix(stem, word)
	return ok && (rest == "" || strings.ContainsRune(".-_ ", rune(rest[0])))
}

var separators = strings.NewReplacer("-", "", "_", "", " ", "", ".", "")

func thirdParty(stem string) bool {
	if !strings.Contains(stem, "part") {
		return false
	}
	flat := separators.Replace(stem)
	return strings.Contains(flat, "thirdparty") || strings.Contains(flat, "3rdparty")
}

func coverOf(dir, stem string) Cover {
	for part := range strings.SplitSeq(dir, "/") {
		if testDirs[strings.ToLower(part)] {
			return CoverTestdata
		}
	}
	if docSuffix[stem[strings.LastIndexAny(stem, ".-_")+1:]] {
		return CoverDocumentation
	}
	if dir == "." || folderName[strings.ToLower(dir)] {
		return CoverCode
	}
	return CoverNested
}

// ignored reports whether the go command leaves a file out of "./...".
func ignored(name string) bool {
	dir, base := split(name)
	if base[0] == '_' || base[0] == '.' {
		return true
	}
	for part := range strings.SplitSeq(dir, "/") {
		if part == "testdata" || part == "vendor" || part[0] == '_' || part[0] == '.' && part != "." {
			return true
		}
	}
	return false
}

func split(name string) (dir, base string) {
	dir, base = path.Split(name)
	if dir == "" {
		return ".", base
	}
	return strings.TrimSuffix(dir, "/"), base
}

func depth(name string) int { return strings.Count(name, "/") }

func within(dir, root string) bool {
	return root == "." || dir == root || strings.HasPrefix(dir, root+"/")
}

func underAny(name string, roots map[string]bool) bool {
	for dir, _ := split(name); dir != "."; dir, _ = split(dir) {
		if roots[dir] {
			return true
		}
	}
	return false
}

// nestedCover decides whether a licence for a directory applies to packages that count: packages in it, or C code and files in it
// that a package above takes in. A licence made for texts does not cover the programs that lie between documents.
func (s *scanner) nestedCover(dir string, forTexts bool) (c Cover, by string, err error) {
	document := false
	for part := range strings.SplitSeq(dir, "/") {
		document = document || docDirs[strings.ToLower(part)]
	}
	if document && forTexts {
		return CoverDocumentation, "", nil
	}
	for _, p := range s.packages {
		if within(p, dir) {
			return CoverNested, "", nil
		}
	}
	for p := range s.goFiles {
		if within(p, dir) {
			return CoverUnused, "", nil // it has packages, which do not count
		}
	}
	above, _ := split(dir)
	for above != "." && len(s.goFiles[above]) == 0 {
		above, _ = split(above)
	}
	if _, ok := slices.BinarySearch(s.packages, above); ok {
		taken, err := s.takesIn(above, dir)
		if err != nil || taken {
			return CoverNested, above, err
		}
	}
	if document {
		return CoverDocumentation, "", nil
	}
	return CoverUnused, "", nil
}

// Bounds of the search for embedded files.
const (
	maxEmbedFiles = 64
	maxEmbedBytes = 128 << 10
	maxEmbedTotal = 8 << 20
)

// takesIn reports whether the package in dir above embeds files of dir, or includes or links what lies there.
func (s *scanner) takesIn(above, dir string) (bool, error) {
	rel := dir
	if above != "." {
		rel = strings.TrimPrefix(dir, above+"/")
	}
	first, _, _ := strings.Cut(rel, "/")
	for _, name := range s.goFiles[above][:min(len(s.goFiles[above]), maxEmbedFiles)] {
		if s.embedRead > maxEmbedTotal {
			return true, nil // rather one licence too many
		}
		text, _, _, err := s.read(name, maxEmbedBytes)
		if err != nil {
			return false, err
		}
		s.embedRead += len(text)
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if patterns, ok := strings.CutPrefix(line, "//go:embed "); ok {
				for p := range strings.FieldsSeq(patterns) {
					p = strings.TrimPrefix(strings.Trim(p, "\"`"), "all:")
					if p == "*" || strings.HasPrefix(p, "*/") || p == first || strings.HasPrefix(p, first+"/") && (within(rel, path.Dir(p)) || within(path.Dir(p), rel) || within(rel, p)) {
						return true, nil
					}
				}
			}
			if (strings.Contains(line, "#include") || strings.Contains(line, "#cgo")) && strings.Contains(line, first+"/") {
				return true, nil
			}
		}
	}
	return false, nil
}
