// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/filetree"
	. "github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/internal/machine"
)

func exe(name, text string) Entry { return Entry{Name: name, Data: "EXE " + text} }

func dirEntry(name string) Entry { return Entry{Name: name, Type: tar.TypeDir} }

func link(name, to string) Entry { return Entry{Name: name, Type: tar.TypeLink, Link: to} }

func symlink(name, to string) Entry { return Entry{Name: name, Type: tar.TypeSymlink, Link: to} }

func gone(name string) Entry { return Entry{Name: name} }

// forms are the ways to keep images: what is found in them is the same.
var forms = map[string]func(t testing.TB, images ...Image) string{
	"OCI layout":         func(t testing.TB, images ...Image) string { return inDir(t, OCI(images...)) },
	"OCI tar":            func(t testing.TB, images ...Image) string { return inFile(t, Tar(OCI(images...)...)) },
	"OCI tar, gzip":      func(t testing.TB, images ...Image) string { return inFile(t, Gzip(Tar(OCI(images...)...))) },
	"docker save":        func(t testing.TB, images ...Image) string { return inFile(t, Tar(DockerSave(images...)...)) },
	"docker save | zstd": func(t testing.TB, images ...Image) string { return inFile(t, Zstd(Tar(DockerSave(images...)...))) },
	"old docker save":    func(t testing.TB, images ...Image) string { return inFile(t, Tar(OldDockerSave(images...)...)) },
	"old docker save | gzip": func(t testing.TB, images ...Image) string {
		return inFile(t, Gzip(Tar(OldDockerSave(images...)...)))
	},
	"docker save, unpacked": func(t testing.TB, images ...Image) string { return inDir(t, DockerSave(images...)) },
}

func inFile(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a")
	write(t, name, data)
	return name
}

func inDir(t testing.TB, entries []Entry) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a")
	for _, e := range entries {
		write(t, filepath.Join(name, e.Name), []byte(e.Data))
	}
	return name
}

