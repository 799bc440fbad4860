// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package fips tells which FIPS 140 cryptographic module a Go executable has, in
// which mode it starts, and what certificate covers that module.
//
// It holds two things against each other. What the build info says is a claim:
// linker flags can change what runs without changing what is recorded. What the
// executable shows is the code that is linked, the default of GODEBUG that the
// runtime will read, and the module's integrity sum. That sum has a public key:
// who edits the module and seals it again, or edits the names of its functions,
// is not found out. A certificate covers named operating environments only,
// which are left to be confirmed.
//
// The mechanisms are those of cmd/go/internal/fips140 and crypto/fips140 since
// Go 1.24, GOEXPERIMENT=boringcrypto, and the toolchains of Microsoft and Red
// Hat, which use the system's library.
package fips

import (
	"fmt"
	"go/version"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/internal/lazyregexp"
)

// State is what is known about one executable.
type State struct {
	Basis       Basis       `json:"basis"`
	Seen        *Seen       `json:"seen,omitempty"` // what the executable shows; nil if it could not be looked at
	Module      Module      `json:"module"`
	Mode        Mode        `json:"mode"`
	Certificate Certificate `json:"certificate"`

	// OperatingEnvironment is always "to-be-confirmed": where the executable
	// runs does not stand in it.
	OperatingEnvironment string `json:"operating_environment"`

	// Refusal is why the program would not start in the declared mode: it
	// panics. Empty if nothing speaks against it.
	Refusal Refusal `json:"refusal,omitempty"`

	Disagreements []Disagreement `json:"disagreements,omitempty"`

	unsettled string // the doubt whether it is one of those that refuse; "" if there is none
}

// Basis says what a State rests on.
type Basis string

// The bases.
const (
	BuildInfo  Basis = "build-info" // the settings recorded by the go command: a claim
	Executable Basis = "executable" // what is linked, with the settings where they are recorded
	Nothing    Basis = "none"       // neither is known
)

// Module is the cryptographic module of an executable.
type Module struct {
	Declared Kind          `json:"declared"`
	Version  string        `json:"version,omitempty"` // as recorded, such as "v1.0.0-c2097c7c" or "latest"
	Linked   gobin.Ternary `json:"linked"`            // whether that very module is in the executable
}

// Kind is a kind of module.
type Kind string

// The kinds of modules.
const (
	Native       Kind = "native"       // the Go Cryptographic Module, selected with GOFIPS140
	BoringCrypto Kind = "boringcrypto" // GOEXPERIMENT=boringcrypto
	System       Kind = "system"       // the operating system's library: Microsoft's and Red Hat's toolchains
	NoModule     Kind = "none"         // the standard library as it is
	Unknown      Kind = "unknown"
)

// Mode is the FIPS 140 mode in which an executable starts if the environment
// does not say otherwise.
type Mode struct {
	Declared ModeName `json:"declared"` // by the build info
	Linked   ModeName `json:"linked"`   // by what the runtime will read
}

// Effective is the mode that counts: the linked one, where it is known.
func (m Mode) Effective() ModeName {
	if m.Linked != ModeUnknown {
		return m.Linked
	}
	return m.Declared
}

// ModeName is a value of the GODEBUG setting fips140.
type ModeName string

// The modes. Any other text is a value that the runtime does not know.
const (
	On          ModeName = "on"
	Only        ModeName = "only"  // on, and what is not approved fails; not for production
	Debug       ModeName = "debug" // on, with messages
	Off         ModeName = "off"   // switched off by a //go:debug line or go.mod
	Unset       ModeName = "unset" // off, as no setting says otherwise
	ModeUnknown ModeName = "unknown"
)

// Enabled reports whether the mode is one in which the module works as
// validated.
func (m ModeName) Enabled() bool { return m == On || m == Only || m == Debug }

// Refusal is a reason why the native module does not start. See Supported in
// crypto/internal/fips140.
type Refusal string

// The refusals.
const (
	RefusePlatform Refusal = "platform"      // wasm, windows/386, windows/arm (until Go 1.25), openbsd, aix
	RefuseASan     Refusal = "asan"          // built with -asan
	RefusePurego   Refusal = "purego"        // built with -tags=purego
	RefuseBoring   Refusal = "boringcrypto"  // excludes the native mode
	RefuseValue    Refusal = "unknown-value" // GODEBUG fips140 has a value that the runtime does not know
)

