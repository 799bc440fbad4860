// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
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
	"github.com/goassay/assay/internal/unprivileged"
)

// isExe takes the files of these tests that are to be found.
func isExe(head []byte) bool { return bytes.HasPrefix(head, []byte("EXE")) }

// kinds are the errors that callers tell apart.
var kinds = []error{filetree.ErrTooMany, filetree.ErrNotRegular, filetree.ErrTooLarge, filetree.ErrNested, filetree.ErrDigest,
	filetree.ErrEncrypted, filetree.ErrMalformed, fs.ErrNotExist, fs.ErrPermission}

// find returns what Walk reports: "path: content", or "path! kind of error",
// relative to dir, sorted.
func find(t testing.TB, dir string, roots ...string) []string {
	t.Helper()
	var mu sync.Mutex
	got := []string{}
	err := filetree.Walk(t.Context(), roots, isExe, func(f *filetree.File) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, describe(t, dir, f))
		return nil
	})
	if err != nil {
		t.Errorf("Walk: %v", err)
	}
	slices.Sort(got)
	return got
}

func describe(t testing.TB, dir string, f *filetree.File) string {
	t.Helper()
	name := strings.TrimPrefix(strings.TrimPrefix(f.Path, dir), "/")
	if !strings.HasPrefix(f.Path, f.Outer) {
		t.Errorf("%s: is not in %s", f.Path, f.Outer)
	}
	if f.Err != nil {
		for _, kind := range kinds {
			if errors.Is(f.Err, kind) {
				return name + "! " + kind.Error()
			}
		}
		return name + "! " + f.Err.Error()
	}
	data, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	if err != nil || int64(len(data)) != f.Size {
		t.Errorf("%s: read %d bytes of %d, error %v", name, len(data), f.Size, err)
	}
	return name + ": " + string(data)
}

// findIn returns what Walk reports of a file "a" with that content.
func findIn(t testing.TB, data []byte) []string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), data)
	return find(t, dir, filepath.Join(dir, "a"))
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"bin/app": "EXE app", "bin/README": "text", "bin/sub/tool": "EXE tool", "bin/empty": "", "outside/other": "EXE other"} {
		write(t, filepath.Join(dir, name), []byte(data))
	}
	bin := filepath.Join(dir, "bin")
	if runtime.GOOS != "windows" {
		for name, to := range map[string]string{"self": "self", "up": "..", "here": ".", "app-link": "app", "out": "../outside/other", "gone": "nowhere"} {
			if err := os.Symlink(to, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink("bin", filepath.Join(dir, "bin-link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(filepath.Join(bin, "app"), filepath.Join(bin, "zapp")); err != nil {
			t.Fatal(err)
		}
	}
	at := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, filepath.Join(dir, n))
		}
		return out
	}
	app, tool := "bin/app: EXE app", "bin/sub/tool: EXE tool"
	want(t, "directory", find(t, dir, at("bin")...), app, tool)
	want(t, "again", find(t, dir, at("bin", "bin", "bin/sub")...), app, tool)
	want(t, "inner first", find(t, dir, at("bin/sub", "bin")...), app, tool)
	want(t, "file of it", find(t, dir, at("bin", "bin/README", "bin/empty")...), app, tool, "bin/README: text", "bin/empty: ")
	want(t, "missing", find(t, dir, at("bin/missing")...), "bin/missing! file does not exist")
	if runtime.GOOS == "windows" {
		return
	}
	want(t, "links", find(t, dir, at("bin/app-link", "bin/zapp")...), "bin/app-link: EXE app")
	want(t, "link to a directory", find(t, dir, at("bin-link")...), "bin-link/app: EXE app", "bin-link/sub/tool: EXE tool")
	if got := find(t, dir, at("bin/self")...); len(got) != 1 || !strings.Contains(got[0], "too many") {
		t.Errorf("loop: %q", got)
	}
}

func TestNotRegular(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has neither named pipes nor sockets in directories")
	}
	dir := t.TempDir()
	fifo, socket := filepath.Join(dir, "fifo"), filepath.Join(dir, "s")
	if err := exec.Command("mkfifo", fifo).Run(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	want(t, "in a directory", find(t, dir, dir))
	for _, root := range []string{fifo, socket, os.DevNull} {
		got := find(t, dir, root)
		if len(got) != 1 || !strings.HasSuffix(got[0], "! not a regular file") {
			t.Errorf("%s: %q", root, got)
		}
	}
	for _, path := range []string{fifo, dir, filepath.Join(dir, "none")} {
		if f, _, err := filetree.Open(path); err == nil {
			f.Close()
			t.Errorf("%s is opened", path)
		}
	}
}

