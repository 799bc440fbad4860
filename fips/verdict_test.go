// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/fips"
)

// TestVerdict says what states amount to, and which levels they meet: certified,
// validated-or-in-process, any-module.
func TestVerdict(t *testing.T) {
	seen := func(module fips.Kind, version string, mode fips.ModeName) *fips.Seen {
		s := &fips.Seen{Module: module, Integrity: gobin.Intact, Mode: mode, Basis: gobin.BySymbol}
		if version != "" {
			s.Versions = []string{version}
		}
		return s
	}
	const v1 = "v1.0.0-c2097c7c"
	state := func(declared fips.Kind, version string, linked gobin.Ternary, mode fips.ModeName, c fips.CertificateState, s *fips.Seen) fips.State {
		out := fips.State{Basis: fips.Executable, Seen: s, Module: fips.Module{Declared: declared, Version: version, Linked: linked},
			Mode: fips.Mode{Declared: mode, Linked: fips.ModeUnknown}, Certificate: fips.Certificate{State: c}}
		if s == nil {
			out.Basis = fips.BuildInfo
		} else {
			out.Mode.Linked = s.Mode
		}
		return out
	}
	certified := state(fips.Native, v1, gobin.Yes, fips.On, fips.Certified, seen(fips.Native, v1, fips.On))
	with := func(change func(s *fips.State)) fips.State {
		s := certified
		looked := *s.Seen
		s.Seen = &looked
		change(&s)
		return s
	}
	for _, test := range []struct {
		name  string
		state fips.State
		want  fips.Verdict
		meets string // in the order of fips.Levels
	}{
		{"certified", certified, fips.VerdictCertified, "yes yes yes"},
		{"in process", with(func(s *fips.State) { s.Certificate.State = fips.InProcess }), fips.VerdictInProcess, "no yes yes"},
		{"historical", with(func(s *fips.State) { s.Certificate.State = fips.Historical }), fips.VerdictUncertified, "no no yes"},
		{"latest", state(fips.Native, "latest", gobin.Yes, fips.On, fips.None, seen(fips.Native, "latest", fips.On)), fips.VerdictUncertified, "no no yes"},
		{"latest, by GODEBUG alone", state(fips.NoModule, "", gobin.No, fips.On, fips.None, seen(fips.Native, "latest", fips.On)), fips.VerdictUncertified, "no no yes"},
		{"version unknown", with(func(s *fips.State) { s.Certificate.State = fips.NotKnown }), fips.VerdictUnknown, "unknown unknown yes"},
		{"off", with(func(s *fips.State) { s.Mode.Linked, s.Seen.Mode = fips.Off, fips.Off }), fips.VerdictDisabled, "no no no"},
		{"mode unknown", with(func(s *fips.State) {
			s.Mode, s.Seen.Mode = fips.Mode{Declared: fips.ModeUnknown, Linked: fips.ModeUnknown}, fips.ModeUnknown
		}), fips.VerdictUnknown, "unknown unknown unknown"},
		{"mode by search", with(func(s *fips.State) { s.Seen.Basis = gobin.BySearch }), fips.VerdictUnknown, "unknown unknown unknown"},
		{"broken", with(func(s *fips.State) { s.Seen.Integrity = gobin.Broken }), fips.VerdictBroken, "no no no"},
		{"no sum", with(func(s *fips.State) { s.Seen.Integrity = gobin.Absent }), fips.VerdictUnknown, "unknown unknown unknown"},
		{"refuses", with(func(s *fips.State) { s.Refusal = fips.RefusePurego }), fips.VerdictBroken, "no no no"},
		{"contradictory", with(func(s *fips.State) { s.Disagreements = []fips.Disagreement{{}} }), fips.VerdictUnknown, "no no no"},
		{"declared", state(fips.Native, v1, gobin.Unknown, fips.On, fips.Certified, nil), fips.VerdictUnknown, "unknown unknown unknown"},
		{"declared, off", state(fips.Native, v1, gobin.Unknown, fips.Off, fips.Certified, nil), fips.VerdictDisabled, "no no no"},
		{"declared, in process", state(fips.Native, "v1.26.0", gobin.Unknown, fips.On, fips.InProcess, nil), fips.VerdictUnknown, "no unknown unknown"},
		{"not linked", state(fips.Native, v1, gobin.No, fips.On, fips.None, seen(fips.NoModule, "", fips.On)), fips.VerdictNoModule, "no no no"},
		{"none", state(fips.NoModule, "", gobin.No, fips.Unset, fips.None, seen(fips.Native, "latest", fips.Unset)), fips.VerdictNoModule, "no no no"},
		{"boringcrypto", state(fips.BoringCrypto, "", gobin.Yes, fips.Unset, fips.Certified, seen(fips.BoringCrypto, "", fips.Unset)), fips.VerdictUnknown, "unknown unknown unknown"},
		{"boringcrypto not linked", state(fips.BoringCrypto, "", gobin.No, fips.Unset, fips.None, nil), fips.VerdictNoModule, "no no no"},
		{"system", state(fips.System, "", gobin.Unknown, fips.On, fips.NotKnown, nil), fips.VerdictUnknown, "unknown unknown unknown"},
		{"nothing", fips.State{Basis: fips.Nothing, Module: fips.Module{Declared: fips.Unknown}}, fips.VerdictUnknown, "unknown unknown unknown"},
		{"no build info, nothing seen", fips.State{Basis: fips.Executable, Module: fips.Module{Declared: fips.Unknown}, Certificate: fips.Certificate{State: fips.NotKnown}, Mode: fips.Mode{Declared: fips.ModeUnknown, Linked: fips.ModeUnknown}}, fips.VerdictUnknown, "unknown unknown unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.state.Verdict(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			var meets []string
			for _, l := range fips.Levels {
				meets = append(meets, string(test.state.Meets(l)))
			}
			if got := strings.Join(meets, " "); got != test.meets {
				t.Errorf("meets %s, want %s", got, test.meets)
			}
			if test.state.Meets(fips.NoLevel) != gobin.Yes {
				t.Error("does not meet no demand")
			}
		})
	}
}

