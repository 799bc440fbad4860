// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit/gocmd"
)

// published are the modules of the tests' proxy: path@version, the go line and
// what else is in the go.mod file. Each has a package at its root.
var published = map[string]string{
	"example.com/lib@v1.1.0":    "go 1.21\nrequire example.com/dep v1.0.0",
	"example.com/lib@v1.9.0":    "go 1.21\nrequire example.com/dep v1.2.0",
	"example.com/lib@v1.10.0":   "go 1.25.3\nretract v1.9.5 // leaks", // the newest: its retractions count
	"example.com/lib@v1.9.5":    "go 1.21",
	"example.com/lib@v1.9.9":    "go 1.99\nrequire example.com/dep v1.2.0",
	"example.com/dep@v1.0.0":    "go 1.21",
	"example.com/dep@v1.2.0":    "go 1.21\nrequire example.com/new v1.0.0",
	"example.com/dep@v1.3.0":    "go 1.21",
	"example.com/new@v1.0.0":    "go 1.21",
	"example.com/user@v1.0.0":   "go 1.21\nrequire example.com/lib v1.1.0",
	"example.com/user@v1.1.0":   "go 1.21\nrequire example.com/lib v1.9.5",
	"example.com/round@v1.0.0":  "go 1.21",
	"example.com/round@v1.1.0":  "go 1.16\nrequire example.com/trip v1.0.0",
	"example.com/round@v1.1.1":  "go 1.16\nrequire example.com/trip v1.0.0",
	"example.com/trip@v1.0.0":   "go 1.21\nrequire example.com/round v1.1.1",
	"example.com/fork@v1.1.0":   "go 1.21",
	"example.com/fork@v1.2.0":   "go 1.21",
	"example.com/other@v1.0.0":  "go 1.21",
	"example.com/other@v1.1.0":  "go 1.21",
	"example.com/old@v1.0.0":    "go 1.16\nrequire example.com/deep v1.0.0",
	"example.com/old@v1.1.0":    "go 1.16\nrequire example.com/deep v1.1.0",
	"example.com/deep@v1.0.0":   "go 1.21",
	"example.com/deep@v1.1.0":   "go 1.21\nrequire example.com/new v1.0.0",
	"example.com/wide@v1.0.0":   "go 1.21\nrequire example.com/deep v1.0.0",
	"example.com/wide@v1.1.0":   "go 1.21\nrequire example.com/deep v1.1.0",
	"example.com/liar@v1.0.0":   "go 1.21",
	"example.com/denied@v1.0.0": "go 1.21",
	"example.com/fails@v1.0.0":  "go 1.21",
}

// proxy serves the published modules, and notes of which it was asked the zip file.
type proxy struct {
	mu   sync.Mutex
	zips []string
	url  string
}

func newProxy(t *testing.T) *proxy {
	p := &proxy{}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mod, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/@v/")
	version := strings.TrimSuffix(file, path.Ext(file))
	text, ok := published[mod+"@"+version]
	text = fmt.Sprintf("module %s\n\n%s\n", mod, text)
	switch {
	case file == "list":
		for m := range published {
			if p, v, _ := strings.Cut(m, "@"); p == mod {
				fmt.Fprintln(w, v)
			}
		}
	case mod == "example.com/denied" && version == "v1.1.0":
		http.Error(w, "not approved", http.StatusForbidden)
	case mod == "example.com/fails" && version == "v1.1.0":
		http.Error(w, "broken", http.StatusInternalServerError)
	case mod == "example.com/liar" && version == "v1.1.0" && path.Ext(file) == ".mod":
		io.WriteString(w, "module example.com/truth\n")
	case mod == "example.com/liar" && version == "v1.1.0":
		fmt.Fprintf(w, `{"Version":%q}`, version)
	case !ok:
		http.NotFound(w, r)
	case path.Ext(file) == ".info":
		fmt.Fprintf(w, `{"Version":%q,"Time":"2024-01-01T00:00:00Z"}`, version)
	case path.Ext(file) == ".mod":
		io.WriteString(w, text)
	default:
		p.mu.Lock()
		p.zips = append(p.zips, mod+"@"+version)
		p.mu.Unlock()
		z := zip.NewWriter(w)
		for name, content := range map[string]string{"go.mod": text, "x.go": "package " + path.Base(mod) + "\n"} {
			f, err := z.Create(mod + "@" + version + "/" + name)
			if err != nil {
				panic(err)
			}
			io.WriteString(f, content)
		}
		z.Close()
	}
}

