// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/goassay/assay/internal/machine"
	"github.com/goassay/assay/internal/unprivileged"
)

// storedRun is a run whose report and evidence lie in a new folder. Its check a
// has facts that name evidence and a Recheck; b found something.
func storedRun(t *testing.T) (*EvidenceDir, []*Check) {
	t.Helper()
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "evidence"))
	if err != nil {
		t.Fatal(err)
	}
	type facts struct {
		Count int                 `json:"count"`
		Items []map[string]string `json:"items"`
	}
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		return facts{3, []map[string]string{{"evidence": p.Evidence("count", []byte("3"))}, {"evidence": ""}}}, nil
	})
	a.Recheck = func(raw json.RawMessage, evidence func(string) ([]byte, error)) error {
		var f facts
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
		data, err := evidence(f.Items[0]["evidence"])
		if err != nil {
			return err
		}
		if string(data) != fmt.Sprint(f.Count) {
			return fmt.Errorf("count is %s", data)
		}
		return nil
	}
	b := check("b", func(_ context.Context, p *Pass) (any, error) {
		high := finding("b/high", "m1")
		high.Evidence = []string{p.Evidence("text", []byte("some longer evidence")), p.Evidence("text", nil)}
		p.Report(high)
		p.Report(finding("b/low", "m2"))
		p.Report(finding("b/critical", "waived"))
		return 1, nil
	})
	c := check("c", func(context.Context, *Pass) (any, error) { return nil, NotAssessed("a/unknown", Args{"what": "it"}) })
	d := check("d", func(context.Context, *Pass) (any, error) { return nil, errors.New("boom") })
	e := check("e", gives(1))
	f := &Check{ID: "f", Applies: func(*Target) bool { return false }}
	checks := []*Check{a, b, c, d, e, f}
	w := Waiver{Rule: "b/critical", Subject: "wai*", Reason: "r", Owner: "o", Expires: day("2999-01-01")}
	rep := mustRun(t, Config{Evidence: dir, Policy: &Policy{FailOn: High, Waivers: []Waiver{w}}}, checks...)
	writeReport(t, dir, rep)
	return dir, checks
}

func writeReport(t *testing.T, dir *EvidenceDir, rep *Report) {
	t.Helper()
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.WriteReport(data); err != nil {
		t.Fatal(err)
	}
}

// verifyStored opens the folder as a reader does and verifies it.
func verifyStored(dir *EvidenceDir, checks []*Check) error {
	opened, err := OpenEvidenceDir(dir.dir)
	if err != nil {
		return err
	}
	rep, err := opened.Report()
	if err != nil {
		return err
	}
	return opened.Verify(rep, checks)
}

func TestVerify(t *testing.T) {
	dir, checks := storedRun(t)
	if err := verifyStored(dir, checks); err != nil {
		t.Fatal(err)
	}
	if err := verifyStored(dir, nil); err != nil {
		t.Errorf("without rechecks: %v", err)
	}
	foreign := []byte("evidence of another run")
	if err := dir.Put(Digest(foreign), foreign); err != nil {
		t.Fatal(err)
	}
	if err := verifyStored(dir, checks); err != nil {
		t.Errorf("with an object of another run: %v", err)
	}
}

// Every change to the bytes of an object is found.
func TestVerifyObjects(t *testing.T) {
	dir, checks := storedRun(t)
	rep, err := dir.Report()
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Evidence) != 3 {
		t.Fatalf("%d pieces of evidence", len(rep.Evidence))
	}
	for _, ref := range rep.Evidence {
		name, err := dir.path(ref.Digest)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		demand := func(what string) {
			t.Helper()
			if err := verifyStored(dir, checks); err == nil || !strings.Contains(err.Error(), ref.Digest) {
				t.Errorf("%s, %s: error %v", ref.Digest, what, err)
			}
		}
		for i := range data {
			for bit := range 8 {
				changed := bytes.Clone(data)
				changed[i] ^= 1 << bit
				rewrite(t, name, changed)
				demand(fmt.Sprintf("bit %d of byte %d flipped", bit, i))
			}
			rewrite(t, name, data[:i])
			demand(fmt.Sprintf("cut to %d bytes", i))
		}
		rewrite(t, name, append(bytes.Clone(data), 0))
		demand("a byte longer")
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		demand("deleted")
		if err := os.Mkdir(name, 0o777); err != nil {
			t.Fatal(err)
		}
		demand("a folder")
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		rewrite(t, name, data)
	}
	if err := verifyStored(dir, checks); err != nil {
		t.Errorf("restored: %v", err)
	}
}

