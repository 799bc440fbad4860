// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/internal/machine"
)

// An opensslConfig is a configuration of OpenSSL, as s_server and nginx have it.
type opensslConfig struct {
	versions []Version
	ciphers  string // list up to TLS 1.2; "" for "DEFAULT"
	ciphers3 string // of TLS 1.3; "" for OpenSSL's three
	keys     []string
	groups   string // "" for the default (SSL_CTX_set1_groups(3))
	serverpref, psk, srp, noDH,
	chacha bool // SSL_OP_PRIORITIZE_CHACHA
	level0 bool // of security, in which SHA-1 may be signed
}

var opensslFlags = map[Version]string{SSL3: "ssl3", TLS10: "tls1", TLS11: "tls1_1", TLS12: "tls1_2", TLS13: "tls1_3"}

// opensslGroups are OpenSSL's names of groups (openssl-list(1), SSL_CTX_set1_groups(3)),
// and the versions in which it has them.
var opensslGroups = map[string]struct {
	id         GroupID
	old, since bool // up to TLS 1.2; in TLS 1.3
}{
	"X25519": {29, true, true}, "P-256": {23, true, true}, "X448": {30, true, true}, "P-521": {25, true, true}, "P-384": {24, true, true},
	"ffdhe2048": {256, false, true}, "ffdhe3072": {257, false, true}, "ffdhe4096": {258, false, true}, "ffdhe6144": {259, false, true}, "ffdhe8192": {260, false, true},
	"brainpoolP256r1": {26, true, false}, "brainpoolP384r1": {27, true, false}, "brainpoolP512r1": {28, true, false}, "secp256k1": {22, true, false}, "sect571r1": {14, true, false},
	"P-224": {21, true, false}, "P-192": {19, true, false},
}

// opensslDefaultGroups are those of OpenSSL 3.0, which its manual lists.
const opensslDefaultGroups = "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192"

// truth is what a server of OpenSSL does that is so configured.
func (c opensslConfig) truth(t *testing.T) *truth {
	t.Helper()
	w := &truth{closes: 1, suites: map[Version][]SuiteID{}, groups: map[GroupID][]Version{}, schemes: map[SignatureScheme][]Version{}}
	for _, v := range c.versions {
		w.suites[v] = c.suites(t, v)
	}
	w.prefers = every(w.suites, PreferClient)
	if c.serverpref {
		w.prefers = every(w.suites, PreferServer)
	}
	signed := func(v Version) bool {
		return v == TLS13 || slices.ContainsFunc(w.suites[v], func(id SuiteID) bool {
			name := SuiteOf(id).Name
			return strings.Contains(name, "DHE_RSA") || strings.Contains(name, "DHE_ECDSA")
		})
	}
	curves := func(v Version) bool {
		return v == TLS13 || slices.ContainsFunc(w.suites[v], func(id SuiteID) bool { return strings.Contains(SuiteOf(id).Name, "_ECDH") })
	}
	for _, v := range []Version{TLS13, w.newestOld()} {
		if !w.offers(v) || !curves(v) {
			continue
		}
		names := c.groups
		if names == "" {
			names = opensslDefaultGroups
		}
		for name := range strings.SplitSeq(names, ":") {
			if g := opensslGroups[name]; v == TLS13 && g.since || v != TLS13 && g.old {
				w.groups[g.id] = append(w.groups[g.id], v)
			}
		}
	}
	for _, v := range []Version{TLS13, TLS12} {
		for _, key := range c.keys {
			if !w.offers(v) || !signed(v) {
				continue
			}
			for _, id := range opensslSchemes(key, v, c.level0) {
				w.schemes[id] = append(w.schemes[id], v)
			}
		}
	}
	return w
}

