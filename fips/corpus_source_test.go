// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The witness tells the truth about itself: whether FIPS mode is on, which module
// it has by the name of the type that computes, and its default of GODEBUG.
const witnessMain = `package main

import (
	"crypto/sha256"
	"os"
	"reflect"
	"strconv"
)

var decoy = %q

func main() {
	h := sha256.New()
	h.Write([]byte(decoy))
	say("module", reflect.TypeOf(h).Elem().PkgPath())
	fips()
	more()
	say("godebug", godebug())
}

func say(key, value string) { os.Stdout.WriteString(key + "=" + strconv.Quote(value) + "\n") }
`

// The plain program has no cryptography.
const plainMain = `package main

import (
	"os"
	"strconv"
)

func main() { os.Stdout.WriteString("godebug=" + strconv.Quote(godebug()) + "\n") }
`

// files are those that every program has. Their build constraints let old
// toolchains compile them.
var files = map[string]string{
	"godebug.go": `//go:build go1.21

package main

import _ "unsafe"

//go:linkname godebugDefault runtime.godebugDefault
var godebugDefault string

func godebug() string { return godebugDefault }
`,
	"godebug_old.go": "//go:build !go1.21\n\npackage main\n\nfunc godebug() string { return \"\" }\n",
}

// witnessFiles are those of the witness.
var witnessFiles = map[string]string{
	"fips.go": `//go:build go1.24

package main

import (
	"crypto/fips140"
	"strconv"
)

func fips() {
	say("enabled", strconv.FormatBool(fips140.Enabled()))
	version()
}
`,
	"fips_old.go":    "//go:build !go1.24\n\npackage main\n\nfunc fips() { say(\"enabled\", \"false\") }\n",
	"version.go":     "//go:build go1.26\n\npackage main\n\nimport \"crypto/fips140\"\n\nfunc version() { say(\"version\", fips140.Version()) }\n",
	"version_old.go": "//go:build !go1.26\n\npackage main\n\nfunc version() {}\n",
}

// moreFiles are those of the variants of the witness.
var moreFiles = map[string]map[string]string{
	"": {"more.go": "package main\n\nfunc more() {}\n"},
	"cgo": {"more.go": "package main\n\n// static int two(void) { return 2; }\nimport \"C\"\n\n" +
		"func more() {\n\tif C.two() != 2 {\n\t\tpanic(1)\n\t}\n}\n"},
	"spare": {"more.go": "package main\n\nvar spare = [256]byte{255: 1}\n\n" +
		"func more() {\n\tif spare[200] == 77 {\n\t\tprintln(spare[len(decoy)])\n\t}\n}\n"},
	"folder alone": {"more.go": "package main\n\nimport \"crypto/internal/fips140/v1.0.0-c2097c7c/x\"\n\nfunc init() { x.F() }\n",
		"x/x.go": "package x\n\n//go:noinline\nfunc F() { println() }\n"},
	"folder": {"more.go": "package main\n\nimport \"crypto/internal/fips140/v1.0.0-c2097c7c/x\"\n\nfunc more() { x.F() }\n",
		"x/x.go": "package x\n\n//go:noinline\nfunc F() { println() }\n"},
	"changed": {"more.go": "package main\n\nfunc more() {}\n"},
}

// compile writes a program and builds it.
func compile(t *testing.T, dir string, w way) []byte {
	t.Helper()
	var debug strings.Builder
	for value := range strings.FieldsSeq(w.debug) {
		fmt.Fprintf(&debug, "//go:debug %s\n", value)
	}
	module := "example.com/prog"
	if strings.HasPrefix(w.source, "folder") {
		module = "crypto/internal/fips140/v1.0.0-c2097c7c"
	}
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module "+module+"\n\ngo "+w.setting("GO", "1.26")+"\n"+w.gomod)
	list := []map[string]string{files}
	if w.source == "plain" || w.source == "folder alone" {
		write("main.go", debug.String()+plainMain)
		list = append(list, moreFiles[w.source])
	} else {
		write("main.go", debug.String()+fmt.Sprintf(witnessMain, w.decoy))
		list = append(list, witnessFiles, moreFiles[w.source])
	}
	for _, m := range list {
		for name, text := range m {
			write(name, text)
		}
	}
	if w.source == "changed" {
		w.args = append(slices.Clone(w.args), changeModule(t, dir)...)
	}
	return runBuild(t, dir, w)
}

