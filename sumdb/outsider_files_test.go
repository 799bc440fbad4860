// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Both come to the same verdict on files, too: a go.sum and an executable.
func TestOutsiderFiles(t *testing.T) {
	exe := buildOutsider(t)
	log, proofs := manyProofs(t, 300, 300)
	dir := t.TempDir()
	sumName := filepath.Join(dir, "go.sum")
	lines := append(goSumLines(3), "corp.example/m v1.0.0 h1:abc")
	text := strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(sumName, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	sumFile := Carrier{Kind: "go.sum", Name: "go.sum", Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))}
	for _, line := range lines {
		sumFile.Hashes = append(sumFile.Hashes, CarriedHash{line, line})
	}
	source, self := filepath.Join(dir, "main.go"), filepath.Join(dir, "app.exe")
	if err := os.WriteFile(source, []byte("package main\n\nimport _ \"golang.org/x/mod/semver\"\n\nfunc main() {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", self, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	build, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	binary := Carrier{Kind: "binary", Name: "app", Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(data))}
	var deps []Unproven
	for _, m := range build.Deps {
		line := m.Path + " " + m.Version + " " + m.Sum
		binary.Hashes, deps = append(binary.Hashes, CarriedHash{line, line}), append(deps, Unproven{"private", line})
	}
	if len(deps) == 0 || build.Main.Sum != "" {
		t.Fatalf("%v", build)
	}
	sum := Subject{Kind: "go.sum", Digest: sumFile.Digest, Name: "go.sum", Lines: goSumLines(3), Unproven: []Unproven{{"private", lines[2]}}}
	app := Subject{Kind: "binary", Digest: binary.Digest, Name: "app", Unproven: deps}
	with := func(s Subject, edit func(*Subject)) Subject {
		edit(&s)
		return s
	}
	short := with(sum, func(s *Subject) { s.Lines = s.Lines[:1] })
	for name, tt := range map[string]struct {
		subjects []Subject
		files    []string
		want     bool
	}{
		"as it is":          {[]Subject{sum}, []string{sumName}, true},
		"executable":        {[]Subject{app}, []string{self}, true},
		"both":              {[]Subject{app, sum}, []string{sumName, self}, true},
		"one of both":       {[]Subject{app, sum}, []string{self}, true},
		"listed twice":      {[]Subject{sum, sum}, []string{sumName}, true},
		"no subject":        {nil, []string{sumName}, false},
		"another":           {[]Subject{app}, []string{sumName}, false},
		"line left out":     {[]Subject{short}, []string{sumName}, false},
		"line twice":        {[]Subject{with(sum, func(s *Subject) { s.Lines = append(goSumLines(3), goSumLines(3)[0]) })}, []string{sumName}, false},
		"second word":       {[]Subject{sum, short}, []string{sumName}, false},
		"second word first": {[]Subject{short, sum}, []string{sumName}, false},
		"binary's kind":     {[]Subject{with(sum, func(s *Subject) { s.Kind = "binary" })}, []string{sumName}, false},
		"binary's kind too": {[]Subject{sum, with(sum, func(s *Subject) { s.Kind = "binary" })}, []string{sumName}, false},
		"another kind too":  {[]Subject{with(sum, func(s *Subject) { s.Kind = "sbom" }), sum}, []string{sumName}, false},
		"named, a digest":   {[]Subject{sum, with(sum, func(s *Subject) { s.Kind = KindNamed })}, []string{sumName}, false},
		"named":             {[]Subject{sum, with(short, func(s *Subject) { s.Kind, s.Digest = KindNamed, NoDigest })}, []string{sumName}, true},
		"go.sum's kind":     {[]Subject{app, with(app, func(s *Subject) { s.Kind = "go.sum" })}, []string{self}, false},
		"executable short":  {[]Subject{app, with(app, func(s *Subject) { s.Unproven, s.Lines = s.Unproven[1:], goSumLines(3)[:1] })}, []string{self}, false},
	} {
		b, err := NewBundle(log, proofs[3:5], tt.subjects, testTime)
		if err != nil {
			t.Fatal(err)
		}
		text := seal(b.body())
		var carriers []Carrier
		for _, file := range tt.files {
			carriers = append(carriers, map[string]Carrier{sumName: sumFile, self: binary}[file])
		}
		err = verdict(log, text)
		if err == nil {
			_, err = CompareSubjects(tt.subjects, carriers)
		}
		if out, theirs := outsider(exe, log.Key, text, tt.files...); (err == nil) != tt.want || theirs != tt.want {
			t.Errorf("%s: this package: %v; the outsider: %s", name, err, out)
		}
	}
}