// downloaded lists the modules whose zip files were asked for.
func (p *proxy) downloaded() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.zips, " ")
}

// environ is an environment in which the go command reaches the proxy alone.
func (p *proxy) environ(t *testing.T, settings ...string) []string {
	return environ(t, append([]string{"GOPROXY=" + p.url, "GOSUMDB=off", "GOFLAGS=-modcacherw", "GONOPROXY=none", "GOVCS=*:off"}, settings...)...)
}

const head = "-- go.mod --\nmodule example.com/main\n\ngo 1.24\n\n"

func wanted(list string) []module.Version {
	var out []module.Version
	for w := range strings.FieldsSeq(list) {
		p, v, _ := strings.Cut(w, "@")
		out = append(out, module.Version{Path: p, Version: v})
	}
	return out
}

// tell writes a change in one line.
func tell(c *Change) string {
	var out []string
	for _, a := range c.Answers {
		s := a.Want.Path + "@" + a.Selected
		if a.Replace != nil {
			s += fmt.Sprintf(" (line %d)", a.Replace.Line)
		}
		if a.Retracted != nil {
			s += fmt.Sprint(" retracted ", a.Retracted)
		}
		out = append(out, s)
	}
	for _, m := range c.Moves {
		out = append(out, strings.TrimPrefix(m.Path, "example.com/")+" "+m.From+"->"+m.To+map[bool]string{true: " replaced"}[m.Replaced])
	}
	if c.Go != (Move{}) {
		out = append(out, "go "+c.Go.From+"->"+c.Go.To)
	}
	return strings.Join(out, ", ")
}

