// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit"
	. "github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
)

// A program shows the same in an archive or an image as by itself: each fact,
// finding and digest.
func TestSameFactsInImages(t *testing.T) {
	machine.Long(t, "packs and reads the same executables in every kind of image")
	dir := gobintest.Module(t, gobintest.GoMod)
	files := map[string][]byte{"usr/share/doc/README": []byte("text"), "usr/bin/damaged": []byte("\x7fELF damaged"), "usr/lib/old": gobintest.Forge("go1.17.1")}
	for name, args := range map[string][]string{
		"usr/bin/plain":     nil,
		"usr/bin/certified": {"GOFIPS140=v1.0.0", "-trimpath", "-buildmode=pie"},
		"usr/bin/stripped":  {"GOFIPS140=latest", "-ldflags=-s -w"},
		"windows.exe":       {"GOOS=windows", "GOARCH=amd64"},
		"darwin":            {"GOOS=darwin", "GOARCH=arm64"},
	} {
		data, err := os.ReadFile(gobintest.Build(t, dir, args...))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	var entries []Entry
	for name, data := range files {
		entries = append(entries, Entry{Name: name, Data: string(data)})
	}
	base := Tar(append([]Entry{{Name: "usr/bin/shadowed", Data: string(files["usr/bin/plain"])}, {Name: "usr/bin/plain", Data: string(files["usr/lib/old"])}}, entries[:3]...)...)
	im := Image{Platform: "linux/amd64", Tag: "app:1", Packed: Zstd, Layers: [][]byte{base, Tar(append(entries, Entry{Name: "usr/bin/.wh.shadowed"})...)}}
	all := map[string][]byte{
		"image.tar": Tar(DockerSave(im)...), "image.tar.gz": Gzip(Tar(OldDockerSave(im)...)), "app.zip": Zip(zip.Deflate, entries...), "app.deb": Deb(".zst", Zstd(Tar(entries...))),
	}
	for _, e := range OCI(im) {
		all["layout/"+e.Name] = []byte(e.Data)
	}
	for name, data := range files {
		all["tree/"+name] = data
	}
	target := binaries(t, all)
	facts := func(root string) any {
		rep := runCheck(t, audit.Config{
			Target: &audit.Target{Dir: target, Binaries: []string{filepath.Join(target, root)}}, Checks: []*audit.Check{Binary, FIPS},
			Now: func() time.Time { return time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC) },
		})
		for i := range rep.Findings {
			rep.Findings[i].Location, rep.Findings[i].Fingerprint = nil, "" // of the file that is there, and of the name
		}
		data, err := json.Marshal(map[string]any{"facts": rep.Facts, "findings": rep.Findings, "reasons": []string{rep.Checks[0].Reason, rep.Checks[1].Reason}})
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.ReplaceAll(data, []byte(root+"!/"), []byte("tree/"))
		var out any
		if err := json.Unmarshal(data, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	want := facts("tree")
	if text, _ := json.Marshal(want); strings.Count(string(text), `"sha256":"sha256:`) != 14 { // seven files, in the facts of both checks
		t.Errorf("digests: %s", text)
	}
	for _, root := range []string{"image.tar", "image.tar.gz", "app.zip", "app.deb", "layout"} {
		if diff := cmp.Diff(want, facts(root)); diff != "" {
			t.Errorf("%s (-files +found):\n%s", root, diff)
		}
	}
}
