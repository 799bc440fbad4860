// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// ErrKey reports what is no key that can be used here. It says nothing of the
// contents of a file.
var ErrKey = errors.New("no usable key")

// ErrEncrypted reports a private key under a passphrase. It is an [ErrKey].
var ErrEncrypted = fmt.Errorf("%w: it is encrypted", ErrKey)

// Limits of keys.
const (
	maxKeyFile = 64 << 10 // bytes
	minRSA     = 2048     // bits: 112 bits of security (NIST SP 800-57 part 1, table 2)
	maxRSA     = 8192     // bits: more of them buy a verifier nothing but work
)

// A PrivateKey signs. Printed, it is the ID of its public key.
type PrivateKey struct {
	signer crypto.Signer
	public *PublicKey
}

// ParsePrivateKey reads a private key: one PEM block of PKCS #8, "PRIVATE KEY",
// not encrypted, as openssl genpkey writes it. The error wraps [ErrKey].
func ParsePrivateKey(file []byte) (*PrivateKey, error) {
	if len(file) > maxKeyFile {
		return nil, fmt.Errorf("%w: a file of more than %d bytes", ErrKey, maxKeyFile)
	}
	block, rest := pem.Decode(file)
	if block == nil {
		return nil, fmt.Errorf("%w: no PEM", ErrKey)
	}
	switch block.Type {
	case "PRIVATE KEY":
	case "ENCRYPTED PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY", "ENCRYPTED SIGSTORE PRIVATE KEY":
		return nil, ErrEncrypted
	case "EC PRIVATE KEY", "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return nil, ErrEncrypted
		}
		return nil, fmt.Errorf("%w: it is not in PKCS #8", ErrKey)
	case "PUBLIC KEY":
		return nil, fmt.Errorf("%w: it is a public one", ErrKey)
	default:
		return nil, fmt.Errorf("%w: the PEM is of something else", ErrKey)
	}
	if more, _ := pem.Decode(rest); more != nil {
		return nil, fmt.Errorf("%w: more than one PEM block", ErrKey)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: no PKCS #8, or of an algorithm other than Ed25519, ECDSA and RSA", ErrKey) // without the parser's words
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: it cannot sign", ErrKey)
	}
	public, err := newPublicKey(signer.Public())
	if err != nil {
		return nil, err
	}
	return &PrivateKey{signer, public}, nil
}

// Public returns the public key.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// String is the ID of the public key.
func (k *PrivateKey) String() string { return "private key of " + k.public.ID() }

// GoString is the same: nothing prints a private key.
func (k *PrivateKey) GoString() string { return k.String() }

// Format writes the same whatever the verb.
func (k *PrivateKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// sign signs a message as go-securesystemslib and cosign verify it.
func (k *PrivateKey) sign(message []byte) ([]byte, error) {
	digest, hash := k.public.digest(message)
	var options crypto.SignerOpts = hash
	if _, ok := k.public.key.(*rsa.PublicKey); ok {
		options = pss
	}
	signature, err := k.signer.Sign(rand.Reader, digest, options)
	if err != nil {
		return nil, fmt.Errorf("%w: it does not sign", ErrKey)
	}
	return signature, nil
}

// pss are the parameters of RSASSA-PSS that in-toto names rsassa-pss-sha256.
var pss = &rsa.PSSOptions{SaltLength: sha256.Size, Hash: crypto.SHA256}

// A PublicKey verifies.
type PublicKey struct {
	key crypto.PublicKey // ed25519.PublicKey, *ecdsa.PublicKey or *rsa.PublicKey
	id  string
}

// ParsePublicKeys reads public keys: PEM blocks of SubjectPublicKeyInfo, "PUBLIC
// KEY", one or more and nothing else. The error wraps [ErrKey].
func ParsePublicKeys(file []byte) ([]*PublicKey, error) {
	if len(file) > maxKeyFile {
		return nil, fmt.Errorf("%w: a file of more than %d bytes", ErrKey, maxKeyFile)
	}
	var keys []*PublicKey
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "PUBLIC KEY" {
			if bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) {
				return nil, fmt.Errorf("%w: it is a private one", ErrKey)
			}
			return nil, fmt.Errorf("%w: the PEM is of something else", ErrKey)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: no SubjectPublicKeyInfo, or of an algorithm other than Ed25519, ECDSA and RSA", ErrKey)
		}
		k, err := newPublicKey(parsed)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if keys == nil {
		return nil, fmt.Errorf("%w: no PEM", ErrKey)
	}
	return keys, nil
}