// layers are what a container sees of files in layers, the lowest first.
var layers = []struct {
	name   string
	layers [][]Entry
	want   []string
}{
	{"one layer", [][]Entry{{dirEntry("usr/bin"), exe("usr/bin/x", "1"), exe("y", "2"), {Name: "text", Data: "text"}}}, []string{"usr/bin/x: EXE 1", "y: EXE 2"}},
	{"the last counts", [][]Entry{{exe("x", "1")}, {exe("x", "2")}, {exe("y", "3")}}, []string{"x: EXE 2", "y: EXE 3"}},
	{"replaced by text", [][]Entry{{exe("x", "1")}, {{Name: "x", Data: "text"}}}, nil},
	{"replaced by nothing", [][]Entry{{exe("x", "1")}, {{Name: "x"}}}, nil},
	{"replaced by a link", [][]Entry{{exe("x", "1"), exe("y", "2")}, {symlink("x", "y")}}, []string{"y: EXE 2"}},
	{"replaced by a directory", [][]Entry{{exe("x", "1")}, {dirEntry("x"), exe("x/y", "2")}}, []string{"x/y: EXE 2"}},
	{"directory replaced", [][]Entry{{exe("d/x", "1"), exe("e/x", "1")}, {exe("d", "2")}}, []string{"d: EXE 2", "e/x: EXE 1"}},
	{"directory again", [][]Entry{{exe("d/x", "1")}, {dirEntry("d"), dirEntry("d/")}}, []string{"d/x: EXE 1"}},
	{"file below a file", [][]Entry{{exe("d", "1")}, {exe("d/x", "2")}}, []string{"d/x: EXE 2"}},
	{"whiteout", [][]Entry{{exe("x", "1"), exe("xx", "2")}, {gone(".wh.x")}}, []string{"xx: EXE 2"}},
	{"whiteout of a directory", [][]Entry{{exe("d/e/x", "1"), exe("dd/x", "2")}, {gone(".wh.d")}}, []string{"dd/x: EXE 2"}},
	{"whiteout, and again", [][]Entry{{exe("x", "1")}, {gone(".wh.x")}, {exe("x", "3")}}, []string{"x: EXE 3"}},
	{"whiteout is of what is below", [][]Entry{{exe("x", "1")}, {exe("x", "2"), gone(".wh.x")}}, []string{"x: EXE 2"}},
	{"whiteout in the lowest", [][]Entry{{gone(".wh.x"), gone("d/.wh.x"), gone("d/.wh..wh..opq"), exe("x", "1")}}, []string{"x: EXE 1"}},
	{"whiteouts of no name", [][]Entry{{exe("d/x", "1")}, {gone("d/.wh."), gone("d/.wh.."), gone("d/.wh..."), gone("d/.wh..wh.plnk")}}, []string{"d/x: EXE 1"}},
	{"opaque directory", [][]Entry{{exe("d/x", "1"), exe("d/e/y", "1"), exe("z", "1")}, {exe("d/w", "2"), gone("d/.wh..wh..opq"), exe("d/y", "2")}},
		[]string{"d/w: EXE 2", "d/y: EXE 2", "z: EXE 1"}},
	{"opaque root", [][]Entry{{exe("x", "1")}, {gone(".wh..wh..opq"), exe("y", "2")}}, []string{"y: EXE 2"}},
	{"hard links once", [][]Entry{{exe("z", "1"), link("y", "z"), link("a", "./y")}}, []string{"a: EXE 1"}},
	{"hard link to what a layer above hides", [][]Entry{{exe("z", "1"), link("y", "z")}, {gone(".wh.z")}}, []string{"y: EXE 1"}},
	{"hard link to what a layer above replaces", [][]Entry{{exe("z", "1"), link("y", "z")}, {exe("z", "2")}}, []string{"y: EXE 1", "z: EXE 2"}},
	{"hard link to a layer below", [][]Entry{{exe("z", "1")}, {link("zz", "z")}}, []string{"z: EXE 1"}},
	{"hard link to what its layer hides", [][]Entry{{exe("z", "1")}, {gone(".wh.z"), link("y", "z")}}, []string{"y: EXE 1"}},
	{"hard link to what its layer replaces later", [][]Entry{{exe("z", "1")}, {link("y", "z"), exe("z", "2")}}, []string{"y: EXE 1", "z: EXE 2"}},
	{"hard link to what its layer replaced", [][]Entry{{exe("z", "1")}, {exe("z", "2"), link("y", "z")}}, []string{"y: EXE 2"}},
	{"hard link to a hard link below", [][]Entry{{exe("z", "1")}, {link("y", "z")}, {link("x", "y"), gone(".wh.y"), gone(".wh.z")}}, []string{"x: EXE 1"}},
	{"hard link to text", [][]Entry{{{Name: "z", Data: "text"}, link("y", "z")}}, nil},
	{"hard link to nothing", [][]Entry{{exe("y", "1")}, {link("y", "z")}}, []string{"y! malformed archive"}},
	{"through a symbolic link", [][]Entry{{dirEntry("usr/lib"), symlink("lib", "usr/lib"), exe("usr/lib/x", "1")}, {exe("lib/x", "2")}}, []string{"usr/lib/x: EXE 2"}},
	{"through an absolute one, and up", [][]Entry{{dirEntry("a/b"), symlink("c", "/a/b"), symlink("a/b/up", "../../../../a")}, {exe("c/up/x", "2")}}, []string{"a/x: EXE 2"}},
	{"whiteout through a symbolic link", [][]Entry{{symlink("lib", "usr/lib"), exe("usr/lib/x", "1"), exe("usr/lib/y", "1")}, {gone("lib/.wh.x")}}, []string{"usr/lib/y: EXE 1"}},
	{"whiteout of a symbolic link", [][]Entry{{symlink("lib", "usr/lib"), exe("usr/lib/x", "1")}, {gone(".wh.lib")}}, []string{"usr/lib/x: EXE 1"}},
	{"symbolic links in a circle", [][]Entry{{symlink("a", "b"), symlink("b", "a"), exe("a/x", "1"), exe("y", "1")}}, []string{"a/x! larger than the limit", "y: EXE 1"}},
	{"names that leave", [][]Entry{{exe("../../x", "1"), exe("/d/../y", "2"), dirEntry("./"), dirEntry("/")}}, []string{"x: EXE 1", "y: EXE 2"}},
	{"too deep", [][]Entry{{exe(strings.Repeat("d/", filetree.MaxDepth+1)+"x", "1")}}, []string{strings.Repeat("d/", filetree.MaxDepth+1) + "x! larger than the limit"}},
	{"archives", [][]Entry{{{Name: "x.tar.gz", Data: string(Gzip(Tar(exe("y", "1"))))}}}, []string{"x.tar.gz!/y: EXE 1"}},
	{"device", [][]Entry{{exe("x", "1")}, {{Name: "x", Type: tar.TypeChar}}}, nil},
	{"same layer twice", [][]Entry{{exe("x", "1"), exe("y", "1")}, {gone(".wh.x"), exe("y", "2")}, {exe("x", "1"), exe("y", "1")}}, []string{"x: EXE 1", "y: EXE 1"}},
	{"empty layer", [][]Entry{{exe("x", "1")}, {}}, []string{"x: EXE 1"}},
	{"no layer", nil, nil},
}

