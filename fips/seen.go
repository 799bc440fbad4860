// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/gobin"
)

// Seen is what an executable itself shows, whatever its build info says.
type Seen struct {
	// Module is told by the names of the functions that are linked. It is native
	// where the module's own test is among them. Versions
	// are those of the native module: one, or several where somebody mixed
	// what the go command never mixes.
	Module   Kind     `json:"module"`
	Versions []string `json:"versions,omitempty"` // "latest" is the toolchain's own source

	// ASan is set where the runtime's part of -asan is linked. Assembly is set where
	// the native module's code for the processor is, which the tag purego leaves out;
	// not every processor has such code.
	ASan     bool `json:"-"`
	Assembly bool `json:"-"`

	// Second is the copy of the build info that the program itself reads, if the one
	// that tools read was removed.
	Second *gobin.Build `json:"-"`

	// Integrity is what the native module's own test would find at the start.
	Integrity gobin.Integrity `json:"integrity,omitempty"`
	Detail    string          `json:"detail,omitempty"` // why it is broken

	// Mode is told by the default of GODEBUG that is linked. It is unknown where
	// several texts may be that default, and they differ in it.
	Mode    ModeName           `json:"mode"`
	Basis   gobin.GODEBUGBasis `json:"basis,omitempty"`   // how the default was found
	GODEBUG []string           `json:"godebug,omitempty"` // the default, or each text that may be it

	// Disputed is set where the symbol table has that default elsewhere.
	Disputed bool `json:"disputed,omitempty"`

	// Cryptography are the packages beneath crypto that are linked: those of the native
	// module, and those that programs import. That one is linked does not say that it
	// is used.
	Cryptography []string `json:"cryptography,omitempty"`

	// Packages have cryptography outside of every module.
	Packages Packages `json:"-"`

	Errors []string `json:"errors,omitempty"` // why something is unknown
}

// Look reads what an executable shows: of a universal file, give it the members.
// It is nil for what is no Go executable.
func Look(f *gobin.File) *Seen {
	if f.State != gobin.StateRead && f.State != gobin.StateUnknown || f.Format == gobin.Universal {
		return nil
	}
	s := &Seen{Module: Unknown, Mode: ModeUnknown}
	im, err := f.Image()
	if err != nil {
		s.fail("image", err)
		return s
	}
	s.lookModule(im)
	if f.State != gobin.StateRead {
		if _, second, err := f.CompareBuildInfo(); err == nil {
			s.Second = second
		}
	}
	if info, err := im.FIPSInfo(); err != nil {
		s.fail("integrity", err)
	} else {
		s.Integrity, s.Detail = info.State, info.Detail
		if s.Detail == "" && s.Integrity == gobin.Broken {
			s.Detail = "another sum than " + info.Sum
		}
	}
	if linked, err := im.LinkedGODEBUG(); err != nil {
		s.fail("default of GODEBUG", err)
	} else {
		s.lookMode(linked)
	}
	return s
}

func (s *Seen) fail(what string, err error) {
	s.Errors = append(s.Errors, fmt.Sprintf("%s: %v", what, err))
}

const nativeModule = "crypto/internal/fips140/"

// lookModule finds out whose code is linked. Names of functions are data: who
// edits them in the file deceives, and breaks nothing.
func (s *Seen) lookModule(im *gobin.Image) {
	var boring, system, test bool
	versions := map[string]bool{}
	last := ""
	err := im.Functions(func(pkg, name string) {
		if pkg != last {
			last = pkg
			s.Packages.take(pkg)
			if isCryptography(pkg) {
				s.Cryptography = append(s.Cryptography, strings.Clone(pkg))
			}
		}
		switch {
		case strings.HasPrefix(name, nativeModule):
			versions[strings.Clone(versionOf(pkg))] = true
			test = test || strings.HasSuffix(name, "/check.init.0")
			s.Assembly = s.Assembly || isAssembly(name)
		case strings.HasPrefix(name, "runtime.asan"), strings.HasPrefix(name, "runtime.doasan"):
			s.ASan = true
		case strings.IndexByte(name, '_') >= 0 && strings.Contains(name, "_Cfunc__goboringcrypto_"):
			boring = true
		case isSystem(strings.TrimPrefix(name, "vendor/")):
			system = true
		}
	})
	if err != nil {
		s.fail("functions", err)
		return
	}
	s.Packages.sort()
	slices.Sort(s.Cryptography)
	s.Cryptography = slices.Compact(s.Cryptography)
	for v := range versions {
		s.Versions = append(s.Versions, v)
	}
	slices.Sort(s.Versions)
	switch {
	case boring:
		s.Module = BoringCrypto
	case system:
		s.Module = System
	case test: // without it there are but parts, such as crypto/subtle has, or what is only called so
		s.Module = Native
	default:
		s.Module = NoModule
	}
}