func rewrite(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Changes to the report that contradict something else in it, or the evidence.
func TestVerifyReport(t *testing.T) {
	index := func(r *Report, rule string) *Finding {
		for i := range r.Findings {
			if r.Findings[i].Rule == rule {
				return &r.Findings[i]
			}
		}
		panic("no finding of " + rule)
	}
	result := func(r *Report, id string) *CheckResult {
		for i := range r.Checks {
			if r.Checks[i].ID == id {
				return &r.Checks[i]
			}
		}
		panic("no check " + id)
	}
	drop := func(r *Report, rule string) {
		for i := range r.Findings {
			if r.Findings[i].Rule == rule {
				r.Findings = append(r.Findings[:i], r.Findings[i+1:]...)
				return
			}
		}
	}
	tests := []struct {
		name   string
		change func(*Report)
		want   string
	}{
		{"verdict", func(r *Report) { r.Verdict = VerdictPass }, "verdict is pass, findings and outcomes make it fail"},
		{"verdict incomplete", func(r *Report) { r.Verdict = VerdictIncomplete }, "verdict is incomplete"},
		{"no verdict", func(r *Report) { r.Verdict = "" }, "verdict is , "},
		{"threshold", func(r *Report) { r.Policy.FailOn = Critical }, "verdict is fail, findings and outcomes make it incomplete"},
		{"no threshold", func(r *Report) { r.Policy.FailOn = "" }, `threshold "" is none`},
		{"fail to pass", func(r *Report) { result(r, "b").Outcome = Passed }, "check b is pass in spite of its findings"},
		{"fail to not-applicable", func(r *Report) { result(r, "b").Outcome = NotApplicable }, "check b is not-applicable in spite of its findings"},
		{"fail to not-assessed", func(r *Report) { result(r, "b").Outcome = Unassessed }, "check b is not-assessed in spite of its findings"},
		{"fail to error", func(r *Report) { result(r, "b").Outcome = Errored }, "check b is error without a reason"},
		{"pass to fail", func(r *Report) { result(r, "e").Outcome = Failed }, "check e is fail without a finding that counts"},
		{"pass to not-assessed", func(r *Report) { result(r, "e").Outcome = Unassessed }, "check e is not-assessed without a reason"},
		{"pass to error", func(r *Report) { result(r, "e").Outcome = Errored }, "check e is error without a reason"},
		{"not-assessed to pass", func(r *Report) { result(r, "c").Outcome = Passed }, "check c is pass in spite of a reason"},
		{"not-assessed to pass, without the text", func(r *Report) { c := result(r, "c"); c.Outcome, c.Reason = Passed, "" }, "check c is pass in spite of a reason"},
		{"not-assessed to not-applicable", func(r *Report) { result(r, "c").Outcome = NotApplicable }, "check c is not-applicable in spite of a reason"},
		{"error to pass", func(r *Report) { result(r, "d").Outcome = Passed }, "check d is pass in spite of a reason"},
		{"error to not-assessed", func(r *Report) { result(r, "d").Outcome = Unassessed }, "check d is not-assessed without a reason"},
		{"no outcome", func(r *Report) { result(r, "e").Outcome = "" }, "check e is  which is no outcome"},
		{"another word", func(r *Report) { result(r, "e").Outcome = "passed" }, "check e is passed which is no outcome"},
		{"check twice", func(r *Report) { r.Checks = append(r.Checks, *result(r, "e")) }, "check e is there twice"},
		{"check removed", func(r *Report) { r.Checks = append(r.Checks[:1], r.Checks[2:]...) }, "finding b/high is of no check of the report"},
		{"severity below the threshold", func(r *Report) { index(r, "b/high").Severity = Medium }, "check b is fail without a finding that counts"},
		{"severity above the threshold", func(r *Report) {
			f := index(r, "b/low")
			f.Severity = High
			drop(r, "b/high")
			result(r, "b").Outcome = Passed
		}, "check b is pass in spite of its findings"},
		{"severity that is none", func(r *Report) { index(r, "b/low").Severity = "none" }, `finding b/low of m2 has severity "none", which is none`},
		{"status", func(r *Report) { index(r, "b/high").Status = Waived }, "finding b/high of m1 is waived without a waiver"},
		{"status baselined", func(r *Report) { index(r, "b/high").Status = Baselined }, "check b is fail without a finding that counts"},
		{"status that is none", func(r *Report) { index(r, "b/low").Status = "closed" }, `finding b/low of m2 has status "closed", which is none`},
		{"waiver removed", func(r *Report) { index(r, "b/critical").Waiver = nil }, "finding b/critical of waived is waived without a waiver"},
		{"waiver of another subject", func(r *Report) { index(r, "b/critical").Waiver.Subject = "x*" }, "has a waiver that does not apply to it"},
		{"waiver of another rule", func(r *Report) { index(r, "b/critical").Waiver.Rule = "b/high" }, "has a waiver that does not apply to it"},
		{"waiver that had expired", func(r *Report) { index(r, "b/critical").Waiver.Expires = day("2020-01-01") }, "has a waiver that does not apply to it"},
		{"waiver of an open finding", func(r *Report) { index(r, "b/critical").Status = Open }, "has a waiver that does not apply to it"},
		{"fingerprint", func(r *Report) { index(r, "b/low").Fingerprint = strings.Repeat("0", 32) }, "finding b/low of m2 has another's fingerprint"},
		{"subject", func(r *Report) { index(r, "b/low").Subject.Name = "m3" }, "finding b/low of m3 has another's fingerprint"},
		{"rule", func(r *Report) { index(r, "b/low").Rule = "b/medium" }, "finding b/medium of m2 has another's fingerprint"},
		{"finding removed", func(r *Report) { drop(r, "b/high") }, "check b is fail without a finding that counts"},
		{"finding of no check", func(r *Report) {
			f := finding("x/low", "m")
			f.Severity, f.Status, f.Fingerprint = Low, Open, fingerprint(f.Rule, f.Subject)
			r.Findings = append(r.Findings, f)
		}, "finding x/low is of no check of the report"},
		{"size", func(r *Report) { r.Evidence[0].Size++ }, "1 bytes, the report says 2"},
		{"size below zero", func(r *Report) { r.Evidence[0].Size = -1 }, "1 bytes, the report says -1"},
		{"digest of nothing stored", func(r *Report) { r.Evidence[0].Digest = Digest([]byte("other")) }, "evidence " + Digest([]byte("other")) + ": "},
		{"digest of something else stored", func(r *Report) { r.Evidence[0].Digest = r.Evidence[1].Digest }, "is cited and not in the report's list"},
		{"malformed digest", func(r *Report) { r.Evidence[0].Digest = "sha256:../../report.json" }, `malformed digest "sha256:../../report.json"`},
		{"evidence removed from the list", func(r *Report) { r.Evidence = r.Evidence[1:] }, "is cited and not in the report's list"},
		{"evidence that a finding cites", func(r *Report) { f := index(r, "b/low"); f.Evidence = []string{Digest([]byte("other"))} }, "is cited and not in the report's list"},
		{"evidence that facts cite", func(r *Report) {
			r.Facts["e"] = []byte(`{"x": [{"evidence": ["` + Digest([]byte("other")) + `"]}]}`)
		}, "is cited and not in the report's list"},
		{"facts", func(r *Report) {
			r.Facts["a"] = bytes.Replace(r.Facts["a"], []byte(`"count":3`), []byte(`"count":4`), 1)
		}, "a: count is 3"},
		{"facts of another form", func(r *Report) { r.Facts["a"] = []byte(`{"count": "3"}`) }, "a: json: cannot unmarshal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, checks := storedRun(t)
			rep, err := dir.Report()
			if err != nil {
				t.Fatal(err)
			}
			tt.change(rep)
			writeReport(t, dir, rep)
			if err := verifyStored(dir, checks); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant %s", err, tt.want)
			}
		})
	}
}

