// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/internal/machine"
	"github.com/google/go-cmp/cmp"
)

// inlineProgram has functions that stand on their own, that are inlined in one place,
// into each other and in every package, and that nothing calls.
var inlineProgram = map[string]string{
	"main.go": `package main

import "example.com/prog/lib"

func main() { println(lib.Outer(len(lib.Name)), lib.Large(3), lib.Generic(lib.Byte), (&lib.T{N: lib.Count}).Inlined()) }
`,
	"lib/lib.go": `package lib

var (
	Name       = "lib"
	Byte uint8 = 3
	Count      = 4
)

func Outer(n int) int { return inner(n) + 1 }

func inner(n int) int { return deepest(n) * 2 }

func deepest(n int) int { return n ^ 0x5a }

//go:noinline
func Large(n int) int { return n + 3 }

func Generic[N ~uint8](n N) N { return n*5 + 1 }

type T struct{ N int }

func (t *T) Inlined() int { return t.N * 3 }

func Unused(n int) int { return n + deepest(7) }
`,
}

// inlineModule writes inlineProgram for a release of the language.
func inlineModule(t *testing.T, language string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/prog\n\ngo "+language+"\n")
	if err := os.Mkdir(filepath.Join(dir, "lib"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range inlineProgram {
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

// code lists what a program has code of.
func code(t *testing.T, path string) []string {
	t.Helper()
	seen := map[string]bool{}
	if err := image(t, path).Code(func(pkg, name string) {
		if pkg != gobin.PackageOf(name) {
			t.Errorf("%s: of package %s", name, pkg)
		}
		seen[strings.Clone(name)] = true
	}); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(seen))
}

// checkCode looks for the functions of inlineProgram, and for none that is not in the
// table of names.
func checkCode(t *testing.T, path string) []string {
	t.Helper()
	got := code(t, path)
	lib := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !strings.HasPrefix(s, "example.com/prog/lib.") })
	for i, name := range lib {
		lib[i], _, _ = strings.Cut(strings.TrimPrefix(name, "example.com/prog/lib."), "[")
	}
	if want := []string{"(*T).Inlined", "Generic", "Large", "Outer", "deepest", "inner"}; !cmp.Equal(slices.Compact(lib), want) {
		t.Errorf("of the library: %q, want %q", lib, want)
	}
	named := map[string]bool{}
	if err := image(t, path).Functions(func(_, name string) { named[strings.Clone(name)] = true }); err != nil {
		t.Fatal(err)
	}
	for _, name := range got {
		if !named[name] {
			t.Errorf("%s is not in the table of names", name)
		}
	}
	return got
}

// What was inlined is found in every format and for every kind of processor, and
// stripping changes nothing.
func TestCode(t *testing.T) {
	dir := inlineModule(t, "1.26")
	for _, test := range builds {
		if strings.HasSuffix(test.name, "stripped") {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			plain := checkCode(t, gobintest.Build(t, dir, test.args...))
			stripped := gobintest.Build(t, dir, append(slices.Clone(test.args), "-ldflags=-s -w")...)
			if diff := cmp.Diff(plain, checkCode(t, stripped)); diff != "" {
				t.Errorf("stripping changes the functions:\n%s", diff)
			}
			if f := open(t, stripped); f.Format == gobin.ELF {
				if diff := cmp.Diff(plain, code(t, withoutSections(t, stripped, f.Arch != "386" && f.Arch != "arm"))); diff != "" {
					t.Errorf("removing the section headers changes the functions:\n%s", diff)
				}
			}
		})
	}
}

// The tables have changed with releases of Go.
func TestCodeToolchains(t *testing.T) {
	machine.Long(t, "builds with other toolchains")
	for _, release := range []string{"go1.18.10", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.13", "go1.25.10", "go1.27.0"} {
		t.Run(release, func(t *testing.T) {
			dir := inlineModule(t, strings.Join(strings.SplitN(strings.TrimPrefix(release, "go"), ".", 3)[:2], "."))
			build := func(flag string, platform ...string) string {
				out := filepath.Join(t.TempDir(), "prog")
				cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, flag)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), append(platform, "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=", "CGO_ENABLED=0", "GOTOOLCHAIN="+release)...)
				if msg, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, msg)
				}
				return out
			}
			plain := checkCode(t, build("-ldflags=-w"))
			if diff := cmp.Diff(plain, checkCode(t, build("-ldflags=-s -w"))); diff != "" {
				t.Errorf("stripping changes the functions:\n%s", diff)
			}
		})
	}
}