func TestUnreadable(t *testing.T) {
	dir := unprivileged.Dir(t)
	write(t, filepath.Join(dir, "file"), []byte("EXE"))
	write(t, filepath.Join(dir, "layout", "oci-layout"), nil)
	write(t, filepath.Join(dir, "layout", "index.json"), nil)
	if err := os.Chmod(filepath.Join(dir, "file"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "layout"), 0o444); err != nil { // can be listed alone
		t.Fatal(err)
	}
	unprivileged.RunAll(t, func() {
		want(t, "roots", find(t, dir, filepath.Join(dir, "sub"), filepath.Join(dir, "file")), "file! permission denied", "sub! permission denied")
		got := find(t, dir, dir)
		want(t, "all", slices.Compact(got), "file! permission denied", "sub! permission denied",
			"layout/index.json! permission denied", "layout/oci-layout! permission denied")
	})
}

func TestTooDeep(t *testing.T) {
	dir := t.TempDir()
	deep := dir + strings.Repeat("/d", filetree.MaxDepth+1)
	write(t, deep+"/app", []byte("EXE"))
	got := find(t, dir, dir)
	if len(got) != 1 || !strings.HasSuffix(got[0], "d! larger than the limit") {
		t.Errorf("%q", got)
	}
}

func TestWalkEnds(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		write(t, filepath.Join(dir, fmt.Sprint(i)), []byte("EXE"))
	}
	write(t, filepath.Join(dir, "a.tar.gz"), Gzip(Tar(Entry{Name: "x", Data: "EXE"})))
	failed := errors.New("enough")
	for _, roots := range [][]string{{dir}, {filepath.Join(dir, "none"), dir}, {filepath.Join(dir, "a.tar.gz"), dir}} {
		if err := filetree.Walk(t.Context(), roots, isExe, func(*filetree.File) error { return failed }); err != failed {
			t.Errorf("error of the function: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := filetree.Walk(ctx, []string{dir}, isExe, func(*filetree.File) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestArchives(t *testing.T) {
	exe := Entry{Name: "x", Data: "EXE"}
	nested := func(n int, outermost []byte) []byte {
		for range n {
			outermost = Tar(Entry{Name: "t", Data: string(outermost)})
		}
		return outermost
	}
	var longName bytes.Buffer
	tw := tar.NewWriter(&longName)
	tw.WriteHeader(&tar.Header{Name: strings.Repeat("n/", 3000) + "x", Size: 3, Mode: 0o755})
	tw.Write([]byte("EXE"))
	tw.Close()
	for _, test := range []struct {
		name string
		data []byte
		want []string
	}{
		{"no archive", []byte("text"), []string{"a: text"}},
		{"compressed text", Gzip([]byte("text")), []string{"a: " + string(Gzip([]byte("text")))}},
		{"compressed file", Gzip([]byte("EXE")), []string{"a!/a: EXE"}},
		{"compressed twice", Zstd(Gzip([]byte("EXE"))), []string{"a!/a!/a: EXE"}},
		{"empty tar", Tar(), []string{"a: " + string(Tar())}},
		{"empty zip", Zip(zip.Deflate), nil},
		{"zip in tar in gzip", Gzip(Tar(Entry{Name: "z.zip", Data: string(Zip(zip.Deflate, exe))})), []string{"a!/z.zip!/x: EXE"}},
		{"deb in zip", Zip(zip.Store, Entry{Name: "d.deb", Data: string(Deb(".gz", Gzip(Tar(exe))))}), []string{"a!/d.deb!/x: EXE"}},
		{"as deep as may be", nested(filetree.MaxNested-1, Tar(exe)), []string{"a" + strings.Repeat("!/t", filetree.MaxNested-1) + "!/x: EXE"}},
		{"too deep", nested(filetree.MaxNested, Tar(exe)), []string{"a" + strings.Repeat("!/t", filetree.MaxNested) + "! too many archives in each other"}},
		{"hostile names", Tar(Entry{Name: "../../etc/x", Data: "EXE 1"}, Entry{Name: "/abs\x1b[31m\n\u202ex", Data: "EXE 2"}, Entry{Name: "d/../\xff", Data: "EXE 3"}),
			[]string{"a!/etc/x: EXE 1", "a!/abs\ufffd[31m\ufffd\ufffdx: EXE 2", "a!/\ufffd: EXE 3"}},
		{"long name", longName.Bytes(), []string{"a!/" + strings.Repeat("n/", 2048) + ": EXE"}},
		{"hostile names in zip", Zip(zip.Deflate, Entry{Name: `..\..\x`, Data: "EXE 1"}, Entry{Name: "../x", Data: "EXE 2"}), []string{`a!/..\..\x: EXE 1`, "a!/x: EXE 2"}},
		{"links", Tar(Entry{Name: "l", Type: tar.TypeSymlink, Link: "/etc/passwd"}, exe, Entry{Name: "h", Type: tar.TypeLink, Link: "x"}, Entry{Name: "f", Type: tar.TypeFifo}), []string{"a!/x: EXE"}},
		{"types that are not known", Tar(Entry{Name: "x", Data: "EXE", Type: tar.TypeCont}), []string{"a!/x: EXE"}},
		{"twice the same name", Tar(exe, Entry{Name: "x", Data: "EXE 2"}), []string{"a!/x: EXE", "a!/x: EXE 2"}},
		{"program of the control archive", debWithControl(exe), []string{"a!control!/x: EXE"}},
		{"hidden behind an index", Tar(Entry{Name: "oci-layout"}, Entry{Name: "index.json", Data: `{"manifests":[]}`}, exe), []string{"a!/x: EXE"}},
		{"manifest.json of something else", Tar(Entry{Name: "manifest.json", Data: `[{"a":1}]`}, Entry{Name: "l.tar", Data: string(Tar(exe))}), []string{"a!/l.tar!/x: EXE"}},
	} {
		want(t, test.name, findIn(t, test.data), test.want...)
	}
}

func debWithControl(e Entry) []byte {
	deb := DebOf("Package: test\n", "", Tar(Entry{Name: "README", Data: "text"}))
	control := Gzip(Tar(Entry{Name: "./control", Data: "Package: test\n"}))
	at := bytes.Index(deb, control)
	tail := deb[at+len(control)+len(control)%2:]
	other := Tar(e)
	head := bytes.Replace(deb[:at], fmt.Appendf(nil, "%-10d`", len(control)), fmt.Appendf(nil, "%-10d`", len(other)), 1)
	return slices.Concat(head, other, tail)
}

// What is compressed is read again where it may be an image, and reported once.
func TestArchiveInCompressed(t *testing.T) {
	exe := Entry{Name: "x", Data: "EXE"}
	inner := Entry{Name: "i.tar", Data: string(Tar(exe))}
	want(t, "no image", findIn(t, Gzip(Tar(exe, inner, Entry{Name: "y", Data: "EXE y"}, inner))),
		"a!/x: EXE", "a!/i.tar!/x: EXE", "a!/y: EXE y", "a!/i.tar!/x: EXE")
	image := OldDockerSave(Image{Platform: "linux/amd64", Layers: [][]byte{Tar(Entry{Name: "app", Data: "EXE app"})}})
	entries := slices.Concat([]Entry{exe}, image, []Entry{{Name: "y", Data: "EXE y"}, inner})
	for _, data := range [][]byte{Tar(entries...), Gzip(Tar(entries...))} {
		want(t, "image with other files", findIn(t, data), "a!/x: EXE", "a!/app: EXE app", "a!/y: EXE y", "a!/i.tar!/x: EXE")
	}
}

// A file may be read until the function returns, and its memory is used again.
func TestMemoryIsGivenBack(t *testing.T) {
	machine.Long(t, "unpacks large files")
	dir := t.TempDir()
	big := "EXE" + strings.Repeat("0123456789abcdef", 5<<20>>4)
	var entries []Entry
	for i := range 8 {
		entries = append(entries, Entry{Name: fmt.Sprint(i), Data: big})
	}
	for i := range 4 {
		write(t, filepath.Join(dir, fmt.Sprint(i, ".tar.gz")), Gzip(Tar(entries...)))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	var mu sync.Mutex
	err := filetree.Walk(t.Context(), []string{dir}, isExe, func(f *filetree.File) error {
		mu.Lock()
		defer mu.Unlock()
		n++
		return nil
	})
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; err != nil || n != 32 || got > 100<<20 {
		t.Errorf("%d files, error %v, %d bytes allocated", n, err, got)
	}
}