func tars(layers [][]Entry) (out [][]byte) {
	for _, l := range layers {
		out = append(out, Tar(l...))
	}
	return out
}

func TestLayers(t *testing.T) {
	machine.Long(t, "packs and reads each image in every form")
	for _, test := range layers {
		var expect []string
		for _, w := range test.want {
			expect = append(expect, "a!/"+w)
		}
		for form, make := range forms {
			for packed, f := range map[string]func([]byte) []byte{"": nil, "gzip": Gzip, "zstd": Zstd} {
				name := make(t, Image{Platform: "linux/amd64", Tag: "app:1", Layers: tars(test.layers), Packed: f})
				want(t, test.name+", "+form+" "+packed, find(t, filepath.Dir(name), name), expect...)
			}
		}
	}
}

// All images are read: what they share, for each of them.
func TestImages(t *testing.T) {
	base := Tar(exe("base", "1"))
	images := []Image{
		{Platform: "linux/amd64", Tag: "app:1", Layers: [][]byte{base, Tar(exe("app", "amd64"))}},
		{Platform: "linux/arm64", Tag: "app:2", Layers: [][]byte{base, Tar(exe("app", "arm64"), gone(".wh.base"))}},
		{Platform: "linux/s390x", Tag: "app:2", Layers: [][]byte{base}},
	}
	for form, make := range forms {
		name := make(t, images...)
		names := []string{"app:1", "app:2", "app:2#2"}
		if strings.HasPrefix(form, "OCI") {
			names = []string{"linux/amd64", "linux/arm64", "linux/s390x"}
		}
		want(t, form, find(t, filepath.Dir(name), name), "a!"+names[0]+"!/base: EXE 1", "a!"+names[0]+"!/app: EXE amd64",
			"a!"+names[1]+"!/app: EXE arm64", "a!"+names[2]+"!/base: EXE 1")
	}
}

