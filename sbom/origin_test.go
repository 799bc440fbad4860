// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/goassay/assay/internal/machine"
)

var originModule = module.Version{Path: "example.com/Deep/two", Version: "v1.0.0"}

// originCache is a module cache with one zip file.
func originCache(t *testing.T, data []byte) (o *Origins, file string) {
	t.Helper()
	o = &Origins{ModCache: t.TempDir(), Store: filepath.Join(t.TempDir(), "store")}
	file = filepath.Join(o.ModCache, "cache", "download", "example.com", "!deep", "two", "@v", "v1.0.0.zip")
	writeFile(t, file, string(data))
	return o, file
}

func publishedZip(t *testing.T) []byte {
	t.Helper()
	proxy := t.TempDir()
	publish(t, proxy, originModule.String(), published[originModule.String()])
	data, err := os.ReadFile(filepath.Join(proxy, "example.com", "!deep", "two", "@v", "v1.0.0.zip"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readOrigin(t *testing.T, o *Origins) (*Origin, error) {
	t.Helper()
	origins, errs := o.Read(t.Context(), []module.Version{originModule})
	return origins[0], errs[0]
}

// The hashes are those that other programs compute.
func TestOriginHashes(t *testing.T) {
	o, file := originCache(t, publishedZip(t))
	or, err := readOrigin(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if h1, err := dirhash.HashZip(file, dirhash.Hash1); err != nil || or.H1 != h1 {
		t.Errorf("%s, want %s %v", or.H1, h1, err)
	}
	if info, err := os.Stat(file); err != nil || or.Size != info.Size() {
		t.Errorf("%d bytes, %v", or.Size, err)
	}
	for program, have := range map[string]string{"sha256sum": or.SHA256, "sha512sum": or.SHA512} {
		if !machineHas(t, program) {
			continue
		}
		out, err := exec.CommandContext(t.Context(), program, file).Output()
		if err != nil || strings.Fields(string(out))[0] != have {
			t.Errorf("%s: %s, have %s %v", program, out, have, err)
		}
	}
}

func machineHas(t *testing.T, program string) bool {
	t.Helper()
	has, err := machine.Has(program)
	if err != nil {
		t.Fatal(err)
	}
	return has
}

// The store answers for a zip file with the same hash and for no other, and
// what was done to it is not believed.
func TestOriginStore(t *testing.T) {
	o, file := originCache(t, publishedZip(t))
	first, err := readOrigin(t, o)
	if err != nil {
		t.Fatal(err)
	}
	entry := o.storeName(first.SHA256)
	kept, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	marked := strings.Replace(string(kept), first.H1, "h1:kept", 1) // shows that the contents are not read again
	writeFile(t, entry, marked)
	if again, err := readOrigin(t, o); err != nil || again.H1 != "h1:kept" {
		t.Errorf("read again: %+v %v", again, err)
	}
	for name, bad := range map[string]string{
		"cut":             string(kept[:len(kept)/2]),
		"empty":           "",
		"of another file": strings.Replace(string(kept), first.SHA256, strings.Repeat("0", 64), 1),
		"no SHA-512":      strings.Replace(string(kept), first.SHA512, "", 1),
		"no h1":           strings.Replace(string(kept), first.H1, "", 1),
		"too long":        string(kept) + strings.Repeat(" ", maxStored),
		"null":            "null",
	} {
		writeFile(t, entry, bad)
		if or, err := readOrigin(t, o); err != nil || or.H1 != first.H1 || or.SHA512 != first.SHA512 {
			t.Errorf("%s: %+v %v", name, or, err)
		}
	}
	writeFile(t, entry, marked)
	writeFile(t, file, string(publishedZip(t))+" ") // another file, which is none
	if or, err := readOrigin(t, o); err == nil && or.H1 == "h1:kept" {
		t.Error("the store answers for another file")
	}
	writeFile(t, file, string(publishedZip(t)))
	o.Store = file // a folder cannot be there
	if or, err := readOrigin(t, o); err != nil || or.H1 != first.H1 {
		t.Errorf("without a store: %+v %v", or, err)
	}
	o.Store = ""
	if or, err := readOrigin(t, o); err != nil || or.H1 != first.H1 {
		t.Errorf("without a store: %+v %v", or, err)
	}
}

func zipOf(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb claims in its directory another size for its file than it has.
func bomb(t *testing.T, size uint32) []byte {
	data := zipOf(t, originModule.String()+"/x.go")
	i := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[i+24:], size)
	return data
}

// Zip files that are none, or that would cost more than one can.
func TestOriginHostile(t *testing.T) {
	prefix := originModule.String() + "/"
	for name, data := range map[string][]byte{
		"empty":            nil,
		"no zip":           []byte("hello"),
		"two of one name":  zipOf(t, prefix+"a.go", prefix+"a.go"),
		"said to be large": bomb(t, 600<<20),
		"larger than said": bomb(t, 10),
		"newline":          zipOf(t, prefix+"a\n.go"),
		"cut":              publishedZip(t)[:100],
	} {
		o, _ := originCache(t, data)
		if or, err := readOrigin(t, o); err == nil {
			t.Errorf("%s: %+v", name, or)
		}
		if entries, _ := filepath.Glob(filepath.Join(o.Store, "*", "*", "*")); entries != nil {
			t.Errorf("%s: kept: %v", name, entries)
		}
	}
	for _, m := range []module.Version{{Path: "example.com/!x", Version: "v1.0.0"}, {Path: "../x", Version: "v1.0.0"}, {Path: "example.com/x", Version: "../../v1"}} {
		o, _ := originCache(t, nil)
		if _, errs := o.Read(t.Context(), []module.Version{m}); errs[0] == nil {
			t.Errorf("%v is read", m)
		}
	}
}

func TestOriginMissing(t *testing.T) {
	o, file := originCache(t, nil)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := readOrigin(t, o); !errors.Is(err, ErrNoZip) || !strings.Contains(err.Error(), originModule.String()) {
		t.Errorf("%v", err)
	}
	if _, err := readOrigin(t, new(Origins)); !errors.Is(err, ErrNoZip) {
		t.Errorf("no module cache: %v", err)
	}
	if err := os.Mkdir(file, 0o777); err != nil {
		t.Fatal(err)
	}
	if or, err := readOrigin(t, o); err == nil {
		t.Errorf("a folder: %+v", or)
	}
	want := publishedZip(t)
	served := 0
	o.Download = func(_ context.Context, m module.Version, w io.Writer) error {
		served++
		_, err := w.Write(want)
		return err
	}
	if or, err := readOrigin(t, o); err != nil || or.Size != int64(len(want)) || served != 1 {
		t.Errorf("downloaded: %+v %v", or, err)
	}
	failed := errors.New("no")
	o.Download = func(context.Context, module.Version, io.Writer) error { return failed }
	if _, err := readOrigin(t, o); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "assay-*.zip")); len(left) > 0 {
		t.Logf("left by somebody: %v", left)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, errs := o.Read(ctx, []module.Version{originModule}); !errors.Is(errs[0], context.Canceled) {
		t.Errorf("%v", errs[0])
	}
}

// A named pipe in the place of a zip file does not make anybody wait.
func TestOriginPipe(t *testing.T) {
	machine.Need(t, "mkfifo")
	o, file := originCache(t, nil)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mkfifo", file).CombinedOutput(); err != nil {
		machine.Lacks(t, "named pipes", fmt.Errorf("%w: %s", err, out))
	}
	done := make(chan error, 1)
	go func() {
		_, errs := o.Read(t.Context(), []module.Version{originModule})
		done <- errs[0]
	}()
	select {
	case err := <-done:
		if !errors.Is(err, ErrNoZip) {
			t.Errorf("%v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("waits for a pipe")
	}
}

// What is kept can be read back whole.
func FuzzStored(f *testing.F) {
	data, err := json.Marshal(&Origin{SHA256: strings.Repeat("0", 64), SHA512: strings.Repeat("0", 128), H1: "h1:x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := &Origins{Store: t.TempDir()}
		sum := strings.Repeat("0", 64)
		writeFile(t, o.storeName(sum), string(data))
		if or := o.stored(sum); or != nil && (or.SHA256 != sum || or.H1 == "" || len(or.SHA512) != 128) {
			t.Errorf("%+v", or)
		}
	})
}
