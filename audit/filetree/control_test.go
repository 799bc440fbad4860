// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/filetree"
	. "github.com/goassay/assay/audit/filetree/filetreetest"
)

func TestParseControl(t *testing.T) {
	const head = "Package: tool\nVersion: 1:2.0~rc1-3+b1\nArchitecture: amd64\n"
	tests := []struct {
		name, text string
		want       filetree.Package
		fault      string // in Err
	}{
		{"fields", head + "Static-Built-Using: golang-1.24 (= 1.24.4-1), golang-x (=0.1~git-2)\nBuilt-Using: libfoo\n (= 3)\n",
			filetree.Package{Name: "tool", Version: "1:2.0~rc1-3+b1", Architecture: "amd64", Built: []filetree.BuiltUsing{
				{Field: "Static-Built-Using", Name: "golang-1.24", Version: "1.24.4-1"}, {Field: "Static-Built-Using", Name: "golang-x", Version: "0.1~git-2"},
				{Field: "Built-Using", Name: "libfoo", Version: "3"}}}, ""},
		{"field names in other case, a second paragraph", "PACKAGE: tool\nversion:1\nArchitecture: all\n\nBuilt-Using: a1 (= 1)\n",
			filetree.Package{Name: "tool", Version: "1", Architecture: "all"}, ""},
		{"no version of a source package", head + "Built-Using: one, two (>= 1), two (= 2 3), three (= 3)\n",
			filetree.Package{Name: "tool", Version: "1:2.0~rc1-3+b1", Architecture: "amd64", Built: []filetree.BuiltUsing{{Field: "Built-Using", Name: "three", Version: "3"}}}, "Built-Using"},
		{"hostile", "Package: ../../etc\nVersion: 1\x1b[2J\nArchitecture: \nPackage: again\n more\n", filetree.Package{}, "control file"},
		{"empty", "", filetree.Package{}, "field package"},
		{"long", "Package: " + strings.Repeat("a", 300) + "\nVersion: 1\nArchitecture: all\n", filetree.Package{Version: "1", Architecture: "all"}, "field package"},
	}
	for _, test := range tests {
		got := filetree.ParseControl([]byte(test.text))
		if got.Err == nil != (test.fault == "") || got.Err != nil && !strings.Contains(got.Err.Error(), test.fault) {
			t.Errorf("%s: %v", test.name, got.Err)
		}
		got.Err = nil
		if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func FuzzControl(f *testing.F) {
	f.Add([]byte("Package: tool\nVersion: 1\nArchitecture: amd64\nBuilt-Using: a1 (= 1),\n b2 (= 2)\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := filetree.ParseControl(data)
		for _, b := range p.Built {
			if strings.ContainsAny(b.Name+b.Version, " \n\t()/?#@%") {
				t.Errorf("%q %q", b.Name, b.Version)
			}
		}
	})
}

// packages returns the Debian packages that the files of an archive are in.
func packages(t *testing.T, data []byte) map[string]string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	err := filetree.Walk(t.Context(), []string{name}, isExe, func(f *filetree.File) error {
		if p := f.Package; p != nil {
			got[strings.TrimPrefix(f.Path, name)] = p.Name
			if p.Err != nil {
				got[strings.TrimPrefix(f.Path, name)] += " " + p.Err.Error()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFilesOfPackages(t *testing.T) {
	deb := Deb(".gz", Gzip(Tar(exe("usr/bin/x", "1"))))
	for name, test := range map[string]struct {
		data []byte
		want map[string]string
	}{
		"package":            {deb, map[string]string{"!/usr/bin/x": "test"}},
		"package in archive": {Tar(exe("y", "2"), Entry{Name: "p.deb", Data: string(deb)}), map[string]string{"!/p.deb!/usr/bin/x": "test"}},
		"no control file": {[]byte(strings.Replace(string(DebOf("x: y", ".gz", Gzip(Tar(exe("usr/bin/x", "1"))))), "control.tar.gz", "contro1.tar.gz", 1)),
			map[string]string{"!/usr/bin/x": " control file of a Debian package: missing"}},
		"huge control file": {DebOf("Package: x\n"+strings.Repeat(" x\n", 1<<20), ".gz", Gzip(Tar(exe("usr/bin/x", "1")))),
			map[string]string{"!/usr/bin/x": " control file of a Debian package: larger than the limit"}},
	} {
		if diff := cmp.Diff(test.want, packages(t, test.data)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestImageIdentity: manifests and names, as far as an archive has them.
func TestImageIdentity(t *testing.T) {
	im := Image{Platform: "linux/amd64", Tag: "example.com/team/app:1.2", Layers: [][]byte{Tar(exe("x", "1"))}}
	manifest, _ := im.Manifest()
	plain := im
	plain.Tag = ""
	for name, test := range map[string]struct {
		entries []Entry
		want    string
	}{
		"oci":          {OCI(im), Digest(manifest) + " example.com/team/app:1.2"},
		"oci unnamed":  {OCI(plain), Digest(manifest) + " "},
		"docker save":  {DockerSave(im), Digest(manifest) + " example.com/team/app:1.2"},
		"old save":     {OldDockerSave(im), " example.com/team/app:1.2"},
		"two platform": {OCI(im, Image{Platform: "linux/arm64", Tag: im.Tag}), Digest(manifest) + " example.com/team/app:1.2"},
	} {
		file := filepath.Join(t.TempDir(), "image.tar")
		if err := os.WriteFile(file, Tar(test.entries...), 0o666); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := filetree.Walk(t.Context(), []string{file}, isExe, func(f *filetree.File) error {
			if f.Image != nil {
				got = append(got, f.Image.Manifest+" "+f.Image.Reference)
			}
			return nil
		})
		if err != nil || len(got) != 1 || got[0] != test.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, test.want)
		}
	}
}
