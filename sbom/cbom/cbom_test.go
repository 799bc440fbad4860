// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cbom

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprobe/tlstest"
	"github.com/goassay/assay/fips"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
)

var meta = Metadata{Time: time.Date(2026, 11, 20, 12, 0, 0, 5, time.FixedZone("", 3600)), ToolVersion: "v1"}

// write writes a document in both versions that have cryptographic assets, each
// of which is valid by its schema and says the same when it is read.
func write(t testing.TB, d *sbom.Document) []byte {
	t.Helper()
	var first []byte
	for _, version := range []string{"1.7", "1.6"} {
		data, err := format.Write(d, format.Format{Name: "cyclonedx-json", Version: version})
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		read, _, err := format.Read(data)
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		read.ID = ""
		if diff := cmp.Diff(d.Components, read.Components, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-made +read)\n%s", version, diff)
		}
		first = data
	}
	checkRefs(t, d)
	return first
}

// checkRefs demands that each Ref is there once, that what is referred to is there, and that all
// is reached from the root.
func checkRefs(t testing.TB, d *sbom.Document) {
	t.Helper()
	known := map[string]*sbom.Component{}
	for _, c := range d.Components {
		if known[c.Ref] != nil {
			t.Errorf("%s is there twice", c.Ref)
		}
		known[c.Ref] = c
	}
	reached := map[string]bool{}
	var walk func(ref string)
	walk = func(ref string) {
		c := known[ref]
		if c == nil {
			t.Errorf("%s is not there", ref)
			return
		}
		if reached[ref] {
			return
		}
		reached[ref] = true
		for _, r := range c.DependsOn {
			walk(r)
		}
		if c.Crypto == nil {
			return
		}
		refs := []string{}
		switch x := c.Crypto; {
		case x.Protocol != nil:
			refs = append(refs, x.Protocol.Refs...)
			for _, s := range x.Protocol.Suites {
				refs = append(refs, s.Algorithms...)
			}
		case x.Certificate != nil:
			refs = append(refs, x.Certificate.KeyRef, x.Certificate.SignatureRef)
		case x.Material != nil:
			refs = append(refs, x.Material.AlgorithmRef)
		}
		for _, r := range refs {
			if r != "" && !slices.Contains(c.DependsOn, r) {
				t.Errorf("%s refers to %s and does not depend on it", ref, r)
			}
		}
	}
	for _, r := range d.Roots {
		walk(r)
	}
	for ref := range known {
		if !reached[ref] {
			t.Errorf("%s is not reached", ref)
		}
	}
}

// everything is all algorithms that facts can name.
func everything() []algorithm {
	var all []algorithm
	for id := tlsprobe.SuiteID(0); id <= 0xFFFF; id++ {
		if s := tlsprobe.SuiteOf(id); s.Name != "" {
			all = append(all, suiteAlgorithms(s)...)
		}
	}
	for _, id := range []tlsprobe.SuiteID{0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700C0} { // SSL 2.0
		all = append(all, suiteAlgorithms(tlsprobe.SuiteOf(id))...)
	}
	for id := range 0x10000 {
		if g := tlsprobe.GroupOf(tlsprobe.GroupID(id)); g.Name != "" {
			all = append(all, groupOf(g.ID))
		}
		if s := tlsprobe.SignatureAlgorithmOf(tlsprobe.SignatureScheme(id)); s.Name != "" {
			all = append(all, schemeOf(s.ID))
		}
	}
	for _, hash := range []string{"MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512"} {
		for _, name := range []string{hash + "-RSA", hash + "-RSAPSS", "ECDSA-" + hash, "DSA-" + hash} {
			a, _ := signatureOf(name)
			all = append(all, a)
		}
	}
	for _, k := range []tlsprobe.Key{{Type: "RSA", Bits: 2048}, {Type: "RSA-PSS", Bits: 3072}, {Type: "DSA", Bits: 1024}, {Type: "ECDSA", Bits: 256, Curve: "P-256"},
		{Type: "ECDSA", Bits: 384, Curve: "brainpoolP384r1"}, {Type: "SM2", Bits: 256, Curve: "sm2p256v1"}, {Type: "Ed25519"}, {Type: "Ed448"}, {Type: "X25519"}, {Type: "ML-DSA-65"}, {Type: "SLH-DSA-SHA2-128s"}} {
		a, _ := keyOf(k)
		all = append(all, a)
	}
	for _, list := range moduleAlgorithms {
		all = append(all, list...)
	}
	for _, list := range otherAlgorithms {
		all = append(all, list...)
	}
	for _, a := range all {
		all = append(all, a.parts...)
	}
	return all
}

