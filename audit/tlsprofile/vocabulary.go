// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	"crypto/x509"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/goassay/assay/audit/tlsprobe"
)

// words are the names that a profile may use, by what they are names of.
type words struct {
	suites, keyExchanges, authentications, ciphers, groups, signatureAlgorithms map[string]bool
}

// vocabulary gathers the names that package tlsprobe knows.
var vocabulary = sync.OnceValue(func() words {
	w := words{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	suite := func(id tlsprobe.SuiteID) {
		if s := tlsprobe.SuiteOf(id); s.Name != "" {
			w.suites[s.Name], w.keyExchanges[s.KeyExchange], w.authentications[s.Authentication], w.ciphers[s.Cipher] = true, true, true, true
		}
	}
	for n := range 1 << 16 {
		suite(tlsprobe.SuiteID(n))
		if g := tlsprobe.GroupOf(tlsprobe.GroupID(n)); g.Name != "" {
			w.groups[g.Name] = true
		}
		if a := tlsprobe.SignatureAlgorithmOf(tlsprobe.SignatureScheme(n)); a.Name != "" {
			w.signatureAlgorithms[a.Name] = true
		}
	}
	for kind := range tlsprobe.SuiteID(0x10) { // of SSL 2.0: a kind of cipher, a number, and the length of its key
		for n := range tlsprobe.SuiteID(0x200) {
			suite(kind<<16 | n)
		}
	}
	delete(w.authentications, "") // of TLS 1.3
	return w
})

// weaknesses are the words of [tlsprobe.Weakness].
var weaknesses = named(
	tlsprobe.WeakNull, tlsprobe.WeakAnonymous, tlsprobe.WeakExport, tlsprobe.WeakRC4, tlsprobe.WeakDES, tlsprobe.Weak3DES, tlsprobe.WeakBlock64,
	tlsprobe.WeakMD5, tlsprobe.WeakSHA1, tlsprobe.WeakCBC, tlsprobe.WeakTruncated, tlsprobe.WeakNoSecrecy, tlsprobe.WeakNoRegistry)

// Words of certificates. Package x509 has no list of its algorithms; the curves are those
// that it reads, and that of SM2.
var (
	keyTypes   = named("RSA", "ECDSA", "Ed25519", "SM2")
	curves     = named("P-224", "P-256", "P-384", "P-521", "sm2p256v1")
	signatures = func() map[string]bool {
		all := named("SM2-SM3")
		for a := x509.MD2WithRSA; a <= x509.PureEd25519; a++ {
			if name := a.String(); !isNumber(name) {
				all[name] = true
			}
		}
		return all
	}()
	preferences = named(tlsprobe.PreferClient, tlsprobe.PreferServer)
	authStates  = named(tlsprobe.AuthNone, tlsprobe.AuthOptional, tlsprobe.AuthRequired, requiredInHTTP)
	states      = named(tlsprobe.Offered, tlsprobe.NotOffered)
)

func named[T ~string](list ...T) map[string]bool {
	out := map[string]bool{}
	for _, word := range list {
		out[string(word)] = true
	}
	return out
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// choices lists words for a message, if they are few.
func choices(known map[string]bool) string {
	if len(known) > 20 {
		return ""
	}
	return ": one of " + strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}