var trials = []struct {
	name, files, want string
	env               string
	says              string // what changes
	refused           Refusal
	fails             string // what the go command says
	getFails          string // what `go get` of the wanted versions says, where later ones are selected
}{
	{name: "plain", files: head + "require example.com/other v1.0.0\n", want: "example.com/other@v1.1.0", says: "example.com/other@v1.1.0, other v1.0.0->v1.1.0"},
	{name: "moves others", files: head + "require example.com/lib v1.1.0\n\nrequire example.com/dep v1.0.0 // indirect\n", want: "example.com/lib@v1.9.0",
		says: "example.com/lib@v1.9.0, dep v1.0.0->v1.2.0, lib v1.1.0->v1.9.0, new ->v1.0.0"},
	{name: "an indirect one", files: head + "require example.com/lib v1.1.0\n\nrequire example.com/dep v1.0.0 // indirect\n", want: "example.com/dep@v1.3.0",
		says: "example.com/dep@v1.3.0, dep v1.0.0->v1.3.0"},
	{name: "one that go.mod does not have", files: head + "require example.com/lib v1.1.0\n", want: "example.com/dep@v1.2.0",
		says: "example.com/dep@v1.2.0, dep v1.0.0->v1.2.0, new ->v1.0.0"},
	{name: "one that leaves", files: head + "require example.com/lib v1.9.0\n", want: "example.com/lib@v1.9.5", // and is retracted
		says: "example.com/lib@v1.9.5 retracted [leaks], dep v1.2.0->, lib v1.9.0->v1.9.5"},
	{name: "two", files: head + "require example.com/lib v1.1.0\n\nrequire example.com/other v1.0.0\n", want: "example.com/lib@v1.9.0 example.com/other@v1.1.0",
		says: "example.com/lib@v1.9.0, example.com/other@v1.1.0, dep v1.0.0->v1.2.0, lib v1.1.0->v1.9.0, other v1.0.0->v1.1.0"},
	{name: "raised by another", files: head + "require example.com/lib v1.1.0\n\nrequire example.com/user v1.0.0\n", want: "example.com/lib@v1.9.0 example.com/user@v1.1.0",
		says:     "example.com/lib@v1.9.5 retracted [leaks], example.com/user@v1.1.0, dep v1.0.0->, lib v1.1.0->v1.9.5, user v1.0.0->v1.1.0",
		getFails: "requires example.com/lib@v1.9.5, not example.com/lib@v1.9.0"},
	{name: "raised by itself", files: head + "require example.com/round v1.0.0\n", want: "example.com/round@v1.1.0",
		says: "example.com/round@v1.1.1, round v1.0.0->v1.1.1, trip ->v1.0.0", getFails: "requires example.com/round@v1.1.1, not example.com/round@v1.1.0"},
	{name: "pruned", files: head + "require example.com/wide v1.0.0\n\nrequire example.com/deep v1.0.0 // indirect\n", want: "example.com/wide@v1.1.0",
		says: "example.com/wide@v1.1.0, deep v1.0.0->v1.1.0, new ->v1.0.0, wide v1.0.0->v1.1.0"},
	{name: "not pruned", files: head + "require example.com/old v1.0.0\n", want: "example.com/old@v1.1.0",
		says: "example.com/old@v1.1.0, deep v1.0.0->v1.1.0, new ->v1.0.0, old v1.0.0->v1.1.0"},
	{name: "of an old module", files: "-- go.mod --\nmodule example.com/main\n\ngo 1.16\n\nrequire example.com/wide v1.0.0\n", want: "example.com/wide@v1.1.0",
		says: "example.com/wide@v1.1.0, deep v1.0.0->v1.1.0, new ->v1.0.0, wide v1.0.0->v1.1.0, go 1.16->1.21"},
	{name: "go line", files: "-- go.mod --\nmodule example.com/main\n\ngo 1.24\n\ntoolchain go1.24.1\n\ntool example.com/other\n\nexclude example.com/dep v1.1.0\n\nrequire example.com/lib v1.1.0\n\nrequire example.com/other v1.0.0\n",
		want: "example.com/lib@v1.10.0", says: "example.com/lib@v1.10.0, dep v1.0.0->, lib v1.1.0->v1.10.0, go 1.24->1.25.3"},
	{name: "newer go", files: head + "require example.com/lib v1.1.0\n", want: "example.com/lib@v1.9.9", refused: NewerGo, fails: "requires go >= 1.99"},
	{name: "missing", files: head + "require example.com/lib v1.1.0\n", want: "example.com/lib@v1.9.1", refused: Unavailable, fails: "404 Not Found"},
	{name: "denied", files: head + "require example.com/denied v1.0.0\n", want: "example.com/denied@v1.1.0", refused: Unavailable, fails: "403 Forbidden"},
	{name: "another's go.mod", files: head + "require example.com/liar v1.0.0\n", want: "example.com/liar@v1.1.0", refused: Unavailable, fails: "but was required as"},
	{name: "proxy fails", files: head + "require example.com/fails v1.0.0\n", want: "example.com/fails@v1.1.0", refused: NotAnswered, fails: "500 Internal Server Error"},
	{name: "excluded", files: head + "require example.com/lib v1.1.0\n\nexclude example.com/lib v1.9.0\n", want: "example.com/lib@v1.9.0", refused: Excluded, fails: "excluded"},
	{name: "vendored", files: head + "require example.com/lib v1.1.0\n-- vendor/modules.txt --\n# example.com/lib v1.1.0\n## explicit; go 1.21\nexample.com/lib\n-- vendor/example.com/lib/x.go --\npackage lib\n",
		want: "example.com/lib@v1.9.0", env: "GOFLAGS=-mod=vendor", says: "example.com/lib@v1.9.0, dep v1.0.0->v1.2.0, lib v1.1.0->v1.9.0"},
	{name: "folder beside it", files: head + "require example.com/lib v1.1.0\n\nrequire example.com/near v0.0.0\n\nreplace example.com/near => ./near\n-- near/go.mod --\nmodule example.com/near\n\ngo 1.21\n\nrequire example.com/deep v1.0.0\n-- near/x.go --\npackage near\n",
		want: "example.com/lib@v1.9.5", says: "example.com/lib@v1.9.5 retracted [leaks], dep v1.0.0->, lib v1.1.0->v1.9.5"},
	{name: "workspace", files: head + "require example.com/lib v1.1.0\n-- go.work --\ngo 1.24\n\nuse (\n\t.\n\t./b\n)\n-- b/go.mod --\nmodule example.com/b\n\ngo 1.24\n\nrequire example.com/lib v1.9.5\n",
		want: "example.com/lib@v1.9.0", says: "example.com/lib@v1.9.0, dep v1.0.0->v1.2.0, lib v1.1.0->v1.9.0"},
	{name: "replaced by a folder", files: head + "require example.com/lib v1.1.0\n\nreplace example.com/lib => ./lib\n-- lib/go.mod --\nmodule example.com/lib\n-- lib/x.go --\npackage lib\n",
		want: "example.com/lib@v1.9.0", says: "example.com/lib@v1.9.0 (line 7), lib v1.1.0->v1.9.0 replaced"},
	{name: "replaced by a fork", files: head + "require example.com/lib v1.1.0\n\nreplace example.com/lib => example.com/fork v1.1.0\n", want: "example.com/fork@v1.2.0",
		says: "example.com/fork@v1.2.0 (line 7), fork ->v1.2.0"},
	{name: "replaced by a fixed version", files: head + "require example.com/lib v1.1.0\n\nreplace example.com/lib => example.com/lib v1.9.5\n", want: "example.com/lib@v1.9.0",
		says: "example.com/lib@v1.9.0, lib v1.1.0->v1.9.0 replaced"},
	{name: "of one version replaced", files: head + "require example.com/lib v1.1.0\n\nreplace example.com/lib v1.1.0 => example.com/fork v1.1.0\n", want: "example.com/lib@v1.9.0",
		says: "example.com/lib@v1.9.0, dep ->v1.2.0, lib v1.1.0->v1.9.0"},
}