// The report is not signed. A change that leaves it consistent, and that no
// check can verify again from evidence, does not show; these are such.
func TestVerifyCannotFind(t *testing.T) {
	for name, change := range map[string]func(*Report){
		"a severity on the same side of the threshold": func(r *Report) { r.Findings[0].Severity = High },
		"a finding that does not count removed":        func(r *Report) { r.Findings = r.Findings[:2] },
		"a check without findings removed":             func(r *Report) { r.Checks = r.Checks[:5] },
		"a message":                                    func(r *Report) { r.Findings[0].Message = "fine" },
		"facts that no check verifies again":           func(r *Report) { r.Facts["e"] = []byte("2") },
	} {
		dir, checks := storedRun(t)
		rep, err := dir.Report()
		if err != nil {
			t.Fatal(err)
		}
		change(rep)
		writeReport(t, dir, rep)
		if err := verifyStored(dir, checks); err != nil {
			t.Errorf("%s: %v: found after all, move it to TestVerifyReport", name, err)
		}
	}
}

func TestMalformedDigests(t *testing.T) {
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "e"))
	if err != nil {
		t.Fatal(err)
	}
	zeros := strings.Repeat("0", 64)
	outside := filepath.Join(filepath.Dir(dir.dir), "outside")
	rewrite(t, outside, []byte("secret"))
	for _, digest := range []string{
		"", "sha256:", zeros, "sha1:" + zeros, "SHA256:" + zeros, "sha256:" + zeros[1:], "sha256:" + zeros + "0", "sha256:" + zeros + "\n",
		"sha256:" + strings.Repeat("A", 64), "sha256:../../outside", "sha256:" + strings.Repeat("../", 21) + "a", "sha256:/" + zeros[1:],
		"sha256:" + strings.Repeat(".", 64), "sha256:" + strings.Repeat("\x00", 64), "sha256: " + zeros[1:], `sha256:..\` + zeros[3:],
	} {
		if data, err := dir.Get(digest); err == nil || !strings.Contains(err.Error(), "malformed digest") {
			t.Errorf("get %q: %q, %v", digest, data, err)
		}
		if err := dir.Put(digest, []byte("x")); err == nil || !strings.Contains(err.Error(), "malformed digest") {
			t.Errorf("put %q: %v", digest, err)
		}
	}
	if entries, err := os.ReadDir(dir.dir); err != nil || len(entries) != 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestPut(t *testing.T) {
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("evidence")
	digest := Digest(data)
	if want := "sha256:"; !strings.HasPrefix(digest, want) || len(digest) != len(want)+64 {
		t.Fatalf("digest %s", digest)
	}
	if _, err := dir.Get(digest); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), dir.dir) {
		t.Errorf("before: %v", err)
	}
	for range 2 {
		if err := dir.Put(digest, data); err != nil {
			t.Fatal(err)
		}
		if got, err := dir.Get(digest); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q, %v", got, err)
		}
	}
	name := filepath.Join(dir.dir, "sha256", digest[7:9], digest[7:])
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, data) {
		t.Errorf("stored %q, %v", got, err)
	}
	rewrite(t, name, []byte("damaged"))
	if err := dir.Put(digest, data); err != nil {
		t.Fatal(err)
	}
	if got, err := dir.Get(digest); err != nil || !bytes.Equal(got, data) {
		t.Errorf("a damaged object was not replaced: %q, %v", got, err)
	}
}

// Several processes may keep the same bytes at the same time.
func TestPutConcurrently(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e")
	data := bytes.Repeat([]byte("evidence"), 10_000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := CreateEvidenceDir(path)
			if err != nil {
				t.Error(err)
				return
			}
			for range 10 {
				if err := dir.Put(Digest(data), data); err != nil {
					t.Error(err)
				}
				if got, err := dir.Get(Digest(data)); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(filepath.Join(path, "sha256", Digest(data)[7:9]))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestCreateEvidenceDir(t *testing.T) {
	tests := []struct {
		name  string
		holds []string
		want  string
	}{
		{"empty", nil, ""},
		{"of an earlier run", []string{"report.json", "sha256/00/x"}, ""},
		{"with other things", []string{"report.json", "main.go"}, "is not an evidence folder: it holds main.go"},
		{"with hidden things", []string{".git/config"}, "is not an evidence folder: it holds .git"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range tt.holds {
				name = filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Fatal(err)
				}
				rewrite(t, name, nil)
			}
			_, err := CreateEvidenceDir(dir)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	file := filepath.Join(t.TempDir(), "file")
	rewrite(t, file, []byte("kept"))
	if _, err := CreateEvidenceDir(file); err == nil {
		t.Error("a file was taken for a folder")
	}
	if _, err := CreateEvidenceDir(filepath.Join(file, "e")); err == nil {
		t.Error("a folder was made in a file")
	}
	if _, err := OpenEvidenceDir(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without report opened: %v", err)
	}
}

// A link or a special file in a folder that somebody else made is not read.
func TestEvidenceLinks(t *testing.T) {
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "e"))
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	rewrite(t, outside, []byte("x"))
	digest := Digest([]byte("x"))
	name, err := dir.path(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{outside, name, os.DevNull, "nowhere"} {
		if err := os.Symlink(target, name); err != nil {
			machine.WindowsLacks(t, "symbolic links", err)
		}
		if data, err := dir.Get(digest); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("link to %s: %q, %v", target, data, err)
		}
		// Put replaces the link and leaves alone what it points to.
		if err := dir.Put(digest, []byte("x")); err != nil {
			t.Errorf("link to %s: %v", target, err)
		}
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
			t.Errorf("link to %s was not replaced: %v", target, err)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(os.DevNull, filepath.Join(dir.dir, ReportFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Report(); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("report: %v", err)
	}
}

// A file of many gigabytes is refused before it is read.
func TestEvidenceBounds(t *testing.T) {
	dir, err := CreateEvidenceDir(filepath.Join(t.TempDir(), "e"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir.dir, ReportFile)
	rewrite(t, name, nil)
	if err := os.Truncate(name, maxReport+1); err != nil {
		machine.WindowsLacks(t, "sparse files", err)
	}
	if _, err := dir.Report(); err == nil || !strings.Contains(err.Error(), "report.json: larger than") {
		t.Errorf("report: %v", err)
	}
}

func TestReportDigests(t *testing.T) {
	r := &Report{
		Findings: []Finding{{Evidence: []string{"d2", "d1"}}, {Evidence: []string{"d1"}}},
		Facts: map[string]json.RawMessage{
			"a": []byte(`{"evidence": "d3", "other": "no", "nested": [{"evidence": ["d4", "", 5, null]}, {"evidence": {"kind": "no", "evidence": "d5"}}]}`),
			"b": []byte(`["no"]`),
			"c": []byte(`"no"`),
		},
	}
	want := "d1 d2 d3 d4 d5"
	if got := strings.Join(r.digests(), " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	for _, data := range []string{"first", "", "second and longer"} {
		if err := WriteFile(name, []byte(data)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != data {
			t.Errorf("%q, %v; want %q", got, err, data)
		}
	}
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	// The name is taken by a folder, or its folder is missing: an error, and
	// nothing is left behind or lost.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{taken, filepath.Join(dir, "missing", "f"), filepath.Join(name, "below a file")} {
		if err := WriteFile(name, []byte("x")); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestWriteFileUnwritableFolder(t *testing.T) {
	dir := unprivileged.Dir(t)
	name := filepath.Join(dir, "f")
	rewrite(t, name, []byte("kept"))
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o777)
	unprivileged.Run(t, func() {
		if err := WriteFile(name, []byte("new")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error %v", err)
		}
	})
	if got, err := os.ReadFile(name); err != nil || string(got) != "kept" {
		t.Errorf("%q, %v", got, err)
	}
}

// A reader never sees a file that is not complete.
func TestWriteFileWhileRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	contents := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<17)}
	rewrite(t, name, contents[0])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			got, err := os.ReadFile(name)
			if err != nil || !bytes.Equal(got, contents[0]) && !bytes.Equal(got, contents[1]) {
				t.Errorf("%d bytes, %v", len(got), err)
				return
			}
		}
	})
	for i := range 100 {
		if err := WriteFile(name, contents[i%2]); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}
