// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"

	. "github.com/goassay/assay/audit/filetree/filetreetest"
)

var fuzzFiles = []Entry{dirEntry("d"), exe("d/x", "1"), {Name: "text", Data: "text"}, link("l", "d/x"), symlink("s", "d"), exe("s/y", "2"),
	{Name: "z.gz", Data: string(Gzip([]byte("EXE")))}, {Name: "fifo", Type: tar.TypeFifo}}

func failures(list []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, "! ") })
}

// The same archive, compressed or not, has the same files.
func FuzzTar(f *testing.F) {
	f.Add(Tar(fuzzFiles...))
	f.Add(slices.Concat(sparse("x", 1000, "EXE"), Tar(fuzzFiles...)))
	f.Add(Tar(OldDockerSave(Image{Platform: "linux/amd64", Layers: [][]byte{Tar(fuzzFiles...)}})...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 512 || isExe(data) || bytes.HasPrefix(data, []byte("#!")) { // which is a file of its own, too
			return
		}
		plain, packed := findIn(t, data), findIn(t, Gzip(data))
		if len(plain) == 1 && strings.HasPrefix(plain[0], "a: ") { // no archive
			return
		}
		if !failures(plain) && !failures(packed) {
			want(t, "compressed", packed, plain...)
		}
	})
}

func FuzzZip(f *testing.F) {
	f.Add(Zip(zip.Deflate, fuzzFiles...))
	f.Add(Zip(zip.Store, fuzzFiles...))
	f.Add(zip64(5))
	f.Fuzz(func(t *testing.T, data []byte) { findIn(t, append([]byte("PK\x03\x04"), data...)) })
}

func FuzzDebian(f *testing.F) {
	f.Add(Deb("", Tar(fuzzFiles...)))
	f.Add(Deb(".gz", Gzip(Tar(fuzzFiles...))))
	f.Fuzz(func(t *testing.T, data []byte) { findIn(t, data) })
}

func FuzzRPM(f *testing.F) {
	f.Add(RPM(CPIO(fuzzFiles...)))
	f.Add(RPM(Gzip(CPIO(fuzzFiles...))))
	f.Fuzz(func(t *testing.T, data []byte) { findIn(t, data) })
}

func FuzzCPIO(f *testing.F) {
	f.Add(CPIO(fuzzFiles...))
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, packed := findIn(t, RPM(append([]byte("070701"), data...))), findIn(t, RPM(Gzip(append([]byte("070701"), data...))))
		want(t, "compressed", packed, plain...)
	})
}

// Compressed formats, whose libraries are others'.
func FuzzCompressed(f *testing.F) {
	for _, data := range [][]byte{Gzip(Tar(fuzzFiles...)), Zstd(Tar(fuzzFiles...)), Gzip([]byte("EXE")), Zstd([]byte("EXE"))} {
		f.Add(data)
	}
	for _, name := range []string{"tree.tar.xz", "tree.tar.bz2"} {
		f.Add(testdata(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) { findIn(t, data) })
}

// However the layers look, the four forms of an image show the same.
func FuzzLayers(f *testing.F) {
	for _, test := range layers {
		if l := tars(test.layers); len(l) >= 2 {
			f.Add(l[0], l[1])
		}
	}
	f.Fuzz(func(t *testing.T, low, high []byte) {
		im := Image{Platform: "linux/amd64", Tag: "a", Layers: [][]byte{low, high}}
		expect := findIn(t, Tar(OCI(im)...))
		for _, data := range [][]byte{Tar(DockerSave(im)...), Gzip(Tar(DockerSave(im)...))} {
			want(t, "forms", findIn(t, data), expect...)
		}
	})
}

func FuzzManifests(f *testing.F) {
	im := Image{Platform: "linux/amd64", Tag: "a", Layers: [][]byte{Tar(fuzzFiles...)}}
	manifest, _ := im.Manifest()
	for _, e := range DockerSave(im) {
		if e.Name == "manifest.json" {
			f.Add(manifest, im.Config(), []byte(e.Data))
		}
	}
	f.Fuzz(func(t *testing.T, manifest, config, saved []byte) {
		index := Index(Descriptor("application/vnd.oci.image.manifest.v1+json", manifest), Descriptor("application/vnd.oci.image.index.v1+json", manifest))
		entries := []Entry{{Name: "oci-layout"}, {Name: "index.json", Data: string(index)}, Blob(manifest), Blob(config), Blob(im.Layers[0]), {Name: "manifest.json", Data: string(saved)}}
		plain, packed := findIn(t, Tar(entries...)), findIn(t, Gzip(Tar(entries...)))
		want(t, "compressed", packed, plain...)
	})
}
