// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/semver"
)

// An Entry is what a database says of one vulnerability: the parts of an entry in the
// format of https://go.dev/doc/security/vuln/database#schema that are used here.
type entry struct {
	ID        string     `json:"id"`
	Modified  time.Time  `json:"modified"`
	Published time.Time  `json:"published"`
	Withdrawn time.Time  `json:"withdrawn"`
	Aliases   []string   `json:"aliases"`
	Summary   string     `json:"summary"`
	Affected  []affected `json:"affected"`
	Database  struct {
		URL    string `json:"url"`
		Review string `json:"review_status"`
	} `json:"database_specific"`
}

// affected are versions of a module that are vulnerable, and where in it.
type affected struct {
	Module struct {
		Path      string `json:"name"`
		Ecosystem string `json:"ecosystem"`
	} `json:"package"`
	Ranges []struct {
		Type   string `json:"type"`
		Events []struct {
			Introduced string `json:"introduced"`
			Fixed      string `json:"fixed"`
		} `json:"events"`
	} `json:"ranges"`
	Ecosystem struct {
		Imports []struct {
			Path    string   `json:"path"`
			GOOS    []string `json:"goos"`
			GOARCH  []string `json:"goarch"`
			Symbols []string `json:"symbols"`
		} `json:"imports"`
		CustomRanges []struct{} `json:"custom_ranges"`
	} `json:"ecosystem_specific"`

	versions []versionRange // of Ranges; nil: all
}

// MaxEntry bounds one entry of a database, in bytes. The largest of the Go vulnerability
// database has 8 KiB.
const maxEntry = 4 << 20

// decodeEntry reads an entry. What is not in the form of the schema is an error: what is
// not understood could be what affects a version.
func decodeEntry(raw []byte) (*entry, error) {
	e := &entry{}
	if err := decodeJSON(raw, e); err != nil {
		return nil, err
	}
	if !validID(e.ID) {
		return nil, fmt.Errorf("%w: entry with the ID %.40q", ErrInvalid, e.ID)
	}
	if e.Modified.IsZero() {
		return nil, fmt.Errorf("%w: %s has no time of modification", ErrInvalid, e.ID)
	}
	e.Affected = slices.DeleteFunc(e.Affected, func(a affected) bool { return a.Module.Ecosystem != ecosystem })
	if len(e.Affected) == 0 {
		return nil, fmt.Errorf("%w: %s affects no module", ErrInvalid, e.ID)
	}
	for i := range e.Affected {
		if err := e.Affected[i].prepare(); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, e.ID, err)
		}
	}
	return e, nil
}

// ecosystem is the one that OSV entries of Go modules are in.
const ecosystem = "Go"

// prepare reads the ranges.
func (a *affected) prepare() error {
	if a.Module.Path == "" {
		return fmt.Errorf("affected module without a path")
	}
	for _, p := range a.Ecosystem.Imports {
		if p.Path == "" {
			return fmt.Errorf("affected package of %s without a path", a.Module.Path)
		}
	}
	for _, r := range a.Ranges {
		if r.Type != "SEMVER" {
			return fmt.Errorf("range of versions of the type %.20q", r.Type)
		}
		list, introduced := versionRange{}, false
		for _, e := range r.Events {
			if (e.Introduced == "") == (e.Fixed == "") {
				return fmt.Errorf("event of %s that is neither the introduction nor the fix", a.Module.Path)
			}
			if e.Introduced == "0" {
				list, introduced = append(list, event{introduced: "0"}), true
				continue
			}
			v, ok := semverOf(e.Introduced + e.Fixed)
			if !ok {
				return fmt.Errorf("event of %s at the version %.40q", a.Module.Path, e.Introduced+e.Fixed)
			}
			if e.Fixed != "" {
				list = append(list, event{fixed: v})
			} else {
				list, introduced = append(list, event{introduced: v}), true
			}
		}
		if !introduced {
			return fmt.Errorf("range of versions of %s that nothing begins", a.Module.Path)
		}
		list.sort()
		a.versions = append(a.versions, list)
	}
	return nil
}

// affects reports whether a semantic version is affected.
func (a *affected) affects(version string) bool {
	return len(a.versions) == 0 || slices.ContainsFunc(a.versions, func(r versionRange) bool { return r.contains(version) })
}

// affects reports whether the entry affects a semantic version of a module.
func (e *entry) affects(module, version string) bool {
	for i := range e.Affected {
		if a := &e.Affected[i]; a.Module.Path == module && a.affects(version) {
			return true
		}
	}
	return false
}

// fixed returns the smallest version of a module, later than the given one, at which it
// is fixed and not vulnerable again. It is "" if there is none.
func (e *entry) fixed(module, version string) string {
	for _, v := range e.fixes(module) {
		if semver.Compare(version, v) < 0 && !e.affects(module, v) {
			return v
		}
	}
	return ""
}

// fixes lists the versions of a module that fix it in some range, sorted.
func (e *entry) fixes(module string) []string {
	var out []string
	for i := range e.Affected {
		if e.Affected[i].Module.Path != module {
			continue
		}
		for _, r := range e.Affected[i].versions {
			for _, ev := range r {
				if ev.fixed != "" {
					out = append(out, ev.fixed)
				}
			}
		}
	}
	slices.SortStableFunc(out, semver.Compare)
	return slices.Compact(out)
}

// fixedFrom reports whether no version of a module from a semantic one on is affected.
func (e *entry) fixedFrom(module, version string) bool {
	if e.affects(module, version) {
		return false
	}
	for i := range e.Affected {
		if a := &e.Affected[i]; a.Module.Path == module {
			for _, r := range a.versions {
				if slices.ContainsFunc(r, func(ev event) bool {
					return ev.introduced != "" && ev.introduced != "0" && semver.Compare(ev.introduced, version) > 0
				}) {
					return false
				}
			}
		}
	}
	return true
}

// modules lists the modules that an entry affects, sorted.
func (e *entry) modules() []string {
	var out []string
	for _, a := range e.Affected {
		out = append(out, a.Module.Path)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// packages lists what an entry affects of a module at a version, on a platform. It
// reports false if that is nothing: the packages named are of other platforms. None
// means any package.
func (e *entry) packages(module, version string, on Platform) (out []Package, ok bool) {
	all := false
	for i := range e.Affected {
		a := &e.Affected[i]
		if a.Module.Path != module || !a.affects(version) {
			continue
		}
		all = all || len(a.Ecosystem.Imports) == 0
		for _, p := range a.Ecosystem.Imports {
			if runsOn(on.OS, p.GOOS) && runsOn(on.Arch, p.GOARCH) {
				out = append(out, Package{Path: p.Path, OS: p.GOOS, Arch: p.GOARCH, Symbols: p.Symbols})
			}
		}
	}
	if all {
		return nil, true
	}
	return out, len(out) > 0
}

func runsOn(word string, list []string) bool {
	return word == "" || len(list) == 0 || slices.Contains(list, word)
}

// unmapped reports whether ranges of a module were left out because they are not in its
// versions.
func (e *entry) unmapped(module string) bool {
	return slices.ContainsFunc(e.Affected, func(a affected) bool {
		return a.Module.Path == module && len(a.Ecosystem.CustomRanges) > 0
	})
}

// decodeJSON decodes one value with nothing behind it. Unknown fields are passed over.
func decodeJSON(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// validID reports whether an ID may be the name of a file.
func validID(id string) bool {
	if id == "" || len(id) > 64 || id[0] == '.' || id[0] == '-' {
		return false
	}
	for _, c := range []byte(id) {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
