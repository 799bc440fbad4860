// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/filetree"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

// What one pass finds is the digest, and each mark, also where two parts meet.
func TestSearch(t *testing.T) {
	for _, size := range []int{0, 1, 16, 17, chunk - 1, chunk, chunk + 1, 3*chunk + 5} {
		for _, m := range []mark{fipsMark, frameMark} {
			n := len(m.text)
			data := bytes.Repeat([]byte(m.text[:m.rare+1]), size/(m.rare+1)+1)[:size] // what begins like it, too
			var want []int64
			for _, at := range []int{0, chunk - n - 4, chunk - n + 2, 2*chunk - n, 2*chunk - n + 1, 2*chunk + 1, 3*chunk - 1, size - n} {
				if at < 0 || at+n > size || len(want) > 0 && int64(at) < want[len(want)-1]+int64(n) {
					continue
				}
				copy(data[at:], m.text)
				want = append(want, int64(at))
			}
			sum, found, err := search(t.Context(), &filetree.File{Size: int64(size), ReaderAt: bytes.NewReader(data)})
			if expect := fmt.Sprintf("sha256:%x", sha256.Sum256(data)); err != nil || sum != expect || !slices.Equal(found[m], want) || len(found) != 2 {
				t.Errorf("%d bytes: %s %v, error %v; want %s %v", size, sum, found, err, expect, want)
			}
		}
	}
	if _, _, err := search(t.Context(), &filetree.File{Size: 10, ReaderAt: bytes.NewReader(nil)}); !errors.Is(err, io.EOF) {
		t.Errorf("cut: %v", err)
	}
}

// A file that was found in a walk tells the same as one that was opened, however
// many marks there are.
func TestSearchedAsOpened(t *testing.T) {
	path := gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOFIPS140=latest")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := slices.Clone(data)
	i := bytes.Index(edited, []byte("path\texample.com/prog\n"))
	copy(edited[i:], "path\texample.com/grop\n")
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"whole": data, "edited": edited,
		"decoys":        append(slices.Clone(data), bytes.Repeat([]byte(frameStart+fipsMagic), maxPlaces+5)...),
		"edited decoys": append(slices.Clone(edited), bytes.Repeat([]byte(frameStart+fipsMagic+strings.Repeat(" ", 7)), maxPlaces-3)...),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		want, second, err := opened.CompareBuildInfo()
		if err != nil || strings.HasPrefix(name, "edited") != (want == CopiesDiffer) {
			t.Errorf("%s: %s, error %v", name, want, err)
		}
		im, err := opened.Image()
		if err != nil {
			t.Fatal(err)
		}
		info, err := im.FIPSInfo()
		if err != nil || info.State != Intact {
			t.Errorf("%s: %+v, error %v", name, info, err)
		}
		if err := Walk(t.Context(), []string{path}, func(f *File) error {
			got, found, err := f.CompareBuildInfo()
			if diff := cmp.Diff(second, found, cmp.AllowUnexported(Build{})); err != nil || got != want || diff != "" {
				t.Errorf("%s, found in a walk: %s, error %v, want %s (-opened +found):\n%s", name, got, err, want, diff)
			}
			im, err := f.Image()
			if err != nil {
				return err
			}
			searched, err := im.FIPSInfo()
			if diff := cmp.Diff(info, searched); err != nil || diff != "" {
				t.Errorf("%s, found in a walk, error %v (-opened +found):\n%s", name, err, diff)
			}
			if (len(f.places) == 0) != (name == "decoys") {
				t.Errorf("%s: %v", name, f.places)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