// runBuild builds as gobintest.Build does, but for the toolchain: another is
// downloaded as the user's configuration says.
func runBuild(t *testing.T, dir string, w way) []byte {
	t.Helper()
	out := filepath.Join(dir, "prog.out")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off", "GOOS=", "GOARCH=", "GO111MODULE=", "CGO_ENABLED=0")
	if w.setting("GOTOOLCHAIN", "") == "" {
		cmd.Env = append(cmd.Env, "GOENV=off", "GOPROXY=off", "GOTOOLCHAIN=local")
	}
	flags := false
	for _, a := range w.args {
		switch {
		case strings.HasPrefix(a, "GO="):
		case strings.Contains(a, "=") && !strings.HasPrefix(a, "-"):
			cmd.Env = append(cmd.Env, a)
		default:
			cmd.Args = append(cmd.Args, a)
			flags = flags || strings.HasPrefix(a, "-ldflags")
		}
	}
	if !flags {
		cmd.Args = append(cmd.Args, ld(""))
	}
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, msg)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	return data
}

// changeModule has the go command unpack the certified module's source into a cache
// of its own, and changes it there: nobody looks at it again.
func changeModule(t *testing.T, dir string) []string {
	t.Helper()
	cache := "GOMODCACHE=" + filepath.Join(dir, "modcache")
	cmd := exec.CommandContext(t.Context(), "go", "list", "-modcacherw", "-f", "{{.Dir}}", "crypto/internal/fips140/v1.0.0-c2097c7c/sha256")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOPROXY=off", "GOTOOLCHAIN=local", v1, cache)
	folder, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(strings.TrimSpace(string(folder)), "sha256.go")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(text, []byte("crypto/sha256: invalid hash state size"), []byte("changed"), 1)
	if bytes.Equal(text, changed) || !strings.HasPrefix(name, dir) {
		t.Fatalf("%s is another source", name)
	}
	if err := os.WriteFile(name, changed, 0o666); err != nil {
		t.Fatal(err)
	}
	return []string{cache, "-modcacherw"}
}

// universal is a file of two architectures.
func universal(t *testing.T, build func(way) []byte) []byte {
	var members [][]byte
	for _, arch := range []string{"amd64", "arm64"} {
		members = append(members, build(way{args: args(v1, "GOOS=darwin", "GOARCH="+arch)}))
	}
	return lipo(members...)
}