// TestTrial: what is told is what `go get` does in a copy, and nothing of the
// module is changed, nor a zip file downloaded.
func TestTrial(t *testing.T) {
	for _, tt := range trials {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t)
			dir := write(t, tt.files)
			env := p.environ(t, tt.env)
			before := snapshot(t, dir)
			trial, err := NewTrial(t.Context(), Options{Dir: dir, Environ: env, Run: gocmd.Run})
			if err != nil {
				t.Fatal(err)
			}
			defer trial.Close()
			c, err := trial.Upgrade(t.Context(), wanted(tt.want))
			if d := cmp.Diff(before, snapshot(t, dir)); d != "" || p.downloaded() != "" {
				t.Errorf("downloaded %s; files changed (-before +after):\n%s", p.downloaded(), d)
			}
			if tt.refused != "" {
				var refused *TrialError
				if !errors.As(err, &refused) || refused.Refusal != tt.refused || !strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), trial.tmp) {
					t.Fatalf("%v, want %s", err, tt.refused)
				}
				if refused.Go != "" && refused.Go != "1.99" {
					t.Errorf("go %s", refused.Go)
				}
				if _, failure := goGet(t, dir, env, strings.Fields(tt.want)); failure == nil {
					t.Error("go get takes it")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := tell(c); got != tt.says {
				t.Errorf("got  %s\nwant %s", got, tt.says)
			}
			get := []string{}
			for _, a := range c.Answers {
				get = append(get, a.Want.Path+"@"+a.Selected)
			}
			if _, err := goGet(t, dir, env, strings.Fields(tt.want)); (err != nil) != (tt.getFails != "") || err != nil && !strings.Contains(err.Error(), tt.getFails) {
				t.Errorf("go get %s: %v", tt.want, err)
			}
			truth, err := goGet(t, dir, env, get)
			if err != nil {
				t.Fatal(err)
			}
			truth.Answers = c.Answers
			if d := cmp.Diff(tell(truth), tell(c)); d != "" {
				t.Errorf("(-go get +here):\n%s", d)
			}
		})
	}
}

