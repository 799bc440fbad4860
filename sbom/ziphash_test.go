// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"archive/zip"
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"
)

// TestZipHash compares with golang.org/x/mod/sumdb/dirhash.
func TestZipHash(t *testing.T) {
	noise := make([]byte, 3<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	h := newZipHasher()
	for name, files := range map[string][]zip.FileHeader{
		"empty":   {},
		"several": {{Name: "m@v1/z", Method: zip.Deflate}, {Name: "m@v1/a", Method: zip.Deflate}, {Name: "m@v1/a.b", Method: zip.Store}},
	} {
		for _, content := range [][]byte{nil, []byte("package m\n"), bytes.Repeat([]byte("x"), 5<<20), noise} {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			for i := range files {
				f, err := w.CreateHeader(&files[i])
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.Write(content); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "m.zip")
			if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			want, err := dirhash.HashZip(file, dirhash.Hash1)
			if err != nil {
				t.Fatal(err)
			}
			r := bytes.NewReader(b.Bytes())
			z, err := zip.NewReader(r, r.Size())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := h.hash1(r, z.File); err != nil || got != want {
				t.Errorf("%s, %d bytes: %s, %v; want %s", name, len(content), got, err, want)
			}
		}
	}
}

func FuzzZipHash(f *testing.F) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"m@v1/a", "m@v1/b"} {
		file, err := w.Create(name)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := file.Write([]byte("package m\n")); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		z, err := zip.NewReader(r, r.Size())
		if err != nil || r.Size() > 1<<20 {
			return
		}
		got, err := newZipHasher().hash1(r, z.File)
		if err != nil {
			return
		}
		file := filepath.Join(t.TempDir(), "m.zip")
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		// What else reads the zip file may refuse it (checksums), but not see another content.
		if want, err := dirhash.HashZip(file, dirhash.Hash1); err == nil && want != got {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