// Data of certificates that could mean two things, or nothing, is refused.
func TestParseCertificates(t *testing.T) {
	const good = `{"module": "native", "versions": ["v1"], "state": "certified", "number": 1, "as_of": "2026-01-01", "source": "x"}`
	const boring = `{"module": "boringcrypto", "go_from": "go1.26", "state": "in-process", "as_of": "2026-01-01", "source": "x"}`
	if list, err := fips.ParseCertificates([]byte("[" + good + "," + boring + "]\n")); err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	apart := strings.Replace(boring, `"go_from": "go1.26"`, `"go_from": "go1.20", "go_before": "go1.26"`, 1)
	if list, err := fips.ParseCertificates([]byte("[" + boring + "," + apart + "]")); err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	replace := func(s, old, new string) string {
		if !strings.Contains(s, old) {
			t.Fatal(old)
		}
		return "[" + strings.Replace(s, old, new, 1) + "]"
	}
	for name, data := range map[string]string{
		"nothing":            "",
		"no list":            good,
		"more":               "[]x",
		"unknown key":        replace(good, `"number"`, `"nr"`),
		"no module":          replace(good, "native", "system"),
		"no versions":        replace(good, `["v1"]`, `[]`),
		"go_from":            replace(good, `"state"`, `"go_from": "go1.26", "state"`),
		"boring, versions":   replace(boring, `"go_from": "go1.26"`, `"versions": ["v1"]`),
		"boring, no release": replace(boring, "go1.26", "1.26"),
		"boring, before":     replace(boring, `"go_from": "go1.26"`, `"go_before": "x"`),
		"state":              replace(good, `"certified"`, `"valid"`),
		"no number":          replace(good, `"number": 1`, `"number": 0`),
		"number in process":  replace(boring, `"as_of"`, `"number": 2, "as_of"`),
		"as_of":              replace(good, "2026-01-01", "2026-13-01"),
		"sunset":             replace(good, `"as_of"`, `"sunset": "soon", "as_of"`),
		"source":             replace(good, `"x"`, `""`),
		"version twice":      "[" + good + "," + strings.Replace(good, `"number": 1`, `"number": 2`, 1) + "]",
		"version twice in 1": replace(good, `["v1"]`, `["v1", "v1"]`),
		"version of another": "[" + good + "," + strings.Replace(good, `["v1"]`, `["v2", "v1"]`, 1) + "]",
		"ranges overlap":     "[" + boring + "," + strings.Replace(boring, "go1.26", "go1.27", 1) + "]",
		"ranges overlap, 2":  "[" + boring + "," + strings.Replace(boring, `"go_from": "go1.26"`, `"go_before": "go1.26.1"`, 1) + "]",
		"ranges are all":     "[" + strings.Replace(boring, `"go_from": "go1.26",`, "", 1) + "," + strings.Replace(boring, `"go_from": "go1.26"`, `"go_before": "go1.1"`, 1) + "]",
		"range is empty":     replace(boring, `"state"`, `"go_before": "go1.26", "state"`),
		"key twice":          replace(good, `"number": 1`, `"number": 2, "number": 1`),
		"key in other case":  replace(good, `"number": 1`, `"number": 2, "Number": 1`),
		"other case alone":   replace(good, `"number"`, `"NUMBER"`),
		"folded case":        replace(good, `"versions"`, `"ver\u017fions"`),
		"null":               "[null]",
		"large":              "[" + strings.Repeat(" ", 1<<20) + "]",
	} {
		if _, err := fips.ParseCertificates([]byte(data)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Packages with cryptography of their own are told from the standard library's,
// its copies, and those that are called alike.
func TestPackages(t *testing.T) {
	dir := gobintest.Module(t, "module example.com/prog\n\ngo 1.26\n\nrequire golang.org/x/crypto v0.0.0\n\nreplace golang.org/x/crypto => ./crypto\n")
	for name, text := range map[string]string{
		"crypto/go.mod":               "module golang.org/x/crypto\n\ngo 1.26\n",
		"crypto/blowfish/blowfish.go": "package blowfish\n\n//go:noinline\nfunc F() { println() }\n",
		"crypto/bcryptx/bcrypt.go":    "package bcryptx\n\n//go:noinline\nfunc F() { println() }\n",
		"main.go": "package main\n\nimport (\n\t\"crypto/md5\"\n\t\"net/http\"\n\n\t\"golang.org/x/crypto/bcryptx\"\n\t\"golang.org/x/crypto/blowfish\"\n)\n\n" +
			"func main() {\n\tprintln(md5.Sum(nil)[0])\n\thttp.Get(\"\")\n\tblowfish.F()\n\tbcryptx.F()\n}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(gobintest.Build(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	p := judge(t, data, now).Seen.Packages
	if diff := cmp.Diff([]string{"golang.org/x/crypto/blowfish"}, p.NonApproved); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"vendor/golang.org/x/crypto/chacha20", "vendor/golang.org/x/crypto/chacha20poly1305", "vendor/golang.org/x/crypto/internal/poly1305"}, p.Vendored); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(p.Standard, "crypto/md5") || slices.Contains(p.Standard, "crypto/sha256") {
		t.Errorf("%q", p.Standard)
	}
}