// goGet runs `go get` in a copy of a module, and tells what it changed.
func goGet(t *testing.T, dir string, env, want []string) (*Change, error) {
	t.Helper()
	dirs := []string{t.TempDir(), t.TempDir()} // for the list before is asked under -mod=mod, too
	for _, copied := range dirs {
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(dir string, args ...string) ([]byte, error) {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, append(slices.Clip(env), "PWD="+dir)
		if args[0] != "get" {
			cmd.Env = append(cmd.Env, "GOWORK=off")
		}
		return gocmd.Run(cmd)
	}
	list := func(dir string) map[string]Module {
		out, err := run(dir, "list", "-mod=mod", "-m", "-json", "all")
		if err != nil {
			t.Fatal(err)
		}
		modules, err := ParseList(strings.NewReader(string(out)))
		if err != nil {
			t.Fatal(err)
		}
		return byPath(modules)
	}
	old, err := ReadModFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(dirs[1], append([]string{"get"}, want...)...); err != nil {
		return nil, err
	}
	c := &Change{Moves: moves(list(dirs[0]), list(dirs[1]))}
	now, err := ReadModFile(filepath.Join(dirs[1], "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if old.Go != now.Go {
		c.Go = Move{From: old.Go, To: now.Go}
	}
	return c, nil
}

// TestTrialOffline: what is not in the module cache is not known, whatever it is.
func TestTrialOffline(t *testing.T) {
	p := newProxy(t)
	dir := write(t, head+"require example.com/other v1.0.0\n")
	env := p.environ(t)
	offline := append(slices.Clip(env), "GOPROXY=off")
	o := Options{Dir: dir, Environ: offline, Run: gocmd.Run}
	var refused *TrialError
	if _, err := NewTrial(t.Context(), o); !errors.As(err, &refused) || refused.Refusal != NotAnswered || !strings.Contains(err.Error(), "GOPROXY=off") {
		t.Errorf("empty cache: %v", err)
	}
	if _, err := List(t.Context(), Options{Dir: dir, Environ: append(slices.Clip(env), "GOFLAGS=-mod=mod"), Run: gocmd.Run}); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "mod", "download", "example.com/other@v1.0.0")
	cmd.Dir, cmd.Env = t.TempDir(), env
	if _, err := gocmd.Run(cmd); err != nil {
		t.Fatal(err)
	}
	trial, err := NewTrial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer trial.Close()
	if c, err := trial.Upgrade(t.Context(), wanted("example.com/other@v1.1.0")); !errors.As(err, &refused) || refused.Refusal != NotAnswered {
		t.Errorf("not in the cache: %v, %v", c, err)
	}
}

// TestTrialFile: a proxy in a folder says in other words that it has no such version.
func TestTrialFile(t *testing.T) {
	dir := write(t, head)
	empty := filepath.ToSlash(t.TempDir())
	trial, err := NewTrial(t.Context(), Options{Dir: dir, Environ: environ(t, "GOPROXY=file:///"+strings.TrimPrefix(empty, "/"), "GOSUMDB=off"), Run: gocmd.Run})
	if err != nil {
		t.Fatal(err)
	}
	defer trial.Close()
	for want, refusal := range map[string]Refusal{
		"example.com/other@v1.1.0": Unavailable, "example.com/other@latest": NotAnswered, "Not a module@v1.0.0": NotAnswered, "example.com/main@v1.0.0": MainModule,
	} {
		mod, version, _ := strings.Cut(want, "@")
		var refused *TrialError
		if _, err := trial.Upgrade(t.Context(), []module.Version{{Path: mod, Version: version}}); !errors.As(err, &refused) || refused.Refusal != refusal || errors.Unwrap(err) == nil {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestTrialModFile: -modfile in GOFLAGS names the go.mod file of the module.
func TestTrialModFile(t *testing.T) {
	p := newProxy(t)
	dir := write(t, head+"require example.com/none v1.0.0\n-- alt.mod --\nmodule example.com/main\n\ngo 1.24\n\nrequire example.com/other v1.0.0\n")
	trial, err := NewTrial(t.Context(), Options{Dir: dir, Environ: p.environ(t, "GOFLAGS=-modfile=alt.mod"), Run: gocmd.Run})
	if err != nil {
		t.Fatal(err)
	}
	defer trial.Close()
	c, err := trial.Upgrade(t.Context(), wanted("example.com/other@v1.1.0"))
	if err != nil || tell(c) != "example.com/other@v1.1.0, other v1.0.0->v1.1.0" {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestTrialErrors: a go command that is not there, lies, or is interrupted.
func TestTrialErrors(t *testing.T) {
	files := head + "require example.com/other v1.0.0\n"
	env := `{"GOVERSION":"go1.26.8","GOFLAGS":""}`
	list := `{"Path":"example.com/main","Main":true}{"Path":"example.com/other","Version":"v1.0.0"}`
	raised := 0
	for _, tt := range []struct {
		name, files string
		run         func(args []string) (string, error)
		begins      bool // the baseline is told
		want        string
	}{
		{"no go command", files, func([]string) (string, error) { return "", exec.ErrNotFound }, false, exec.ErrNotFound.Error()},
		{"no environment", files, func([]string) (string, error) { return "x", nil }, false, "invalid character"},
		{"no file", "-- x --\n", func([]string) (string, error) { return env, nil }, false, "go.mod"},
		{"bad file", "-- go.mod --\nmodul\n", func([]string) (string, error) { return env, nil }, false, "unknown directive"},
		{"bad go.sum", files + "-- go.sum/x --\n\n", func([]string) (string, error) { return env, nil }, false, "not a regular file"},
		{"bad list", files, func(args []string) (string, error) {
			if args[1] == "env" {
				return env, nil
			}
			return "x", nil
		}, false, "module list"},
		{"not taken", files, func(args []string) (string, error) {
			if args[1] == "env" {
				return env, nil
			}
			return list, nil
		}, true, "in the place of"},
		{"bad after", files, func(args []string) (string, error) {
			if args[1] == "env" {
				return env, nil
			}
			if raised++; raised > 1 {
				return "x", nil
			}
			return list, nil
		}, true, "module list"},
		{"ever later", files, func(args []string) (string, error) {
			if args[1] == "env" {
				return env, nil
			}
			raised++
			return strings.ReplaceAll(list, "v1.0.0", fmt.Sprintf("v1.1.%d", raised)), nil
		}, true, "do not come to rest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Dir: write(t, tt.files), Environ: environ(t), Run: func(cmd *exec.Cmd) ([]byte, error) {
				out, err := tt.run(cmd.Args)
				return []byte(out), err
			}}
			trial, err := NewTrial(t.Context(), o)
			if tt.begins {
				if err != nil {
					t.Fatal(err)
				}
				defer trial.Close()
				_, err = trial.Upgrade(t.Context(), wanted("example.com/other@v1.1.0"))
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Dir: write(t, files), Environ: environ(t), Run: func(*exec.Cmd) ([]byte, error) { cancel(); return nil, errors.New("killed") }}
	if _, err := NewTrial(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	t.Setenv("TMP", filepath.Join(t.TempDir(), "none"))
	if _, err := NewTrial(t.Context(), o); err == nil {
		t.Error("no folder for temporary files")
	}
}

// TestTrialCopies: files that cannot be written are errors.
func TestTrialCopies(t *testing.T) {
	trial := &Trial{tmp: filepath.Join(t.TempDir(), "none"), data: []byte("bad"), mod: &ModFile{}}
	if _, _, err := trial.list(t.Context(), nil); err == nil {
		t.Error("no folder")
	}
	if _, err := trial.Upgrade(t.Context(), nil); err == nil {
		t.Error("no go.mod file")
	}
	trial.askRetracted(t.Context(), &Change{}, nil)
	trial.askRetracted(t.Context(), &Change{Answers: []Answer{{}}}, nil)
	trial.tmp = t.TempDir()
	if err := os.Mkdir(filepath.Join(trial.tmp, "3"), 0o700); err != nil {
		t.Fatal(err)
	}
	trial.n = 2
	if _, err := trial.copy(nil); err == nil {
		t.Error("a folder that is there")
	}
}

func TestToolchainName(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8": "go1.26.8", "go1.27rc1": "go1.27rc1", "go1.26.8-X:nosynchashtriemap": "go1.26.8", "go1.26.8 X:boringcrypto": "go1.26.8",
		"devel go1.27-0123abc": "local", "": "local", "go1.": "local", "go1.21.0-custom": "local", "go1.21/x": "local",
	} {
		if got := toolchainName(version); got != want {
			t.Errorf("%q: %q, want %q", version, got, want)
		}
	}
}