// newPublicKey takes the kinds of keys that the ecosystem signs with, and none
// that is weak.
func newPublicKey(key crypto.PublicKey) (*PublicKey, error) {
	var wire cryptobyte.Builder // as in RFC 4253, section 6.6
	add := func(b []byte) { wire.AddUint32LengthPrefixed(func(c *cryptobyte.Builder) { c.AddBytes(b) }) }
	integer := func(n *big.Int) { // RFC 4251, section 5: with a sign
		b := n.Bytes()
		if len(b) > 0 && b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		add(b)
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		if smallOrder(k) {
			return nil, fmt.Errorf("%w: Ed25519 with a key of small order, for which anybody can sign", ErrKey)
		}
		add([]byte("ssh-ed25519")) // RFC 8709, section 4
		add(k)
	case *ecdsa.PublicKey:
		name := map[elliptic.Curve]string{elliptic.P256(): "nistp256", elliptic.P384(): "nistp384", elliptic.P521(): "nistp521"}[k.Curve]
		point, err := k.Bytes()
		if name == "" || err != nil {
			return nil, fmt.Errorf("%w: of its curves, ECDSA has P-256, P-384 and P-521 here", ErrKey)
		}
		add([]byte("ecdsa-sha2-" + name)) // RFC 5656, section 3.1
		add([]byte(name))
		add(point)
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Errorf("%w: RSA of %d bits, and %d to %d are taken", ErrKey, bits, minRSA, maxRSA)
		}
		if k.E < 65537 { // NIST FIPS 186-5, appendix A.1.1
			return nil, fmt.Errorf("%w: RSA with an exponent below 65537", ErrKey)
		}
		add([]byte("ssh-rsa"))
		integer(big.NewInt(int64(k.E)))
		integer(k.N)
	default:
		return nil, fmt.Errorf("%w: neither Ed25519 nor ECDSA nor RSA", ErrKey)
	}
	sum := sha256.Sum256(wire.BytesOrPanic()) // no length exceeds its prefix
	return &PublicKey{key, "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])}, nil
}

// smallOrders are the ordinates of the points whose order divides 8, and what else
// encodes them (RFC 8032, section 5.1.2, without the sign): multiplied with a challenge,
// they are one of eight points, and a signature can be made without a private key.
var smallOrders = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func smallOrder(k ed25519.PublicKey) bool {
	y := bytes.Clone(k)
	y[len(y)-1] &^= 0x80
	return slices.Contains(smallOrders, hex.EncodeToString(y))
}

// ID is the fingerprint of the key as OpenSSH and go-securesystemslib compute it:
// "SHA256:" and the unpadded base64 of the SHA-256 of the key in SSH's encoding.
// The verifiers of that library, among them cosign, pass over a signature
// whose key ID is another one.
func (k *PublicKey) ID() string { return k.id }

// digest returns what of a message is signed, and its hash; Ed25519 takes all of it.
func (k *PublicKey) digest(message []byte) ([]byte, crypto.Hash) {
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return message, 0
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P384():
			sum := sha512.Sum384(message)
			return sum[:], crypto.SHA384
		case elliptic.P521():
			sum := sha512.Sum512(message)
			return sum[:], crypto.SHA512
		}
	}
	sum := sha256.Sum256(message)
	return sum[:], crypto.SHA256
}

// verify reports whether a signature is one of a message by the key. Of RSA it takes
// both paddings: in-toto signs with PSS, cosign with that of PKCS #1 v1.5.
func (k *PublicKey) verify(message, signature []byte) bool {
	digest, hash := k.digest(message)
	switch key := k.key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, digest, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(key, hash, digest, signature, pss) == nil || rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
	}
	return false
}
