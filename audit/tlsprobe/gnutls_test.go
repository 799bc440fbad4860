// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// gnutlsGroups and gnutlsSchemes are GnuTLS's names (gnutls-cli --list).
var gnutlsGroups = map[string]GroupID{
	"GROUP-SECP192R1": 19, "GROUP-SECP224R1": 21, "GROUP-SECP256R1": 23, "GROUP-SECP384R1": 24, "GROUP-SECP521R1": 25, "GROUP-X25519": 29, "GROUP-X448": 30,
	"GROUP-FFDHE2048": 256, "GROUP-FFDHE3072": 257, "GROUP-FFDHE4096": 258, "GROUP-FFDHE6144": 259, "GROUP-FFDHE8192": 260,
}

var gnutlsSchemes = map[string]SignatureScheme{
	"SIGN-RSA-SHA1": 0x0201, "SIGN-RSA-SHA224": 0x0301, "SIGN-RSA-SHA256": 0x0401, "SIGN-RSA-SHA384": 0x0501, "SIGN-RSA-SHA512": 0x0601,
	"SIGN-RSA-PSS-RSAE-SHA256": 0x0804, "SIGN-RSA-PSS-RSAE-SHA384": 0x0805, "SIGN-RSA-PSS-RSAE-SHA512": 0x0806,
	"SIGN-RSA-PSS-SHA256": 0x0809, "SIGN-RSA-PSS-SHA384": 0x080A, "SIGN-RSA-PSS-SHA512": 0x080B,
	"SIGN-ECDSA-SHA1": 0x0203, "SIGN-ECDSA-SHA224": 0x0303, "SIGN-ECDSA-SHA256": 0x0403, "SIGN-ECDSA-SHA384": 0x0503, "SIGN-ECDSA-SHA512": 0x0603,
	"SIGN-EdDSA-Ed25519": 0x0807, "SIGN-EdDSA-Ed448": 0x0808,
}

var gnutlsVersions = map[string]Version{"VERS-TLS1.0": TLS10, "VERS-TLS1.1": TLS11, "VERS-TLS1.2": TLS12, "VERS-TLS1.3": TLS13}

// gnutlsTruth is what a priority string means, as gnutls-cli lists it, for keys of some kinds.
func gnutlsTruth(t *testing.T, priority string, keys ...string) *truth {
	t.Helper()
	w := &truth{suites: map[Version][]SuiteID{}, groups: map[GroupID][]Version{}, schemes: map[SignatureScheme][]Version{}}
	listed := tlstest.Output(t, "gnutls-cli", "--list", "--priority", priority)
	list := func(title string) []string {
		_, rest, _ := strings.Cut(listed, "\n"+title+": ")
		line, _, _ := strings.Cut(rest, "\n")
		return strings.Split(line, ", ")
	}
	var versions []Version
	for _, name := range list("Protocols") {
		versions = append(versions, gnutlsVersions[name])
	}
	for line := range strings.Lines(listed) {
		name, rest, _ := strings.Cut(line, " ")
		f := strings.Fields(strings.ReplaceAll(rest, ",", " "))
		if len(f) != 3 || !strings.HasPrefix(f[2], "TLS1.") {
			continue
		}
		high, err1 := strconv.ParseUint(f[0], 0, 8)
		low, err2 := strconv.ParseUint(f[1], 0, 8)
		if err1 != nil || err2 != nil {
			t.Fatalf("gnutls-cli: %q", line)
		}
		ecdsa := strings.Contains(name, "_ECDSA_")
		switch {
		case strings.Contains(name, "_DSS_"), ecdsa && !slices.Contains(keys, "p256") && !slices.Contains(keys, "ed25519"):
			continue
		case !ecdsa && strings.Contains(name, "RSA_") && !slices.Contains(keys, "rsa"):
			continue
		}
		for _, v := range versions {
			if since := gnutlsVersions["VERS-"+f[2]]; v == since || v != TLS13 && v > since {
				w.suites[v] = append(w.suites[v], SuiteID(high<<8|low))
			}
		}
	}
	w.prefers = every(w.suites, PreferClient)
	if strings.Contains(priority, "%SERVER_PRECEDENCE") {
		w.prefers = every(w.suites, PreferServer)
	}
	needs := func(v Version, part string) bool {
		return v == TLS13 || slices.ContainsFunc(w.suites[v], func(id SuiteID) bool { return strings.Contains(SuiteOf(id).Name, part) })
	}
	for _, v := range []Version{TLS13, w.newestOld()} {
		for _, name := range list("Groups") {
			id := gnutlsGroups[name]
			if w.offers(v) && needs(v, "_ECDHE_") && (v == TLS13 || id < 256) {
				w.groups[id] = append(w.groups[id], v)
			}
		}
	}
	for _, v := range []Version{TLS13, TLS12} {
		for _, name := range list("PK-signatures") {
			id, known := gnutlsSchemes[name]
			if known && w.offers(v) && needs(v, "DHE_") && gnutlsSigns(keys, id, v) && !slices.Contains(w.schemes[id], v) {
				w.schemes[id] = append(w.schemes[id], v)
			}
		}
	}
	return w
}

