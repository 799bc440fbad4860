// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/internal/machine"
)

// library is the content of example.com/a, and of all modules that tests replace it by.
var library = map[string]string{
	"p/p.go": `package p

type T struct{ N int }

func F(n int) int { return n*3 + 1 }

func (t *T) M() int { return t.N * 5 }

func Safe(n int) int { return n ^ 7 }
`,
	"q/q.go": "package q\n\nfunc Q(n int) int { return n + 2 }\n",
}

// proxy is a directory that serves modules with the content of library.
func proxy(t testing.TB, modules ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, m := range modules {
		path, version, _ := strings.Cut(m, "@")
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		gomod := "module " + path + "\n\ngo 1.21\n"
		content := map[string]string{"go.mod": gomod}
		for name, text := range library {
			content[name] = text
		}
		for name, text := range content {
			w, err := z.Create(m + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			w.Write([]byte(text))
		}
		z.Close()
		for suffix, text := range map[string]string{".zip": b.String(), ".mod": gomod, ".info": `{"Version":"` + version + `"}`} {
			file := filepath.Join(dir, filepath.FromSlash(path), "@v", version+suffix)
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return "file://" + filepath.ToSlash(dir)
}

// goEnv is the environment in which the go command builds with a proxy alone.
func goEnv(t testing.TB, proxy string) []string {
	return append(os.Environ(), "GOFLAGS=-mod=mod -modcacherw", "GOWORK=off", "GOENV=off", "GOPROXY="+proxy, "GONOSUMDB=*", "GOSUMDB=off", "GOEXPERIMENT=", "GOFIPS140=off",
		"GOOS=", "GOARCH=", "GO111MODULE=", "GOTOOLCHAIN=local", "CGO_ENABLED=0", "GOMODCACHE="+filepath.Join(t.TempDir(), "mod"))
}

// program writes the source of a program that requires example.com/a.
func program(t testing.TB, body, gomod string) string {
	t.Helper()
	dir := t.TempDir()
	text := "package main\n\nimport (\n\t\"os\"\n\n\t\"example.com/a/p\"\n)\n\nvar n = len(os.Args)\n\n" + body + "\n"
	if !strings.Contains(body, "p.") {
		text = strings.Replace(text, `"example.com/a/p"`, `"example.com/a/q"`, 1)
	}
	for name, content := range map[string]string{"main.go": text, "go.mod": "module example.com/prog\n\ngo 1.26\n\nrequire example.com/a v1.1.0\n" + gomod} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// build builds a program; arguments with "=" that do not start with "-" are variables.
func build(t testing.TB, dir string, env []string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "prog")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", out)
	cmd.Dir, cmd.Env = dir, env
	for _, a := range args {
		if strings.Contains(a, "=") && !strings.HasPrefix(a, "-") {
			cmd.Env = append(cmd.Env, a)
		} else {
			cmd.Args = append(cmd.Args, a)
		}
	}
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	return out
}

// assess assesses an executable with the small database.
func assess(t testing.TB, path string) *vulns.Assessment {
	t.Helper()
	f, err := gobin.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := small(t).Binary(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestBinary tells what an executable has code of, whether it stands on its own or was
// inlined, in each format, and stripped or not.
func TestBinary(t *testing.T) {
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	for name, test := range map[string]struct {
		body    string
		reach   vulns.Reach
		symbols []vulns.Symbol
	}{
		"function": {"func main() { println(p.F(n)) }", vulns.Present, []vulns.Symbol{{Package: "example.com/a/p", Name: "F"}}},
		"method":   {"func main() { println((&p.T{N: n}).M()) }", vulns.Present, []vulns.Symbol{{Package: "example.com/a/p", Name: "T.M"}}},
		"both":     {"func main() { println(p.F(n), (&p.T{N: n}).M()) }", vulns.Present, []vulns.Symbol{{Package: "example.com/a/p", Name: "F"}, {Package: "example.com/a/p", Name: "T.M"}}},
		"package":  {"func main() { println(p.Safe(n)) }", vulns.Imported, nil},
		"module":   {"func main() { println(q.Q(n)) }", vulns.Required, nil},
	} {
		dir := program(t, test.body, "")
		for _, platform := range []string{"linux/amd64", "linux/386", "darwin/arm64", "windows/amd64"} {
			goos, goarch, _ := strings.Cut(platform, "/")
			if platform != "linux/amd64" && (name != "both" || testing.Short()) {
				continue
			}
			t.Run(name+"/"+platform, func(t *testing.T) {
				a := assess(t, build(t, dir, env, "GOOS="+goos, "GOARCH="+goarch, "-ldflags=-w"))
				stripped := assess(t, build(t, dir, env, "GOOS="+goos, "GOARCH="+goarch, "-ldflags=-s -w", "-trimpath"))
				if diff := cmp.Diff(a, stripped); diff != "" {
					t.Errorf("stripping changes:\n%s", diff)
				}
				i := slices.IndexFunc(a.Vulnerabilities, func(v vulns.Vulnerability) bool { return v.ID == "GO-2026-0001" })
				if i < 0 || a.Level != vulns.LevelSymbol || a.Platform != (vulns.Platform{OS: goos, Arch: goarch}) {
					t.Fatalf("%+v", a)
				}
				if v := a.Vulnerabilities[i]; v.Reach != test.reach || !cmp.Equal(v.Symbols, test.symbols) {
					t.Errorf("%s %v, want %s %v", v.Reach, v.Symbols, test.reach, test.symbols)
				}
				// The other entry names no package: all of the module are vulnerable.
				i = slices.IndexFunc(a.Vulnerabilities, func(v vulns.Vulnerability) bool { return v.ID == "GO-2026-0002" })
				if i < 0 || a.Vulnerabilities[i].Reach != vulns.Present || len(a.Vulnerabilities[i].Packages) != 1 {
					t.Errorf("%+v", a.Vulnerabilities)
				}
				for _, n := range a.NotAssessed {
					t.Errorf("not assessed: %+v", n)
				}
			})
		}
	}
}

// TestBinaryReplaced assesses what was linked in the place of a module.
func TestBinaryReplaced(t *testing.T) {
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0", "example.com/a@v1.2.3", "example.com/fork@v1.0.0", "example.com/b@v0.1.0"))
	body := "func main() { println(p.F(n)) }"
	folder := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/a\n", "p/p.go": library["p/p.go"]} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		gomod   string
		want    []string
		reasons []vulns.Reason
	}{
		"fix":    {"replace example.com/a => example.com/a v1.2.3\n", []string{"GO-2026-0002 present"}, nil},
		"fork":   {"replace example.com/a => example.com/fork v1.0.0\n", nil, []vulns.Reason{vulns.OtherSource}},
		"other":  {"replace example.com/a => example.com/b v0.1.0\n", []string{"GO-2026-0002 present"}, []vulns.Reason{vulns.OtherSource}},
		"folder": {"replace example.com/a => " + filepath.ToSlash(folder) + "\n", nil, []vulns.Reason{vulns.LocalSource}},
	} {
		a := assess(t, build(t, program(t, body, test.gomod), env))
		var got []string
		for _, v := range a.Vulnerabilities {
			if v.Module != vulns.Stdlib {
				got = append(got, v.ID+" "+string(v.Reach))
			}
		}
		var reasons []vulns.Reason
		for _, n := range a.NotAssessed {
			reasons = append(reasons, n.Reason)
		}
		if !cmp.Equal(got, test.want) || !cmp.Equal(reasons, test.reasons) {
			t.Errorf("%s: %q %q", name, got, reasons)
		}
	}
}

// TestBinaryWithoutModules assesses executables that do not say what they are made of.
func TestBinaryWithoutModules(t *testing.T) {
	env := goEnv(t, proxy(t, "example.com/a@v1.1.0"))
	path := build(t, program(t, "func main() { println(p.F(n)) }", ""), env, "-ldflags=-s -w")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := func(change func(string) string) *vulns.Assessment {
		const start, end = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6", "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
		out := bytes.Clone(raw)
		for at := 0; ; {
			i := bytes.Index(out[at:], []byte(start))
			if i < 0 {
				break
			}
			text := out[at+i+len(start):]
			text = text[:bytes.Index(text, []byte(end))]
			copy(text, change(string(text)))
			at += i + 1
		}
		return assess(t, fileOf(t, out))
	}
	summary := func(a *vulns.Assessment) (out []string) {
		for _, v := range a.Vulnerabilities {
			out = append(out, v.ID+" "+string(v.Reach))
		}
		for _, n := range a.NotAssessed {
			out = append(out, n.Module+" "+string(n.Reason)+" "+strings.Join(n.IDs, ",")+" "+strings.Join(n.Packages, ","))
		}
		return out
	}
	// A line of a dependency made one of another module: its package shows.
	hidden := lines(func(text string) string {
		return strings.Replace(text, "dep\texample.com/a\t", "dep\texample.com/x\t", 1)
	})
	if want := []string{"example.com/a no-modules GO-2026-0001,GO-2026-0002 example.com/a/p"}; !cmp.Equal(summary(hidden), want) {
		t.Errorf("hidden: %q", summary(hidden))
	}
	// A file with a header and build info, and no code.
	empty := assess(t, fileOf(t, gobintest.Forge("go1.26.3", "path\texample.com/prog", "mod\texample.com/prog\tv1.0.0\t", "dep\texample.com/a\tv1.1.0\th1:x")))
	want := []string{"GO-2026-0001 required", "GO-2026-0002 required", "GO-2026-0003 required", " no-symbols  "}
	if !cmp.Equal(summary(empty), want) || empty.Level != vulns.LevelModule {
		t.Errorf("without code: %q", summary(empty))
	}
	// One without modules.
	bare := assess(t, fileOf(t, gobintest.Forge("go1.26.3")))
	if want := []string{"GO-2026-0003 required", " no-modules  ", " no-symbols  "}; !cmp.Equal(summary(bare), want) {
		t.Errorf("without modules: %q", summary(bare))
	}
}

// TestCgo: what C brings into a function table is no module that nobody knows.
func TestCgo(t *testing.T) {
	machine.Long(t, "builds the standard library with the race detector")
	machine.Need(t, "gcc")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.com/m\n\ngo 1.24\n",
		"main.go": "package main\n\nimport (\n\t\"net\"\n\t\"regexp\"\n)\n\nfunc main() { println(net.ParseIP(\"::1\"), regexp.MustCompile(\"a*\")) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, flag := range []string{"-race=false", "-race"} {
		file := filepath.Join(dir, "prog"+flag)
		cmd := exec.Command("go", "build", "-buildvcs=false", flag, "-o", file)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if a := assess(t, file); len(a.NotAssessed) > 0 {
			t.Errorf("%s: %+v", flag, a.NotAssessed)
		}
	}
}
