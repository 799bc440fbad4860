// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"slices"
	"strings"
)

// Packages are those with cryptography of their own that an executable has: what
// they compute is outside every FIPS 140 module. That a package is linked does not
// say that it is used, nor for what.
type Packages struct {
	// NonApproved are packages of modules other than the standard library.
	NonApproved []string `json:"non_approved,omitempty"`

	// Standard are packages of the standard library with algorithms that are not
	// approved. FIPS mode keeps crypto/tls from negotiating them.
	Standard []string `json:"standard,omitempty"`

	// Vendored are the standard library's own copies of other packages. The mode
	// keeps crypto/tls from those, too.
	Vendored []string `json:"vendored,omitempty"`
}

// standardNonApproved are packages of the standard library that FIPS mode does
// not approve: with fips140=only they fail.
var standardNonApproved = []string{"crypto/des", "crypto/dsa", "crypto/md5", "crypto/rc4", "crypto/sha1"}

// outside are modules and packages with cryptography of their own, by path
// prefix. Those of golang.org/x/crypto that call the standard library alone are
// not among them.
var outside = []string{
	"filippo.io/edwards25519", "filippo.io/nistec", "filippo.io/mldsa", "filippo.io/bigmod",
	"github.com/ProtonMail/go-crypto", "github.com/aead/", "github.com/agl/ed25519", "github.com/btcsuite/btcd/btcec",
	"github.com/cloudflare/circl", "github.com/consensys/gnark-crypto", "github.com/decred/dcrd/dcrec", "github.com/emmansun/gmsm",
	"github.com/ethereum/go-ethereum/crypto", "github.com/herumi/bls-eth-go-binary", "github.com/kilic/bls12-381",
	"github.com/minio/blake2b-simd", "github.com/minio/md5-simd", "github.com/minio/sha256-simd", "github.com/oasisprotocol/curve25519-voi",
	"github.com/open-quantum-safe/liboqs-go", "github.com/tink-crypto/tink-go", "github.com/tjfoc/gmsm", "github.com/zeebo/blake3",
	"golang.org/x/crypto/argon2", "golang.org/x/crypto/bcrypt", "golang.org/x/crypto/blake2b", "golang.org/x/crypto/blake2s",
	"golang.org/x/crypto/blowfish", "golang.org/x/crypto/bn256", "golang.org/x/crypto/cast5", "golang.org/x/crypto/chacha20",
	"golang.org/x/crypto/chacha20poly1305", "golang.org/x/crypto/internal/poly1305",
	"golang.org/x/crypto/md4", "golang.org/x/crypto/nacl", "golang.org/x/crypto/openpgp", "golang.org/x/crypto/otr", "golang.org/x/crypto/pkcs12",
	"golang.org/x/crypto/poly1305", "golang.org/x/crypto/ripemd160", "golang.org/x/crypto/salsa20", "golang.org/x/crypto/scrypt",
	"golang.org/x/crypto/tea", "golang.org/x/crypto/twofish", "golang.org/x/crypto/xtea", "golang.org/x/crypto/xts",
	"lukechampine.com/blake3",
}

// vendored are the standard library's copies.
var vendored = []string{"vendor/golang.org/x/crypto/chacha20", "vendor/golang.org/x/crypto/chacha20poly1305", "vendor/golang.org/x/crypto/internal/poly1305"}

// take sorts a package in. The path may be a part of a larger text, of which no
// more is kept.
func (p *Packages) take(path string) {
	keep := func(list *[]string) { *list = append(*list, strings.Clone(path)) }
	switch {
	case slices.Contains(standardNonApproved, path):
		keep(&p.Standard)
	case slices.Contains(vendored, path):
		keep(&p.Vendored)
	case isOutside(path):
		keep(&p.NonApproved)
	}
}

func isOutside(path string) bool {
	return slices.ContainsFunc(outside, func(prefix string) bool {
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(prefix, "/"))
		return ok && (rest == "" || rest[0] == '/')
	})
}

// sort puts the lists in order.
func (p *Packages) sort() {
	for _, list := range []*[]string{&p.NonApproved, &p.Standard, &p.Vendored} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}
