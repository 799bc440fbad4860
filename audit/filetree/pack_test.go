// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/internal/machine"
)

// pack are the ways to pack a tree. What is found in it is the same.
var pack = map[string]func(t testing.TB, entries []Entry) []byte{
	"tar":         func(_ testing.TB, e []Entry) []byte { return Tar(e...) },
	"tar.gz":      func(_ testing.TB, e []Entry) []byte { return Gzip(Tar(e...)) },
	"tar.zst":     func(_ testing.TB, e []Entry) []byte { return Zstd(Tar(e...)) },
	"zip":         func(_ testing.TB, e []Entry) []byte { return Zip(zip.Deflate, e...) },
	"zip, stored": func(_ testing.TB, e []Entry) []byte { return Zip(zip.Store, e...) },
	"deb":         func(_ testing.TB, e []Entry) []byte { return Deb("", Tar(e...)) },
	"deb, gz":     func(_ testing.TB, e []Entry) []byte { return Deb(".gz", Gzip(Tar(e...))) },
	"deb, zst":    func(_ testing.TB, e []Entry) []byte { return Deb(".zst", Zstd(Tar(e...))) },
	"rpm":         func(_ testing.TB, e []Entry) []byte { return RPM(CPIO(e...)) },
	"rpm, gz":     func(_ testing.TB, e []Entry) []byte { return RPM(Gzip(CPIO(e...))) },
	"rpm, zst":    func(_ testing.TB, e []Entry) []byte { return RPM(Zstd(CPIO(e...))) },
	"tar.xz":      func(t testing.TB, e []Entry) []byte { return run(t, Tar(e...), "xz", "-c") },
	"tar.xz, bcj": func(t testing.TB, e []Entry) []byte { return run(t, Tar(e...), "xz", "-c", "--x86", "--lzma2") },
	"tar.bz2":     func(t testing.TB, e []Entry) []byte { return run(t, Tar(e...), "bzip2", "-c") },
	"rpm, xz":     func(t testing.TB, e []Entry) []byte { return RPM(run(t, CPIO(e...), "xz", "-c")) },
	"pzstd": func(t testing.TB, e []Entry) []byte {
		return append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00data"), Zstd(Tar(e...))...)
	},
	"docker save": func(_ testing.TB, e []Entry) []byte {
		return Tar(DockerSave(Image{Platform: "linux/amd64", Layers: [][]byte{Tar(e...)}, Packed: Gzip})...)
	},
	"docker save | gzip": func(_ testing.TB, e []Entry) []byte {
		return Gzip(Tar(OldDockerSave(Image{Platform: "linux/amd64", Layers: [][]byte{Tar(e...)}})...))
	},
	"oci tar, zst": func(_ testing.TB, e []Entry) []byte {
		return Tar(OCI(Image{Platform: "linux/amd64", Layers: [][]byte{Tar(e...)}, Packed: Zstd})...)
	},
	"tar, GNU":       func(t testing.TB, e []Entry) []byte { return withTool(t, e, "tar", "-c", "--format=gnu", ".") },
	"tar, sparse":    func(t testing.TB, e []Entry) []byte { return withTool(t, e, "tar", "-cS", "--format=gnu", ".") },
	"tar, sparse 1":  func(t testing.TB, e []Entry) []byte { return withTool(t, e, "tar", "-cS", "--format=pax", ".") },
	"tar.gz, sparse": func(t testing.TB, e []Entry) []byte { return withTool(t, e, "tar", "-czS", "--format=gnu", ".") },
	"tar, v7":        func(t testing.TB, e []Entry) []byte { return withTool(t, e, "tar", "-c", "--format=v7", ".") },
	"zip, Info-ZIP":  func(t testing.TB, e []Entry) []byte { return withTool(t, e, "zip", "-qr", "-", ".") },
	"cpio": func(t testing.TB, e []Entry) []byte {
		machine.Need(t, "cpio")
		return RPM(withTool(t, e, "sh", "-c", "find . | cpio --quiet -o -H newc"))
	},
	"dpkg-deb": func(t testing.TB, e []Entry) []byte {
		dir := unpackTo(t, append(e, Entry{Name: "DEBIAN/control", Data: "Package: test\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.com>\nDescription: test\n"}))
		out := filepath.Join(t.TempDir(), "test.deb")
		tool(t, exec.Command("dpkg-deb", "--build", dir, out))
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return data
	},
}

// run pipes data through a program.
func run(t testing.TB, data []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(data)
	return tool(t, cmd)
}

func withTool(t testing.TB, entries []Entry, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = unpackTo(t, entries)
	return tool(t, cmd)
}

func tool(t testing.TB, cmd *exec.Cmd) []byte {
	t.Helper()
	machine.Need(t, cmd.Args[0])
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v %s", cmd.Args, err, &stderr)
	}
	return out
}

// unpackTo writes a tree to disk, with holes where there is nothing.
func unpackTo(t testing.TB, entries []Entry) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name)
		write(t, name, nil)
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		const block = 64 << 10
		for at := 0; at < len(e.Data); at += block {
			if part := e.Data[at:min(len(e.Data), at+block)]; strings.Trim(part, "\x00") != "" {
				if _, err := f.WriteAt([]byte(part), int64(at)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := errors.Join(f.Truncate(int64(len(e.Data))), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// randomTree makes files of all kinds: large, empty, with holes, archives.
func randomTree(r *rand.Rand) []Entry {
	var out []Entry
	names := map[string]bool{}
	for i := range 3 + r.IntN(12) {
		name := fmt.Sprintf("f%d", i)
		for range r.IntN(4) {
			name = fmt.Sprintf("d%d/%s", r.IntN(3), name)
		}
		data := []byte{}
		if r.IntN(5) > 0 {
			data = make([]byte, r.IntN(2000))
			if r.IntN(4) == 0 {
				data = make([]byte, r.IntN(700_000))
			}
			for i := range data {
				if i < 4096 || r.IntN(3) == 0 && i/100_000%2 == 0 { // the rest is holes
					data[i] = byte(r.IntN(256))
				}
			}
		}
		switch r.IntN(4) {
		case 0, 1:
			data = append([]byte("EXE"), data...)
		case 2:
			data = Gzip(append([]byte("EXE inner "), data...))
		}
		if !names[name] {
			names[name] = true
			out = append(out, Entry{Name: name, Data: string(data)})
		}
	}
	return out
}

// What is found in a tree is what is found in it on disk, however it is packed.
func TestPacked(t *testing.T) {
	machine.Long(t, "reads thousands of damaged files")
	for seed := range uint64(6) {
		entries := randomTree(rand.New(rand.NewPCG(seed, 1)))
		onDisk := unpackTo(t, entries)
		var expect []string
		for _, f := range find(t, onDisk, onDisk) {
			expect = append(expect, "a!/"+f)
		}
		for name, f := range pack {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				want(t, name, findIn(t, f(t, entries)), expect...)
			})
		}
	}
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Two are compressed by what Go has no writer for.
func TestTestdata(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	want(t, "testdata", find(t, dir, dir), "tree.tar.xz!/usr/bin/tool: EXE in a package", "tree.tar.bz2!/usr/bin/tool: EXE in a package")
}
