// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goassay/assay/internal/machine"
)

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestParsePrivateKey(t *testing.T) {
	p256 := generated()["P-256"].(*ecdsa.PrivateKey)
	good := string(keyPEM(t, p256))
	sec1, _ := x509.MarshalECPrivateKey(p256)
	spki, _ := x509.MarshalPKIXPublicKey(p256.Public())
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, file, says string
	}{
		{"nothing", "", "no PEM"},
		{"DER", string(sec1), "no PEM"},
		{"a public key", block("PUBLIC KEY", spki), "it is a public one"},
		{"SEC 1", block("EC PRIVATE KEY", sec1), "it is not in PKCS #8"},
		{"PKCS #1", block("RSA PRIVATE KEY", sec1), "it is not in PKCS #8"},
		{"a certificate", block("CERTIFICATE", spki), "the PEM is of something else"},
		{"two keys", good + good, "more than one PEM block"},
		{"SEC 1 labelled PKCS #8", block("PRIVATE KEY", sec1), "no PKCS #8"},
		{"P-224", string(keyPEM(t, p224)), "of its curves"},
		{"X25519", string(keyPEM(t, x25519)), "it cannot sign"},
		{"too large", good + strings.Repeat(" ", maxKeyFile), "a file of more than"},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", sec1), "it is encrypted"},
		{"cosign's", block("ENCRYPTED SIGSTORE PRIVATE KEY", sec1), "it is encrypted"},
		{"encrypted as OpenSSL once did", strings.Replace(block("EC PRIVATE KEY", sec1), "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1), "it is encrypted"},
	}
	for _, test := range tests {
		_, err := ParsePrivateKey([]byte(test.file))
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if errors.Is(err, ErrEncrypted) != (test.says == "it is encrypted") {
			t.Errorf("%s: %v: is it ErrEncrypted?", test.name, err)
		}
		for word := range strings.FieldsSeq(test.file) { // of the file's contents nothing
			if len(word) > 20 && strings.Contains(err.Error(), word[:20]) {
				t.Errorf("%s: %v: tells of the key", test.name, err)
			}
		}
	}
	if _, err := ParsePrivateKey([]byte("a line before\n" + good + "\n")); err != nil {
		t.Error(err)
	}
}

func TestWeakKeys(t *testing.T) {
	modulus := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits-1), 1) }
	for name, key := range map[string]any{
		"RSA of 2047 bits":     &rsa.PublicKey{N: modulus(2047), E: 65537},
		"RSA of 8193 bits":     &rsa.PublicKey{N: modulus(8193), E: 65537},
		"RSA with exponent 3":  &rsa.PublicKey{N: modulus(3072), E: 3},
		"none":                 nil,
		"of a kind of its own": "key",
	} {
		if _, err := newPublicKey(key); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A private key that is weak is refused like its public key.
	weak, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: modulus(1024), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParsePublicKeys([]byte(block("PUBLIC KEY", weak))); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
	if (&PublicKey{}).verify(nil, nil) {
		t.Error("no key verifies")
	}
}

// TestSmallOrder signs without a private key, for the neutral point; and holds that
// no such key is taken, with either sign.
func TestSmallOrder(t *testing.T) {
	neutral := append([]byte{1}, make([]byte, 31)...)
	forged := append(bytes.Clone(neutral), make([]byte, 32)...)
	if !(&PublicKey{key: ed25519.PublicKey(neutral)}).verify([]byte("any message"), forged) {
		t.Error("package ed25519 refuses such keys by now: the check is not needed any more")
	}
	for _, text := range smallOrders {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			t.Fatal(text)
		}
		for _, sign := range []byte{0, 0x80} {
			raw[31] |= sign
			if _, err := newPublicKey(ed25519.PublicKey(raw)); !errors.Is(err, ErrKey) {
				t.Errorf("%x: %v", raw, err)
			}
		}
	}
}

