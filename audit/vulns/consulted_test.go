// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/vulns"
)

// TestConsulted: the part of a database that was asked answers the same questions in the
// same way, and no others.
func TestConsulted(t *testing.T) {
	snapshot, err := vulns.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(db *vulns.Database, modules ...vulns.Module) *vulns.Assessment {
		t.Helper()
		a, err := db.Match(t.Context(), modules, vulns.Platform{OS: "linux", Arch: "amd64"})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	modules := []vulns.Module{{Path: "golang.org/x/net", Version: "v0.7.0"}, {Path: vulns.Stdlib, Version: "go1.25.1"}, {Path: "example.com/none", Version: "v1.0.0"}}
	db := snapshot.Recording()
	want := ask(db, modules...)
	raw, err := db.Consulted()
	if err != nil {
		t.Fatal(err)
	}
	again := snapshot.Recording()
	ask(again, modules...)
	ask(again, modules[0])
	if same, err := again.Consulted(); err != nil || !bytes.Equal(raw, same) {
		t.Errorf("the same questions made other bytes: %v", err)
	}
	part, err := vulns.OpenConsulted(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if part.Modified != snapshot.Modified || part.Entries != snapshot.Entries || part.Modules != snapshot.Modules {
		t.Errorf("%+v", part.Source)
	}
	if got := ask(part, modules...); !reflect.DeepEqual(got, want) || len(want.Vulnerabilities) < 10 {
		t.Errorf("%d vulnerabilities, want %d", len(got.Vulnerabilities), len(want.Vulnerabilities))
	}
	if err := part.PartOf(t.Context(), snapshot); err != nil {
		t.Error(err)
	}
	if _, err := snapshot.Consulted(); err == nil {
		t.Error("what was asked was noted without a Recording")
	}
	view := part.Recording()
	if got, kept := view.Unasked(), entriesIn(t, raw); !slices.Equal(got, kept) || len(kept) < 10 {
		t.Errorf("at first %d entries of %d were not asked for", len(got), len(kept))
	}
	ask(view, modules[1])
	if got := view.Unasked(); len(got) == 0 {
		t.Error("all were asked for by one module")
	}
	ask(view, modules[0])
	if got := view.Unasked(); len(got) != 0 || part.Unasked() != nil || db.Unasked() != nil {
		t.Errorf("not asked for: %q", got)
	}
	if err := snapshot.PartOf(t.Context(), part); !errors.Is(err, vulns.ErrInvalid) {
		t.Error(err)
	}
	if a, err := part.Match(t.Context(), []vulns.Module{{Path: "golang.org/x/crypto", Version: "v0.1.0"}}, vulns.Platform{}); err == nil {
		t.Errorf("what was not asked has an answer: %+v", a)
	}
	for name, change := range map[string][2]string{
		"a summary": {`"summary":"`, `"summary":"Not `}, "a version": {`"fixed":"`, `"fixed":"9`},
	} {
		forged, err := vulns.OpenConsulted(t.Context(), rezip(t, raw, "ID/", change[0], change[1]))
		if err == nil {
			err = forged.PartOf(t.Context(), snapshot)
		}
		if err == nil {
			t.Errorf("%s that is another was not noticed", name)
		}
	}
	if _, err := vulns.OpenConsulted(t.Context(), rezip(t, raw, "index/db.json", `{"modified":"2`, `{"modified":"1`)); err == nil {
		t.Error("an index before its entries")
	}
	forged, err := vulns.OpenConsulted(t.Context(), rezip(t, raw, "index/db.json", `"modified"`, `"x":1,"modified"`))
	if err == nil {
		err = forged.PartOf(t.Context(), snapshot)
	}
	if err == nil || !strings.Contains(err.Error(), "index/db.json") {
		t.Errorf("another index: %v", err)
	}
	for name, raw := range map[string][]byte{"nothing": nil, "no archive": []byte("text"), "an empty one": zipOf(nil, ""), "a packed database": packed(t, snapshot)} {
		if _, err := vulns.OpenConsulted(t.Context(), raw); !errors.Is(err, vulns.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// entriesIn lists the entries in a zip archive of the layout v1, sorted.
func entriesIn(t *testing.T, archive []byte) (ids []string) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if name, ok := strings.CutPrefix(f.Name, "ID/"); ok {
			ids = append(ids, strings.TrimSuffix(name, ".json"))
		}
	}
	slices.Sort(ids)
	return ids
}

// packed is a packed database.
func packed(t *testing.T, db *vulns.Database) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := db.WritePack(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rezip replaces the first text of that kind in each file of a zip archive whose name begins so.
func rezip(t *testing.T, archive []byte, prefix, old, new string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.File {
		data, err := fs.ReadFile(r, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name] = string(data); strings.HasPrefix(f.Name, prefix) {
			files[f.Name] = strings.Replace(string(data), old, new, 1)
		}
	}
	return zipOf(files, "")
}

// TestObservation: what was seen is read as it was written, and nothing else passes.
func TestObservation(t *testing.T) {
	db := small(t)
	const source = `"basis":"source","modules":[{"path":"example.com/a","version":"v1.1.0"}]`
	for _, test := range []struct{ name, text, want string }{
		{"modules", `{"basis":"modules","level":"module"}`, ""},
		{"source without packages, of modules", `{` + source + `,"level":"module"}`, ""},
		{"source without packages", `{` + source + `,"level":"symbol"}`, "without its packages"},
		{"source without the vulnerable packages", `{` + source + `,"level":"symbol","packages":["example.com/b"]}`, ""},
		{"source that was not analysed", `{` + source + `,"level":"symbol","packages":["example.com/a/p"]}`, "not analysed"},
		{"its packages alone", `{` + source + `,"level":"package","packages":["example.com/a/p"]}`, ""},
		{"source that was", `{` + source + `,"level":"symbol","packages":["example.com/a/p"],"analysed":true}`, ""},
		{"an analysis of nothing", `{` + source + `,"level":"module","analysed":true}`, "modules alone"},
		{"modules, in depth", `{"basis":"modules","level":"symbol"}`, "looked into"},
		{"an executable's packages alone", `{"basis":"executable","level":"package"}`, "looked into"},
		{"an executable without packages", `{"basis":"executable","level":"symbol"}`, "without packages"},
		{"nothing", `{}`, "looked into"},
		{"no object", `[]`, "not a valid"},
		{"a finding without a trace", `{"findings":[{"osv":"X"}]}`, "trace"},
		{"a long package", `{"basis":"modules","level":"module","packages":["` + strings.Repeat("a/", 300) + `"]}`, "600 bytes"},
		{"many calls", `{"findings":[{"osv":"X","trace":[` + strings.Repeat("{},", 1<<20) + `{}]}]}`, "objects"},
		{"a finding of nothing", `{"findings":[{"trace":[{}]}]}`, "trace"},
	} {
		o, err := vulns.ReadObservation([]byte(test.text))
		if err == nil {
			_, err = db.Assess(t.Context(), o)
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

// FuzzObservation assesses what anybody may have written: it ends, and without a panic.
func FuzzObservation(f *testing.F) {
	f.Add([]byte(`{"basis":"source","level":"symbol","modules":[{"path":"example.com/a","version":"v1.1.0"}],"packages":["example.com/a/p"],"analysed":true,"findings":[{"osv":"GO-1","trace":[{"module":"example.com/a","package":"example.com/a/p","function":"F"}]}]}`))
	f.Add([]byte(`{"basis":"executable","level":"symbol","modules":[{"path":"example.com/a","version":"v1.1.0","Replace":{"path":"x"}}],"packages":["example.com/a/p","b","/"],"functions":[{"package":"example.com/a/p","name":"F"}]}`))
	db := small(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := vulns.ReadObservation(raw)
		if err != nil {
			return
		}
		a, err := db.Assess(t.Context(), o)
		if err != nil {
			return
		}
		text, err := json.Marshal(a.Observation)
		if err != nil {
			t.Fatal(err)
		}
		same, err := vulns.ReadObservation(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := db.Assess(t.Context(), same)
		b.Observation = a.Observation
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%+v, %+v, %v", a, b, err)
		}
	})
}
