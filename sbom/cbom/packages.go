// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cbom

// family is an algorithm whose parameters the program chooses. What security it has is
// that of the parameters.
func family(name, primitive string) algorithm { return unknown(name, "", primitive) }

// asymmetric is one that Shor's algorithm breaks, whatever the parameters.
func asymmetric(name, oid, primitive string) algorithm { return plain(name, oid, primitive, 0, broken) }

// sha2 are hash functions by the words of package x509.
func sha2(words ...string) []algorithm {
	var out []algorithm
	for _, w := range words {
		a, _ := hashOf(w)
		out = append(out, a)
	}
	return out
}

// only is a list of one.
func only(a algorithm) []algorithm { return []algorithm{a} }

// moduleAlgorithms are what packages of Go's cryptographic module offer, by their
// path within it, and the packages that programs import for them, by their path
// beneath crypto. Packages that are parts of others - arithmetic, curves, checks - are not
// among them. After the packages' documentation, Go 1.24 to 1.26.
var moduleAlgorithms = map[string][]algorithm{
	"aes":     only(family("AES", "block-cipher")),
	"aes/gcm": only(withMode(family("AES-GCM", "ae"), "gcm")),
	"drbg":    only(family("CTR_DRBG-AES-256", "drbg")),
	"ecdh":    only(asymmetric("ECDH", oidECDH, "key-agree")),
	"ecdsa":   only(ecdsaWith("")),
	"ed25519": only(named["ed25519"]),
	"hkdf":    only(family("HKDF", "kdf")),
	"hmac":    only(family("HMAC", "mac")),
	"mldsa":   {named["mldsa44"], named["mldsa65"], named["mldsa87"]},
	"mlkem":   {mlkem("768"), mlkem("1024")},
	"pbkdf2":  only(family("PBKDF2", "kdf")),
	"rsa":     {pkcs1(""), pssWith(""), asymmetric("RSAES-OAEP", "1.2.840.113549.1.1.7", "pke")},
	"sha256":  sha2("SHA224", "SHA256"),
	"sha3":    {family("SHA-3", "hash"), family("SHAKE", "xof")},
	"sha512":  sha2("SHA384", "SHA512"),
	"ssh":     only(family("SSH-KDF", "kdf")),
	"tls12":   only(family("TLS-1.2-PRF", "kdf")),
	"tls13":   only(family("TLS-1.3-KDF", "kdf")),
}

// otherAlgorithms are what packages outside of the module offer, by their path.
var otherAlgorithms = map[string][]algorithm{
	"crypto/des":  {asCipher("DES_CBC", "DES"), asCipher("3DES_EDE_CBC", "3DES")},
	"crypto/dsa":  only(dsaWith("")),
	"crypto/ecdh": only(ecdh("x25519")), // the other curves are of the module
	"crypto/hpke": only(family("HPKE", "pke")),
	"crypto/md5":  sha2("MD5"),
	"crypto/rc4":  only(family("RC4", "stream-cipher")),
	"crypto/sha1": sha2("SHA1"),

	"vendor/golang.org/x/crypto/chacha20":          only(family("ChaCha20", "stream-cipher")),
	"vendor/golang.org/x/crypto/chacha20poly1305":  only(asCipher("CHACHA20_POLY1305", "ChaCha20-Poly1305")),
	"vendor/golang.org/x/crypto/internal/poly1305": only(family("Poly1305", "mac")),
	"github.com/emmansun/gmsm/sm2":                 only(sm2("SM2", "signature")),
	"github.com/emmansun/gmsm/sm3":                 sha2("SM3"),
	"github.com/emmansun/gmsm/sm4":                 only(family("SM4", "block-cipher")),
	"github.com/emmansun/gmsm/sm9":                 only(family("SM9", "signature")),
	"github.com/tjfoc/gmsm/sm2":                    only(sm2("SM2", "signature")),
	"github.com/tjfoc/gmsm/sm3":                    sha2("SM3"),
	"github.com/tjfoc/gmsm/sm4":                    only(family("SM4", "block-cipher")),
	"golang.org/x/crypto/argon2":                   only(family("Argon2", "kdf")),
	"golang.org/x/crypto/bcrypt":                   only(family("bcrypt", "kdf")),
	"golang.org/x/crypto/blake2b":                  only(family("BLAKE2b", "hash")),
	"golang.org/x/crypto/blake2s":                  only(family("BLAKE2s", "hash")),
	"golang.org/x/crypto/blowfish":                 only(family("Blowfish", "block-cipher")),
	"golang.org/x/crypto/cast5":                    only(family("CAST5", "block-cipher")),
	"golang.org/x/crypto/chacha20":                 only(family("ChaCha20", "stream-cipher")),
	"golang.org/x/crypto/chacha20poly1305":         only(asCipher("CHACHA20_POLY1305", "ChaCha20-Poly1305")),
	"golang.org/x/crypto/internal/poly1305":        only(family("Poly1305", "mac")),
	"golang.org/x/crypto/md4":                      only(family("MD4", "hash")),
	"golang.org/x/crypto/poly1305":                 only(family("Poly1305", "mac")),
	"golang.org/x/crypto/ripemd160":                only(family("RIPEMD-160", "hash")),
	"golang.org/x/crypto/scrypt":                   only(family("scrypt", "kdf")),
	"golang.org/x/crypto/tea":                      only(family("TEA", "block-cipher")),
	"golang.org/x/crypto/twofish":                  only(family("Twofish", "block-cipher")),
	"golang.org/x/crypto/xtea":                     only(family("XTEA", "block-cipher")),
	"golang.org/x/crypto/xts":                      only(family("XTS", "block-cipher")),
}

func withMode(a algorithm, mode string) algorithm {
	a.Mode = mode
	return a
}

// asCipher is a cipher of TLS without the mode that TLS uses it in.
func asCipher(word, name string) algorithm {
	a, _ := cipherOf(word)
	if a.Mode != "" {
		a.oid, a.Mode = "", ""
	}
	a.name = name
	return a
}
