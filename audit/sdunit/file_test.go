// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sdunit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goassay/assay/internal/machine"
)

// tree makes files, name and content, and symbolic links, which lead to what
// stands behind "-> ".
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if len(text) > 3 && text[:3] == "-> " {
			if err := os.Symlink(text[3:], name); err != nil {
				machine.WindowsLacks(t, "symbolic links", err)
			}
		} else if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadFile(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.service": "[Service]\nUser=one\n", "a.service.d/10.conf": "[Service]\nUser=two\n", "a.service.d/20.conf": "-> " + os.DevNull,
		"b.service": "-> a.service", "masked.service": "-> " + os.DevNull, "none.service": "-> nowhere", "dir.service/x": "", "bad.service": "[Service\n",
		"c.service": "[Service]\nUser=three\n", "c.service.d/10.conf": "[Service\n",
	})
	for name, want := range map[string][]string{
		"a.service": {"a.service", "a.service.d/10.conf"},
		"b.service": {"b.service"}, // the drop-ins of its own name
	} {
		if u, err := ReadFile(filepath.Join(dir, name)); err != nil || !slices.Equal(u.Files, want) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	for name, want := range map[string]error{
		"masked.service": ErrMasked, "none.service": fs.ErrNotExist, "gone.service": fs.ErrNotExist, "dir.service": ErrNotRegular, "bad.service": ErrSyntax, "c.service": ErrSyntax,
	} {
		if u, err := ReadFile(filepath.Join(dir, name)); u != nil || !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	t.Chdir(dir)
	if u, err := ReadFile("a.service"); err != nil || !Is(u.User, "two") {
		t.Errorf("in the working directory: %+v, %v", u, err)
	}
}

func TestFindBelow(t *testing.T) {
	dir := tree(t, map[string]string{
		"root/usr/bin/app": "x", "root/bin/app": "x", "root/sbin/other": "x", "root/usr/bin/dir/x": "", "root/usr/sbin/in": "-> ../bin/app",
		"outside/app": "x", "root/usr/bin/out": "-> ../../../outside/app", "root/usr/bin/up": "-> ../../..", "root/usr/bin/loop": "-> loop", "root/usr/bin/gone": "-> nowhere",
	})
	var other = errors.New("another error")
	for path, want := range map[string]struct {
		place string
		err   error
	}{
		"/usr/bin/app":                 {"usr/bin/app", nil},
		"//usr//bin/./x/../app":        {"usr/bin/app", nil},
		"/../../usr/bin/app":           {"usr/bin/app", nil},
		"app":                          {"usr/bin/app", nil}, // before /bin
		"other":                        {"sbin/other", nil},
		"in":                           {"usr/sbin/in", nil},
		"/usr/bin/none":                {"", ErrMissing},
		"none":                         {"", ErrMissing},
		"/usr/bin/gone":                {"", ErrMissing},
		"/usr/bin/dir":                 {"", ErrNotRegular},
		"dir":                          {"", ErrNotRegular},
		"/":                            {"", other},
		"/usr/bin/out":                 {"", other},
		"/usr/bin/up/outside/app":      {"", other},
		"/usr/bin/loop":                {"", other},
		"/usr/bin/app/x":               {"", other},
		filepath.ToSlash(dir) + "/app": {"", ErrMissing},
	} {
		got, err := Program{Path: path}.FindBelow(filepath.Join(dir, "root"))
		if want.place != "" {
			want.place = filepath.Join(dir, "root", filepath.FromSlash(want.place))
		}
		kind := err
		if err != nil && !errors.Is(err, ErrMissing) && !errors.Is(err, ErrNotRegular) {
			kind = other
		}
		if got != want.place || !errors.Is(kind, want.err) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	// Of what is below a directory that is not there nothing can be told.
	if _, err := (Program{Path: "/usr/bin/app"}).FindBelow(filepath.Join(dir, "none")); err == nil || errors.Is(err, ErrMissing) {
		t.Error(err)
	}
}
