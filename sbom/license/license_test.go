// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const goFile = "package m\n"

// TestScan has the rules of the package's comment as modules of a few files.
func TestScan(t *testing.T) {
	own := "This software may be used by everybody who is nice, but it must not be used on Mondays, and no warranty whatsoever is given by its author.\n"
	ownRef := (&analysis{texts: map[string]string{}}).reference(own).String()
	tests := []struct {
		name                          string
		files                         fstest.MapFS
		packages                      []string
		declared, concluded, conflict string
		remark                        string // a part of one remark
	}{
		{name: "nothing", files: files("a.go", goFile)},
		{name: "no files", files: files()},
		{name: "one text", files: files("LICENSE", mit, "a.go", goFile), concluded: "MIT"},
		{name: "lower case and rst", files: files("licence.rst", mit, "a.go", goFile), concluded: "MIT"},
		{name: "names", files: files("MIT-LICENSE.txt", mit, "COPYING", isc, "a.go", goFile), concluded: "ISC AND MIT"},
		{name: "a version is no extension", files: files("APACHE-LICENSE-2.0", apache(t), "a.go", goFile), concluded: "Apache-2.0"},
		{name: "code about licences", files: files("license.go", goFile, "license_test.go", mit, "license.tmpl", mit, "license_header.txt", mit)},
		{name: "several texts in a file", files: files("LICENSE", mit+"\n----\n"+isc, "a.go", goFile), concluded: "MIT AND ISC"},
		{name: "several files", files: files("LICENSE-APACHE", apache(t), "LICENSE-MIT", mit, "a.go", goFile), concluded: "Apache-2.0 AND MIT"},
		{name: "choice in the README", files: files("LICENSE-APACHE", apache(t), "LICENSE-MIT", mit, "a.go", goFile, "README.md",
			"# M\n\n## License\n\nLicensed under either of [Apache License, Version 2.0](LICENSE-APACHE) or [MIT license](LICENSE-MIT) at your option.\n"),
			declared: "Apache-2.0 OR MIT", concluded: "Apache-2.0 OR MIT"},
		{name: "choice in an overview", files: files("COPYING", "You may use this under the terms of either the MIT license or the Apache License 2.0.",
			"LICENSE-APACHE", apache(t), "LICENSE-MIT", mit, "a.go", goFile), concluded: "MIT OR Apache-2.0"},
		{name: "an overview does not name all", files: files("COPYING", "You may use this under the MIT license or the Apache License 2.0.",
			"LICENSE.foo", isc, "a.go", goFile), concluded: "(MIT OR Apache-2.0) AND ISC"},
		{name: "choice in the file of the texts", files: files("LICENSE", "Choose the MIT license or the ISC license.\n\n"+mit+isc, "a.go", goFile), concluded: "MIT OR ISC"},
		{name: "either source or binary is no choice", files: files("LICENSE", mit, "LICENSE.other", "It is free, either in source code or in binary form, for everybody, "+
			"for any purpose, and that without any warranty at all from anybody.", "a.go", goFile), concluded: "MIT AND LicenseRef-x"},
		{name: "tags say how they combine", files: files("LICENSE", mit+isc, "a.go", "// SPDX-License-Identifier: ISC OR MIT\n\n"+goFile),
			declared: "ISC OR MIT", concluded: "ISC OR MIT"},
		{name: "a conflict", files: files("LICENSE", mit, "a.go", "// SPDX-License-Identifier: GPL-3.0-or-later\n"+goFile), declared: "GPL-3.0-or-later",
			concluded: "MIT AND GPL-3.0-or-later", conflict: "the authors declare GPL-3.0-or-later, the texts at the root are MIT AND GPL-3.0-or-later"},
		{name: "README declares another", files: files("LICENSE", mit, "a.go", goFile, "README", "License\n=======\n\nBSD 3-Clause\n"),
			declared: "BSD-3-Clause", concluded: "MIT", conflict: "the authors declare BSD-3-Clause, the texts at the root are MIT"},
		{name: "README alone is a declaration", files: files("README.md", "This is released under the MIT license.\n", "a.go", goFile), declared: "MIT"},
		{name: "README with the text", files: files("README.md", "# M\n\nText.\n\n# License\n\n"+mit, "a.go", goFile), concluded: "MIT"},
		{name: "README with the text under no heading", files: files("README.md", strings.Repeat("Some words. ", 90)+"\n\n"+mit, "a.go", goFile), concluded: "MIT"},
		{name: "README about third parties", files: files("LICENSE", mit, "README.md", "# License\n\nThird-party code is under the Apache License 2.0.\n\nThe logo is CC-BY-4.0.\n", "a.go", goFile),
			concluded: "MIT"},
		{name: "headers alone", files: files("a.go", "// SPDX-License-Identifier: MIT\n"+goFile, "b/b.go", asComment(apacheNotice)+goFile),
			declared: "MIT", concluded: "MIT AND Apache-2.0", conflict: "the authors declare MIT, the texts at the root are MIT AND Apache-2.0"},
		{name: "headers of some files", files: files("a.go", "// SPDX-License-Identifier: MIT\n"+goFile, "b.go", goFile), declared: "MIT", remark: "1 of 2 Go files"},
		{name: "notice as licence file", files: files("LICENSE", apacheNotice, "a.go", goFile), concluded: "Apache-2.0"},
		{name: "REUSE", files: files("LICENSES/MIT.txt", mit, "LICENSES/ISC.txt", isc, "a.go", "// SPDX-License-Identifier: ISC\n"+goFile), declared: "ISC", concluded: "ISC"},
		{name: "LICENSES without tags", files: files("LICENSES/MIT.txt", mit, "LICENSES/ISC.txt", isc, "a.go", goFile), concluded: "ISC AND MIT"},
		{name: "documentation", files: files("LICENSE", mit, "LICENSE.docs", isc, "docs/LICENSE", apache(t), "a.go", goFile), concluded: "MIT"},
		{name: "test data", files: files("LICENSE", mit, "x/testdata/LICENSE", isc, "x/testdata/a.go", goFile, "x/x.go", goFile), concluded: "MIT"},
		{name: "notice and patents", files: files("LICENSE", mit, "NOTICE", apacheNotice, "PATENTS", isc, "THIRD-PARTY-NOTICES", isc, "a.go", goFile), concluded: "MIT",
			remark: "THIRD-PARTY-NOTICES"},
		{name: "nested", files: files("LICENSE", mit, "a.go", goFile, "b/LICENSE", isc, "b/c/c.go", goFile), concluded: "MIT AND ISC"},
		{name: "nested in no package used", files: files("LICENSE", mit, "a.go", goFile, "b/LICENSE", isc, "b/b.go", goFile), packages: []string{"."}, concluded: "MIT"},
		{name: "nested in a package used", files: files("LICENSE", mit, "a.go", goFile, "b/LICENSE", isc, "b/c/b.go", goFile), packages: []string{"b/c"}, concluded: "MIT AND ISC"},
		{name: "nested C code", files: files("LICENSE", mit, "a.go", "package m\n\n// #include \"lib/x.h\"\nimport \"C\"\n", "lib/COPYING", isc, "lib/x.h", ""), concluded: "MIT AND ISC"},
		{name: "nested embedded files", files: files("LICENSE", mit, "x/a.go", "package m\n\n//go:embed all:ui/dist\nvar ui embed.FS\n", "x/ui/dist/LICENSE.txt", isc), concluded: "MIT AND ISC"},
		{name: "nested files not embedded", files: files("LICENSE", mit, "x/a.go", goFile, "x/ui/dist/LICENSE.txt", isc), concluded: "MIT"},
		{name: "nested, unknown", files: files("LICENSE", mit, "a.go", goFile, "b/LICENSE", "To do.", "b/b.go", goFile), remark: "no known licence in the files for b"},
		{name: "nested alone, covering all", files: files("a/LICENSE", mit, "a/a.go", goFile, "b/LICENSE", isc, "b/b.go", goFile), concluded: "MIT AND ISC"},
		{name: "nested alone, not covering all", files: files("a/LICENSE", mit, "a/a.go", goFile, "b/b.go", goFile)},
		{name: "vendored and other modules", files: files("LICENSE", mit, "a.go", goFile, "vendor/x/LICENSE", isc, "vendor/x/x.go", goFile, "sub/go.mod", "module s", "sub/LICENSE", isc, "sub/s.go", goFile),
			concluded: "MIT"},
		{name: "own text", files: files("LICENSE", own, "a.go", goFile), concluded: ownRef},
		{name: "own text beside a known one", files: files("LICENSE", mit+"\n"+own, "a.go", goFile), concluded: "MIT AND " + ownRef},
		{name: "a changed text is not the licence", files: files("LICENSE", strings.Replace(mit, "free of charge", "for one hundred dollars", 1), "a.go", goFile), concluded: "LicenseRef-x"},
		{name: "Commons Clause", files: files("LICENSE", "\"Commons Clause\" License Condition v1.0\n\n"+commonsClause+"\n"+mit, "a.go", goFile),
			concluded: "LicenseRef-licensecheck-CommonsClause AND MIT"},
		{name: "GPL notice", files: files("COPYING", gplNotice, "a.go", goFile), concluded: "GPL-3.0-or-later"},
		{name: "list of holders", files: files("LICENSE", mit, "COPYRIGHT", "Copyright 2020 A. Use of this code is governed by a license that can be found in the LICENSE file of this folder.", "a.go", goFile),
			concluded: "MIT"},
		{name: "modified licences are not named", files: files("LICENSE-SUMMARY", "All is under a modified MIT license.", "LICENSE", isc, "a.go", goFile), concluded: "ISC"},
		{name: "exception", files: files("LICENSE", apache(t)+"\n\n---- LLVM Exceptions to the Apache 2.0 License ----\n\n"+ownText("LLVM-exception"), "a.go", goFile),
			concluded: "Apache-2.0 WITH LLVM-exception"},
		{name: "exception of another licence", files: files("LICENSE", mit+ownText("LLVM-exception"), "a.go", goFile), concluded: "MIT AND LicenseRef-x"},
		{name: "LGPL and GPL by notices", files: files("COPYING", gplNotice, "COPYING.LESSER", strings.ReplaceAll(gplNotice, "GNU General", "GNU Lesser General"), "a.go", goFile),
			concluded: "GPL-3.0-or-later AND LGPL-3.0-or-later"},
		{name: "version by header", files: files("LICENSE", "GNU General Public License version 3", "a.go", asComment(gplNotice)+goFile), concluded: "GPL-3.0-or-later"},
		{name: "version unsaid", files: files("LICENSE", "GNU General Public License version 3", "a.go", goFile), concluded: "GPL-3.0-only", remark: "later versions"},
		{name: "headers with an exception are no licence", files: files("a.go", "// Some words.\n"+goFile)},
		{name: "invalid tag", files: files("a.go", "// SPDX-License-Identifier: Whatever\n"+goFile)},
		{name: "UTF-16, big endian", files: files("LICENSE", utf16BE(mit), "a.go", goFile), concluded: "MIT"},
		{name: "UTF-16", files: files("LICENSE", utf16LE(mit), "a.go", goFile), concluded: "MIT"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := scanFiles(t, test.files, Options{Packages: test.packages})
			if strings.HasSuffix(test.concluded, "LicenseRef-x") {
				r.Concluded = anyRef.ReplaceAllString(r.Concluded, "LicenseRef-x")
			}
			if r.Declared != test.declared || r.Concluded != test.concluded || r.Conflict != test.conflict {
				t.Errorf("declared %q, want %q\nconcluded %q, want %q\nconflict %q, want %q\nfiles %+v", r.Declared, test.declared, r.Concluded, test.concluded,
					r.Conflict, test.conflict, r.Files)
			}
			if !slices.ContainsFunc(append(r.Remarks, test.remark), func(s string) bool { return strings.Contains(s, test.remark) }) || test.remark != "" && len(r.Remarks) == 0 {
				t.Errorf("remarks %q, want %q", r.Remarks, test.remark)
			}
			check(t, r)
		})
	}
}