func TestParsePublicKeys(t *testing.T) {
	var file string
	var want []string
	for _, kind := range []string{"Ed25519", "P-256", "P-384", "P-521", "RSA"} {
		key := newKey(t, kind).Public()
		der, err := x509.MarshalPKIXPublicKey(key.key)
		if err != nil {
			t.Fatal(err)
		}
		file += block("PUBLIC KEY", der)
		want = append(want, key.ID())
	}
	keys, err := ParsePublicKeys([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if k.ID() != want[i] {
			t.Errorf("key %d: %s, want %s", i, k.ID(), want[i])
		}
	}
	private := string(keyPEM(t, generated()["P-256"]))
	for name, test := range map[string]struct{ file, says string }{
		"nothing":                  {"", "no PEM"},
		"a private one":            {private, "it is a private one"},
		"a private one among them": {file + private, "it is a private one"},
		"a certificate":            {block("CERTIFICATE", []byte{0x30, 0}), "the PEM is of something else"},
		"no key":                   {block("PUBLIC KEY", []byte{0x30, 0}), "no SubjectPublicKeyInfo"},
		"too large":                {file + strings.Repeat(" ", maxKeyFile), "a file of more than"},
	} {
		if _, err := ParsePublicKeys([]byte(test.file)); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSecret looks for a key in what is printed of it.
func TestSecret(t *testing.T) {
	for kind := range generated() {
		key := newKey(t, kind)
		var secret []byte
		switch k := generated()[kind].(type) {
		case *ecdsa.PrivateKey:
			secret, _ = k.Bytes()
		case *rsa.PrivateKey:
			secret = k.D.Bytes()
		default:
			secret = k.(interface{ Seed() []byte }).Seed()
		}
		printed := key.String() + key.GoString() + fmt.Sprintf("%v %+v %#v %s %q %d %x", key, key, key, key, key, key, key)
		wrapped := fmt.Sprintf("%+v %#v", struct{ K *PrivateKey }{key}, []*PrivateKey{key})
		all := printed + wrapped
		for _, form := range []string{string(secret[:8]), hex.EncodeToString(secret[:8]), base64.StdEncoding.EncodeToString(secret[:9]),
			strings.Trim(fmt.Sprint(secret[:4]), "[]"), new(big.Int).SetBytes(secret).String()} {
			if strings.Contains(all, form) {
				t.Errorf("%s: the key is in what is printed of it", kind)
			}
		}
		if !strings.Contains(printed, key.Public().ID()) {
			t.Errorf("%s: %s", kind, printed)
		}
	}
}

// openssl is how OpenSSL makes and uses each kind of key.
var openssl = map[string]struct{ generate, sign []string }{
	"Ed25519": {[]string{"-algorithm", "ed25519"}, []string{"-rawin"}},
	"P-256":   {[]string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}, []string{"-rawin", "-digest", "sha256"}},
	"P-384":   {[]string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"}, []string{"-rawin", "-digest", "sha384"}},
	"P-521":   {[]string{"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"}, []string{"-rawin", "-digest", "sha512"}},
	"RSA": {[]string{"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
		[]string{"-rawin", "-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:32"}},
}

// independent is another implementation of DSSE: it writes what is signed of an
// envelope, and the signature; or makes an envelope of a payload and a signature.
const independent = `
import base64, json, sys
def pae(kind, body):
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(body), body)
what, *files = sys.argv[1:]
kind = "application/vnd.in-toto+json"
if what == "open":
    e = json.load(open(files[0]))
    assert e["payloadType"] == kind and len(e["signatures"]) == 1
    body = base64.b64decode(e["payload"], validate=True)
    s = json.loads(body)
    assert s["_type"] == "https://in-toto.io/Statement/v1" and s["predicate"]["specVersion"] == "1.6", s
    open(files[1], "wb").write(pae(kind, body))
    open(files[2], "wb").write(base64.b64decode(e["signatures"][0]["sig"], validate=True))
elif what == "pae":
    open(files[1], "wb").write(pae(kind, open(files[0], "rb").read()))
else:
    b64 = lambda f: base64.urlsafe_b64encode(open(f, "rb").read()).decode()
    json.dump({"signatures": [{"sig": b64(files[1])}], "payload": b64(files[0]), "payloadType": kind}, open(files[2], "w"), indent=1)
`

// TestInterop has OpenSSL and a script verify what is signed here, and signs with them.
func TestInterop(t *testing.T) {
	machine.Need(t, "openssl", "python3")
	for kind, how := range openssl {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			run := func(name string, args ...string) {
				t.Helper()
				cmd := exec.Command(name, args...)
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s %v: %v\n%s", name, args, err, out)
				}
			}
			read := func(name string) []byte {
				t.Helper()
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				return data
			}
			write := func(name string, data []byte) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run("openssl", append([]string{"genpkey", "-out", "key.pem"}, how.generate...)...)
			run("openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem")
			key, err := ParsePrivateKey(read("key.pem"))
			if err != nil {
				t.Fatal(err)
			}
			public, err := ParsePublicKeys(read("pub.pem"))
			if err != nil || len(public) != 1 || public[0].ID() != key.Public().ID() {
				t.Fatalf("%v: %v", public, err)
			}

			envelope := sign(t, key)
			write("ours.json", envelope)
			run("python3", "-c", independent, "open", "ours.json", "message", "signature")
			run("openssl", append([]string{"pkeyutl", "-verify", "-pubin", "-inkey", "pub.pem", "-in", "message", "-sigfile", "signature"}, how.sign...)...)

			payload, err := statement([]byte(sample), CycloneDX, subjects)
			if err != nil {
				t.Fatal(err)
			}
			write("payload", payload)
			run("python3", "-c", independent, "pae", "payload", "message")
			run("openssl", append([]string{"pkeyutl", "-sign", "-inkey", "key.pem", "-in", "message", "-out", "signature"}, how.sign...)...)
			run("python3", "-c", independent, "close", "payload", "signature", "theirs.json")
			s, err := Verify(read("theirs.json"), public...)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(s.Predicate, trim([]byte(sample))) {
				t.Error(string(s.Predicate))
			}

			run("openssl", "pkey", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "encrypted.pem")
			if _, err := ParsePrivateKey(read("encrypted.pem")); !errors.Is(err, ErrEncrypted) {
				t.Errorf("encrypted: %v", err)
			}
		})
	}
}