// opensslSchemes are the signature algorithms of a kind of key (the manual of
// SSL_CTX_set1_sigalgs, and RFC 8446, section 4.2.3).
func opensslSchemes(key string, v Version, level0 bool) []SignatureScheme {
	var out []SignatureScheme
	switch {
	case key == "ed25519":
		out = []SignatureScheme{0x0807}
	case key == "ed448":
		out = []SignatureScheme{0x0808}
	case key == "rsa-pss":
		out = []SignatureScheme{0x0809, 0x080A, 0x080B}
	case key == "rsa" && v == TLS13:
		out = []SignatureScheme{0x0804, 0x0805, 0x0806}
	case key == "rsa":
		out = []SignatureScheme{0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0301}
		if level0 {
			out = append(out, 0x0201)
		}
	case v == TLS13:
		out = map[string][]SignatureScheme{"p256": {0x0403}, "p384": {0x0503}, "p521": {0x0603}}[key]
	default:
		out = []SignatureScheme{0x0403, 0x0503, 0x0603, 0x0303}
		if level0 {
			out = append(out, 0x0203)
		}
	}
	return out
}

// suites asks openssl for its list, and takes what needs another key out.
func (c opensslConfig) suites(t *testing.T, v Version) []SuiteID {
	t.Helper()
	args := []string{"ciphers", "-V", "-s", "-" + opensslFlags[v]}
	if c.psk {
		args = append(args, "-psk")
	}
	if c.srp {
		args = append(args, "-srp")
	}
	if c.ciphers3 != "" {
		args = append(args, "-ciphersuites", c.ciphers3)
	}
	list := c.ciphers
	if list == "" {
		list = "DEFAULT"
	}
	has := func(kinds ...string) bool {
		return slices.ContainsFunc(c.keys, func(k string) bool { return slices.Contains(kinds, k) })
	}
	var out []SuiteID
	for line := range strings.Lines(tlstest.Output(t, "openssl", append(args, list)...)) {
		f := strings.Fields(line)
		first, second, ok := strings.Cut(f[0], ",")
		high, err1 := strconv.ParseUint(first, 0, 8)
		low, err2 := strconv.ParseUint(second, 0, 8)
		if !ok || err1 != nil || err2 != nil || len(f) < 7 {
			t.Fatalf("openssl ciphers: %q", line)
		}
		exchange, authentication := strings.TrimPrefix(f[4], "Kx="), strings.TrimPrefix(f[5], "Au=")
		switch {
		case (f[3] == "TLSv1.3") != (v == TLS13):
		case exchange == "RSA" && !has("rsa"), exchange == "RSAPSK" && !has("rsa"):
		case authentication == "RSA" && !has("rsa", "rsa-pss"):
		case authentication == "ECDSA" && !has("p256", "p384", "p521", "brainpool", "secp256k1", "ed25519", "ed448"):
		case authentication == "DSS", strings.HasPrefix(exchange, "DH") && c.noDH:
		default:
			out = append(out, SuiteID(high<<8|low))
		}
	}
	return out
}

// arguments are those of s_server. The certificates are made.
func (c opensslConfig) arguments(t *testing.T, w *truth) []string {
	t.Helper()
	args := []string{"-ign_eof"}
	for v := SSL3; v <= TLS13; v++ {
		if !slices.Contains(c.versions, v) {
			args = append(args, "-no_"+opensslFlags[v])
		}
	}
	for i, key := range c.keys {
		made := tlstest.NewCertificate(t, key, "example.com")
		w.leaves = append(w.leaves, made.SHA256())
		args = append(args, []string{"-cert", "-dcert"}[i], made.CertFile, []string{"-key", "-dkey"}[i], made.KeyFile)
	}
	if len(c.keys) == 0 {
		args = append(args, "-nocert")
	}
	add := func(when bool, a ...string) {
		if when {
			args = append(args, a...)
		}
	}
	add(c.ciphers != "", "-cipher", c.ciphers)
	add(c.ciphers3 != "", "-ciphersuites", c.ciphers3)
	add(c.groups != "", "-groups", c.groups)
	add(c.serverpref, "-serverpref")
	add(c.chacha, "-prioritize_chacha")
	add(c.psk, "-psk", "0102030405060708090a0b0c0d0e0f10")
	if c.srp {
		file := filepath.Join(t.TempDir(), "verifiers")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		tlstest.Output(t, "openssl", "srp", "-srpvfile", file, "-add", "-passout", "pass:secret", "user")
		args = append(args, "-srpvfile", file)
	}
	add(c.noDH, "-no_dhe")
	return args
}

