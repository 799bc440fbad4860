// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/gocmd"
)

// A fixture is a folder with modules, and a module proxy and cache of its own.
type fixture struct {
	dir     string
	environ []string
}

// published are the modules that the proxy of a fixture has.
var published = map[string]string{
	"example.com/one@v1.2.3": `
-- go.mod --
module example.com/one
go 1.26
require example.com/Deep/two v1.0.0
require example.com/unused v1.0.0
-- one.go --
package one
import _ "example.com/Deep/two"
-- more/more.go --
package more
import _ "example.com/unused"
`,
	"example.com/Deep/two@v1.0.0": `
-- go.mod --
module example.com/Deep/two
-- two.go --
package two
import _ "os"
`,
	"example.com/unused@v1.0.0": `
-- go.mod --
module example.com/unused
-- unused.go --
package unused
`,
	"example.com/win@v0.1.0": `
-- go.mod --
module example.com/win
-- win.go --
package win
`,
	"example.com/tagged@v0.0.0-20260102030405-0123456789ab": `
-- go.mod --
module example.com/tagged
-- tagged.go --
package tagged
`,
	"example.com/fortests@v1.0.0": `
-- go.mod --
module example.com/fortests
-- fortests.go --
package fortests
`,
	"example.com/old@v3.0.0+incompatible": `
-- old.go --
package old
import _ "fmt"
`,
	"example.com/original@v1.0.0": `
-- go.mod --
module example.com/original
-- original.go --
package original
`,
	"example.com/fork@v1.0.1": `
-- go.mod --
module example.com/original
-- original.go --
package original
`,
}

// application is a module with two programs that between them use every way
// to come by a module.
const application = `
-- go.mod --
module example.com/App
go 1.26
require (
	example.com/one v1.2.3
	example.com/win v0.1.0
	example.com/tagged v0.0.0-20260102030405-0123456789ab
	example.com/fortests v1.0.0
	example.com/old v3.0.0+incompatible
	example.com/original v1.0.0
	example.com/beside v1.0.0
)
replace example.com/original => example.com/fork v1.0.1
replace example.com/beside => ./beside
-- cmd/first/main.go --
package main
import (
	_ "example.com/one"
	_ "example.com/App/internal/shared"
	_ "example.com/original"
)
func main() {}
-- cmd/first/main_windows.go --
package main
import _ "example.com/win"
-- cmd/first/main_test.go --
package main
import _ "example.com/fortests"
-- cmd/second/main.go --
package main
import _ "example.com/beside"
func main() {}
-- cmd/second/tagged.go --
//go:build special
package main
import _ "example.com/tagged"
-- internal/shared/shared.go --
package shared
import _ "example.com/old"
-- library/library.go --
package library
import _ "example.com/one/more"
-- beside/go.mod --
module example.com/beside
go 1.26
-- beside/beside.go --
package beside
-- cmd/first/testdata/module/go.mod --
module example.com/testdata
-- cmd/first/testdata/module/main.go --
package main
func main() {}
`

// newFixture writes files, in the form of a txtar archive, into a folder, and
// lets the go command complete go.sum.
func newFixture(t *testing.T, files string) *fixture {
	t.Helper()
	root := t.TempDir()
	proxy := filepath.Join(root, "proxy")
	for mod, files := range published {
		publish(t, proxy, mod, files)
	}
	f := &fixture{dir: filepath.Join(root, "module")}
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); !strings.HasPrefix(name, "GO") && name != "CGO_ENABLED" {
			f.environ = append(f.environ, e)
		}
	}
	f.environ = append(f.environ,
		"GOENV=off", "GOTOOLCHAIN=local", "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOSUMDB=off",
		"GOPROXY=file://"+filepath.ToSlash(proxy),
		"GOMODCACHE="+filepath.Join(root, "cache"), "GOFLAGS=-modcacherw",
	)
	if cache, err := os.UserCacheDir(); err == nil {
		f.environ = append(f.environ, "GOCACHE="+filepath.Join(cache, "go-build"))
	}
	writeFiles(t, f.dir, files)
	if _, err := os.Stat(filepath.Join(f.dir, "go.mod")); err == nil {
		f.run(t, "go", "mod", "tidy", "-e")
	}
	return f
}

// publish adds a module to a proxy in a folder.
func publish(t *testing.T, proxy, mod, files string) {
	t.Helper()
	path, version, _ := strings.Cut(mod, "@")
	m := module.Version{Path: path, Version: version}
	dir := t.TempDir()
	writeFiles(t, dir, files)
	escaped, err := module.EscapePath(path)
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		gomod = []byte("module " + path + "\n")
	}
	base := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	writeFile(t, filepath.Join(base, version+".info"), `{"Version":"`+version+`"}`)
	writeFile(t, filepath.Join(base, version+".mod"), string(gomod))
	z, err := os.Create(filepath.Join(base, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if err := modzip.CreateFromDir(z, m, dir); err != nil {
		t.Fatal(err)
	}
}

var fileHeader = regexp.MustCompile(`(?m)^-- (\S+) --\n`)

func writeFiles(t *testing.T, dir, files string) {
	t.Helper()
	headers := fileHeader.FindAllStringSubmatchIndex(files, -1)
	for i, h := range headers {
		end := len(files)
		if i+1 < len(headers) {
			end = headers[i+1][0]
		}
		writeFile(t, filepath.Join(dir, filepath.FromSlash(files[h[2]:h[3]])), files[h[1]:end])
	}
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// with returns the fixture with more environment.
func (f *fixture) with(environ ...string) *fixture {
	return &fixture{dir: f.dir, environ: append(append([]string(nil), f.environ...), environ...)}
}

func (f *fixture) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = f.dir, f.environ
	out, err := gocmd.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func (f *fixture) list(t *testing.T, patterns ...string) *Listing {
	t.Helper()
	l, err := Packages(t.Context(), Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run, Patterns: patterns})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// product lists the fixture, which has one main module.
func (f *fixture) product(t *testing.T, patterns ...string) (*Listing, *Product) {
	t.Helper()
	l := f.list(t, patterns...)
	products := l.Products()
	if len(products) != 1 {
		t.Fatalf("%d products, want 1", len(products))
	}
	return l, products[0]
}
