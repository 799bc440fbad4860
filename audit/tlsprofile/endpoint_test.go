// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goassay/assay/audit/tlsprobe"
)

// today is a day on which all that is in force now is, and nothing that is to come.
var today = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	offered    = tlsprobe.Offered
	notOffered = tlsprobe.NotOffered
	unknown    = tlsprobe.Unknown
)

// codes are the code points of suites, groups and signature algorithms by name.
var codes = sync.OnceValue(func() map[string]int {
	out := map[string]int{}
	for n := range 1 << 16 {
		for _, name := range []string{
			tlsprobe.SuiteOf(tlsprobe.SuiteID(n)).Name, tlsprobe.GroupOf(tlsprobe.GroupID(n)).Name, tlsprobe.SignatureAlgorithmOf(tlsprobe.SignatureScheme(n)).Name,
		} {
			out[name] = n
		}
	}
	return out
})

func code(name string) int {
	n, ok := codes()[name]
	if !ok {
		panic("no code point is called " + name)
	}
	return n
}

// An endpoint is a result that can be changed.
type endpoint struct{ *tlsprobe.Result }

// newEndpoint is a server that takes nothing.
func newEndpoint() endpoint {
	r := &tlsprobe.Result{SNI: "example.com", ClientAuth: tlsprobe.ClientAuth{State: tlsprobe.AuthNone}}
	for _, v := range tlsprobe.Versions {
		r.Protocols = append(r.Protocols, tlsprobe.Protocol{Version: v, State: notOffered})
	}
	return endpoint{r}
}

func (e endpoint) protocol(v tlsprobe.Version) *tlsprobe.Protocol {
	i := slices.IndexFunc(e.Protocols, func(p tlsprobe.Protocol) bool { return p.Version == v })
	return &e.Protocols[i]
}

// version sets the suites of a version that are offered: none, and the version is not.
func (e endpoint) version(v tlsprobe.Version, suites ...string) endpoint {
	p := e.protocol(v)
	*p = tlsprobe.Protocol{Version: v, State: notOffered}
	for _, name := range suites {
		p.State = offered
		p.Suites = append(p.Suites, tlsprobe.SuiteOf(tlsprobe.SuiteID(code(name))))
	}
	if len(suites) > 1 {
		p.Preference = tlsprobe.PreferClient
	}
	return e
}

// add adds a suite to a version.
func (e endpoint) add(v tlsprobe.Version, suite string) endpoint {
	p := e.protocol(v)
	p.State = offered
	p.Suites = append(p.Suites, tlsprobe.SuiteOf(tlsprobe.SuiteID(code(suite))))
	return e
}

// undecided adds a suite of which it is unknown whether it is offered.
func (e endpoint) undecided(v tlsprobe.Version, suite string) endpoint {
	p := e.protocol(v)
	p.Undecided = append(p.Undecided, tlsprobe.SuiteID(code(suite)))
	return e
}

// lost makes it unknown whether a version is offered.
func (e endpoint) lost(v tlsprobe.Version) endpoint {
	*e.protocol(v) = tlsprobe.Protocol{Version: v, State: unknown}
	return e
}

// groups sets the groups that are offered, in TLS 1.3 and 1.2.
func (e endpoint) groups(names ...string) endpoint {
	e.Groups = nil
	for _, name := range names {
		e.group(name, offered, tlsprobe.TLS13, tlsprobe.TLS12)
	}
	return e
}

func (e endpoint) group(name string, s tlsprobe.State, versions ...tlsprobe.Version) endpoint {
	g := tlsprobe.GroupOf(tlsprobe.GroupID(code(name)))
	if g.State = s; g.PostQuantum {
		versions = slices.DeleteFunc(versions, func(v tlsprobe.Version) bool { return v != tlsprobe.TLS13 })
	}
	g.Versions = versions
	e.Groups = append(e.Groups, g)
	return e
}

func (e endpoint) signs(name string, s tlsprobe.State, versions ...tlsprobe.Version) endpoint {
	a := tlsprobe.SignatureAlgorithmOf(tlsprobe.SignatureScheme(code(name)))
	a.State, a.Versions = s, versions
	e.SignatureAlgorithms = append(e.SignatureAlgorithms, a)
	return e
}

// leaf is the server's certificate.
func (e endpoint) leaf() *tlsprobe.Certificate { return &e.Certificates[0].Certificates[0] }

// certified presents a certificate that all profiles like, and one that signed it.
func (e endpoint) certified() endpoint {
	leaf := tlsprobe.Certificate{
		SHA256: "sha256:leaf", Key: tlsprobe.Key{Type: "ECDSA", Bits: 256, Curve: "P-256"}, Signature: "ECDSA-SHA256", OCSPServers: []string{"http://ocsp.example.com"},
		NotBefore: today.AddDate(0, 0, -10), NotAfter: today.AddDate(0, 0, 80),
	}
	above := tlsprobe.Certificate{
		SHA256: "sha256:above", Key: tlsprobe.Key{Type: "ECDSA", Bits: 384, Curve: "P-384"}, Signature: "ECDSA-SHA384", CA: true,
		NotBefore: today.AddDate(-1, 0, 0), NotAfter: today.AddDate(4, 0, 0),
	}
	root := tlsprobe.Certificate{
		SHA256: "sha256:root", Key: tlsprobe.Key{Type: "RSA", Bits: 1024}, Signature: "SHA1-RSA", CA: true, SelfIssued: true,
		NotBefore: today.AddDate(-30, 0, 0), NotAfter: today.AddDate(-1, 0, 0),
	}
	e.Certificates = []tlsprobe.Chain{
		{SNI: "example.com", Certificates: []tlsprobe.Certificate{leaf, above, root}, Staple: []byte("response")},
		{Certificates: []tlsprobe.Certificate{{SHA256: "sha256:other", Key: tlsprobe.Key{Type: "RSA", Bits: 512}}}}, // for another name
	}
	e.Trust = []tlsprobe.TrustState{tlsprobe.Trusted, tlsprobe.Untrusted}
	e.OCSP = []tlsprobe.Staple{{Certificate: "sha256:leaf", Status: "good", Verified: offered, NextUpdate: today.AddDate(0, 0, 3)}}
	return e
}

// good is a server as it should be: TLS 1.3 and 1.2.
func good() endpoint {
	e := newEndpoint().
		version(tlsprobe.TLS13, "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384").
		version(tlsprobe.TLS12, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384").
		groups("X25519MLKEM768", "x25519", "secp256r1", "secp384r1").
		signs("ecdsa_secp256r1_sha256", offered, tlsprobe.TLS13, tlsprobe.TLS12).
		certified()
	e.Session = tlsprobe.Session{
		ExtendedMasterSecret: offered, SecureRenegotiation: offered, ClientRenegotiation: notOffered, EncryptThenMAC: notOffered,
		Compression: notOffered, Tickets: offered, Resumption: offered, EarlyData: notOffered, FallbackSCSV: offered,
	}
	return e
}

// builtin is a built-in profile.
func builtin(t *testing.T, id string) *Profile {
	t.Helper()
	p, err := Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// with lists the clauses that have an outcome.
func with(verdicts []Verdict, outcome Outcome) []string {
	var out []string
	for _, v := range verdicts {
		if v.Outcome == outcome {
			out = append(out, v.Clause.ID())
		}
	}
	return out
}
