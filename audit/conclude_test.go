// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A report must say what its facts demand.
func TestVerifyConclusions(t *testing.T) {
	var findings []Finding
	var open error
	a := check("a", gives(1))
	a.Conclude = func(json.RawMessage) ([]Finding, error) { return findings, open }
	b := check("b", func(_ context.Context, p *Pass) (any, error) {
		p.Report(finding("b/high", "m1"))
		return 1, nil
	})
	b.Conclude = func(json.RawMessage) ([]Finding, error) { return []Finding{finding("b/high", "m1")}, nil }
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	checks := []*Check{a, b}
	tests := []struct {
		name     string
		findings []Finding
		open     error
		edit     func(*Report)
		want     string // in the error; "" for none
	}{
		{"nothing demanded", nil, nil, nil, ""},
		{"a finding left out", []Finding{finding("a/high", "m1")}, nil, nil, "finding a/high of m1 is missing"},
		{"a finding about another", []Finding{finding("b/high", "m2")}, nil, nil, "finding b/high of m2 is missing"},
		{"something left open", nil, NotAssessed("a/unknown", nil), nil, "a/unknown"},
		{"facts that cannot be read", nil, errors.New("boom"), nil, "boom"},
		{"no facts", nil, nil, func(r *Report) { delete(r.Facts, "a") }, "a: is pass without facts"},
		{"no facts of a failure", nil, nil, func(r *Report) { delete(r.Facts, "b") }, "b: is fail without facts"},
		{"facts of no check", nil, nil, func(r *Report) { r.Facts["z"] = json.RawMessage("1") }, "z: facts of no check"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			findings, open = tt.findings, tt.open
			rep := mustRun(t, Config{Evidence: dir}, checks...)
			if tt.edit != nil {
				tt.edit(rep)
			}
			err := dir.Verify(rep, checks)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Facts from somebody else may make a check panic: that is no valid evidence,
// and no crash.
func TestVerifyPanic(t *testing.T) {
	a := check("a", gives(1))
	a.Recheck = func(json.RawMessage, func(string) ([]byte, error)) error { panic("boom") }
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	rep := mustRun(t, Config{Evidence: dir}, a)
	if err := dir.Verify(rep, []*Check{a}); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("error %v", err)
	}
}

// Evidence that is listed more than once may be of one size only.
func TestVerifyListedTwice(t *testing.T) {
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		p.Evidence("kind", []byte("evidence"))
		p.Evidence("other kind", []byte("evidence"))
		return 1, nil
	})
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	rep := mustRun(t, Config{Evidence: dir}, a)
	if err := dir.Verify(rep, nil); err != nil {
		t.Fatal(err)
	}
	rep.Evidence = slices.Clone(rep.Evidence)
	rep.Evidence[1].Size++
	if err := dir.Verify(rep, nil); err == nil {
		t.Error("another size passes")
	}
}

// A file is written with the permissions that the umask leaves, and nothing is
// left beside it.
func TestWriteFileMode(t *testing.T) {
	dir := t.TempDir()
	plain, written := filepath.Join(dir, "plain"), filepath.Join(dir, "written")
	if err := os.WriteFile(plain, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(written, []byte("x")); err != nil {
		t.Fatal(err)
	}
	want, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.Stat(written)
	if err != nil {
		t.Fatal(err)
	}
	if got.Mode() != want.Mode() {
		t.Errorf("mode %v, want %v", got.Mode(), want.Mode())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}
