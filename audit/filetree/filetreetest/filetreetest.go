// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package filetreetest makes archives and container images for tests.
package filetreetest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// An Entry is a member of an archive: by default a regular file.
type Entry struct {
	Name string
	Data string
	Type byte   // a type of archive/tar
	Link string // where a link leads
}

// Tar makes a tar archive.
func Tar(entries ...Entry) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if e.Type == 0 {
			e.Type = tar.TypeReg
		}
		must(w.WriteHeader(&tar.Header{Name: e.Name, Typeflag: e.Type, Linkname: e.Link, Size: int64(len(e.Data)), Mode: 0o755}))
		_, err := w.Write([]byte(e.Data))
		must(err)
	}
	must(w.Close())
	return b.Bytes()
}

// Zip makes a zip archive by a method, of regular files.
func Zip(method uint16, entries ...Entry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.Name, Method: method})
		must(err)
		_, err = f.Write([]byte(e.Data))
		must(err)
	}
	must(w.Close())
	return b.Bytes()
}

// Gzip compresses.
func Gzip(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(err)
	must(w.Close())
	return b.Bytes()
}

// Zstd compresses.
func Zstd(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	must(err)
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// Deb makes a Debian package, whose data.tar has an extension such as ".gz".
func Deb(extension string, data []byte) []byte {
	return DebOf("Package: test\nVersion: 1.0-1\nArchitecture: amd64\n", extension, data)
}

// DebOf is Deb with a control file.
func DebOf(control, extension string, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("!<arch>\n")
	for _, m := range []Entry{
		{Name: "debian-binary", Data: "2.0\n"},
		{Name: "control.tar.gz", Data: string(Gzip(Tar(Entry{Name: "./control", Data: control})))},
		{Name: "data.tar" + extension, Data: string(data)},
	} {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n%s", m.Name, 0, 0, 0, "100644", len(m.Data), m.Data)
		if len(m.Data)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// RPM makes an RPM package around a compressed cpio archive.
func RPM(payload []byte) []byte {
	b := append([]byte("\xed\xab\xee\xdb\x03\x00"), make([]byte, 90)...)
	for _, store := range []int{5, 8} {
		b = append(b, "\x8e\xad\xe8\x01\x00\x00\x00\x00"...)
		b = binary.BigEndian.AppendUint32(b, 1)
		b = binary.BigEndian.AppendUint32(b, uint32(store))
		b = append(b, make([]byte, 16+store)...)
		for store == 5 && len(b)%8 != 0 { // the first is padded
			b = append(b, 0)
		}
	}
	return append(b, payload...)
}

// CPIO makes a cpio archive in the new ASCII format.
func CPIO(entries ...Entry) []byte {
	var b bytes.Buffer
	for _, e := range append(entries, Entry{Name: "TRAILER!!!"}) {
		mode := 0o100755
		if e.Type == tar.TypeDir {
			mode = 0o040755
		}
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
			0, mode, 0, 0, 1, 0, len(e.Data), 0, 0, 0, 0, len(e.Name)+1, 0, e.Name)
		pad := func() { b.Write(make([]byte, (4-b.Len()%4)%4)) }
		pad()
		b.WriteString(e.Data)
		pad()
	}
	return b.Bytes()
}

// Digest returns "sha256:" and hexadecimal.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// An Image is one to be made.
type Image struct {
	Platform string // such as "linux/amd64"
	Tag      string // for "docker save", and in the OCI layout for "io.containerd.image.name"
	Env      []string
	Layers   [][]byte // tar archives
	Packed   func([]byte) []byte
}

// media are the types of layers, by what compressed them.
func media(layer []byte) string {
	switch {
	case bytes.HasPrefix(layer, []byte("\x1f\x8b")):
		return "application/vnd.oci.image.layer.v1.tar+gzip"
	case bytes.HasPrefix(layer, []byte("\x28\xb5\x2f\xfd")):
		return "application/vnd.oci.image.layer.v1.tar+zstd"
	}
	return "application/vnd.oci.image.layer.v1.tar"
}

func (im Image) packed() [][]byte {
	if im.Packed == nil {
		return im.Layers
	}
	var out [][]byte
	for _, l := range im.Layers {
		out = append(out, im.Packed(l))
	}
	return out
}

// Object is a JSON object.
type Object = map[string]any

// JSON encodes.
func JSON(v any) []byte {
	data, err := json.Marshal(v)
	must(err)
	return data
}

// Config is the image's configuration.
func (im Image) Config() []byte {
	os, arch, _ := strings.Cut(im.Platform, "/")
	ids := []string{}
	for _, l := range im.Layers {
		ids = append(ids, Digest(l))
	}
	return JSON(Object{"os": os, "architecture": arch, "config": Object{"Env": im.Env, "Entrypoint": []string{"/app"}}, "rootfs": Object{"type": "layers", "diff_ids": ids}})
}

// Descriptor describes a blob.
func Descriptor(mediaType string, data []byte) Object {
	return Object{"mediaType": mediaType, "digest": Digest(data), "size": len(data)}
}

// Blob is where a blob stands.
func Blob(data []byte) Entry {
	return Entry{Name: "blobs/sha256/" + strings.TrimPrefix(Digest(data), "sha256:"), Data: string(data)}
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
)

// Manifest makes the manifest of the image, and returns it with the other blobs.
func (im Image) Manifest() (manifest []byte, blobs []Entry) {
	config := im.Config()
	blobs = append(blobs, Blob(config))
	layers := []any{}
	for _, l := range im.packed() {
		layers = append(layers, Descriptor(media(l), l))
		blobs = append(blobs, Blob(l))
	}
	manifest = JSON(Object{"schemaVersion": 2, "mediaType": manifestType, "config": Descriptor(configType, config), "layers": layers})
	return manifest, append(blobs, Blob(manifest))
}

// OCI makes the files of an image in the OCI layout: with one platform, or with an
// index of several and an attestation about one, in an index.
func OCI(images ...Image) []Entry {
	out := []Entry{{Name: "oci-layout", Data: `{"imageLayoutVersion":"1.0.0"}`}}
	var list []any
	for _, im := range images {
		manifest, blobs := im.Manifest()
		out = append(out, blobs...)
		d := Descriptor(manifestType, manifest)
		os, arch, _ := strings.Cut(im.Platform, "/")
		d["platform"] = Object{"os": os, "architecture": arch}
		if im.Tag != "" {
			d["annotations"] = Object{"io.containerd.image.name": im.Tag}
		}
		list = append(list, d)
	}
	if len(images) > 1 {
		statement := []byte(`{"_type":"https://in-toto.io/Statement/v1"}`)
		config := JSON(Object{"os": "unknown", "architecture": "unknown", "config": Object{}, "rootfs": Object{"type": "layers", "diff_ids": []string{Digest(statement)}}})
		attestation := JSON(Object{"schemaVersion": 2, "mediaType": manifestType, "config": Descriptor(configType, config),
			"layers": []any{Descriptor("application/vnd.in-toto+json", statement)}})
		out = append(out, Blob(statement), Blob(config), Blob(attestation))
		d := Descriptor(manifestType, attestation)
		d["annotations"] = Object{"vnd.docker.reference.type": "attestation-manifest"}
		inner := Index(append(list, d)...)
		out = append(out, Blob(inner))
		list = []any{Descriptor(indexType, inner)}
	}
	return append(unique(out), Entry{Name: "index.json", Data: string(Index(list...))})
}

// Index makes an index.
func Index(manifests ...any) []byte {
	return JSON(Object{"schemaVersion": 2, "mediaType": indexType, "manifests": manifests})
}

// DockerSave makes what "docker save" writes since version 25: manifest.json beside
// the OCI layout.
func DockerSave(images ...Image) []Entry {
	var out []Entry
	var saved, list []any
	for _, im := range images {
		manifest, blobs := im.Manifest()
		out = append(out, blobs...)
		list = append(list, Descriptor(manifestType, manifest))
		layers := []string{}
		for _, l := range im.packed() {
			layers = append(layers, Blob(l).Name)
		}
		saved = append(saved, Object{"Config": Blob(im.Config()).Name, "RepoTags": []string{im.Tag}, "Layers": layers})
	}
	return append(unique(out), Entry{Name: "index.json", Data: string(Index(list...))}, Entry{Name: "manifest.json", Data: string(JSON(saved))},
		Entry{Name: "oci-layout", Data: `{"imageLayoutVersion":"1.0.0"}`})
}

// OldDockerSave makes what older versions wrote: each layer in a directory, and
// where two are the same, a symbolic link.
func OldDockerSave(images ...Image) []Entry {
	var out []Entry
	var saved []any
	first := map[string]string{}
	for i, im := range images {
		layers := []string{}
		for j, l := range im.packed() {
			dir := strings.TrimPrefix(Digest(fmt.Append(nil, i, j)), "sha256:")
			layers = append(layers, dir+"/layer.tar")
			out = append(out, Entry{Name: dir, Type: tar.TypeDir}, Entry{Name: dir + "/VERSION", Data: "1.0"})
			if other := first[string(l)]; other != "" {
				out = append(out, Entry{Name: dir + "/layer.tar", Type: tar.TypeSymlink, Link: "../" + other + "/layer.tar"})
			} else {
				out = append(out, Entry{Name: dir + "/layer.tar", Data: string(l)})
				first[string(l)] = dir
			}
		}
		config := im.Config()
		name := strings.TrimPrefix(Digest(config), "sha256:") + ".json"
		out = append(out, Entry{Name: name, Data: string(config)})
		saved = append(saved, Object{"Config": name, "RepoTags": []string{im.Tag}, "Layers": layers})
	}
	return append(out, Entry{Name: "manifest.json", Data: string(JSON(saved))}, Entry{Name: "repositories", Data: "{}"})
}

// unique leaves out what is there already: layers that images share.
func unique(entries []Entry) []Entry {
	var out []Entry
	for _, e := range entries {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
