// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gocmd"
)

// build builds a program of the fixture and returns it as a document describes it.
func (f *fixture) build(t *testing.T, args ...string) Executable {
	t.Helper()
	name := filepath.Join(t.TempDir(), "program")
	f.run(t, append([]string{"go", "build", "-o", name}, args...)...)
	file, err := gobin.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	file.SHA256 = "sha256:" + strings.Repeat("0a", 32)
	return Executable{File: file, Name: "program"}
}

// sourceOf lists the source of an executable in the fixture.
func (f *fixture) sourceOf(t *testing.T, x Executable) *Product {
	t.Helper()
	o, ok := SourceOptions(x.Build, Options{Dir: f.dir, Environ: f.environ, Run: gocmd.Run})
	if !ok {
		t.Fatal("no main package")
	}
	l, err := Packages(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	products := l.Products()
	if len(products) != 1 {
		t.Fatalf("%d products", len(products))
	}
	return products[0]
}

// TestSourceAgrees: an executable of any target agrees with its source, and its
// document has the graph of the imports.
func TestSourceAgrees(t *testing.T) {
	f := newFixture(t, application)
	for _, test := range []struct {
		name    string
		environ []string
		args    []string
	}{
		{"linux", nil, []string{"./cmd/first"}},
		{"windows", []string{"GOOS=windows", "GOARCH=arm64"}, []string{"./cmd/first"}},
		{"tags", nil, []string{"-tags=special", "./cmd/second"}},
		{"trimpath", nil, []string{"-trimpath", "./cmd/second"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := f.with(test.environ...).build(t, test.args...)
			p := f.with("GOFLAGS=-modcacherw -tags=other").sourceOf(t, x)
			if diff := CompareSource(x.Build, x.VCS, p, nil); len(diff) > 0 || len(p.Failures) > 0 {
				t.Fatalf("differences %v, failures %v", diff, p.Failures)
			}
			d := Binaries([]Executable{x}, nil, meta)
			star := d.Component(d.Roots[0]).DependsOn
			d.AddGraph(ExecutableRef(d, x), p, true)
			if err := checkGraph(d); err != nil {
				t.Error(err)
			}
			got := make(map[string]bool)
			for _, edge := range graphOf(d) {
				got[strings.ReplaceAll(edge, "file:program", "example.com/App")] = true
			}
			environ := append(slices.Clone(test.environ), "GOFLAGS="+strings.Join(slices.DeleteFunc(slices.Clone(test.args), func(a string) bool { return !strings.HasPrefix(a, "-tags") }), " "))
			want := truth(t, f.with(environ...), x.Build.Package)
			for _, edge := range want {
				if !got[edge] {
					t.Errorf("no %q", edge)
				}
				delete(got, edge)
			}
			if len(got) > 0 {
				t.Errorf("more than the source has: %v", got)
			}
			root := d.Component(d.Roots[0])
			if root.Completeness != Complete || root.Property(PropertyGraph) != "source" || len(root.DependsOn) >= len(star) && test.name == "linux" {
				t.Errorf("root %s, graph %q, needs %v", root.Completeness, root.Property(PropertyGraph), root.DependsOn)
			}
		})
	}
}

// TestSourceDiverges: each kind of difference is found, and the document still
// reaches every component that the executable records.
func TestSourceDiverges(t *testing.T) {
	f := newFixture(t, application)
	x := f.build(t, "./cmd/first")
	p := f.sourceOf(t, x)
	b := *x.Build
	b.Main = &gobin.Module{Path: b.Main.Path, Version: "v1.0.0"}
	b.Deps = []gobin.Module{{Path: "example.com/evil", Version: "v6.6.6", Sum: "h1:evil="}}
	for _, m := range x.Build.Deps {
		switch m.Path {
		case "example.com/one":
			m.Sum = "h1:other="
		case "example.com/old":
			m.Version = "v3.0.1+incompatible"
		case "example.com/Deep/two":
			continue
		}
		b.Deps = append(b.Deps, m)
	}
	r := &Revision{Version: "v1.0.1", Commit: "b"}
	got := CompareSource(&b, &gobin.VCS{Revision: "a"}, p, r)
	var one string
	for _, m := range p.Modules {
		if m.Path == "example.com/one" {
			one = m.H1
		}
	}
	want := []Divergence{
		{DiffersCommit, "example.com/App", "a", "b"},
		{DiffersVersion, "example.com/App", "v1.0.0", "v1.0.1"},
		{BinaryLacks, "example.com/Deep/two", "", "v1.0.0"},
		{SourceLacks, "example.com/evil", "v6.6.6", ""},
		{DiffersVersion, "example.com/old", "v3.0.1+incompatible", "v3.0.0+incompatible"},
		{DiffersHash, "example.com/one", "h1:other=", one},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	forged := *x.File
	forged.Build = &b
	x.File = &forged
	d := Binaries([]Executable{x}, nil, meta)
	d.AddGraph(d.Roots[0], p, false)
	if err := checkGraph(d); err != nil {
		t.Error(err)
	}
	if c := d.Component(d.Roots[0]); c.Completeness != Incomplete || !slices.Contains(c.DependsOn, "example.com/evil@v6.6.6") {
		t.Errorf("root %s needs %v", c.Completeness, c.DependsOn)
	}
	b.Main = &gobin.Module{Path: "example.com/other"}
	if got := CompareSource(&b, nil, p, r); !slices.ContainsFunc(got, func(d Divergence) bool { return d.Kind == SourceLacks && d.Module == "example.com/other" }) {
		t.Errorf("another main module: %v", got)
	}
}

// TestSourceOptions: what build info says does not get through to the go
// command but for plain values of settings that choose a target.
func TestSourceOptions(t *testing.T) {
	b := &gobin.Build{Package: "example.com/m", Main: &gobin.Module{Path: "example.com/m"}, Settings: []gobin.Setting{
		{Key: "GOOS", Value: "plan9"}, {Key: "GOPROXY", Value: "evil"}, {Key: "GOFLAGS", Value: "-toolexec=evil"},
		{Key: "GOARCH", Value: "amd64 -toolexec=evil"}, {Key: "-tags", Value: "a,b -toolexec=evil"}, {Key: "-toolexec", Value: "evil"},
		{Key: "-race", Value: "true"}, {Key: "CGO_ENABLED", Value: "1"},
	}}
	o, ok := SourceOptions(b, Options{Environ: []string{"A=b", "GOFLAGS=-mod=mod"}, Tests: true, Patterns: []string{"./..."}})
	want := []string{"A=b", "GOFLAGS=-mod=mod", "GOOS=plan9", "CGO_ENABLED=1", "GOFLAGS=-mod=mod -race=true"}
	if !ok || !slices.Equal(o.Environ, want) || o.Tests || !slices.Equal(o.Patterns, []string{"example.com/m"}) {
		t.Errorf("%v, %+v", ok, o)
	}
	for _, b := range []*gobin.Build{nil, {Package: "example.com/m"}, {Package: adHoc, Main: b.Main}, {Package: "-toolexec=evil", Main: b.Main}, {Main: b.Main}} {
		if _, ok := SourceOptions(b, Options{}); ok {
			t.Errorf("%+v is taken", b)
		}
	}
}
