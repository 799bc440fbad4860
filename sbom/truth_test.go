// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// truth is the graph of modules that the go command's own answer gives for
// some packages, computed without this package: "from -> to" and, for each
// module, "from ->". Main packages have their module import the standard
// library, with which every program starts.
func truth(t *testing.T, f *fixture, packages ...string) []string {
	t.Helper()
	type mod struct {
		Path, Version string
		Main          bool
		Replace       *mod
	}
	type pkg struct {
		ImportPath string
		Standard   bool
		DepOnly    bool
		Module     *mod
		Imports    []string
	}
	name := func(p pkg) string {
		switch m := p.Module; {
		case p.Standard:
			return "stdlib"
		case m.Replace != nil && m.Replace.Version != "":
			return m.Replace.Path + "@" + m.Replace.Version
		case m.Main || m.Replace != nil:
			return m.Path
		default:
			return m.Path + "@" + m.Version
		}
	}
	out := f.run(t, append([]string{"go", "list", "-deps", "-json=ImportPath,Standard,DepOnly,Module,Imports", "--"}, packages...)...)
	byPath := make(map[string]pkg)
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		byPath[p.ImportPath] = p
	}
	graph := make(map[string]bool)
	for _, p := range byPath {
		if p.Standard {
			continue
		}
		graph[name(p)+" ->"] = true
		if p.Module.Main && !p.DepOnly {
			graph[name(p)+" -> stdlib"] = true
		}
		for _, path := range p.Imports {
			if to, ok := byPath[path]; ok && name(to) != name(p) {
				graph[name(p)+" -> "+name(to)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(graph))
}

// graphOf is the graph of a document, without a collection at its root.
func graphOf(d *Document) []string {
	short := func(ref string) string {
		if strings.HasPrefix(ref, "stdlib@") {
			return "stdlib"
		}
		return ref
	}
	var graph []string
	for _, c := range d.Components {
		if c.Ref == "workspace:" || short(c.Ref) == "stdlib" {
			continue
		}
		graph = append(graph, c.Ref+" ->")
		for _, to := range c.DependsOn {
			graph = append(graph, c.Ref+" -> "+short(to))
		}
	}
	slices.Sort(graph)
	return graph
}

// TestGraphIsTrue compares modules and edges with what an independent reading
// of the go command's answer gives: of this repository, of a module and of
// generated workspaces, for two operating systems.
func TestGraphIsTrue(t *testing.T) {
	here, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	subjects := map[string]*fixture{
		"this repository": {dir: here, environ: os.Environ()},
		"application":     newFixture(t, application),
		"small workspace": newFixture(t, workspace),
		"large workspace": newFixture(t, largeWorkspace(12)),
	}
	for name, f := range subjects {
		if strings.Contains(name, "workspace") {
			for _, goos := range []string{"linux", "windows"} { // writes go.work.sum
				f.with("GOOS="+goos).run(t, "go", "list", "-deps", "work")
			}
		}
		for _, goos := range []string{"linux", "windows"} {
			t.Run(name+" "+goos, func(t *testing.T) {
				f := f.with("GOOS="+goos, "CGO_ENABLED=0")
				pattern := "./..."
				if strings.Contains(name, "workspace") {
					pattern = "work"
				}
				l := f.list(t, pattern)
				products := l.Products()
				d := l.Document(products, meta)
				if err := checkGraph(d); err != nil {
					t.Error(err)
				}
				want := make(map[string]bool)
				for _, p := range products {
					var packages []string
					for _, m := range p.Programs {
						packages = append(packages, m.Package)
					}
					if p.Library() {
						packages = ofModule(t, f, p.Root.Path)
					}
					for _, edge := range truth(t, f, packages...) {
						want[edge] = true
					}
				}
				if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), graphOf(d)); diff != "" {
					t.Errorf("(-go list +document):\n%s", diff)
				}
			})
		}
	}
}

// ofModule lists the packages of one module: a pattern may match those of
// others beneath it.
func ofModule(t *testing.T, f *fixture, module string) []string {
	t.Helper()
	const format = "{{with .Module}}{{.Path}} {{end}}{{.ImportPath}}"
	var packages []string
	for line := range strings.Lines(f.run(t, "go", "list", "-f", format, module+"/...")) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), module+" "); ok {
			packages = append(packages, path)
		}
	}
	return packages
}

// largeWorkspace is one of n modules: libraries that import the ones before
// them, programs every third, with published modules between.
func largeWorkspace(n int) string {
	letter := func(i int) string { return string(rune('a' + i)) }
	var b strings.Builder
	b.WriteString("-- go.work --\ngo 1.26\n")
	for i := range n {
		b.WriteString("use ./" + letter(i) + "\n")
	}
	needs := []string{"example.com/one v1.2.3", "example.com/old v3.0.0+incompatible", "example.com/win v0.1.0"}
	for i := range n {
		need := needs[i%len(needs)]
		path, _, _ := strings.Cut(need, " ")
		b.WriteString("-- " + letter(i) + "/go.mod --\nmodule " + largeModule(i) + "\ngo 1.26\nrequire " + need + "\n")
		kind, body := "library", ""
		if i%3 == 2 {
			kind, body = "main", "func main() {}\n"
		}
		b.WriteString("-- " + letter(i) + "/x.go --\npackage " + kind + "\n")
		for j := i - 1; j >= 0 && j >= i-2; j-- {
			if j%3 != 2 {
				b.WriteString("import _ \"" + largeModule(j) + "\"\n")
			}
		}
		b.WriteString(body)
		name := "x_more.go"
		if i%len(needs) == 2 {
			name = "x_windows.go"
		}
		b.WriteString("-- " + letter(i) + "/" + name + " --\npackage " + kind + "\nimport _ \"" + path + "\"\n")
	}
	return b.String()
}

func largeModule(i int) string {
	if i == 0 {
		return "example.com/large"
	}
	return "example.com/large/" + string(rune('a'+i))
}
