// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
)

func TestParseBoot(t *testing.T) {
	for _, c := range []struct {
		cmdline string
		asks    gobin.Ternary
		boot    bool
	}{
		{"", gobin.No, false},
		{"ro quiet\n", gobin.No, false},
		{"ro fips=1 quiet\n", gobin.Yes, false},
		{"fips=1 boot=UUID=0f9c", gobin.Yes, true},
		{"boot", gobin.No, false},
		{"fips=1 fips=0", gobin.No, false},
		{"fips=0\tfips=1", gobin.Yes, false},
		{"fips=0x1", gobin.Yes, false},
		{"fips=-1", gobin.Yes, false},
		{"fips=007", gobin.Yes, false},
		{"fips=00", gobin.No, false},
		{"fips", gobin.No, false}, // no "=": another parameter, which nothing knows
		{"nofips=1 fipsy=1 fips.a=1 Fips=1", gobin.No, false},

		// What is not a number for all kernels: simple_strtol stops at the first
		// other character, and kstrtoint refuses.
		{"fips=", gobin.Unknown, false},
		{"fips=yes", gobin.Unknown, false},
		{"fips=1x", gobin.Unknown, false},
		{"fips=+1", gobin.Unknown, false},
		{"fips=0b1", gobin.Unknown, false},
		{"fips=0o1", gobin.Unknown, false},
		{"fips=1_0", gobin.Unknown, false},
		{"fips=08", gobin.Unknown, false},
		{"fips=99999999999", gobin.Unknown, false},
		{"fips=yes fips=1", gobin.Yes, false},

		// Of init.
		{"ro -- fips=1 boot=x", gobin.No, false},
		{"fips=1 -- fips=0", gobin.Yes, false},
		{"--fips=1", gobin.No, false},
		{"--=x fips=1", gobin.Yes, false},

		// Quotes.
		{`dyndbg="file a fips=1 +p"`, gobin.No, false},
		{`"fips=1"`, gobin.Yes, false},
		{`fips="1"`, gobin.Yes, false},
		{`"a fips=1`, gobin.No, false},
		{`"a" fips=1`, gobin.Yes, false},
		{`a="" fips=1`, gobin.Yes, false},
		{`=fips=1 fips=1`, gobin.Yes, false},
		{`"`, gobin.No, false},
	} {
		asks, boot := ParseBoot(c.cmdline)
		if asks.Is != c.asks || boot != c.boot || asks.Is == gobin.Unknown && asks.Why == "" {
			t.Errorf("%q: got %+v %v", c.cmdline, asks, boot)
		}
	}
}