// A Disagreement is two claims of the build info that cannot both be true, or
// that the go command never makes together.
type Disagreement struct {
	Claim   string `json:"claim"`   // such as "GOFIPS140=v1.0.0-c2097c7c"
	Against string `json:"against"` // such as "no tag fips140v1.0"
}

// Judge tells the state of one executable, of a universal file that of one
// member, by its build info and by what it shows: see [Look]. A certificate whose
// sunset date has passed by now is historical.
func Judge(f *gobin.File, seen *Seen, list Certificates, now time.Time) State {
	s := State{
		Basis: Nothing, Seen: seen, Module: Module{Declared: Unknown, Linked: gobin.Unknown}, Mode: Mode{ModeUnknown, ModeUnknown},
		Certificate: Certificate{State: NotKnown}, OperatingEnvironment: "to-be-confirmed",
	}
	if f.State == gobin.StateRead {
		s.Basis = BuildInfo
		s.Module = declaredModule(f)
		s.Mode.Declared = declaredMode(f.Build)
	}
	if seen != nil {
		s.Mode.Linked = seen.Mode
		if seen.Module != Unknown {
			s.Basis = Executable
			s.Module.Linked = s.linked()
		}
	}
	if s.Basis == Nothing {
		return s
	}
	s.Certificate = list.of(s.InForce(), release(f), now)
	settings := f.Build
	if f.State != gobin.StateRead {
		settings = nil
		if seen != nil {
			settings = seen.Second
		}
	}
	s.Refusal = refusal(f, s, settings)
	s.unsettled = unsettled(f, s, settings)
	if f.State == gobin.StateRead {
		s.Disagreements = disagreements(f, s)
	}
	return s
}

func release(f *gobin.File) string {
	if f.Build == nil {
		return ""
	}
	return f.Build.Version()
}

// linked reports whether the module that is declared is the one that is linked.
func (s State) linked() gobin.Ternary {
	same := s.Seen.Module == s.Module.Declared
	switch s.Module.Declared {
	case Unknown:
		same = s.Seen.Module != NoModule
	case Native:
		same = same && len(s.Seen.Versions) == 1 && s.Seen.Versions[0] == s.Module.Version
	case NoModule: // the standard library's own cryptography is no module that was chosen
		same = false
	case System: // its makers change the names of packages
		if !same {
			return gobin.Unknown
		}
	}
	return ternary(same)
}

func ternary(b bool) gobin.Ternary {
	if b {
		return gobin.Yes
	}
	return gobin.No
}

// InForce is the module that a certificate must cover: what is linked, where it
// is known.
func (s State) InForce() Module {
	m := s.Module
	if s.Seen == nil || s.Seen.Module == Unknown || m.Declared == System {
		return m
	}
	switch s.Seen.Module {
	case Native:
		version := strings.Join(s.Seen.Versions, "+")
		if m.Declared == NoModule && version == "latest" || m.Declared == BoringCrypto {
			return m
		}
		return Module{Native, version, gobin.Yes}
	case NoModule:
		m.Linked = gobin.No
		return m
	}
	return Module{s.Seen.Module, "", gobin.Yes}
}

// Reasons returns why the executable does not declare a certified module that
// is on: "what=state" for each; nil if it does, or if that is unknown.
func (s State) Reasons() []string {
	if s.Basis == Nothing {
		return nil
	}
	var out []string
	if s.Certificate.State != Certified && s.Certificate.State != NotKnown {
		out = append(out, "certificate="+string(s.Certificate.State))
	}
	if s.Module.Declared == NoModule {
		out = append(out, "module=none")
	}
	if s.Module.Declared != NoModule && s.Module.Linked == gobin.No {
		out = append(out, "linked=no")
	}
	if mode := s.Mode.Effective(); s.Module.Declared != BoringCrypto && s.Module.Declared != System && !mode.Enabled() && mode != ModeUnknown {
		out = append(out, "mode="+string(mode))
	}
	if s.Broken() {
		out = append(out, "integrity=broken")
	}
	if s.Refusal != "" {
		out = append(out, "refusal="+string(s.Refusal))
	}
	if len(s.Disagreements) > 0 {
		out = append(out, "build-info=contradictory")
	}
	slices.Sort(out)
	return out
}

// Broken reports whether the native module's own test would fail.
func (s State) Broken() bool {
	return s.Seen != nil && s.Seen.Module == Native && s.Seen.Integrity == gobin.Broken
}