// gnutlsSigns reports whether one of some kinds of keys signs with an algorithm.
func gnutlsSigns(keys []string, id SignatureScheme, v Version) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		switch key {
		case "rsa":
			return id >= 0x0804 && id <= 0x0806 || v == TLS12 && id < 0x0700 && id&0xFF == 1
		case "p256":
			return id == 0x0403 || v == TLS12 && id < 0x0700 && id&0xFF == 3
		}
		return id == 0x0807
	})
}

func TestProbeGnuTLS(t *testing.T) {
	machine.Need(t, "gnutls-serv")
	machine.Need(t, "gnutls-cli")
	for name, c := range map[string]struct {
		priority string
		keys     []string
		args     []string
		know     func(*truth)
	}{
		"NORMAL":              {priority: "NORMAL:-DHE-RSA:-VERS-TLS1.0:-VERS-TLS1.1", keys: []string{"rsa"}},
		"server precedence":   {priority: "NORMAL:-DHE-RSA:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3:%SERVER_PRECEDENCE", keys: []string{"rsa", "p256"}},
		"all versions":        {priority: "NORMAL:-DHE-RSA:+VERS-TLS1.0:+VERS-TLS1.1", keys: []string{"rsa"}},
		"TLS 1.0 alone":       {priority: "NORMAL:-DHE-RSA:-VERS-ALL:+VERS-TLS1.0:+SIGN-RSA-SHA1", keys: []string{"rsa"}, know: untried},
		"CAMELLIA":            {priority: "NONE:+VERS-TLS1.2:+CAMELLIA-128-GCM:+CAMELLIA-256-CBC:+SHA1:+SHA256:+AEAD:+ECDHE-RSA:+RSA:+GROUP-X25519:+SIGN-RSA-SHA256:+COMP-ALL", keys: []string{"rsa"}, know: foreign},
		"CCM":                 {priority: "NONE:+VERS-TLS1.2:+AES-128-CCM:+AES-256-CCM-8:+AEAD:+ECDHE-ECDSA:+GROUP-SECP256R1:+SIGN-ECDSA-SHA256:%SERVER_PRECEDENCE", keys: []string{"p256"}, know: foreign},
		"CHACHA":              {priority: "NONE:+VERS-TLS1.2:+VERS-TLS1.3:+CHACHA20-POLY1305:+AES-256-GCM:+AEAD:+ECDHE-RSA:+GROUP-X448:+GROUP-X25519:+SIGN-RSA-SHA512:+SIGN-RSA-PSS-RSAE-SHA384:%SERVER_PRECEDENCE", keys: []string{"rsa"}},
		"groups of one field": {priority: "NORMAL:-DHE-RSA:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-FFDHE3072:+GROUP-SECP521R1", keys: []string{"p256"}},
		"client certificates": {priority: "NORMAL:-DHE-RSA:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3", keys: []string{"rsa"}, args: []string{"--require-client-cert", "--verify-client-cert"},
			know: func(w *truth) {
				w.auth = ClientAuth{State: AuthRequired, Versions: both3, Unverified: NotOffered}
				demanded(w)
			}},
		"early data": {priority: "NORMAL:-VERS-ALL:+VERS-TLS1.3", keys: []string{"rsa"}, args: []string{"--earlydata", "--maxearlydata", "1000"}, know: func(w *truth) { w.session.EarlyData = Offered }},
	} {
		t.Run(name, func(t *testing.T) {
			w := gnutlsTruth(t, c.priority, c.keys...)
			args := []string{"--priority", c.priority, "--echo"}
			if len(c.args) == 0 || c.args[0] != "--require-client-cert" {
				args = append(args, "--disable-client-cert")
			}
			for _, key := range c.keys {
				made := tlstest.NewCertificate(t, key, "example.com")
				w.leaves = append(w.leaves, made.SHA256())
				args = append(args, "--x509certfile", made.CertFile, "--x509keyfile", made.KeyFile)
			}
			w.session.NoName, w.session.WrongName = SameChain, SameChain
			if w.newestOld() == TLS12 { // as gnutls-cli --rehandshake says, too
				w.session.ClientRenegotiation = Offered
			}
			if c.know != nil {
				c.know(w)
			}
			compare(t, tlstest.GnuTLS(t, append(args, c.args...)...).Address, w)
		})
	}
}
