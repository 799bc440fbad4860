// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// writeImports writes the source of a package that imports packages and does nothing else,
// and returns its name.
func writeImports(dir string, packages []string) (string, error) {
	text := "package imports\n\n"
	for _, p := range packages {
		text += "import _ " + strconv.Quote(p) + "\n"
	}
	file := filepath.Join(dir, "imports", "imports.go")
	if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// writeSelection writes what the analysis may ask of the database into a directory in the
// layout v1: all of the index of modules, but the entries only that may affect one of the
// modules. If it asks for another entry, it fails, as it must: its modules are others.
func (db *Database) writeSelection(ctx context.Context, dir string, modules []Module) error {
	index := map[string][]reference{}
	for path, list := range db.modules {
		index[path] = list
	}
	wanted := map[string]bool{}
	may := map[string]map[string]bool{}
	names := map[string][]string{} // that modules have in the program which were put in the place of others
	for _, mod := range modules {
		s, ok := (&matches{}).subject(db, mod)
		if !ok { // without a version, as the main module: the analysis asks all the same, and finds nothing
			index[s.path] = nil
			continue
		}
		if may[s.path] == nil {
			may[s.path] = map[string]bool{}
		}
		if s.as != s.path {
			names[s.path] = append(names[s.path], s.as)
		}
		for _, id := range db.mayAffect(s.path, s.version) {
			may[s.path][id], wanted[id] = true, true
		}
	}
	for path, ids := range may { // also of one that is there twice, with and without a version
		index[path] = slices.DeleteFunc(slices.Clone(db.modules[path]), func(r reference) bool { return !ids[r.ID] })
	}
	type module struct {
		Path  string      `json:"path"`
		Vulns []reference `json:"vulns"`
	}
	var list []module
	for path, refs := range index {
		if len(refs) > 0 {
			list = append(list, module{path, refs})
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	meta, err := json.Marshal(map[string]any{"modified": db.Modified})
	if err != nil {
		return err
	}
	for _, sub := range []string{"index", "ID"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	write := func(name string, raw []byte) error {
		return os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), raw, 0o600)
	}
	if err := write(modulesIndex, text); err != nil {
		return err
	}
	if err := write(dbIndex, meta); err != nil {
		return err
	}
	var ids []string
	for id := range wanted {
		ids = append(ids, id)
	}
	return db.read(ctx, ids, func(e *entry, raw []byte) error {
		if slices.ContainsFunc(e.modules(), func(m string) bool { return len(names[m]) > 0 }) {
			if raw, err = renamed(raw, names); err != nil {
				return err
			}
		}
		return write(entryFile(e.ID), raw)
	})
}

// renamed adds to an entry that modules are affected under other names. The analysis
// asks for the entries of a module that was put in the place of another, and then passes
// over what is not of that other's name; and it looks for packages by the one name and
// for functions by the other (affectingVulnerabilities, ForPackage and ForSymbol in
// golang.org/x/vuln/internal/vulncheck). Nothing in the module would ever be called.
func renamed(raw []byte, names map[string][]string) ([]byte, error) {
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	list, _ := fields["affected"].([]any)
	for _, a := range slices.Clone(list) {
		a, _ := a.(map[string]any)
		module, _ := a["package"].(map[string]any)
		path, _ := module["name"].(string)
		for _, name := range names[path] {
			b := maps.Clone(a)
			b["package"] = map[string]any{"name": name, "ecosystem": ecosystem}
			if specific, ok := a["ecosystem_specific"].(map[string]any); ok {
				specific = maps.Clone(specific)
				specific["imports"] = renamedImports(specific["imports"], path, name)
				b["ecosystem_specific"] = specific
			}
			list = append(list, b)
		}
	}
	fields["affected"] = list
	return json.Marshal(fields)
}

// renamedImports adds to affected packages the same under the name of another module.
func renamedImports(imports any, path, name string) []any {
	list, _ := imports.([]any)
	for _, p := range slices.Clone(list) {
		if p, ok := p.(map[string]any); ok {
			if pkg, _ := p["path"].(string); within(pkg, path) {
				p = maps.Clone(p)
				p["path"] = name + strings.TrimPrefix(pkg, path)
				list = append(list, p)
			}
		}
	}
	return list
}

// fileURL is the URL of a directory.
func fileURL(dir string) string {
	dir = filepath.ToSlash(dir)
	if !strings.HasPrefix(dir, "/") {
		dir = "/" + dir
	}
	return "file://" + dir
}