// Determined reports whether it is known which module the executable has, and
// what certificate covers it. It is not where the module is the system's, or
// where only code that could not be read would tell.
func (s State) Determined() bool {
	switch s.Module.Declared {
	case Native:
		return s.Certificate.State != NotKnown
	case BoringCrypto:
		return s.Module.Linked == gobin.No || s.Module.Linked == gobin.Yes && s.Certificate.State != NotKnown
	case NoModule:
		return true
	case Unknown:
		return s.Basis == Executable && s.Seen.Module != System && s.Seen.Mode != ModeUnknown && s.Certificate.State != NotKnown
	}
	return false
}

// Doubts returns what keeps an executable without [State.Reasons] from being
// proven to have the module that it declares, intact and on; nil if it is.
func (s State) Doubts() []string {
	var out []string
	switch {
	case s.Seen == nil || s.Seen.Module == Unknown:
		return []string{"module=unseen"}
	case s.Seen.Module == BoringCrypto:
		return []string{"integrity=untested"} // it is a C object with a test of its own
	case s.Module.Linked != gobin.Yes:
		out = append(out, "linked="+string(s.Module.Linked))
	}
	if s.Seen.Integrity != gobin.Intact {
		out = append(out, "integrity="+string(s.Seen.Integrity))
	}
	switch {
	case s.Seen.Mode == ModeUnknown:
		out = append(out, "mode=unknown")
	case s.Seen.Basis == gobin.BySearch:
		out = append(out, "mode=by-search") // a stripped file: another variable may look like the default
	case s.Seen.Disputed:
		out = append(out, "mode=disputed") // the symbol of the default is moved
	}
	if s.unsettled != "" {
		out = append(out, s.unsettled)
	}
	return out
}

func declaredModule(f *gobin.File) Module {
	setting, named := f.Build.Experiments()
	experiment := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(setting, n) || slices.Contains(named, n) })
	}
	switch goFIPS, _ := f.Build.Setting("GOFIPS140"); {
	case systemCrypto(f.Build, experiment):
		return Module{System, "", gobin.Unknown}
	case goFIPS != "" && goFIPS != "off":
		return Module{Native, goFIPS, gobin.Unknown}
	case experiment("boringcrypto"):
		if f.CGO == gobin.No { // the module is a C object
			return Module{BoringCrypto, "", gobin.No}
		}
		return Module{BoringCrypto, "", gobin.Unknown}
	}
	return Module{NoModule, "", gobin.No}
}

// systemCrypto reports whether a vendor's toolchain, or a tag or an experiment
// that only such a toolchain knows, asks for the system's library. Microsoft's
// records microsoft_systemcrypto=1 since Go 1.25; Red Hat's uses OpenSSL unless
// the tag no_openssl is given or cgo is off.
func systemCrypto(b *gobin.Build, experiment func(...string) bool) bool {
	if v, _ := b.Setting("microsoft_systemcrypto"); v == "1" {
		return true
	}
	tags := b.Tags()
	cgo, _ := b.Setting("CGO_ENABLED")
	redHat := strings.Contains(b.Go, "Red Hat") && cgo == "1" && !slices.Contains(tags, "no_openssl")
	return redHat || experiment("systemcrypto", "opensslcrypto", "cngcrypto", "darwincrypto", "strictfipsruntime") ||
		slices.Contains(tags, "requirefips") || slices.Contains(tags, "strictfipsruntime")
}

func declaredMode(b *gobin.Build) ModeName {
	v, _ := b.Setting("DefaultGODEBUG")
	return modeOf(v)
}

// refusal tells why the module refuses to start, by what is seen, and by the
// settings, which are nil where neither copy of the build info has them.
func refusal(f *gobin.File, s State, settings *gobin.Build) Refusal {
	mode := s.Mode.Effective()
	if mode == Off || mode == Unset || mode == ModeUnknown || s.Module.Declared == System {
		return ""
	}
	if !mode.Enabled() {
		return RefuseValue
	}
	var asan, purego bool
	if settings != nil {
		v, _ := settings.Setting("-asan")
		asan, purego = v == "true", slices.Contains(settings.Tags(), "purego")
	}
	switch {
	case s.Module.Declared == BoringCrypto && s.Module.Linked != gobin.No, s.Seen != nil && s.Seen.Module == BoringCrypto:
		return RefuseBoring
	case purego:
		return RefusePurego
	case asan, s.Seen != nil && s.Seen.ASan:
		return RefuseASan
	case f.OS == "openbsd" || f.OS == "aix" || f.Arch == "wasm" || f.Format == gobin.PE && (f.Arch == "386" || f.Arch == "arm"):
		return RefusePlatform
	}
	return ""
}