// programOfC is a program that holds what a Go program would.
func programOfC(t *testing.T, _ func(way) []byte) []byte {
	dir := t.TempDir()
	source, out := filepath.Join(dir, "x.c"), filepath.Join(dir, "x")
	if err := os.WriteFile(source, []byte("const char *s = \"GOFIPS140=v1.0.0-c2097c7c fips140=on\";\nint main(void) { return s[0] == 0; }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.CommandContext(t.Context(), "gcc", "-o", out, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func text(s string) func(*testing.T, func(way) []byte) []byte {
	return func(*testing.T, func(way) []byte) []byte { return []byte(s) }
}

// combinations are the options in all combinations: which of them matter is what a
// short list guesses.
func combinations() []way {
	out := []way{
		{name: "-asan", args: args(v1, cgo1, "-asan"), needs: "gcc", verdict: broken},
		{name: "-asan, off", args: args(off, cgo1, "-asan"), needs: "gcc", verdict: noModule},
		{name: "-race", args: args(v1, cgo1, "-race"), needs: "gcc", verdict: certified},
		{name: "-race, -X off, stripped", args: args(v1, cgo1, "-race", trim, ld("-s -w "+xOff)), needs: "gcc", verdict: disabled},
		{name: "-gcflags=all=-N -l", args: args(v1, "-gcflags=all=-N -l"), verdict: certified},
		{name: "-gcflags=all=-N -l, -X off, stripped", args: args(v1, "-gcflags=all=-N -l", trim, ld("-s -w "+xOff)), verdict: disabled},
		{name: "-cover", args: args(v1, "-cover"), verdict: certified},
		{name: "GOAMD64=v3, stripped", args: args(v1, "GOAMD64=v3", ld("-s -w")), verdict: certified},
	}
	for _, module := range []string{off, v1, v126, late, "GOFIPS140=inprocess", "GOFIPS140=certified"} {
		for _, mode := range []string{"", "fips140=off", "fips140=on", "fips140=only"} {
			for _, flag := range []string{"", "-s", "-w", "-s -w", "sstrip"} {
				for _, more := range [][]string{nil, {pie}, {trim}, {pie, trim}, {"GOARCH=386"}} {
					out = append(out, combination(module, mode, flag, more))
				}
			}
		}
	}
	return out
}

func combination(module, mode, flag string, more []string) way {
	w := way{name: strings.Join(append([]string{"combination", module, mode, flag}, more...), " "), args: args(append([]string{module}, more...)...), debug: mode}
	if flag == "sstrip" {
		w.change = sstrip
	} else {
		w.args = append(w.args, ld(flag))
	}
	switch enabled := mode == "fips140=on" || mode == "fips140=only" || mode == "" && module != off; {
	case !enabled && module == off, !enabled && module == late && flag == "sstrip" && slices.Contains(more, pie): // where nothing finds the build info
		w.verdict = noModule
	case !enabled:
		w.verdict = disabled
	case module == v1 || module == "GOFIPS140=certified":
		w.verdict = certified
	case module == v126 || module == "GOFIPS140=inprocess":
		w.verdict = inProcess
	default:
		w.verdict = uncertified
	}
	return w
}

// toolchains are programs that other releases of Go build. Those without the module
// are called none.
func toolchains(t *testing.T) []way {
	var out []way
	add := func(release, module string, w way) {
		language := strings.Join(strings.SplitN(strings.TrimPrefix(release, "go"), ".", 3)[:2], ".")
		w.name = strings.Join([]string{"toolchain", release, module, w.name}, " ")
		w.args = append([]string{"GOTOOLCHAIN=" + release, "GO=" + language, "GOFIPS140=" + module}, w.args...)
		out = append(out, w)
	}
	for _, release := range []string{"go1.18.10", "go1.20.14", "go1.21.13", "go1.22.12"} {
		add(release, "", way{name: "plain", args: args("-ldflags=-w"), verdict: noModule})
		add(release, "", way{name: "stripped", args: args("-ldflags=-s -w"), verdict: noModule})
	}
	add("go1.23.12", "", way{name: "plain", verdict: noModule})
	for _, release := range []string{"go1.24.13", "go1.25.10", "go1.27.0"} {
		for module, verdict := range map[string]string{"off": "no-module", "v1.0.0": "certified", "latest": "uncertified"} {
			v := way{verdict: certified}
			switch verdict {
			case "no-module":
				v.verdict = noModule
			case "uncertified":
				v.verdict = uncertified
			}
			for name, more := range map[string][]string{"plain": nil, "PIE": {pie}, "stripped": {ld("-s -w")}, "PIE, stripped": {pie, ld("-s -w")}} {
				w := v
				w.name, w.args = name, more
				add(release, module, w)
			}
		}
		add(release, "v1.0.0", way{name: "-X off, stripped", args: args(trim, ld("-s -w "+xOff)), verdict: disabled})
		add(release, "v1.0.0", way{name: "go:debug off", debug: "fips140=off", verdict: disabled})
		add(release, "v1.0.0", way{name: "flipped", change: flip("text", 500), verdict: broken})
		for _, platform := range []string{"linux/arm64", "linux/arm", "darwin/arm64", "windows/arm64"} {
			goos, goarch, _ := strings.Cut(platform, "/")
			add(release, "v1.0.0", way{name: platform, args: args("GOOS="+goos, "GOARCH="+goarch), verdict: certified})
			add(release, "v1.0.0", way{name: platform + ", stripped", args: args("GOOS="+goos, "GOARCH="+goarch, ld("-s -w")), verdict: certified})
		}
		add(release, "v1.0.0", way{name: "linux/arm64, PIE, stripped", args: args("GOARCH=arm64", pie, ld("-s -w")), norun: true, verdict: certified})
		add(release, "v1.0.0", way{name: "linux/arm64, go:debug off, stripped", args: args("GOARCH=arm64", ld("-s -w")), debug: "fips140=off", verdict: disabled})
	}
	for module, verdict := range map[string]way{"v1.26.0": {verdict: inProcess}, "inprocess": {verdict: inProcess}, "certified": {verdict: certified}} {
		verdict.name = "plain"
		add("go1.27.0", module, verdict)
	}
	return out
}
