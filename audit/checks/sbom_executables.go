// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/sbom"
)

// executables makes the document of the target's executables.
func (r *sbomRun) executables(ctx context.Context) error {
	var files []sbom.Executable
	sources := make(map[string][]*sbom.Component)
	complete := r.measured.stopped == nil
	for _, f := range r.measured.Files {
		if f.State != gobin.StateRead {
			r.unread = append(r.unread, f.Path+": "+f.Reason)
			complete = false
			continue
		}
		x := sbom.Executable{File: f.File, Name: r.sbomName(f), SHA512: f.sha512, Packages: f.Packages, Linked: f.linked}
		c, built := within(f)
		if x.Within = c; c != nil {
			sources[c.Ref] = built
			if f.Package != nil && f.Package.Err != nil {
				r.unread = append(r.unread, f.Path+": "+f.Package.Err.Error())
				complete = false
			}
		}
		files = append(files, x)
		e := SBOMExecutable{File: f.Path, Inferred: f.ModulesUnknown}
		if f.Build != nil {
			e.Modules = len(f.Build.Deps)
			if m := f.Build.Main; m != nil {
				e.Module, e.Version = m.Path, m.Version
			}
		}
		complete = complete && !f.ModulesUnknown
		r.facts.Executables = append(r.facts.Executables, e)
	}
	if len(files) == 0 {
		return nil
	}
	d := sbom.Binaries(files, r.group(), r.meta)
	for _, ref := range slices.Sorted(maps.Keys(sources)) {
		d.Add(d.Component(ref), sources[ref])
	}
	if r.Settings[SettingSource] == "true" {
		if err := r.compareSource(ctx, d, files); err != nil {
			return err
		}
	}
	return r.finish(ctx, "executables", d, complete)
}

// sbomName is what a document calls an executable: its path in the archive or
// image that it is in, or below the directory that was named. No path of this
// machine is in it.
func (r *sbomRun) sbomName(f BinaryFile) string {
	inner, ok := strings.CutPrefix(f.Path, nameIn(r.Target.Dir, f.Outer)+"!")
	if ok && (f.Within != nil || f.Package != nil || strings.HasPrefix(inner, "/")) { // else it is one architecture of a file
		if f.Within != nil { // several images have names in between
			inner = strings.TrimPrefix(inner, printableName(f.Within.Name)+"!")
		}
		return strings.TrimPrefix(inner, "/")
	}
	if f.Root {
		return filepath.Base(f.Path)
	}
	name := filepath.ToSlash(f.Path)
	best := ""
	for _, root := range r.Target.Binaries {
		root = filepath.ToSlash(filepath.Clean(nameIn(r.Target.Dir, root)))
		if root == "." {
			root = ""
		} else {
			root += "/"
		}
		if strings.HasPrefix(name, root) && len(root) >= len(best) {
			best = root
		}
	}
	name = strings.TrimPrefix(name, best)
	if len(r.Target.Binaries) > 1 && best != "" {
		name = path.Base(best) + "/" + name
	}
	return name
}

// printableName is a name as paths in archives show it.
func printableName(name string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, name)
}

// within gives executables the components of what they are in, and returns the
// source packages of those that are Debian packages, by Ref.
func within(f BinaryFile) (c *sbom.Component, sources []*sbom.Component) {
	switch {
	case f.Package != nil:
		return sbom.PackageComponents(f.Package)
	case f.Within != nil:
		return sbom.ImageComponent(f.Within), nil
	}
	return nil, nil
}

// group is the root of a document of several executables, images or packages:
// the archive that they are in or, as folders have no name that others know,
// their collection.
func (r *sbomRun) group() *sbom.Component {
	name := "executables"
	if len(r.Target.Binaries) == 1 {
		if info, err := os.Stat(r.Target.Binaries[0]); err == nil && info.Mode().IsRegular() {
			name = filepath.Base(r.Target.Binaries[0])
		}
	}
	return &sbom.Component{Ref: "executables", Kind: sbom.KindApplication, Name: name, Completeness: sbom.Complete}
}

// inferred lists the executables that do not record their modules.
func (r *sbomRun) inferred() []string {
	var out []string
	for _, e := range r.facts.Executables {
		if e.Inferred {
			out = append(out, e.File)
		}
	}
	return out
}

// unversioned lists the executables that leave the version of a module open:
// those without modules or, where build info was made up, any of all.
func (r *sbomRun) unversioned() []string {
	if out := r.inferred(); out != nil {
		return out
	}
	out := []string{}
	for _, e := range r.facts.Executables {
		out = append(out, e.File)
	}
	return out
}