func TestParseMounts(t *testing.T) {
	got, err := parseMounts("36 35 98:0 /mnt1 /a\\040b\\134\\011\\012c rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n")
	if err != nil || !slices.Equal(got, []mount{{"/mnt1", "/a b\\\t\nc", "ext3"}}) {
		t.Errorf("%+v %v", got, err)
	}
	for _, text := range []string{"", "\n", "36 35 98:0 / / rw\n", "36 35 98:0 / - ext3 x rw\n", "36 35 98:0 / / rw - \n"} {
		if got, err := parseMounts(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
	mounts := []mount{{"/", "/proc", "proc"}, {"/", "/", "xfs"}, {"/x", "/etc", "old"}, {"/y/", "/etc", "new"}}
	for file, want := range map[string]string{"/proc/a": "proc /a", "/proc": "proc ", "/process": "xfs /process", "/etc/a": "new /y/a"} {
		if m, inside := on(mounts, file); m.kind+" "+inside != want {
			t.Errorf("%s: %+v %s", file, m, inside)
		}
	}
}

func TestParsePolicy(t *testing.T) {
	for text, want := range map[string]string{
		"FIPS":                              "FIPS",
		"# a\n\n  fips:ospp # b\n":          "FIPS:OSPP",
		"DEFAULT::SHA1:\n":                  "DEFAULT:SHA1",
		"DEFAULT:SHA1\nX:AD-SUPPORT\n:GOST": "DEFAULT:SHA1:AD-SUPPORT:GOST",
		"FIPS\r\n":                          "FIPS",
		"TEST-FEDORA41":                     "TEST-FEDORA41",
		"":                                  "",
		"# FIPS\n":                          "",
		":FIPS":                             "",
		"FIPS OSPP":                         "",
		"../../x":                           "",
		strings.Repeat("A:", 600) + "A":     "",
	} {
		if got, ok := ParsePolicy(text); ok != (want != "") || ok && string(got) != want {
			t.Errorf("%q: got %q %v, want %q", text, got, ok, want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for out, want := range map[string][3]string{
		"OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)\nMODULESDIR: \"/m\"\n": {"OpenSSL", "3.0.19", "/m"},
		"OpenSSL 3.5.0-dev\n":              {"OpenSSL", "3.5.0-dev", ""},
		"OpenSSL 1.1.1k  FIPS 25 Mar 2021": {"OpenSSL", "1.1.1k", ""},
		"LibreSSL 3.9.2\n":                 {"LibreSSL", "3.9.2", ""},
		"openssl: error\n":                 {"", "", ""},
		"":                                 {"", "", ""},
		"OpenSSL " + strings.Repeat("1", 60) + "\n": {"", "", ""},
	} {
		product, version, dir := ParseVersion(out)
		if got := [3]string{product, version, dir}; got != want {
			t.Errorf("%q: got %q", out, got)
		}
	}
}

func TestParseProviders(t *testing.T) {
	for _, c := range []struct {
		out  string
		want []Provider
	}{
		{"Providers:\n", []Provider{}},
		{"Providers:\r\n  fips\r\n    status: active\r\n", []Provider{{ID: "fips", Active: true}}},
		{"Providers:\n  a\n    name: A: B\n    version: 1\n    status: inactive\n    build info: x\n    gettable provider parameters:\n      name: pointer\n\n  b\n",
			[]Provider{{ID: "a", Name: "A: B", Version: "1"}, {ID: "b"}}},
		{"Providers:\n  a\x1b\xff\n    status: active now\n", []Provider{{ID: "a??"}}},
		{"", nil},
		{"Provider:\n", nil},
		{"Providers:\n    name: A\n", nil},
		{"Providers:\nfips\n", nil},
		{"Providers:\n   fips\n", nil},
		{"warning\nProviders:\n", nil},
		{"Providers:\n" + strings.Repeat("  a\n", maxProviders+1), nil},
	} {
		got, ok := ParseProviders(c.out)
		if ok != (c.want != nil) || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %+v %v", c.out, got, ok)
		}
	}
	for _, c := range []struct {
		p    Provider
		want bool
	}{
		{Provider{ID: "fips", Name: "OpenSSL FIPS Provider"}, true},
		{Provider{ID: "fips", Name: "Ubuntu 22.04 OpenSSL Cryptographic Module"}, true},
		{Provider{ID: "libwolfprov", Name: "wolfSSL Provider FIPS"}, true},
		{Provider{ID: "symcryptprovider", Name: "SymCrypt Provider"}, true},
		{Provider{ID: "fips", Name: "OpenSSL Default Provider"}, false},
		{Provider{ID: "default", Name: "OpenSSL Default Provider"}, false},
		{Provider{ID: "pkcs11", Name: "PKCS#11 Provider"}, false},
	} {
		if got := c.p.FIPS(); got != c.want {
			t.Errorf("%s: %v", c.p, got)
		}
	}
}

func TestEnvironment(t *testing.T) {
	for text, want := range map[string]GODEBUG{
		"":                               {Unset, ""},
		"GODEBUG=":                       {Unset, ""},
		"GODEBUG=http2debug=1":           {Unset, ""},
		"GODEBUG=fips140":                {Unset, ""},
		"GODEBUG=fips140=on":             {On, "on"},
		"GODEBUG=a=b,fips140=debug,c=d":  {On, "debug"},
		"GODEBUG=fips140=only":           {Only, "only"},
		"GODEBUG=fips140=off":            {Off, "off"},
		"GODEBUG=fips140=":               {Off, ""},
		"GODEBUG=fips140=on,fips140=":    {Off, ""},
		"GODEBUG=fips140=off,fips140=on": {On, "on"},
		"GODEBUG=fips140=on#":            {On, "on"},
		"GODEBUG=fips140=on#y":           {Conditional, "on"},
		"GODEBUG=fips140=off#y":          {Off, "off"},
		"GODEBUG= fips140=on":            {Unset, ""},
		"GODEBUG=fips140=on ":            {Invalid, "on"},
		"GODEBUG=fips140=ON":             {Invalid, "ON"},
		"GODEBUG=fips140=auto":           {Invalid, "auto"},
		"GODEBUG=fips140=on=off":         {Invalid, "on=off"},
		"GODEBUG=fips140=\xff\x1b":       {Invalid, "??"},
	} {
		if got := readEnvironment([]string{text, "GODEBUG=fips140=second"}[:1]).GODEBUG; got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
	e := readEnvironment([]string{"GOLANG_FIPS=0", "GOFIPS=1", "OPENSSL_FORCE_FIPS_MODE=", "OPENSSL_CONF=/a", "OPENSSL_MODULES=", "GOLANG_FIPS=1", "GODEBUG=fips140=on#x"})
	if want := []Variable{{"GOFIPS", "1"}, {"GOLANG_FIPS", "0"}, {"OPENSSL_FORCE_FIPS_MODE", "other"}, {"OPENSSL_CONF", ""}}; !slices.Equal(e.Variables, want) {
		t.Errorf("%+v", e.Variables)
	}
	if got := e.OptOuts(); !slices.Equal(got, []Variable{{"GOLANG_FIPS", "0"}}) {
		t.Errorf("%+v", got)
	}
	if got := e.ForOpenSSL(); !slices.Equal(got, []string{"OPENSSL_FORCE_FIPS_MODE", "OPENSSL_CONF"}) {
		t.Errorf("%q", got)
	}
	f := Facts{OS: "darwin", Environment: e}
	if got := f.Violations(); !slices.Equal(got, []string{"GOLANG_FIPS=0"}) {
		t.Errorf("%q", got)
	}
}

// The runtime reads GODEBUG as it is read here, in a program whose own default is
// on.
func TestRealGODEBUG(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.24\n")
	write(t, dir, "main.go", "//go:debug fips140=on\npackage main\n\nimport \"crypto/fips140\"\n\nfunc main() { println(fips140.Enabled()) }\n")
	build := exec.Command("go", "build", "-o", "m", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for value, want := range map[string]string{
		"":                         "true",
		"http2debug=1":             "true",
		"fips140":                  "true",
		"fips140=on":               "true",
		"fips140=debug":            "true",
		"fips140=only":             "true",
		"fips140=off":              "false",
		"fips140=":                 "false",
		"fips140=on,fips140=":      "false",
		"fips140=off,fips140=on":   "true",
		"fips140=on#":              "true",
		"fips140=on#n":             "false",
		"fips140=off#y":            "false",
		" fips140=off":             "true",
		"fips140=off ":             "panic",
		"fips140=auto":             "panic",
		"fips140=on=off":           "panic",
		"fips140=auto,fips140=off": "false",
	} {
		cmd := exec.Command(dir + "/m")
		cmd.Env = []string{"GODEBUG=" + value}
		out, err := cmd.CombinedOutput()
		got := "panic"
		if lines := strings.Split(strings.TrimSpace(string(out)), "\n"); err == nil {
			got = lines[len(lines)-1]
		}
		if got != want {
			t.Errorf("%q: the program says %q, %s", value, got, out)
		}
		states := map[string][]GODEBUGState{"true": {Unset, On, Only}, "false": {Off, Conditional}, "panic": {Invalid}}[want]
		if g := readEnvironment(cmd.Env).GODEBUG; !slices.Contains(states, g.State) {
			t.Errorf("%q: %+v, and the program says %s", value, g, want)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