const allCiphers = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"

func TestProbeOpenSSL(t *testing.T) {
	machine.Long(t, "probes dozens of servers")
	t.Parallel() // it waits
	machine.Need(t, "openssl")
	old := []Version{TLS10, TLS11, TLS12}
	both := []Version{TLS12, TLS13}
	dh2048 := []FiniteField{{Bits: 2048, Name: "ffdhe2048"}}
	for name, c := range map[string]struct {
		config opensslConfig
		args   []string
		know   func(*truth)
	}{
		"defaults":           {config: opensslConfig{versions: both, keys: []string{"rsa"}, noDH: true}},
		"TLS 1.3 alone":      {config: opensslConfig{versions: []Version{TLS13}, keys: []string{"p256"}}},
		"TLS 1.3 all suites": {config: opensslConfig{versions: []Version{TLS13}, keys: []string{"p256"}, serverpref: true, ciphers3: "TLS_AES_128_CCM_8_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", groups: "P-521:ffdhe4096:X448"}},
		"TLS 1.3 CCM alone":  {config: opensslConfig{versions: []Version{TLS13}, keys: []string{"rsa"}, ciphers3: "TLS_AES_128_CCM_8_SHA256", groups: "P-256"}, know: func(w *truth) { blind13(w) }},
		"TLS 1.2 alone":      {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "P-256:X25519"}},
		"TLS 1.1 alone":      {config: opensslConfig{versions: []Version{TLS11}, ciphers: "ALL:@SECLEVEL=0", keys: []string{"rsa"}, noDH: true}, know: untried},
		"TLS 1.0 alone":      {config: opensslConfig{versions: []Version{TLS10}, ciphers: "ALL:@SECLEVEL=0", keys: []string{"rsa"}, noDH: true, serverpref: true, groups: "P-256:P-384"}, know: untried},
		"TLS 1.0 and 1.2":    {config: opensslConfig{versions: []Version{TLS10, TLS12}, ciphers: "kRSA+AES:@SECLEVEL=0", keys: []string{"rsa"}}},
		"everything": {config: opensslConfig{versions: []Version{TLS10, TLS11, TLS12, TLS13}, ciphers: allCiphers, keys: []string{"rsa", "p256"}, psk: true, level0: true}, args: []string{"-dhparam", tlstest.DHParameters(t, "1024")},
			know: func(w *truth) { w.session.FiniteFields = []FiniteField{{Bits: 1024, Name: "modp1024"}} }},
		"everything in its order": {config: opensslConfig{versions: old, ciphers: allCiphers, keys: []string{"rsa", "p384"}, serverpref: true, level0: true}, args: []string{"-dhparam", tlstest.DHParameters(t, "2048")},
			know: func(w *truth) { w.session.FiniteFields = dh2048 }},
		"anonymous alone": {config: opensslConfig{versions: []Version{TLS12}, ciphers: "aNULL:@SECLEVEL=0", groups: "X25519:P-256"}, args: []string{"-dhparam", tlstest.DHParameters(t, "2048")},
			know: func(w *truth) { w.session.FiniteFields = dh2048; foreign(w) }},
		"NULL alone":        {config: opensslConfig{versions: []Version{TLS12}, ciphers: "eNULL:@SECLEVEL=0", keys: []string{"rsa", "p256"}, level0: true}, know: foreign},
		"PSK alone":         {config: opensslConfig{versions: []Version{TLS12}, ciphers: "PSK:@SECLEVEL=0", psk: true, noDH: true, groups: "P-256:X25519"}, know: foreign},
		"RSA-PSK":           {config: opensslConfig{versions: []Version{TLS12}, ciphers: "kRSAPSK:kPSK:@SECLEVEL=0", keys: []string{"rsa"}, psk: true}, know: foreign},
		"static RSA":        {config: opensslConfig{versions: []Version{TLS12}, ciphers: "kRSA", keys: []string{"rsa"}, serverpref: true}},
		"CAMELLIA":          {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+CAMELLIA:kRSA+CAMELLIA", keys: []string{"rsa"}, serverpref: true, groups: "X25519"}, know: foreign},
		"ARIA":              {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ARIA", keys: []string{"rsa", "p256"}, noDH: true, groups: "P-256:P-384"}, know: foreign},
		"CCM":               {config: opensslConfig{versions: []Version{TLS12}, ciphers: "AESCCM:AESCCM8", keys: []string{"p256"}, serverpref: true, groups: "P-256"}, know: foreign},
		"ECDSA alone":       {config: opensslConfig{versions: both, ciphers: "ECDHE", keys: []string{"p256"}, groups: "X25519:P-256:P-384"}},
		"P-384 its own":     {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AESGCM", keys: []string{"p384"}, groups: "X25519:P-384", serverpref: true}},
		"P-384 another":     {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AESGCM", keys: []string{"p384"}, groups: "X25519:P-256"}},
		"P-521 one group":   {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"p521"}, groups: "P-521"}},
		"Ed25519":           {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"ed25519"}, groups: "X25519:X448"}},
		"Ed448":             {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"ed448"}, groups: "X448:X25519"}, know: foreign},
		"RSA-PSS key":       {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa-pss"}, groups: "X25519"}, know: foreign},
		"brainpool":         {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AESGCM", keys: []string{"brainpool"}, groups: "brainpoolP256r1:brainpoolP512r1:P-256"}, know: foreign},
		"secp256k1":         {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AESGCM", keys: []string{"secp256k1"}, groups: "secp256k1:sect571r1"}, know: foreign},
		"two keys":          {config: opensslConfig{versions: both, ciphers: "ECDHE:!SHA1", keys: []string{"rsa", "p256"}, serverpref: true, groups: "P-256:X25519:X448"}},
		"ChaCha first":      {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM:ECDHE+CHACHA20", keys: []string{"rsa"}, serverpref: true, chacha: true, groups: "X25519:P-256"}},
		"ChaCha two keys":   {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AES:ECDHE+CHACHA20", keys: []string{"rsa", "p256"}, serverpref: true, chacha: true, groups: "X25519:P-256"}},
		"SRP alone":         {config: opensslConfig{versions: []Version{TLS12}, ciphers: "SRP:@SECLEVEL=0", keys: []string{"rsa"}, srp: true}, know: secret},
		"SRP beside":        {config: opensslConfig{versions: both, ciphers: "SRP:ECDHE+AESGCM:kRSA+AES", keys: []string{"rsa"}, srp: true, serverpref: true}, know: secretBeside},
		"legacy":            {config: opensslConfig{versions: both, ciphers: "ECDHE+AES", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-legacy_renegotiation"}},
		"client reneg":      {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-client_renegotiation"}, know: func(w *truth) { w.session.ClientRenegotiation = Offered }},
		"no_renegotiation":  {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-no_renegotiation"}},
		"no encrypt-then-M": {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AES", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-no_etm"}, know: func(w *truth) { w.session.EncryptThenMAC = NotOffered }},
		"no tickets":        {config: opensslConfig{versions: []Version{TLS12}, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-no_ticket", "-no_cache"}, know: func(w *truth) { w.session.Tickets, w.session.Resumption = NotOffered, NotOffered }},
		"early data":        {config: opensslConfig{versions: []Version{TLS13}, keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-early_data", "-max_early_data", "16384"}, know: func(w *truth) { w.session.EarlyData = Offered }},
		"certificate asked": {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-verify", "1"},
			know: func(w *truth) { w.auth = ClientAuth{State: AuthOptional, Versions: both3, Unverified: Offered} }},
		"certificate verified": {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-verify", "1", "-verify_return_error"},
			know: func(w *truth) { w.auth = ClientAuth{State: AuthOptional, Versions: both3, Unverified: NotOffered} }},
		"certificate demanded": {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-Verify", "1", "-verify_return_error"},
			know: func(w *truth) {
				w.auth = ClientAuth{State: AuthRequired, Versions: both3, Unverified: NotOffered}
				demanded(w)
			}},
		"ALPN": {config: opensslConfig{versions: both, ciphers: "ECDHE+AESGCM", keys: []string{"rsa"}, groups: "X25519"}, args: []string{"-alpn", "h2,http/1.1"}, know: func(w *truth) { w.alpn = []string{"h2", "http/1.1"} }},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.config.truth(t)
			args := slices.Concat(c.config.arguments(t, w), c.args)
			w.session.NoName, w.session.WrongName = SameChain, SameChain
			if len(w.leaves) == 0 {
				w.session.NoName, w.session.WrongName = "", ""
			}
			if c.know != nil {
				c.know(w)
			}
			compare(t, tlstest.OpenSSL(t, args...).Address, w)
		})
	}
}

// both3 are the versions of most configurations, the newest first.
var both3 = []Version{TLS13, TLS12}

// foreign adds what stays unknown where package tls cannot complete a handshake, for it
// has none of the server's suites, or does not take its kind of key.
func foreign(w *truth) {
	const why = "package tls has none of its suites, or not its kind of key"
	w.unknown = map[string]string{}
	for _, v := range []Version{TLS13, TLS12} {
		if w.offers(v) {
			w.unknown["complete handshake of "+v.String()] = why
		}
	}
	w.session.Resumption = Unknown
	if w.offers(TLS13) {
		w.session.EarlyData = Unknown
	}
	if w.newestOld() != 0 {
		w.unknown["client renegotiation"], w.session.ClientRenegotiation = why, Unknown
	}
}

// secret is what is known of a server that takes SRP: each suite is known by an alert, for
// the user is not, and nothing else.
func secret(w *truth) {
	foreign(w)
	w.prefers[TLS12] = ""
	w.leaves = nil
	for _, s := range []*State{&w.session.ExtendedMasterSecret, &w.session.SecureRenegotiation, &w.session.EncryptThenMAC, &w.session.Compression, &w.session.Tickets} {
		*s = Unknown
	}
	w.auth.State = AuthUnknown
	w.session.NoName, w.session.WrongName = "", ""
	w.unknown["TLCP 1.1"] = "it closes the connection, and takes no other hello to compare that with"
	w.more, w.why = 20, "each suite of SRP is asked for alone"
}

func secretBeside(w *truth) {
	// The places of the suites of SRP in the server's order do not show: they come last.
	slices.SortStableFunc(w.suites[TLS12], func(a, b SuiteID) int {
		if isSRP(a) && isSRP(b) {
			return int(a) - int(b)
		}
		return map[bool]int{true: 1}[isSRP(a)] - map[bool]int{true: 1}[isSRP(b)]
	})
	w.more, w.why = 20, "each suite of SRP is asked for alone"
}

// untried is what is known where client renegotiation is not tried: without AEAD.
func untried(w *truth) {
	w.unknown = map[string]string{"client renegotiation": "it is tried with AES-GCM and ChaCha20 alone"}
	w.session.ClientRenegotiation = Unknown
}

// demanded adds what stays unknown where no handshake succeeds without a certificate of
// the client that somebody issued.
func demanded(w *truth) {
	w.unknown = map[string]string{}
	for _, v := range []Version{TLS13, TLS12} {
		if w.offers(v) {
			w.unknown["sessions of "+v.String()] = "no session without a certificate"
		}
	}
	w.unknown["client renegotiation"] = "likewise"
	w.session.Resumption, w.session.EarlyData, w.session.ClientRenegotiation = Unknown, Unknown, Unknown
}

// blind13 is the truth where what the server encrypts cannot be read: its suites or its
// groups are not implemented here.
func blind13(w *truth) {
	const why = "no suite that is decrypted here"
	w.unknown = map[string]string{"signature algorithms of TLS 1.3": why, "complete handshake of TLS 1.3": why}
	w.leaves, w.unsigned = nil, true
	w.auth.State = AuthUnknown
	w.session.EarlyData, w.session.Resumption, w.session.NoName, w.session.WrongName = Unknown, Unknown, "", ""
}
