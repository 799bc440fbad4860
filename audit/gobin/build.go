// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/internal/lazyregexp"
)

// Build is what the build info claims, with credentials redacted. Settings are
// recorded by the go command since Go 1.18 and are informational: see
// setBuildInfo in cmd/go/internal/load.
type Build struct {
	Go       string    `json:"go"`                // the toolchain, such as "go1.26.8" or "go1.26.8-X:boringcrypto"
	Package  string    `json:"package,omitempty"` // import path of the main package
	Main     *Module   `json:"main,omitempty"`    // nil: built without modules, or not recorded
	Deps     []Module  `json:"deps,omitempty"`
	Settings []Setting `json:"settings,omitempty"`

	text string
}

// A Module is one module as linked.
type Module struct {
	Path    string  `json:"path"`
	Version string  `json:"version,omitempty"`
	Sum     string  `json:"sum,omitempty"`     // "h1:" of go.sum
	Replace *Module `json:"replace,omitempty"` // the module that was used in its place
}

// A Setting is one recorded setting of the build, as "-trimpath" = "true".
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Text returns the build info in the form of [debug.BuildInfo.String], with
// credentials redacted: the evidence for what it claims.
func (b *Build) Text() []byte { return []byte(b.text) }

// Setting returns the value of a setting, and whether it is recorded.
func (b *Build) Setting(key string) (string, bool) {
	i := slices.IndexFunc(b.Settings, func(s Setting) bool { return s.Key == key })
	if i < 0 {
		return "", false
	}
	return b.Settings[i].Value, true
}

// Repeated returns the names of the settings that are recorded twice, which the
// go command never does.
func (b *Build) Repeated() []string {
	seen := map[string]int{}
	var twice []string
	for _, s := range b.Settings {
		if seen[s.Key]++; seen[s.Key] == 2 {
			twice = append(twice, s.Key)
		}
	}
	return twice
}

// Tags returns the build tags.
func (b *Build) Tags() []string {
	v, _ := b.Setting("-tags")
	return split(v)
}

// GODEBUG returns the default GODEBUG settings as recorded.
func (b *Build) GODEBUG() map[string]string {
	v, _ := b.Setting("DefaultGODEBUG")
	return ParseGODEBUG(v)
}

// ParseGODEBUG reads settings of GODEBUG: name=value, with commas between. The
// last of several equal names counts, as in the runtime.
func ParseGODEBUG(text string) map[string]string {
	m := map[string]string{}
	for _, kv := range split(text) {
		if name, value, ok := strings.Cut(kv, "="); ok {
			m[name] = value
		}
	}
	return m
}

// Experiments returns the toolchain experiments that the setting GOEXPERIMENT
// and the version string name, which should agree.
func (b *Build) Experiments() (setting, version []string) {
	v, _ := b.Setting("GOEXPERIMENT")
	_, x, _ := strings.Cut(b.Go, "X:") // "go1.22.0 X:a,b" or, since Go 1.26, "go1.26.0-X:a,b"
	x, _, _ = strings.Cut(x, " ")
	return split(v), split(x)
}