func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return string(b)
}

func utf16BE(s string) string {
	b := []byte{0xfe, 0xff}
	for _, c := range []byte(s) {
		b = append(b, 0, c)
	}
	return string(b)
}

// ownText is the text of one of our patterns with all that is optional.
func ownText(id string) string {
	for _, l := range own() {
		if l.ID == id {
			return strings.NewReplacer("((", "", "))??", "", "))", "").Replace(l.LRE)
		}
	}
	return ""
}

// check demands what holds for each result: valid expressions, a text for each reference of ours, and JSON that gives it back.
func check(t testing.TB, r *Result) {
	t.Helper()
	expressions := []string{r.Declared, r.Concluded}
	for _, f := range r.Files {
		expressions = append(expressions, f.Expression)
		if f.Confidence < 0 || f.Confidence > 1 {
			t.Errorf("%s: confidence %v", f.Path, f.Confidence)
		}
	}
	for _, e := range expressions {
		if e == "" {
			continue
		}
		if n, err := Normalize(e); err != nil || n != e {
			t.Errorf("expression %q is not normal: %q, %v", e, n, err)
		}
		for _, ref := range anyRef.FindAllString(e, -1) {
			if r.Texts[ref] == "" && r.Texts[strings.TrimSuffix(ref, ".")] == "" && strings.Count(ref, "-") == 1 && len(ref) == len("LicenseRef-")+16 {
				t.Errorf("no text for %s", ref)
			}
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again Result
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(*r, again); d != "" {
		t.Errorf("after JSON (-was +is):\n%s", d)
	}
}

func TestEvidence(t *testing.T) {
	r := scanFiles(t, files(
		"LICENSE", "MIT License\n\nCopyright (c) 2019 A. Uthor. All rights reserved.\nCopyright (c) 2019 A. Uthor\nCopyright [yyyy] [name of copyright owner]\n\n"+mit,
		"NOTICE.txt", "The Thing\nCopyright 2020 The Thing Authors\n",
		"a.go", goFile, "b/LICENSE.md", isc, "b/b.go", goFile,
		"x/LICENSE", isc, "x/data.txt", "",
	), Options{})
	want := []File{
		{Path: "LICENSE", Kind: KindLicense, Covers: CoverCode, Dir: ".", Expression: "MIT", Confidence: 1, Matches: []Match{{"MIT", 3, 17}}},
		{Path: "NOTICE.txt", Kind: KindNotice, Covers: CoverNothing, Dir: "."},
		{Path: "b/LICENSE.md", Kind: KindLicense, Covers: CoverNested, Dir: "b", Expression: "ISC", Confidence: 1, Matches: []Match{{"ISC", 1, 7}}},
		{Path: "x/LICENSE", Kind: KindLicense, Covers: CoverUnused, Dir: "x", Expression: "ISC", Confidence: 1, Matches: []Match{{"ISC", 1, 7}}},
	}
	for i := range r.Files {
		if len(r.Files[i].SHA256) != 64 {
			t.Errorf("%s: SHA-256 %q", r.Files[i].Path, r.Files[i].SHA256)
		}
		r.Files[i].SHA256 = ""
	}
	if d := cmp.Diff(want, r.Files); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"Copyright (c) 2019 A. Uthor", "Copyright 2020 The Thing Authors"}, r.Copyrights); d != "" {
		t.Errorf("copyrights (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]Notice{{Path: "NOTICE.txt", Text: "The Thing\nCopyright 2020 The Thing Authors\n"}}, r.Notices); d != "" {
		t.Errorf("notices (-want +got):\n%s", d)
	}
}

// TestFor narrows results for all packages, as kept in a cache, and compares with scans for those packages.
func TestFor(t *testing.T) {
	m := files("LICENSE", mit, "a.go", goFile, "b/LICENSE", isc, "b/b.go", goFile, "b/c/c.go", goFile, "d/LICENSE", "To do.", "d/d.go", goFile,
		"e/e.go", "package e\n\n//go:embed ui\nvar ui embed.FS\n", "e/ui/LICENSE", apacheNotice)
	noRoot := files("b/LICENSE", isc, "b/b.go", goFile, "e/e.go", goFile)
	for _, test := range []struct {
		files    fstest.MapFS
		packages []string
		want     string
	}{
		{m, []string{"."}, "MIT"},
		{m, []string{".", "b/c"}, "MIT AND ISC"},
		{m, []string{"b"}, "MIT AND ISC"},
		{m, []string{"e"}, "MIT AND Apache-2.0"},
		{m, []string{".", "d"}, ""},
		{m, []string{}, "MIT"},
		{noRoot, []string{"b"}, "ISC"},
		{noRoot, []string{"b", "e"}, ""},
		{noRoot, []string{}, ""},
	} {
		kept := scanFiles(t, test.files, Options{}).For(test.packages)
		direct := scanFiles(t, test.files, Options{Packages: test.packages}).Concluded
		if kept != test.want || direct != test.want {
			t.Errorf("%q: %q from the result for all, %q directly; want %q", test.packages, kept, direct, test.want)
		}
	}
	if got := (&Result{}).For(nil); got != "" {
		t.Errorf("empty result: %q", got)
	}
}

func TestBounds(t *testing.T) {
	var everything strings.Builder // the words of all patterns
	for w := range patterns().words {
		everything.WriteString(w + " ")
	}
	hostile := strings.Repeat(everything.String(), 1+maxFileBytes/everything.Len())[:maxFileBytes-1]
	many := files("LICENSE", mit, "a.go", goFile, "NOTICE", strings.Repeat("n", maxNoticeText+1))
	for i := range maxCandidates {
		many[fmt.Sprintf("d%04d/LICENSE", i)] = &fstest.MapFile{Data: []byte(mit)}
	}
	for _, test := range []struct {
		name   string
		files  fstest.MapFS
		remark string
	}{
		{"many files", many, "candidate files were read"},
		{"large file", files("LICENSE", mit+strings.Repeat("x ", maxFileBytes), "a.go", goFile), "was read up to"},
		{"all words", files("LICENSE", mit, "LICENSE-2", hostile, "a.go", goFile), "LICENSE-2 was not compared"},
	} {
		r := scanFiles(t, test.files, Options{})
		check(t, r)
		if r.Concluded != "" || len(r.Files) > maxCandidates+1 || len(r.Remarks) != 1 || !strings.Contains(r.Remarks[0], test.remark) {
			t.Errorf("%s: concluded %q, %d files, remarks %q", test.name, r.Concluded, len(r.Files), r.Remarks)
		}
	}
	if r := scanFiles(t, many, Options{}); len(r.Notices) != 1 || !r.Notices[0].Truncated || len(r.Notices[0].Text) != maxNoticeText {
		t.Errorf("%d notices", len(r.Notices))
	}
	s := &scanner{work: maxModuleWork + 1, embedRead: maxEmbedTotal + 1, result: &Result{}, tree: &tree{open: files("LICENSE", mit).Open},
		goFiles: map[string][]string{".": {"a.go"}}}
	if err := s.readFile(candidate{"LICENSE", KindLicense, CoverCode, "."}); err != nil || !s.incomplete || len(s.result.Remarks) != 1 {
		t.Errorf("beyond the module's work: %v, %+v", err, s.result)
	}
	if taken, err := s.takesIn(".", "x"); !taken || err != nil {
		t.Errorf("beyond the bytes for embedded files: %v, %v", taken, err)
	}
}

func moduleZip(t testing.TB, names ...string) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		f, err := w.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(mit)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestScanZip(t *testing.T) {
	r, err := ScanZip(moduleZip(t, "m@v1.0.0/LICENSE", "m@v1.0.0/a.go", "other/LICENSE", "m@v1.0.0/../LICENSE"), "m@v1.0.0", Options{})
	if err != nil || r.Concluded != "MIT" || len(r.Files) != 2 { // the second is the header, which is the same text
		t.Errorf("%+v, %v", r, err)
	}
	for _, z := range []*zip.Reader{moduleZip(t, "n@v1.0.0/LICENSE"), moduleZip(t, "m@v1.0.0/LICENSE", "m@v1.0.0/LICENSE")} {
		if r, err := ScanZip(z, "m@v1.0.0", Options{}); err == nil {
			t.Errorf("%+v", r)
		}
	}
}

// brokenFS fails to open what is named.
type brokenFS struct {
	fs.FS
	name string
}

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == b.name {
		return nil, errors.New("broken")
	}
	return b.FS.Open(name)
}

func TestReadError(t *testing.T) {
	m := files("LICENSE", mit, "a.go", goFile, "x/LICENSE", mit, "x/data", "")
	for _, name := range []string{".", "LICENSE", "a.go"} {
		if r, err := Scan(brokenFS{m, name}, Options{}); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