func TestImageFacts(t *testing.T) {
	im := Image{Platform: "linux/arm64/v8", Tag: "app:1", Env: []string{"GODEBUG=fips140=on"}, Layers: [][]byte{Tar(exe("app", ""))}}
	im.Platform = "linux/arm64"
	for form, make := range forms {
		var mu sync.Mutex
		var got *filetree.Image
		if err := filetree.Walk(t.Context(), []string{make(t, im)}, isExe, func(f *filetree.File) error {
			mu.Lock()
			defer mu.Unlock()
			got = f.Image
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		expect := &filetree.Image{Name: "app:1", Digest: Digest(im.Config()), Reference: "app:1", Platform: "linux/arm64", Env: im.Env, Entrypoint: []string{"/app"}}
		if manifest, _ := im.Manifest(); !strings.HasPrefix(form, "old") {
			expect.Manifest = Digest(manifest)
		}
		if strings.HasPrefix(form, "OCI") {
			expect.Name = "linux/arm64"
		}
		if diff := cmp.Diff(expect, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
	}
}

// edit returns the entries with those of a name changed, or without them.
func edit(entries []Entry, name string, f func(string) string) []Entry {
	var out []Entry
	for _, e := range entries {
		if strings.HasPrefix(e.Name, name) {
			if e.Data = f(e.Data); e.Data == "" {
				continue
			}
		}
		out = append(out, e)
	}
	return out
}

func without(string) string { return "" }

func replace(old, new string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, new, 1) }
}

// What is wrong with an image is told, and what of it can be read is.
func TestBrokenImages(t *testing.T) {
	low, high := Tar(exe("low", "1")), Tar(exe("high", "2"))
	im := Image{Platform: "linux/amd64", Tag: "app:1", Layers: [][]byte{low, high}}
	config, manifest := Blob(im.Config()).Name, func() string { m, _ := im.Manifest(); return Blob(m).Name }()
	zipped := Image{Platform: "linux/amd64", Layers: im.Layers, Packed: Gzip}
	oci, save, old := OCI(im), DockerSave(im), OldDockerSave(im)
	lowOK, highOK := "a!/low: EXE 1", "a!/high: EXE 2"
	for _, test := range []struct {
		name    string
		entries []Entry
		want    []string
	}{
		{"bit of a layer", edit(oci, Blob(low).Name, replace("EXE 1", "EXE 0")), []string{"a!/" + Blob(low).Name + "! not what its digest says", "a!/low: EXE 0", highOK}},
		{"bit of a layer, saved", edit(save, Blob(low).Name, replace("EXE 1", "EXE 0")), []string{"a!/" + Blob(low).Name + "! not what its digest says", "a!/low: EXE 0", highOK}},
		{"layer behind its end", edit(oci, Blob(low).Name, func(s string) string { return s + "more" }), []string{"a!/" + Blob(low).Name + "! not what its digest says", lowOK, highOK}},
		{"layer cut", edit(oci, Blob(low).Name, func(s string) string { return s[:514] }), []string{"a!/" + Blob(low).Name + "! malformed archive", highOK}},
		{"layer is no tar", edit(oci, Blob(low).Name, func(s string) string { return "#!/bin/sh" + strings.Repeat(".", 1000) }), []string{"a!/" + Blob(low).Name + "! malformed archive", highOK}},
		{"no layer is a tar", edit(edit(oci, Blob(low).Name, func(string) string { return "0" }), Blob(high).Name, func(string) string { return "0" }),
			[]string{"a!/" + Blob(low).Name + "! malformed archive", "a!/" + Blob(high).Name + "! malformed archive"}},
		{"compressed layer cut", edit(OCI(zipped), Blob(Gzip(low)).Name, func(s string) string { return s[:len(s)-6] }), []string{"a!/" + Blob(Gzip(low)).Name + "! malformed archive", "a!/low: EXE 1", highOK}},
		{"layer away", edit(oci, Blob(low).Name, without), []string{"a! file does not exist", highOK}},
		{"layer away, saved", edit(save, Blob(low).Name, without), []string{"a! file does not exist", highOK}},
		{"bit of the configuration", edit(oci, config, replace("amd64", "amd65")), []string{"a! not what its digest says", lowOK, highOK}},
		{"configuration away", edit(old, strings.TrimPrefix(config, "blobs/sha256/"), without), []string{"a! file does not exist", lowOK, highOK}},
		{"configuration of another image", edit(old, strings.TrimPrefix(config, "blobs/sha256/"), func(string) string {
			return string(Image{Layers: [][]byte{low, low}}.Config())
		}), []string{"", highOK, lowOK}},
		{"configuration with fewer layers", edit(old, strings.TrimPrefix(config, "blobs/sha256/"), func(string) string {
			return string(Image{Layers: [][]byte{low}}.Config())
		}), []string{"a! malformed archive", highOK, lowOK}},
		{"configuration is none", edit(old, strings.TrimPrefix(config, "blobs/sha256/"), func(string) string { return "[]" }), []string{"a! malformed archive", lowOK, highOK}},
		{"bit of the manifest", edit(oci, manifest, replace("2", "3")), []string{"a! not what its digest says", "a!/" + Blob(low).Name + "!/low: EXE 1", "a!/" + Blob(high).Name + "!/high: EXE 2"}},
		{"manifest away", edit(oci, manifest, without), []string{"a! file does not exist", "a!/" + Blob(low).Name + "!/low: EXE 1", "a!/" + Blob(high).Name + "!/high: EXE 2"}},
		{"manifest away, of another platform", edit(save, manifest, without), []string{lowOK, highOK}},
		{"saved list too large", edit(old, "manifest.json", func(s string) string { return s + strings.Repeat(" ", 5<<20) }),
			[]string{"a! larger than the limit", "a!/" + layerOf(old, low) + "!/low: EXE 1", "a!/" + layerOf(old, high) + "!/high: EXE 2"}},
		{"saved list behind spaces", edit(old, "manifest.json", func(s string) string { return strings.Repeat(" ", 5<<20) + s }),
			[]string{"a! larger than the limit", "a!/" + layerOf(old, low) + "!/low: EXE 1", "a!/" + layerOf(old, high) + "!/high: EXE 2"}},
		{"saved list with an image without a configuration", edit(old, "manifest.json", replace("[", `[{"Layers": []},`)),
			[]string{"a!manifest.json! file does not exist", "a!app:1!/low: EXE 1", "a!app:1!/high: EXE 2"}},
		{"large file called as a list", []Entry{{Name: "manifest.json", Data: "{" + strings.Repeat(" ", 5<<20) + "}"}, exe("low", "1")}, []string{lowOK}},
		{"index is none", edit(oci, "index.json", func(string) string { return "[]" }), []string{"a! malformed archive", "a!/" + Blob(low).Name + "!/low: EXE 1", "a!/" + Blob(high).Name + "!/high: EXE 2"}},
		{"index too large", edit(oci, "index.json", func(s string) string { return s + strings.Repeat(" ", 5<<20) }), []string{"a! larger than the limit", "a!/" + Blob(low).Name + "!/low: EXE 1", "a!/" + Blob(high).Name + "!/high: EXE 2"}},
	} {
		for form, pack := range map[string]func() string{
			"tar":    func() string { return inFile(t, Tar(test.entries...)) },
			"tar.gz": func() string { return inFile(t, Gzip(Tar(test.entries...))) },
			"dir":    func() string { return inDir(t, test.entries) },
		} {
			isOCI := slices.ContainsFunc(test.entries, func(e Entry) bool { return e.Name == "oci-layout" })
			if form == "dir" && !isOCI {
				continue
			}
			name := pack()
			got := find(t, filepath.Dir(name), name)
			if form == "dir" { // a file in a directory stands behind a slash
				for i := range got {
					got[i] = strings.Replace(got[i], "a/blobs", "a!/blobs", 1)
				}
				slices.Sort(got)
			}
			expect := slices.Clone(test.want)
			for i := range expect {
				if expect[i] == "" {
					expect[i] = "a!/" + layerOf(old, high) + "! not what its digest says"
				}
			}
			want(t, test.name+", "+form, got, expect...)
		}
	}
}

func layerOf(entries []Entry, data []byte) string {
	for _, e := range entries {
		if e.Data == string(data) {
			return e.Name
		}
	}
	return ""
}

// What stands in a layout and is no layer of an image is read as it is.
func TestArtifacts(t *testing.T) {
	const layerType, imageType = "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.config.v1+json"
	manifest := func(configType string, layers ...any) []byte {
		return JSON(Object{"schemaVersion": 2, "config": Descriptor(configType, []byte("{}")), "layers": layers})
	}
	chart, program := Tar(exe("x", "1")), []byte("EXE program")
	artifact := manifest("application/vnd.cncf.helm.config.v1+json", Descriptor("application/vnd.cncf.helm.chart.content.v1.tar", chart))
	encrypted := manifest(imageType, Descriptor(layerType, chart), Descriptor(layerType+"+encrypted", []byte("secret")))
	index := func(mediaType string, m []byte) Entry {
		return Entry{Name: "index.json", Data: string(Index(Descriptor(mediaType, m)))}
	}
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	layout := Entry{Name: "oci-layout", Data: "{}"}
	config := Blob([]byte("{}"))
	deep := artifact
	var indexes []Entry
	for range 6 {
		indexes = append(indexes, Blob(deep))
		deep = Index(Descriptor("application/vnd.oci.image.index.v1+json", deep))
	}
	many := func(n int) Entry {
		empty := JSON(Object{"schemaVersion": 2, "config": Descriptor(imageType, []byte("{}")), "layers": []any{}})
		return Entry{Name: "index.json", Data: string(Index(slices.Repeat([]any{Descriptor(manifestType, empty)}, n)...))}
	}
	for _, test := range []struct {
		name    string
		entries []Entry
		want    []string
	}{
		{"artifact", []Entry{layout, config, Blob(chart), Blob(program), Blob(artifact), index(manifestType, artifact)},
			[]string{"a!/" + Blob(chart).Name + "!/x: EXE 1", "a!/" + Blob(program).Name + ": EXE program"}},
		{"manifest of an unknown type", []Entry{layout, Blob(chart), Blob(artifact), index("application/x", artifact)}, []string{"a!/" + Blob(chart).Name + "!/x: EXE 1"}},
		{"encrypted layer", []Entry{layout, config, Blob(chart), Blob([]byte("secret")), Blob(encrypted), index(manifestType, encrypted)},
			[]string{"a! malformed archive", "a! malformed archive", "a!/x: EXE 1"}},
		{"SHA-512", []Entry{layout, {Name: "index.json", Data: strings.Replace(string(Index(Descriptor(manifestType, artifact))), Digest(artifact), "sha512:"+strings.Repeat("0", 128), 1)}}, []string{"a! malformed archive"}},
		{"indexes in each other", append(indexes, layout, index("application/vnd.oci.image.index.v1+json", deep), Blob(deep)), []string{"a! larger than the limit"}},
		{"manifest is none", []Entry{layout, index(manifestType, []byte("[]")), Blob([]byte("[]"))}, []string{"a! malformed archive"}},
		{"index in it is none", []Entry{layout, index("application/vnd.oci.image.index.v1+json", []byte("[]")), Blob([]byte("[]"))}, []string{"a! malformed archive"}},
		{"too many images", []Entry{layout, many(257)}, []string{"a! larger than the limit"}},
		{"too many layers", OldDockerSave(Image{Platform: "a/b", Layers: slices.Repeat([][]byte{chart}, 1025)}), []string{"a! larger than the limit"}},
	} {
		want(t, test.name, findIn(t, Tar(test.entries...)), test.want...)
	}
}

// Both lists of newer versions of "docker save" are read: which of them counts
// depends on who loads the file.
func TestTwoLists(t *testing.T) {
	clean := Image{Platform: "linux/amd64", Tag: "app:1", Layers: [][]byte{Tar(exe("x", "clean"))}}
	other := Image{Platform: "linux/amd64", Layers: [][]byte{Tar(exe("x", "other"))}}
	entries := append(DockerSave(clean), OCI(other)...)
	want(t, "two", findIn(t, Tar(entries...)), "a!app:1!/x: EXE clean", "a!linux/amd64!/x: EXE other")

	// Of the same configuration, other layers.
	config := clean.Config()
	layer := other.Layers[0]
	manifest := JSON(Object{"schemaVersion": 2, "config": Descriptor("application/vnd.oci.image.config.v1+json", config),
		"layers": []any{Descriptor("application/vnd.oci.image.layer.v1.tar", layer)}})
	entries = edit(append(DockerSave(clean), Blob(layer), Blob(manifest)), "index.json", func(string) string {
		return string(Index(Descriptor("application/vnd.oci.image.manifest.v1+json", manifest)))
	})
	want(t, "same configuration", findIn(t, Tar(entries...)), "a!app:1!/x: EXE clean", "a!"+Digest(manifest)+"!/x: EXE other",
		"a!"+Digest(manifest)+"!/"+Blob(layer).Name+"! not what its digest says")
}

// A layout does not lead out of its directory.
func TestLayoutLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows lets only some users make symbolic links")
	}
	im := Image{Platform: "linux/amd64", Layers: [][]byte{Tar(exe("x", "1"))}}
	name := inDir(t, OCI(im))
	blob := filepath.Join(name, Blob(im.Layers[0]).Name)
	inside, outside := filepath.Join(name, "blobs", "moved"), filepath.Join(filepath.Dir(name), "moved")
	if err := os.Rename(blob, inside); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../moved", blob); err != nil {
		t.Fatal(err)
	}
	want(t, "inside", find(t, filepath.Dir(name), name), "a!/x: EXE 1", "a/blobs/moved!/x: EXE 1")
	if err := os.Rename(inside, outside); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../moved", blob); err != nil {
		t.Fatal(err)
	}
	want(t, "outside", find(t, filepath.Dir(name), name), "a! file does not exist")
}