// isCryptography reports whether a package is one of the native module or one that programs
// import from beneath crypto.
func isCryptography(pkg string) bool {
	return strings.HasPrefix(pkg, nativeModule) || strings.HasPrefix(pkg, "crypto/") && !strings.Contains(pkg, "/internal/")
}

// versionOf returns the version of the native module that a package of it is of.
// The go command gives each frozen copy of the source a folder of its name.
func versionOf(pkg string) string {
	version, _, _ := strings.Cut(strings.TrimPrefix(pkg, nativeModule), "/")
	if len(version) > 1 && version[0] == 'v' && '0' <= version[1] && version[1] <= '9' {
		return version
	}
	return "latest"
}

// isAssembly reports whether a function of the native module computes SHA-256, which
// its test needs, in assembly: blockSHANI, blockAVX2, blockSHA2 and the like.
func isAssembly(name string) bool {
	_, kind, ok := strings.Cut(name, "/sha256.block")
	return ok && kind != "" && 'A' <= kind[0] && kind[0] <= 'Z' && !strings.HasPrefix(kind, "Generic")
}

// hasAssembly reports whether isAssembly finds something in each program with the
// native module for that processor.
func hasAssembly(arch string) bool {
	return slices.Contains([]string{"amd64", "arm64", "ppc64", "ppc64le", "s390x"}, arch)
}

// isSystem reports whether a function is of a package with which the toolchains
// of Microsoft and Red Hat call the system's library.
func isSystem(name string) bool {
	for _, prefix := range []string{"github.com/golang-fips/openssl", "github.com/microsoft/go-crypto-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (s *Seen) lookMode(linked gobin.GODEBUG) {
	s.Basis, s.GODEBUG, s.Disputed = linked.Basis, linked.Values, linked.Disputed
	modes := map[ModeName]bool{}
	for _, text := range linked.Values {
		modes[modeOf(text)] = true
	}
	switch len(modes) {
	case 0:
		if s.Module != Unknown { // else it is not laid out as we know it
			s.Mode = Unset
		}
	case 1:
		for mode := range modes {
			s.Mode = mode
		}
	default:
		s.Errors = append(s.Errors, "default of GODEBUG: several texts may be it: "+strings.Join(linked.Values, " | "))
	}
}

// modeOf is the mode that a value of GODEBUG sets as the default of an
// executable. With a pattern it is not known.
func modeOf(godebug string) ModeName {
	switch value, pattern, _ := Setting(godebug); {
	case pattern != "":
		return ModeUnknown
	case value != "":
		return ModeName(value)
	}
	return Unset
}

// Setting returns the setting fips140 of a value of GODEBUG as internal/godebug
// reads it: the last one counts, also an empty one. With a pattern behind "#" the
// value is in force only where that pattern of golang.org/x/tools/cmd/bisect
// matches the calls. Set tells an empty value from none: in the environment, an
// empty one takes back the default that is linked.
func Setting(godebug string) (value, pattern string, set bool) {
	for kv := range strings.SplitSeq(godebug, ",") {
		if v, ok := strings.CutPrefix(kv, "fips140="); ok {
			value, pattern, _ = strings.Cut(v, "#")
			set = true
		}
	}
	return value, pattern, set
}
