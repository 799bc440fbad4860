// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"crypto/sha256"
	"encoding/hex"
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/internal/lazyregexp"
)

// A GorootFile is $GOROOT/go.env, compared with the one of the Go project's
// release. `go env -changed` compares with this file, so what is edited in it
// does not show there.
type GorootFile struct {
	File
	SHA256  string   `json:"sha256,omitempty"` // of the file, "sha256:" and hexadecimal
	Release Release  `json:"release"`
	Changes []Change `json:"changes,omitempty"` // where Release is Edited
}

// A Release says how a file relates to that of the release.
type Release string

// How a file may relate to that of the release.
const (
	Released       Release = "released" // the same bytes
	Edited         Release = "edited"
	ReleaseUnknown Release = "unknown" // a release this version knows nothing of, or a vendor's
)

// A Change is a setting that differs from the release's. A change of comments
// alone is none.
type Change struct {
	Name  string `json:"name"`
	Value Value  `json:"value"` // empty where the line was removed
	Line  int    `json:"line,omitempty"`
}

// ReleasedFile is the SHA-256 digest, in hexadecimal, of the go.env of the Go
// project's releases: one file, the same bytes, from go1.21.0 to go1.27.0
// (compared: go1.21.0, 1.22.0, 1.23.0, 1.24.0, 1.25.3, 1.26.8, 1.27.0, as
// golang.org/toolchain v0.0.1-<release>.linux-amd64).
const ReleasedFile = "98fcab78e155e9fa0c36b18874add30724d04c2452078117c78618107ebfbc9e"

const (
	firstRelease = "go1.21"
	lastRelease  = "go1.27"
)

// releasedSettings are the SHA-256 digests of the values in that file, which
// are compared and never used.
var releasedSettings = map[string]string{
	"GOPROXY":     "6b92323c3a3f154c0a30cc602002b87ff41486d6cba571162e1bae16d7761997",
	"GOSUMDB":     digest([]byte("sum.golang.org")),
	"GOTOOLCHAIN": digest([]byte("auto")),
}

// releasedProxy is the SHA-256 digest of the proxy's URL in that file.
const releasedProxy = "a271da18f7ea325dcebc7dfa1006bb8e40b053bf1f10863fc293540b480efee0"

// IsReleasedProxy reports whether url is the proxy that the Go project's
// releases use by default.
func IsReleasedProxy(url string) bool {
	return digest([]byte(strings.TrimSuffix(url, "/"))) == releasedProxy
}

// IsReleased reports whether value is what the Go project's releases set the
// variable to in go.env.
func IsReleased(name, value string) bool { return releasedSettings[name] == digest([]byte(value)) }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

var releaseName = lazyregexp.New(`^go1(\.[0-9]+){1,2}$`)

// gorootOf returns the folder whose go.env is read. The go command looks at
// the user's file before the process environment, other than for any other
// variable (cfg.findGOROOT).
func gorootOf(user string, environ environ, reported map[string]string) string {
	for _, dir := range []string{user, environ.get("GOROOT"), reported["GOROOT"]} {
		if dir != "" {
			return filepath.Clean(dir)
		}
	}
	return ""
}

// readGorootFile reads go.env and compares it with the release's.
func readGorootFile(dir, goroot, goVersion string) (GorootFile, error) {
	f := GorootFile{File: File{State: FileMissing}, Release: ReleaseUnknown}
	if goroot == "" {
		return f, nil
	}
	if !filepath.IsAbs(goroot) {
		goroot = filepath.Join(dir, goroot)
	}
	file, data, err := readFile(filepath.Join(goroot, "go.env"))
	if err != nil {
		return f, err
	}
	f.File = file
	if f.State == FileRead {
		f.SHA256 = "sha256:" + digest(data)
	}
	if !releaseName().MatchString(goVersion) || version.Compare(goVersion, firstRelease) < 0 ||
		version.Compare(version.Lang(goVersion), lastRelease) > 0 || f.State == FileUnreadable {
		return f, nil
	}
	if f.State == FileRead && digest(data) == ReleasedFile {
		f.Release = Released
		return f, nil
	}
	f.Release, f.Changes = Edited, f.changes()
	return f, nil
}

// changes returns the settings of an edited file that are not the release's,
// sorted by name.
func (f *GorootFile) changes() []Change {
	names := []string{"GOPROXY", "GOSUMDB", "GOTOOLCHAIN"}
	for _, s := range f.Settings {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	var changes []Change
	for _, name := range slices.Compact(names) {
		s, ok := f.last(name)
		if !ok || !IsReleased(name, s.Value.Raw()) {
			changes = append(changes, Change{Name: name, Value: s.Value, Line: s.Line})
		}
	}
	return changes
}