// unsettled is the doubt whether the native module was built with the tag purego.
// Where the processor's code is linked it was not. Without it and without settings
// nothing tells; without it on a processor that has such code, the settings lie.
func unsettled(f *gobin.File, s State, settings *gobin.Build) string {
	switch {
	case s.Seen == nil || s.Seen.Module != Native || s.Seen.Assembly:
		return ""
	case settings == nil:
		return "settings=unseen"
	case hasAssembly(f.Arch):
		return "assembly=unseen"
	}
	return ""
}

func disagreements(f *gobin.File, s State) []Disagreement {
	var out []Disagreement
	add := func(claim, against string) { out = append(out, Disagreement{claim, against}) }
	if s.Module.Declared != System { // vendors have rules of their own
		out = snapshotTags(f.Build)
	}
	goFIPS, selected := f.Build.Setting("GOFIPS140")
	release := f.Build.Version()
	setting, named := f.Build.Experiments()
	boring := slices.Contains(setting, "boringcrypto") || slices.Contains(named, "boringcrypto")
	if selected && boring {
		add("GOFIPS140="+goFIPS, "GOEXPERIMENT=boringcrypto")
	}
	if slices.Contains(setting, "boringcrypto") && !slices.Contains(named, "boringcrypto") {
		add("GOEXPERIMENT=boringcrypto", f.Build.Go)
	}
	if selected && release != "" && version.Compare(release, "go1.24rc1") < 0 {
		add("GOFIPS140="+goFIPS, release)
	}
	for _, key := range f.Build.Repeated() {
		if key == "GOFIPS140" || key == "DefaultGODEBUG" || key == "GOEXPERIMENT" || key == "-tags" {
			add(key, key+" again")
		}
	}
	out = append(out, s.contradicted()...)
	if given, ok := linkedGODEBUG(f.Build); ok && given != s.Mode.Declared {
		add("DefaultGODEBUG fips140="+string(s.Mode.Declared), "-ldflags runtime.godebugDefault fips140="+string(given))
	}
	return out
}

// contradicted holds the build info against what the executable shows.
func (s State) contradicted() []Disagreement {
	if s.Seen == nil {
		return nil
	}
	var out []Disagreement
	versions := strings.Join(s.Seen.Versions, "+")
	switch {
	case s.Module.Declared == Native && s.Seen.Module == Native && versions != s.Module.Version:
		out = append(out, Disagreement{"GOFIPS140=" + s.Module.Version, "linked: " + versions})
	case s.Module.Declared == NoModule && s.Seen.Module != Unknown && s.Seen.Module != NoModule && versions != "latest":
		out = append(out, Disagreement{"GOFIPS140=off", strings.TrimSpace("linked: " + string(s.Seen.Module) + " " + versions)})
	}
	if s.Seen.Mode != ModeUnknown && s.Seen.Mode != s.Mode.Declared {
		out = append(out, Disagreement{"DefaultGODEBUG fips140=" + string(s.Mode.Declared), "linked: fips140=" + string(s.Seen.Mode)})
	}
	return out
}

// snapshotTags compares GOFIPS140 with the build tag that the go command adds
// for a snapshot: "fips140" and the major and minor version.
func snapshotTags(b *gobin.Build) []Disagreement {
	goFIPS, _ := b.Setting("GOFIPS140")
	want := ""
	if mm := semver.MajorMinor(goFIPS); mm != "" {
		want = "fips140" + mm
	}
	var out []Disagreement
	tags := b.Tags()
	if want != "" && !slices.Contains(tags, want) {
		out = append(out, Disagreement{"GOFIPS140=" + goFIPS, "no tag " + want})
	}
	for _, t := range tags {
		if strings.HasPrefix(t, "fips140v") && t != want {
			out = append(out, Disagreement{"tag " + t, fmt.Sprintf("GOFIPS140=%s", goFIPS)})
		}
	}
	return out
}

var godebugDefault = lazyregexp.New(`runtime\.godebugDefault=([^\s"']*)`)

// linkedGODEBUG returns the mode that the recorded linker flags set behind the
// go command's back. The last one counts. With -trimpath, flags are not
// recorded.
func linkedGODEBUG(b *gobin.Build) (ModeName, bool) {
	flags, _ := b.Setting("-ldflags")
	all := godebugDefault().FindAllStringSubmatch(flags, -1)
	if len(all) == 0 {
		return "", false
	}
	return modeOf(all[len(all)-1][1]), true
}
