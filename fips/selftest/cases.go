// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/rc4"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
)

// cases are the algorithms, as the standard library offers them. Where a standard
// gives an example, its answer is demanded; where an algorithm is random, what it
// made must be taken, and not after a change.
var cases = []struct {
	name, standard string
	approved       bool
	try            func() error
}{
	{"SHA-256", "FIPS 180-4", true, known("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", func() ([]byte, error) {
		sum := sha256.Sum256([]byte("abc"))
		return sum[:], nil
	})},
	{"SHA-512", "FIPS 180-4", true, known("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f", func() ([]byte, error) {
		sum := sha512.Sum512([]byte("abc"))
		return sum[:], nil
	})},
	{"SHA3-256", "FIPS 202", true, known("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532", func() ([]byte, error) {
		sum := sha3.Sum256([]byte("abc"))
		return sum[:], nil
	})},
	{"HMAC-SHA-256", "FIPS 198-1; RFC 4231, section 4.2", true, known("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", func() ([]byte, error) {
		h := hmac.New(sha256.New, bytes.Repeat([]byte{0x0b}, 20))
		h.Write([]byte("Hi There"))
		return h.Sum(nil), nil
	})},
	{"HKDF-SHA-256", "SP 800-56C; RFC 5869, appendix A.1", true, known("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", func() ([]byte, error) {
		return hkdf.Key(sha256.New, bytes.Repeat([]byte{0x0b}, 22), unhex("000102030405060708090a0b0c"), string(unhex("f0f1f2f3f4f5f6f7f8f9")), 42)
	})},
	{"AES-128-CTR", "SP 800-38A, appendix F.5.1", true, known("874d6191b620e3261bef6864990db6ce", func() ([]byte, error) {
		block, err := aes.NewCipher(unhex("2b7e151628aed2a6abf7158809cf4f3c"))
		if err != nil {
			return nil, err
		}
		out := make([]byte, 16)
		cipher.NewCTR(block, unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")).XORKeyStream(out, unhex("6bc1bee22e409f96e93d7e117393172a"))
		return out, nil
	})},
	{"AES-256-GCM, random nonce", "SP 800-38D", true, tryGCM},
	{"random bits", "SP 800-90A", true, tryRandom},
	{"ECDSA P-256", "FIPS 186-5", true, tryECDSA},
	{"Ed25519", "FIPS 186-5; RFC 8032, section 7.1", true, tryEd25519},
	{"RSA-2048 PSS", "FIPS 186-5", true, tryRSA},
	{"ECDH P-256", "SP 800-56A", true, tryECDH},
	{"ML-KEM-768", "FIPS 203", true, tryMLKEM},

	{"MD5", "RFC 1321", false, func() error { md5.Sum(nil); return nil }},
	{"SHA-1", "FIPS 180-4; SP 800-131A, no longer for signatures", false, func() error { sha1.Sum(nil); return nil }},
	{"RC4", "RFC 7465", false, func() error { _, err := rc4.NewCipher(make([]byte, 16)); return err }},
	{"3DES", "SP 800-67, withdrawn", false, func() error { _, err := des.NewTripleDESCipher(make([]byte, 24)); return err }},
	{"X25519", "RFC 7748", false, func() error { _, err := ecdh.X25519().GenerateKey(rand.Reader); return err }},
	{"RSA-1024", "SP 800-131A", false, func() error { _, err := rsa.GenerateKey(rand.Reader, 1024); return err }},
	{"AES-GCM, nonce of the caller", "SP 800-38D, section 8", false, func() error {
		block, err := aes.NewCipher(make([]byte, 16))
		if err == nil {
			_, err = cipher.NewGCM(block)
		}
		return err
	}},
	{"HMAC, key of 40 bits", "SP 800-131A", false, func() error { hmac.New(sha256.New, []byte("short")); return nil }},
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// known demands the answer in hexadecimal.
func known(want string, fn func() ([]byte, error)) func() error {
	return func() error {
		got, err := fn()
		if err == nil && hex.EncodeToString(got) != want {
			err = errAnswer
		}
		return err
	}
}

// demand is an error if something does not hold.
func demand(ok bool) error {
	if !ok {
		return errAnswer
	}
	return nil
}

func tryGCM() error {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return err
	}
	sealed := gcm.Seal(nil, nil, []byte("text"), []byte("beside"))
	opened, err := gcm.Open(nil, nil, sealed, []byte("beside"))
	if err != nil {
		return err
	}
	sealed[len(sealed)-1] ^= 1
	_, err = gcm.Open(nil, nil, sealed, []byte("beside"))
	return demand(string(opened) == "text" && err != nil)
}

func tryRandom() error {
	a, b := make([]byte, 32), make([]byte, 32)
	if _, err := rand.Read(a); err != nil {
		return err
	}
	if _, err := rand.Read(b); err != nil {
		return err
	}
	return demand(!bytes.Equal(a, b) && !bytes.Equal(a, make([]byte, 32)))
}

func tryECDSA() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("text"))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return err
	}
	ok := ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig)
	sum[0] ^= 1
	return demand(ok && !ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig))
}

func tryEd25519() error {
	key := ed25519.NewKeyFromSeed(unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
	want := unhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
	sig := ed25519.Sign(key, nil)
	public := key.Public().(ed25519.PublicKey)
	return demand(bytes.Equal(sig, want) && ed25519.Verify(public, nil, sig) && !ed25519.Verify(public, []byte("x"), sig))
}

func tryRSA() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte("text"))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	if err != nil {
		return err
	}
	if err := rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, sum[:], sig, nil); err != nil {
		return err
	}
	sum[0] ^= 1
	return demand(rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, sum[:], sig, nil) != nil)
}

func tryECDH() error {
	a, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	b, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	ab, err := a.ECDH(b.PublicKey())
	if err != nil {
		return err
	}
	ba, err := b.ECDH(a.PublicKey())
	if err != nil {
		return err
	}
	return demand(bytes.Equal(ab, ba))
}

func tryMLKEM() error {
	key, err := mlkem.GenerateKey768()
	if err != nil {
		return err
	}
	shared, sealed := key.EncapsulationKey().Encapsulate()
	opened, err := key.Decapsulate(sealed)
	if err != nil {
		return err
	}
	return demand(bytes.Equal(shared, opened))
}