// TestOneName demands of all algorithms that those of one name are the same, that
// what they are called is not empty, and that schemas know the words.
func TestOneName(t *testing.T) {
	known := map[string]algorithm{}
	b := &builder{Document: &sbom.Document{Version: 1}, known: map[string]*sbom.Component{}}
	for _, a := range everything() {
		if a.name == "" || a.Primitive == "" || strings.HasSuffix(a.name, "-") {
			t.Errorf("%+v", a)
		}
		first, ok := known[a.name]
		if ok && !cmp.Equal(first, a, cmp.AllowUnexported(algorithm{})) {
			t.Errorf("%s is two: %s", a.name, cmp.Diff(first, a, cmp.AllowUnexported(algorithm{})))
		}
		known[a.name] = a
		b.Roots = append(b.Roots, b.use(a))
	}
	if len(known) < 150 {
		t.Errorf("%d algorithms", len(known))
	}
	slices.Sort(b.Roots)
	b.Roots = []string{b.keep(&sbom.Component{Ref: "root", Name: "root", Kind: sbom.KindApplication, Depends: true, DependsOn: slices.Compact(b.Roots)})}
	b.Sort()
	write(t, b.Document)
}

// TestLevels holds levels against the specifications, which are quoted in the table.
func TestLevels(t *testing.T) {
	group := func(id tlsprobe.GroupID) algorithm { return groupOf(id) }
	key := func(kind string, bits int, curve string) algorithm {
		a, _ := keyOf(tlsprobe.Key{Type: kind, Bits: bits, Curve: curve})
		return a
	}
	cipher := func(word string) algorithm { a, _ := cipherOf(word); return a }
	hash := func(word string) algorithm { a, _ := hashOf(word); return a }
	hmac := func(word string) algorithm { a, _ := hmacOf(word); return a }
	tests := []struct {
		a                  algorithm
		name               string
		classical, quantum int
		oid, curve         string
	}{
		// SP 800-57 part 1 revision 5, table 2.
		{cipher("AES_128_GCM"), "AES-128-GCM", 128, 1, "2.16.840.1.101.3.4.1.6", ""},
		{cipher("AES_256_CCM_8"), "AES-256-CCM-8", 256, 5, "2.16.840.1.101.3.4.1.47", ""},
		{cipher("3DES_EDE_CBC"), "3DES-CBC", 112, -1, "1.2.840.113549.3.7", ""},
		{cipher("RC4_128"), "RC4-128", 0, -1, "1.2.840.113549.3.4", ""},
		{cipher("CAMELLIA_256_CBC"), "CAMELLIA-256-CBC", 256, -1, "1.2.392.200011.61.1.1.1.4", ""},
		{cipher("KUZNYECHIK_CTR_OMAC"), "KUZNYECHIK-CTR-OMAC", 0, -1, "", ""},
		{key("RSA", 1024, ""), "RSA-1024", 0, 0, "1.2.840.113549.1.1.1", ""},
		{key("RSA", 2048, ""), "RSA-2048", 112, 0, "1.2.840.113549.1.1.1", ""},
		{key("RSA", 4096, ""), "RSA-4096", 128, 0, "1.2.840.113549.1.1.1", ""},
		{key("RSA", 16384, ""), "RSA-16384", 256, 0, "1.2.840.113549.1.1.1", ""},
		{key("ECDSA", 224, "P-224"), "EC-P-224", 112, 0, "1.2.840.10045.2.1", "nist/P-224"},
		{key("ECDSA", 521, "P-521"), "EC-P-521", 256, 0, "1.2.840.10045.2.1", "nist/P-521"},
		{key("ECDSA", 192, "P-192"), "EC-P-192", 0, 0, "1.2.840.10045.2.1", "nist/P-192"},
		{key("ECDSA", 0, "1.2.3"), "ECDSA-1.2.3", 0, -1, "", ""},
		{key("1.2.3.4", 0, ""), "1.2.3.4", 0, -1, "1.2.3.4", ""},
		{group(23), "ECDH-P-256", 128, 0, "1.3.132.1.12", "nist/P-256"},
		{group(24), "ECDH-P-384", 192, 0, "1.3.132.1.12", "nist/P-384"},
		{group(31), "ECDH-brainpoolP256r1", 128, 0, "1.3.132.1.12", "brainpool/brainpoolP256r1"},
		{group(22), "ECDH-secp256k1", 128, 0, "1.3.132.1.12", "secg/secp256k1"},
		{group(1), "ECDH-sect163k1", 0, 0, "1.3.132.1.12", "secg/sect163k1"},
		{group(41), "ECDH-curveSM2", 128, 0, "1.3.132.1.12", "oscaa/SM2"},
		{group(34), "ECDH-GC256A", 128, 0, "", ""},
		{group(256), "FFDH-2048", 112, 0, "1.2.840.113549.1.3.1", ""},
		{group(260), "FFDH-8192", 192, 0, "1.2.840.113549.1.3.1", ""},
		{group(0x9999), "group 0x9999", 0, -1, "", ""},
		// RFC 7748, section 1.
		{group(29), "X25519", 128, 0, "1.3.101.110", "other/Curve25519"},
		{group(30), "X448", 224, 0, "1.3.101.111", "other/Curve448"},
		// FIPS 203, table 2 and section 8; drafts have no category.
		{group(0x0200), "ML-KEM-512", 128, 1, "2.16.840.1.101.3.4.4.1", ""},
		{group(0x0202), "ML-KEM-1024", 256, 5, "2.16.840.1.101.3.4.4.3", ""},
		{group(0x11EC), "X25519MLKEM768", 192, 3, "", ""},
		{group(0x6399), "X25519Kyber768Draft00", 0, -1, "", ""},
		// FIPS 204, table 1; RFC 8032, section 8.5.
		{schemeOf(0x0904), "ML-DSA-44", 128, 2, "2.16.840.1.101.3.4.3.17", ""},
		{schemeOf(0x0807), "Ed25519", 128, 0, "1.3.101.112", "other/Ed25519"},
		{schemeOf(0x0804), "RSASSA-PSS-SHA-256", 0, 0, "1.2.840.113549.1.1.10", ""},
		{schemeOf(0x0601), "RSASSA-PKCS1-v1_5-SHA-512", 0, 0, "1.2.840.113549.1.1.13", ""},
		{schemeOf(0x081A), "ECDSA-SHA-256", 0, 0, "1.2.840.10045.4.3.2", ""},
		{schemeOf(0x0202), "DSA-SHA-1", 0, 0, "1.2.840.10040.4.3", ""},
		{schemeOf(0x0708), "SM2-SM3", 0, 0, "1.2.156.10197.1.501", ""},
		{schemeOf(0x9999), "signature scheme 0x9999", 0, -1, "", ""},
		// SP 800-57 part 1, table 3; the definitions of categories 2 and 4.
		{hash("SHA1"), "SHA-1", 0, -1, "1.3.14.3.2.26", ""},
		{hash("SHA256"), "SHA-256", 128, 2, "2.16.840.1.101.3.4.2.1", ""},
		{hash("SHA384"), "SHA-384", 192, 4, "2.16.840.1.101.3.4.2.2", ""},
		{hmac("SHA1"), "HMAC-SHA-1", 128, -1, "1.2.840.113549.2.7", ""},
		{hmac("SHA256"), "HMAC-SHA-256", 256, -1, "1.2.840.113549.2.9", ""},
	}
	for _, test := range tests {
		got := fmt.Sprint(test.a.name, " ", test.a.ClassicalBits, test.a.QuantumLevel, " ", test.a.oid, " ", test.a.Curve)
		want := fmt.Sprint(test.name, " ", test.classical, test.quantum, " ", test.oid, " ", test.curve)
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for _, name := range []string{"", "NULL", "unknown", "SHA256"} {
		if a, ok := cipherOf(name); ok {
			t.Errorf("cipher %q: %+v", name, a)
		}
	}
	if _, ok := keyOf(tlsprobe.Key{}); ok {
		t.Error("no key has an algorithm")
	}
	for name, want := range map[string]string{"unknown-RSAPSS": "unknown-RSAPSS", "1.2.3.4": "1.2.3.4", "SM3-SM2": "SM2-SM3", "Ed25519": "Ed25519"} {
		if a, ok := signatureOf(name); !ok || a.name != want {
			t.Errorf("signature %q: %+v", name, a)
		}
	}
	if _, ok := signatureOf(""); ok {
		t.Error("no signature has an algorithm")
	}
}

func TestSuiteAlgorithms(t *testing.T) {
	tests := map[tlsprobe.SuiteID][]string{
		0x1301: {"AES-128-GCM", "SHA-256"},
		0x1303: {"ChaCha20-Poly1305", "SHA-256"},
		0xC02F: {"ECDH", "RSA-signature", "AES-128-GCM", "SHA-256"},
		0xC02C: {"ECDH", "ECDSA", "AES-256-GCM", "SHA-384"},
		0x009E: {"FFDH", "RSA-signature", "AES-128-GCM", "SHA-256"},
		0x002F: {"RSAES-PKCS1-v1_5", "AES-128-CBC", "HMAC-SHA-1"},
		0x003D: {"RSAES-PKCS1-v1_5", "AES-256-CBC", "HMAC-SHA-256"},
		0x0004: {"RSAES-PKCS1-v1_5", "RC4-128", "HMAC-MD5"},
		0x0002: {"RSAES-PKCS1-v1_5", "HMAC-SHA-1"},
		0x0013: {"FFDH", "DSA", "3DES-CBC", "HMAC-SHA-1"},
		0x0034: {"FFDH", "AES-128-CBC", "HMAC-SHA-1"}, // anonymous
		0x008C: {"AES-128-CBC", "HMAC-SHA-1"},         // PSK
		0xC01A: {"SRP", "3DES-CBC", "HMAC-SHA-1"},
		0xC0A0: {"RSAES-PKCS1-v1_5", "AES-128-CCM-8"},
		0xCC13: {"ECDH", "RSA-signature", "ChaCha20-Poly1305", "SHA-256"},
		0x00C6: {"SM4-GCM", "SM3"},
		0xE013: {"SM2-encryption", "SM2-SM3", "SM4-CBC", "HMAC-SM3"},
		0xE051: {"SM2-key-exchange", "SM2-SM3", "SM4-GCM", "SM3"},
		0xC0B4: {"HMAC-SHA-256"},
		0x9999: nil,
	}
	for id, want := range tests {
		var got []string
		for _, a := range suiteAlgorithms(tlsprobe.SuiteOf(id)) {
			got = append(got, a.name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s %s: %q, want %q", id, tlsprobe.SuiteOf(id).Name, got, want)
		}
	}
}

// probe probes a real server, and gives back what a stored report has of it.
func probe(t *testing.T, address string) Endpoint {
	t.Helper()
	r, err := tlsprobe.Probe(context.Background(), tlsprobe.Target{Address: address, SNI: "service.test"}, tlsprobe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(Endpoint{r, true})
	if err != nil {
		t.Fatal(err)
	}
	var e Endpoint
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEndpoints(t *testing.T) {
	rsa, ec := tlstest.NewCertificate(t, "rsa2048", "service.test"), tlstest.NewCertificate(t, "p256", "service.test")
	modern := tlstest.GoTLS(t, &tls.Config{Certificates: []tls.Certificate{ec.TLS(t)}, MinVersion: tls.VersionTLS13})
	old := tlstest.OpenSSL(t, "-cert", rsa.CertFile, "-key", rsa.KeyFile, "-tls1_2", "-cipher", "AES128-SHA:ECDHE-RSA-AES256-GCM-SHA384", "-groups", "P-384").Address
	endpoints := []Endpoint{probe(t, modern), probe(t, old)}

	d := Document(endpoints, nil, meta)
	one := write(t, d)
	slices.Reverse(endpoints)
	if two := write(t, Document(endpoints, nil, meta)); !bytes.Equal(one, two) {
		t.Error("two documents of the same facts")
	}
	if !d.Created.Equal(time.Date(2026, 11, 20, 11, 0, 0, 0, time.UTC)) || d.Phases[0] != "discovery" || len(d.Phases) != 1 {
		t.Errorf("%v %v", d.Created, d.Phases)
	}

	// What was configured, and nothing else.
	var protocols, algorithms, certificates, keys []string
	for _, c := range d.Components {
		switch x := c.Crypto; {
		case x == nil:
		case x.Protocol != nil:
			for _, s := range x.Protocol.Suites {
				protocols = append(protocols, c.Name+" "+c.Version+" "+s.Name+" "+strings.Join(s.Numbers, ""))
			}
		case x.Algorithm != nil:
			algorithms = append(algorithms, c.Name)
		case x.Certificate != nil:
			certificates = append(certificates, c.Ref)
		case x.Material != nil:
			keys = append(keys, fmt.Sprint(c.Name, " ", x.Material.Bits))
		}
	}
	slices.Sort(protocols)
	slices.Sort(keys)
	sorted := func(s ...string) []string { slices.Sort(s); return s }
	for what, lists := range map[string][2][]string{
		"protocols": {protocols, {
			"TLS 1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 0xC00x30", "TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA 0x000x2F",
			"TLS 1.3 TLS_AES_128_GCM_SHA256 0x130x01", "TLS 1.3 TLS_AES_256_GCM_SHA384 0x130x02", "TLS 1.3 TLS_CHACHA20_POLY1305_SHA256 0x130x03"}},
		"certificates": {certificates, sorted("certificate:"+rsa.SHA256(), "certificate:"+ec.SHA256())},
		"keys":         {keys, {"EC-P-256 public key 256", "RSA-2048 public key 2048"}},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("%s: %q, want %q", what, lists[0], lists[1])
		}
	}
	for name, want := range map[string]bool{
		"AES-128-GCM": true, "AES-256-GCM": true, "AES-128-CBC": true, "HMAC-SHA-1": true, "RSAES-PKCS1-v1_5": true, "ECDH-P-384": true,
		"X25519MLKEM768": true, "ML-KEM-768": true, "X25519": true, "ECDSA-SHA-256": true, "RSA-2048": true, "EC-P-256": true,
		"3DES-CBC": false, "FFDH-2048": false, "X448": false, "Ed25519": false, "AES-256-CBC": false,
	} {
		if slices.Contains(algorithms, name) != want {
			t.Errorf("%s: want %v in %q", name, want, algorithms)
		}
	}
}

// TestEndpointFacts is about facts that servers seldom give.
func TestEndpointFacts(t *testing.T) {
	offered, unknown := tlsprobe.Offered, tlsprobe.Unknown
	cert := tlsprobe.Certificate{Subject: "CN=a", SHA256: "sha256:" + strings.Repeat("ab", 32), Signature: "SHA256-RSA", Serial: "01",
		Key: tlsprobe.Key{Type: "RSA", Bits: 2048}, SPKI: "sha256/AA=", NotBefore: meta.Time, NotAfter: meta.Time.Add(time.Hour)}
	unreadable := tlsprobe.Certificate{SHA256: "sha256:" + strings.Repeat("cd", 32), Unreadable: "malformed"}
	full := Endpoint{Reached: true, Result: &tlsprobe.Result{Address: "a.example:443", SNI: "a.example",
		Protocols: []tlsprobe.Protocol{
			{Version: tlsprobe.TLS13, State: unknown},
			{Version: tlsprobe.TLS12, State: offered, Suites: []tlsprobe.Suite{tlsprobe.SuiteOf(0x009E), tlsprobe.SuiteOf(0x9999)}, Undecided: []tlsprobe.SuiteID{1}},
			{Version: tlsprobe.TLS11, State: tlsprobe.NotOffered, Suites: []tlsprobe.Suite{tlsprobe.SuiteOf(0x0005)}},
			{Version: tlsprobe.SSL2, State: offered, Suites: []tlsprobe.Suite{tlsprobe.SuiteOf(0x010080)}},
			{Version: tlsprobe.TLCP, State: offered, Suites: []tlsprobe.Suite{tlsprobe.SuiteOf(0xE013)}},
		},
		Groups:              []tlsprobe.Group{{ID: 29, Name: "x25519", State: unknown}, {ID: 24, Name: "secp384r1", State: offered, Versions: []tlsprobe.Version{tlsprobe.TLS13}}},
		SignatureAlgorithms: []tlsprobe.SignatureAlgorithm{{ID: 0x9999, State: unknown}, {ID: 0x0401, State: offered, Versions: []tlsprobe.Version{tlsprobe.TLS12}}},
		Session:             tlsprobe.Session{FiniteFields: []tlsprobe.FiniteField{{Bits: 1024}, {Bits: 512, Export: true}}},
		Certificates:        []tlsprobe.Chain{{Certificates: []tlsprobe.Certificate{cert, unreadable}}, {Certificates: []tlsprobe.Certificate{cert}}},
		Unknown:             []tlsprobe.Problem{{Question: "TLS 1.3"}, {Question: "SSL 3.0"}},
	}}
	nobody := Endpoint{Result: &tlsprobe.Result{Address: "b.example:443"}}
	d := Document([]Endpoint{full, nobody}, nil, meta)
	write(t, d)
	e := d.Component("endpoint:a.example:443#a.example")
	var open []string
	for _, p := range e.Properties {
		if p.Name == PropertyUnknown {
			open = append(open, p.Value)
		}
	}
	want := []string{"SSL 3.0", "TLS 1.2", "TLS 1.3", "group x25519", "signature algorithm 0x9999"}
	if e.Completeness != sbom.Incomplete || !slices.Equal(open, want) {
		t.Errorf("%s: %q, want %q", e.Completeness, open, want)
	}
	if c := d.Component("endpoint:b.example:443"); c.Completeness != sbom.Unknown || c.Property(PropertyReached) != "false" || len(c.DependsOn) > 0 {
		t.Errorf("%+v", c)
	}
	for ref, want := range map[string]bool{
		"algorithm:FFDH-1024": true, "algorithm:RSASSA-PKCS1-v1_5-SHA-256": true, "algorithm:SM4-CBC": true, "key:sha256/AA=": true,
		"algorithm:FFDH-512": false, "algorithm:ECDH-P-384": false, "algorithm:X25519": false, "algorithm:unknown": false,
	} {
		if (d.Component(ref) != nil) != want {
			t.Errorf("%s: want %v", ref, want)
		}
	}
	if c := d.Component("certificate:" + unreadable.SHA256); c.Completeness != sbom.Unknown || c.Crypto.Certificate.KeyRef != "" {
		t.Errorf("%+v", c)
	}
	var names []string
	for _, c := range d.Components {
		if c.Crypto != nil && c.Crypto.Protocol != nil {
			names = append(names, c.Name+" "+c.Version+" "+c.Crypto.Protocol.Type+" "+fmt.Sprint(c.Crypto.Protocol.Suites[0].Numbers))
		}
	}
	slices.Sort(names)
	if want := []string{"SSL 2.0 tls [0x01 0x00 0x80]", "TLCP 1.1 other [0xE0 0x13]", "TLS 1.2 tls [0x00 0x9E]"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	meta := meta
	meta.Unassessed = []string{"tls"}
	write(t, Document(nil, nil, meta))
	if c := Document([]Endpoint{full, nobody}, nil, meta).Component("cryptography"); c.Completeness != sbom.Incomplete {
		t.Error(c.Completeness)
	}
}

// TestExecutables is about certification: it is said of the native module's packages, in
// a certified executable, and of nothing else.
func TestExecutables(t *testing.T) {
	cert := fips.Certificate{State: fips.Certified, Number: 5247, Standard: "FIPS 140-3", Level: 1, AsOf: "2026-04-27"}
	sum := "sha256:" + strings.Repeat("ab", 32)
	native := func(path string, verdict fips.Verdict, version string) Executable {
		dir := nativeModule
		if version != "latest" {
			dir += version + "/"
		}
		return Executable{Path: path, SHA256: sum, Go: "go1.26.8", Verdict: verdict, Certificate: cert,
			Module:   fips.Module{Declared: fips.Native, Version: version, Linked: gobin.Yes},
			Mode:     fips.Mode{Declared: fips.On, Linked: fips.On},
			Seen:     &Seen{Module: fips.Native, Versions: []string{version}, Cryptography: []string{"crypto/aes", "crypto/ecdh", dir + "aes", dir + "bigmod", "crypto/md5", "crypto/tls"}},
			Packages: fips.Packages{Standard: []string{"crypto/md5"}, NonApproved: []string{"example.com/own/cipher", "golang.org/x/crypto/blake2b"}}}
	}
	old := Executable{Path: "old", Go: "go1.22", Verdict: fips.VerdictNoModule, Seen: &Seen{Module: fips.NoModule, Cryptography: []string{"crypto/aes", "crypto/hpke"}}}
	boring := Executable{Path: "boring", Go: "go1.26.8", Verdict: fips.VerdictCertified, Certificate: fips.Certificate{State: fips.Certified, Number: 4735, Standard: "FIPS 140-3", Level: 1},
		Module: fips.Module{Declared: fips.BoringCrypto, Linked: gobin.Yes}, Seen: &Seen{Module: fips.BoringCrypto, Cryptography: []string{"crypto/aes"}}}
	all := []Executable{
		native("certified", fips.VerdictCertified, "v1.0.0-c2097c7c"), native("disabled", fips.VerdictDisabled, "v1.0.0-c2097c7c"),
		native("latest", fips.VerdictNoModule, "latest"), old, boring,
		{Path: "unread", Verdict: fips.VerdictUnreadable, Reason: "no executable"},
		{Path: "unseen", Verdict: fips.VerdictUnknown, Seen: &Seen{Module: fips.Unknown}, Reasons: []string{"module=unknown"}},
	}
	d := Document(nil, all, meta)
	one := write(t, d)
	slices.Reverse(all)
	if two := write(t, Document(nil, all, meta)); !bytes.Equal(one, two) {
		t.Error("two documents of the same facts")
	}

	var certified []string
	for _, c := range d.Components {
		if c.Crypto != nil && len(c.Crypto.Algorithm.Certified) > 0 {
			certified = append(certified, c.Ref+" "+fmt.Sprint(c.Crypto.Algorithm.Certified))
		}
	}
	if want := []string{"algorithm:AES#software-plain-ram+fips140-3-l1 [fips140-3-l1]"}; !slices.Equal(certified, want) {
		t.Errorf("certified: %q, want %q", certified, want)
	}
	depends := func(path string) string { return strings.Join(d.Component("file:"+path).DependsOn, " ") }
	version := "v1.0.0-c2097c7c"
	rest := " package:crypto/ecdh@go1.26.8"
	outside := " package:crypto/md5@go1.26.8 package:example.com/own/cipher package:golang.org/x/crypto/blake2b"
	moduleRef := "module:native@" + version
	certifiedRef := moduleRef + "#" + digest("FIPS 140-3 certificate 5247, as of 2026-04-27")
	for path, want := range map[string]string{
		"certified": certifiedRef + rest + " package:" + nativeModule + version + "/aes@go1.26.8#fips140-3-l1" + outside,
		"disabled":  moduleRef + rest + " package:" + nativeModule + version + "/aes@go1.26.8" + outside,
		"latest":    strings.TrimPrefix(rest, " ") + " package:" + nativeModule + "aes@go1.26.8" + outside,
		"old":       "package:crypto/aes@go1.22 package:crypto/hpke@go1.22",
		"boring":    "module:boringcrypto@#" + digest("FIPS 140-3 certificate 4735, as of ") + " package:crypto/aes@go1.26.8",
		"unread":    "",
		"unseen":    "",
	} {
		if got := depends(path); got != want {
			t.Errorf("%s depends on %s,\nwant %s", path, got, want)
		}
	}
	if c := d.Component("package:example.com/own/cipher"); c.Completeness != sbom.Unknown || c.Property(PropertyOutside) != "true" || c.Version != "" {
		t.Errorf("%+v", c)
	}
	if c := d.Component(certifiedRef); c.Property(PropertyCertificate) == "" || c.Property(PropertyEnvironment) != "to-be-confirmed" {
		t.Errorf("%+v", c)
	}
	if c := d.Component("file:unread"); c.Completeness != sbom.Unknown || c.Property(PropertyReason) != "no executable" || c.Property(PropertyMode) != "" {
		t.Errorf("%+v", c)
	}
	if c := d.Component("file:certified"); c.Completeness != sbom.Incomplete || c.Property(PropertyMode) != "on" || c.Hashes[0].Value != strings.Repeat("ab", 32) {
		t.Errorf("%+v", c)
	}
}

func TestCertification(t *testing.T) {
	for _, test := range []struct {
		cert fips.Certificate
		want string
	}{
		{fips.Certificate{State: fips.Certified, Standard: "FIPS 140-3", Level: 1}, "fips140-3-l1"},
		{fips.Certificate{State: fips.Certified, Standard: "FIPS 140-2", Level: 4}, "fips140-2-l4"},
		{fips.Certificate{State: fips.Certified, Standard: "FIPS 140-3"}, ""},
		{fips.Certificate{State: fips.Certified, Standard: "FIPS 140-4", Level: 1}, ""},
		{fips.Certificate{State: fips.Certified, Standard: "ISO/IEC 19790", Level: 1}, ""},
		{fips.Certificate{State: fips.Historical, Standard: "FIPS 140-3", Level: 1}, ""},
		{fips.Certificate{State: fips.InProcess, Standard: "FIPS 140-3", Level: 1}, ""},
	} {
		if got := strings.Join(certification(test.cert), " "); got != test.want {
			t.Errorf("%+v: %q, want %q", test.cert, got, test.want)
		}
	}
}