func split(list string) []string {
	var out []string
	for s := range strings.SplitSeq(list, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Version returns the toolchain's release, such as "go1.26.8", without the
// experiments and the additions of vendors. It is "" for a development version,
// such as "devel go1.24-abc" or "go1.27-devel_abc".
func (b *Build) Version() string {
	if strings.Contains(b.Go, "devel") {
		return ""
	}
	return goVersion().FindString(b.Go)
}

var goVersion = lazyregexp.New(`^go1(?:\.\d+){0,2}(?:(?:rc|beta)\d+)?`)

var errVersionOnly = errors.New("build info holds no settings, only the toolchain's version")

// readBuild reads the build info, if there is one, with a function as that of
// debug/buildinfo, which may return a part of it with an error.
func (f *File) readBuild(r io.ReaderAt, read func(io.ReaderAt) (*debug.BuildInfo, error)) {
	info, err := readInfo(r, read)
	if info != nil {
		f.first = newFirstCopy(info)
		f.Build = newBuild(info)
		f.Credentials = redactBuild(f.Build, info)
	}
	if err != nil {
		err = fmt.Errorf("build info: %w", err)
	} else if len(f.Build.Settings) == 0 {
		err = errVersionOnly
	}
	if err != nil {
		f.State, f.Err, f.Reason = StateUnknown, err, printable(err.Error())
		return
	}
	f.State = StateRead
	cgo, ok := f.Build.Setting("CGO_ENABLED")
	if ok {
		f.CGO = ternary(cgo == "1")
	}
	trimpath, _ := f.Build.Setting("-trimpath")
	f.Trimpath = ternary(trimpath == "true")
	f.VCS = newVCS(f.Build)
	f.claimOS()
}

// maxInfo bounds the build info, in bytes. That of Kubernetes has 20 KiB.
const maxInfo = 4 << 20

// readInfo calls read, where a panic is an error.
func readInfo(r io.ReaderAt, read func(io.ReaderAt) (*debug.BuildInfo, error)) (info *debug.BuildInfo, err error) {
	defer func() {
		if v := recover(); v != nil {
			info, err = nil, fmt.Errorf("%w: %v", ErrMalformed, v)
		}
	}()
	info, err = read(r)
	if info != nil && len(info.String()) > maxInfo {
		return nil, ErrTooLarge
	}
	return info, err
}

func newBuild(info *debug.BuildInfo) *Build {
	b := &Build{Go: printable(info.GoVersion), Package: printable(info.Path)}
	if info.Main.Path != "" {
		b.Main = newModule(&info.Main)
	}
	for _, d := range info.Deps {
		b.Deps = append(b.Deps, *newModule(d))
	}
	for _, s := range info.Settings {
		b.Settings = append(b.Settings, Setting{printable(s.Key), printable(s.Value)})
	}
	return b
}

func newModule(m *debug.Module) *Module {
	out := &Module{Path: printable(m.Path), Version: printable(m.Version), Sum: printable(m.Sum)}
	if m.Replace != nil {
		r := m.Replace // no replacement of its own: that of a replacement is not recorded
		out.Replace = &Module{Path: redact.Text(printable(r.Path)), Version: printable(r.Version), Sum: printable(r.Sum)}
	}
	return out
}

// redactBuild removes credentials from the settings, makes the text from what
// is left, and returns what held them.
func redactBuild(b *Build, info *debug.BuildInfo) []string {
	var found []string
	for i, s := range b.Settings {
		if s.Key == "DefaultGODEBUG" {
			continue // the go command accepts known names only, among them httpcookiemaxnum
		}
		value, variables := redact.Text(s.Value), []string(nil)
		if s.Key == "-ldflags" {
			value, variables = redactLinkerFlags(s.Value)
		}
		for _, v := range variables {
			found = append(found, s.Key+": "+v)
		}
		if value != s.Value && variables == nil {
			found = append(found, credentialNames(s.Key, value)...)
		}
		b.Settings[i].Value = value
	}
	clean := *info
	clean.Settings = make([]debug.BuildSetting, len(b.Settings))
	for i, s := range b.Settings {
		clean.Settings[i] = debug.BuildSetting(s)
	}
	clean.Deps = make([]*debug.Module, len(info.Deps))
	for i, d := range info.Deps {
		m := *d
		if m.Replace != nil {
			r := *m.Replace
			r.Path = redact.Text(r.Path)
			m.Replace = &r
		}
		clean.Deps[i] = &m
	}
	b.text = clean.String()
	slices.Sort(found)
	return slices.Compact(found)
}

var redacted = lazyregexp.New(`([^\s"'=]+)=["']?` + redact.Mark)

// credentialNames returns "key: variable" for each redacted assignment in
// value, or the key alone.
func credentialNames(key, value string) []string {
	var names []string
	for _, m := range redacted().FindAllStringSubmatch(value, -1) {
		names = append(names, key+": "+m[1])
	}
	if names == nil {
		names = []string{key}
	}
	return names
}

func newVCS(b *Build) *VCS {
	v := &VCS{Modified: Unknown}
	v.System, _ = b.Setting("vcs")
	v.Revision, _ = b.Setting("vcs.revision")
	if t, ok := b.Setting("vcs.time"); ok {
		if t, err := time.Parse(time.RFC3339Nano, t); err == nil {
			v.Time = t.UTC()
		}
	}
	switch m, _ := b.Setting("vcs.modified"); m {
	case "true":
		v.Modified = Yes
	case "false":
		v.Modified = No
	}
	if v.System == "" && v.Revision == "" {
		return nil
	}
	return v
}

// claimOS fills in the operating system where the headers do not tell it: most
// ELF systems share one mark, and Mach-O is also iOS.
func (f *File) claimOS() {
	goos, ok := f.Build.Setting("GOOS")
	if !ok {
		return
	}
	if f.OS == "" && f.Format == ELF && goos != "windows" && goos != "darwin" && goos != "ios" {
		f.OS = goos
	}
	if f.Format == Wasm && (goos == "js" || goos == "wasip1") {
		f.OS = goos
	}
	if f.OS == "linux" && goos == "android" || f.OS == "darwin" && goos == "ios" {
		f.OS = goos
	}
}

// A Disagreement is a claim of the build info that the file itself refutes.
type Disagreement struct {
	Claim string `json:"claim"` // such as "GOARCH=amd64"
	Found string `json:"found"` // such as "arm64"
}

// Disagreements compares the build info with the headers.
func (f *File) Disagreements() []Disagreement {
	if f.Build == nil {
		return nil
	}
	var out []Disagreement
	goos := f.OS
	if goos == "" {
		goos = string(f.Format) // one that the claimed system does not use: see claimOS
	}
	for _, c := range []struct{ key, found string }{{"GOOS", goos}, {"GOARCH", f.Arch}} {
		if claim, ok := f.Build.Setting(c.key); ok && c.found != "" && claim != c.found {
			out = append(out, Disagreement{c.key + "=" + claim, c.found})
		}
	}
	return out
}

// printable replaces what could disturb a terminal or a line of a report.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}
