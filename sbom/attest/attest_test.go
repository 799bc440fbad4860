// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/bound"
)

// sample has what a writer that decodes and encodes would change: white space,
// the order of members, a number with a fraction of nothing, an escaped character.
const sample = "{\n  \"specVersion\": \"1.6\",\n  \"bomFormat\": \"CycloneDX\",\n  \"x\": [1.0, \"\\u003c<\", null]\n}\n"

var subjects = []Subject{{Name: "server", Digest: map[string]string{"sha256": strings.Repeat("a1", 32)}}}

// keyPEM writes a private key as openssl genpkey does.
func keyPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// generated are private keys of each kind that is taken.
var generated = sync.OnceValue(func() map[string]any {
	out := map[string]any{}
	must := func(name string, key any, err error) {
		if err != nil {
			panic(err)
		}
		out[name] = key
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must("Ed25519", ed, err)
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		must(name, key, err)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must("RSA", key, err)
	return out
})

func newKey(t testing.TB, kind string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivateKey(keyPEM(t, generated()[kind]))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, key *PrivateKey) []byte {
	t.Helper()
	envelope, err := Sign([]byte(sample), CycloneDX, subjects, key)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

func TestSign(t *testing.T) {
	for kind := range generated() {
		key := newKey(t, kind)
		envelope := sign(t, key)
		if bytes.Count(envelope, []byte("\n")) != 1 || envelope[len(envelope)-1] != '\n' {
			t.Errorf("%s: no single line", kind)
		}
		got, err := Verify(envelope, key.Public())
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		want := &Statement{PredicateType: CycloneDX, Subjects: subjects, Predicate: []byte(strings.TrimSpace(sample)), Signers: []string{key.Public().ID()}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", kind, diff)
		}
		for other := range generated() {
			if _, err := Verify(envelope, newKey(t, other).Public()); (err == nil) != (other == kind) || err != nil && !errors.Is(err, ErrSignature) {
				t.Errorf("signed with %s, verified with %s: %v", kind, other, err)
			}
		}
		if _, err := Verify(envelope); !errors.Is(err, ErrSignature) {
			t.Errorf("verified with no key: %v", err)
		}
	}
}

// TestSignDeterministic holds what is promised of Ed25519.
func TestSignDeterministic(t *testing.T) {
	key := newKey(t, "Ed25519")
	if !bytes.Equal(sign(t, key), sign(t, key)) {
		t.Error("two envelopes")
	}
}

func TestSignRefuses(t *testing.T) {
	digest := func(algorithm, value string) []Subject {
		return []Subject{{Name: "x", Digest: map[string]string{algorithm: value}}}
	}
	tests := []struct {
		name      string
		document  string
		predicate string
		subjects  []Subject
		want      error
	}{
		{"another predicate", sample, "https://slsa.dev/provenance/v1", subjects, ErrType},
		{"a longer word", sample, CycloneDX + "x", subjects, ErrType},
		{"XML", "<bom/>", CycloneDX, subjects, ErrMalformed},
		{"tag-value", "SPDXVersion: SPDX-2.3\n", SPDX, subjects, ErrMalformed},
		{"nothing", "", CycloneDX, subjects, ErrMalformed},
		{"cut off", sample[:40], CycloneDX, subjects, ErrMalformed},
		{"more behind", `{"a":1}{"b":2}`, CycloneDX, subjects, ErrMalformed},
		{"a way out of the predicate", `{"a":1},"subject":[]`, CycloneDX, subjects, ErrMalformed},
		{"a way out and back", `{"a":1},"x":{}`, CycloneDX, subjects, ErrMalformed},
		{"a name twice", `{"a":1,"\u0061":2}`, CycloneDX, subjects, ErrMalformed},
		{"no UTF-8", "{\"a\":\"\xff\"}", CycloneDX, subjects, ErrMalformed},
		{"no subject", sample, CycloneDX, nil, ErrMalformed},
		{"too many", sample, CycloneDX, make([]Subject, maxSubjects+1), ErrMalformed},
		{"a subject without a digest", sample, CycloneDX, []Subject{{Name: "x"}}, ErrMalformed},
		{"a broken digest alone", sample, CycloneDX, digest("md5", strings.Repeat("0", 32)), ErrMalformed},
		{"a digest cut off", sample, CycloneDX, digest("sha256", "00"), ErrMalformed},
		{"in capitals", sample, CycloneDX, digest("sha256", strings.Repeat("AA", 32)), ErrMalformed},
		{"too deep", strings.Repeat(`{"a":`, bound.MaxDepth+1) + "1" + strings.Repeat("}", bound.MaxDepth+1), CycloneDX, subjects, bound.ErrTooLarge},
		{"too deep in a statement", strings.Repeat(`{"a":`, bound.MaxDepth) + "1" + strings.Repeat("}", bound.MaxDepth), CycloneDX, subjects, bound.ErrTooLarge},
	}
	key := newKey(t, "Ed25519")
	for _, test := range tests {
		if _, err := Sign([]byte(test.document), test.predicate, test.subjects, key); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	for _, kind := range []string{CycloneDX, CycloneDX + "/v1.6", SPDX, SPDX + "/v2.3", SPDX3} {
		if _, err := Sign([]byte(sample), kind, subjects, key); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A signer that signs with another key than its public one says.
type liar struct{ ed25519.PrivateKey }

func TestSignVerifiesItself(t *testing.T) {
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign([]byte(sample), CycloneDX, subjects, &PrivateKey{liar{other}, newKey(t, "Ed25519").Public()}); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}

// TestFlip flips each bit of an envelope. What is still taken has the same
// payload, signed: the bit was of the key's ID, of a member's name that is not
// known, or of white space.
func TestFlip(t *testing.T) {
	key := newKey(t, "Ed25519")
	envelope := sign(t, key)
	want, err := Verify(envelope, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	id := bytes.Index(envelope, []byte(`"keyid"`))
	idEnd := bytes.Index(envelope, []byte(`,"sig"`))
	step := 1
	if testing.Short() {
		step = 7
	}
	for i := range envelope {
		for bit := i % step; bit < 8; bit += step {
			flipped := bytes.Clone(envelope)
			flipped[i] ^= 1 << bit
			got, err := Verify(flipped, key.Public())
			if err != nil {
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("byte %d, bit %d: another statement\n%s", i, bit, diff)
			}
			if i < id || i >= idEnd {
				if c := flipped[i]; i != len(envelope)-1 || !strings.ContainsRune(" \t\r\n", rune(c)) {
					t.Errorf("byte %d, bit %d: taken: %s", i, bit, flipped)
				}
			}
		}
	}
}

// seal signs any payload of any type.
func seal(t testing.TB, key *PrivateKey, payloadType, payload string) string {
	t.Helper()
	signature, err := key.sign(pae(payloadType, []byte(payload)))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":[{"sig":%q}]}`, payloadType,
		base64.StdEncoding.EncodeToString([]byte(payload)), base64.StdEncoding.EncodeToString(signature))
}

func TestVerifyPayload(t *testing.T) {
	const subject = `[{"name":"s","digest":{"sha256":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}}]`
	whole := func(kind, subject, predicateType, predicate string) string {
		return fmt.Sprintf(`{"_type":%s,"subject":%s,"predicateType":%s,"predicate":%s}`, kind, subject, predicateType, predicate)
	}
	const kind, bom = `"https://in-toto.io/Statement/v1"`, `"https://cyclonedx.org/bom"`
	tests := []struct {
		name, payloadType, payload string
		want                       error
	}{
		{"right", PayloadType, whole(kind, subject, bom, "{}"), nil},
		{"with a version", PayloadType, whole(kind, subject, `"https://cyclonedx.org/bom/v1.6"`, "{}"), nil},
		{"version 0.1 of the statement", PayloadType, whole(`"https://in-toto.io/Statement/v0.1"`, subject, bom, "{}"), nil},
		{"members that are not known", PayloadType, strings.Replace(whole(kind, subject, bom, "{}"), "{", `{"more":[{}],`, 1), nil},
		{"a name in capitals beside it", PayloadType, strings.Replace(whole(kind, subject, bom, "{}"), "{", `{"Subject":1,"PREDICATE":2,`, 1), nil},
		{"a subject without a name", PayloadType, whole(kind, strings.Replace(subject, `"name":"s",`, "", 1), bom, "{}"), nil},
		{"a digest that is not known beside one that is", PayloadType, whole(kind, strings.Replace(subject, `{"sha256`, `{"md5":"?","sha256`, 1), bom, "{}"), nil},

		{"another type of payload", "application/vnd.in-toto+JSON", whole(kind, subject, bom, "{}"), ErrType},
		{"no type of payload", "", whole(kind, subject, bom, "{}"), ErrType},
		{"another statement", PayloadType, whole(`"https://in-toto.io/Statement/v2"`, subject, bom, "{}"), ErrType},
		{"another predicate", PayloadType, whole(kind, subject, `"https://slsa.dev/provenance/v1"`, "{}"), ErrType},
		{"a predicate that is text", PayloadType, whole(kind, subject, bom, `"SPDXVersion: SPDX-2.3"`), ErrMalformed},
		{"no predicate", PayloadType, whole(kind, subject, bom, "null"), ErrMalformed},
		{"no subject", PayloadType, whole(kind, "[]", bom, "{}"), ErrMalformed},
		{"a subject that is null", PayloadType, whole(kind, "null", bom, "{}"), ErrMalformed},
		{"a subject that is none", PayloadType, whole(kind, "[1]", bom, "{}"), ErrMalformed},
		{"a name that is none", PayloadType, whole(kind, strings.Replace(subject, `"s"`, "1", 1), bom, "{}"), ErrMalformed},
		{"a digest that is none", PayloadType, whole(kind, `[{"digest":1}]`, bom, "{}"), ErrMalformed},
		{"a digest that is a number", PayloadType, whole(kind, `[{"digest":{"sha256":1}}]`, bom, "{}"), ErrMalformed},
		{"two subjects, one without a digest", PayloadType, whole(kind, strings.Replace(subject, "[", `[{"digest":{}},`, 1), bom, "{}"), ErrMalformed},
		{"a type that is a number", PayloadType, whole("1", subject, bom, "{}"), ErrMalformed},
		{"a predicate type that is a number", PayloadType, whole(kind, subject, "1", "{}"), ErrMalformed},
		{"a subject twice", PayloadType, strings.Replace(whole(kind, subject, bom, "{}"), "{", `{"subject":[],`, 1), ErrMalformed},
		{"a subject twice, escaped", PayloadType, strings.Replace(whole(kind, subject, bom, "{}"), "{", `{"s\u0075bject":[],`, 1), ErrMalformed},
		{"a digest twice", PayloadType, whole(kind, strings.Replace(subject, `{"sha256`, `{"sha256":"00","sha256`, 1), bom, "{}"), ErrMalformed},
		{"a member of the predicate twice", PayloadType, whole(kind, subject, bom, `{"a":[{"b":1,"b":1}]}`), ErrMalformed},
		{"two statements", PayloadType, whole(kind, subject, bom, "{}") + "{}", ErrMalformed},
		{"no JSON", PayloadType, "statement", ErrMalformed},
		{"an array", PayloadType, "[]", ErrMalformed},
		{"null", PayloadType, "null", ErrMalformed},
		{"nothing", PayloadType, "", ErrMalformed},
		{"no UTF-8", PayloadType, whole(kind, subject, bom, "{\"a\":\"\xff\"}"), ErrMalformed},
	}
	key := newKey(t, "P-256")
	for _, test := range tests {
		if _, err := Verify([]byte(seal(t, key, test.payloadType, test.payload)), key.Public()); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}

func TestVerifyEnvelope(t *testing.T) {
	key, other := newKey(t, "Ed25519"), newKey(t, "P-256")
	var parts struct {
		Payload    string
		Signatures []struct{ Sig string }
	}
	if err := json.Unmarshal(sign(t, key), &parts); err != nil {
		t.Fatal(err)
	}
	payload, sig := parts.Payload, parts.Signatures[0].Sig
	raw, _ := base64.StdEncoding.DecodeString(payload)
	strangers, _ := other.sign(pae(PayloadType, raw))
	stranger := base64.StdEncoding.EncodeToString(strangers)
	forURLs := strings.NewReplacer("+", "-", "/", "_")
	envelope := func(payloadType, payload, signatures string) string {
		return fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":%s}`, payloadType, payload, signatures)
	}
	one := func(sig string) string { return fmt.Sprintf(`[{"keyid":"","sig":%q}]`, sig) }
	unpadded := strings.TrimRight(sig, "=") // of 64 bytes: two signs of padding
	tests := []struct {
		name, envelope string
		want           error
	}{
		{"right", envelope(PayloadType, payload, one(sig)), nil},
		{"for URLs", envelope(PayloadType, forURLs.Replace(payload), one(forURLs.Replace(sig))), nil},
		{"with white space", "\n " + envelope(PayloadType, payload, one(sig)) + "\r\n", nil},
		{"members that are not known", strings.Replace(envelope(PayloadType, payload, one(sig)), "{", `{"Payload":1,"more":{},`, 1), nil},
		{"another's key ID", envelope(PayloadType, payload, fmt.Sprintf(`[{"keyid":%q,"sig":%q}]`, other.Public().ID(), sig)), nil},
		{"two signatures", envelope(PayloadType, payload, fmt.Sprintf(`[{"sig":%q},{"sig":%q}]`, stranger, sig)), nil},
		{"one twice", envelope(PayloadType, payload, fmt.Sprintf(`[{"sig":%q},{"sig":%q}]`, sig, sig)), nil},

		{"two of others", envelope(PayloadType, payload, fmt.Sprintf(`[{"sig":%q},{"sig":%q}]`, stranger, stranger)), ErrSignature},
		{"another type", envelope("application/json", payload, one(sig)), ErrSignature},
		{"type and payload shifted", envelope(PayloadType+" ", payload, one(sig)), ErrSignature},
		{"no signature in it", envelope(PayloadType, payload, one("")), ErrSignature},
		{"unpadded", envelope(PayloadType, payload, one(unpadded)), ErrMalformed},
		{"both alphabets", envelope(PayloadType, payload, one("+-"+sig[2:])), ErrMalformed},
		{"with a line feed in base64", envelope(PayloadType, payload[:4]+"\n"+payload[4:], one(sig)), ErrMalformed},
		{"bits beyond the end", envelope(PayloadType, payload, one(unpadded[:len(unpadded)-1]+"B==")), ErrMalformed},
		{"no base64", envelope(PayloadType, payload, one("?")), ErrMalformed},
		{"no payload", fmt.Sprintf(`{"payloadType":%q,"signatures":%s}`, PayloadType, one(sig)), ErrMalformed},
		{"no type", fmt.Sprintf(`{"payload":%q,"signatures":%s}`, payload, one(sig)), ErrMalformed},
		{"no signatures", envelope(PayloadType, payload, "[]"), ErrMalformed},
		{"no list of signatures", envelope(PayloadType, payload, "{}"), ErrMalformed},
		{"signatures null", envelope(PayloadType, payload, "null"), ErrMalformed},
		{"a signature that is none", envelope(PayloadType, payload, "[1]"), ErrMalformed},
		{"a signature without", envelope(PayloadType, payload, `[{"keyid":""}]`), ErrMalformed},
		{"too many", envelope(PayloadType, payload, "["+strings.Repeat(`{"sig":""},`, maxSignatures)+`{"sig":""}]`), ErrMalformed},
		{"a payload twice", strings.Replace(envelope(PayloadType, payload, one(sig)), "{", `{"payload":"",`, 1), ErrMalformed},
		{"a signature twice", envelope(PayloadType, payload, fmt.Sprintf(`[{"sig":%q,"sig":""}]`, sig)), ErrMalformed},
		{"two envelopes", strings.Repeat(envelope(PayloadType, payload, one(sig))+"\n", 2), ErrMalformed},
		{"cut off", envelope(PayloadType, payload, one(sig))[:100], ErrMalformed},
		{"nothing", "", ErrMalformed},
		{"too deep", strings.Repeat("[", bound.MaxDepth+1), bound.ErrTooLarge},
		{"too large", strings.Repeat(" ", bound.MaxSize+1), bound.ErrTooLarge},
	}
	for _, test := range tests {
		if _, err := Verify([]byte(test.envelope), key.Public()); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	both := envelope(PayloadType, payload, fmt.Sprintf(`[{"sig":%q},{"sig":%q}]`, stranger, sig))
	got, err := Verify([]byte(both), key.Public(), other.Public(), key.Public())
	want := []string{key.Public().ID(), other.Public().ID()}
	slices.Sort(want)
	if err != nil || !slices.Equal(got.Signers, want) {
		t.Errorf("signers %v, want %v: %v", got.Signers, want, err)
	}
}

// TestMalleable holds what the package says of ECDSA: the second signature that anybody can
// make is of the same statement. Of Ed25519 there is none (RFC 8032, section 8.4).
func TestMalleable(t *testing.T) {
	key := newKey(t, "P-256")
	payload := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + strings.Repeat("00", 32) + `"}}],"predicateType":"https://spdx.dev/Document","predicate":{}}`
	raw, err := key.sign(pae(PayloadType, []byte(payload)))
	if err != nil {
		t.Fatal(err)
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(raw, &rs); err != nil {
		t.Fatal(err)
	}
	rs.S.Sub(elliptic.P256().Params().N, rs.S)
	second, err := asn1.Marshal(rs)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Verify(encodeEnvelope([]byte(payload), "", second), key.Public()); err != nil || string(s.Predicate) != "{}" {
		t.Error(err)
	}
	for name, bad := range map[string][]byte{
		"with something behind": append(bytes.Clone(raw), 0),
		"zeros":                 {0x30, 6, 2, 1, 0, 2, 1, 0},
		"of a length too long":  append([]byte{0x30, 0x81, raw[1]}, raw[2:]...),
	} {
		if _, err := Verify(encodeEnvelope([]byte(payload), "", bad), key.Public()); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}

	key = newKey(t, "Ed25519")
	raw, err = key.sign(pae(PayloadType, []byte(payload)))
	if err != nil {
		t.Fatal(err)
	}
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	low := bytes.Clone(raw[32:])
	slices.Reverse(low)
	high := new(big.Int).Add(new(big.Int).SetBytes(low), order).FillBytes(make([]byte, 32))
	slices.Reverse(high)
	if _, err := Verify(encodeEnvelope([]byte(payload), "", append(raw[:32:32], high...)), key.Public()); !errors.Is(err, ErrSignature) {
		t.Errorf("Ed25519 with S beyond the order: %v", err)
	}
}

// TestPKCS1 verifies what cosign signs with an RSA key.
func TestPKCS1(t *testing.T) {
	key := newKey(t, "RSA")
	var parts struct{ Payload string }
	if err := json.Unmarshal(sign(t, key), &parts); err != nil {
		t.Fatal(err)
	}
	payload, _ := base64.StdEncoding.DecodeString(parts.Payload)
	digest := sha256.Sum256(pae(PayloadType, payload))
	signature, err := rsa.SignPKCS1v15(nil, generated()["RSA"].(*rsa.PrivateKey), 5, digest[:]) // crypto.SHA256
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(encodeEnvelope(payload, "", signature), key.Public()); err != nil {
		t.Error(err)
	}
}

func TestBinds(t *testing.T) {
	written := &Statement{Predicate: []byte(strings.TrimSpace(sample))}
	var v any
	d := json.NewDecoder(strings.NewReader(sample))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(v) // as other programs do
	rewritten := &Statement{Predicate: again}
	tests := []struct {
		name, document string
		want           error
	}{
		{"the same", sample, nil},
		{"without a line feed", strings.TrimSpace(sample), nil},
		{"in one line", string(again), nil},
		{"a number that is written in another way", strings.Replace(sample, "1.0", "1", 1), ErrOther},
		{"a value", strings.Replace(sample, "1.6", "1.7", 1), ErrOther},
		{"a kind of value", strings.Replace(sample, "null", "{}", 1), ErrOther},
		{"a kind of value, list", strings.Replace(sample, "null", "[]", 1), ErrOther},
		{"an element more", strings.Replace(sample, "null", "null, null", 1), ErrOther},
		{"a member more", strings.Replace(sample, "{", `{"y":1,`, 1), ErrOther},
		{"another member", strings.Replace(sample, `"x"`, `"y"`, 1), ErrOther},
		{"an array", "[]", ErrOther},
		{"a member twice", strings.Replace(sample, "{", `{"x":1,`, 1), ErrMalformed},
		{"XML", "<bom/>", ErrMalformed},
		{"two", sample + sample, ErrMalformed},
		{"nothing", "", ErrMalformed},
	}
	for _, test := range tests {
		for which, s := range map[string]*Statement{"as written": written, "written again": rewritten} {
			if err := s.Binds([]byte(test.document)); !errors.Is(err, test.want) {
				t.Errorf("%s, %s: %v, want %v", test.name, which, err, test.want)
			}
		}
	}
	for name, predicate := range map[string]string{"a member twice": `{"a":1,"a":1}`, "no JSON": "{"} {
		if err := (&Statement{Predicate: []byte(predicate)}).Binds([]byte(sample)); !errors.Is(err, ErrMalformed) {
			t.Errorf("predicate with %s: %v", name, err)
		}
	}
}

func TestCovers(t *testing.T) {
	a, b := strings.Repeat("aa", 32), strings.Repeat("bb", 32)
	s := &Statement{Subjects: []Subject{
		{Name: "one", Digest: map[string]string{"sha256": a, "md5": "00"}},
		{Name: "two", Digest: map[string]string{"sha256": b, "sha512": a + a}},
	}}
	tests := []struct {
		digest map[string]string
		want   bool
	}{
		{map[string]string{"sha256": a}, true},
		{map[string]string{"sha256": b, "sha512": a + a}, true},
		{map[string]string{"sha512": a + a}, true},
		{map[string]string{"sha256": b, "sha3_256": a}, true},
		{map[string]string{"sha256": b, "sha512": b + b}, false}, // one fits and one does not
		{map[string]string{"sha512": b + b}, false},
		{map[string]string{"md5": "00"}, false},
		{map[string]string{"one": "one"}, false},
		{nil, false},
	}
	for _, test := range tests {
		if got := s.Covers(test.digest); got != test.want {
			t.Errorf("%v: %v", test.digest, got)
		}
	}
}

func TestSubjects(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	one, two := strings.Repeat("11", 32), strings.Repeat("22", 64)
	file := func(name string, hashes ...sbom.Hash) *sbom.Component {
		return &sbom.Component{Ref: name, Name: "example.com/" + name, Kind: sbom.KindApplication, Hashes: hashes,
			Properties: []sbom.Property{{Name: sbom.PropertyFile, Value: name}}}
	}
	module := func(ref, commit, modified string) *sbom.Component {
		c := &sbom.Component{Ref: ref, Name: ref, PURL: "pkg:golang/" + ref, Kind: sbom.KindApplication}
		c.Add(sbom.PropertyCommit, commit)
		c.Add(sbom.PropertyModified, modified)
		return c
	}
	with := func(c *sbom.Component, parts ...string) *sbom.Component {
		c.Parts = parts
		return c
	}
	sha256Of, sha512Of := sbom.Hash{Algorithm: "SHA-256", Value: one}, sbom.Hash{Algorithm: "SHA-512", Value: two}
	aPackage := &sbom.Component{Ref: "p", Name: "p", Kind: sbom.KindLibrary}
	self := self(&sbom.Document{ID: "urn:uuid:1"}, []byte("document"))
	tests := []struct {
		name       string
		roots      []string
		components []*sbom.Component
		want       []Subject
	}{
		{"an executable", []string{"f"}, []*sbom.Component{file("f", sha256Of, sha512Of)},
			[]Subject{{"f", map[string]string{"sha256": one, "sha512": two}}}},
		{"of its commit, too", []string{"f"}, []*sbom.Component{func() *sbom.Component {
			c := file("f", sha256Of)
			c.Add(sbom.PropertyCommit, commit)
			c.Add(sbom.PropertyModified, "false")
			return c
		}()}, []Subject{{"f", map[string]string{"sha256": one}}}},
		{"an executable without hashes, and with a commit", []string{"f"}, []*sbom.Component{func() *sbom.Component {
			c := file("f")
			c.Add(sbom.PropertyCommit, commit)
			c.Add(sbom.PropertyModified, "false")
			return c
		}()}, []Subject{self}},
		{"two roots of one file", []string{"f", "g"}, []*sbom.Component{file("f", sha256Of), func() *sbom.Component { c := file("f", sha256Of); c.Ref = "g"; return c }()},
			[]Subject{{"f", map[string]string{"sha256": one}}}},
		{"executables", []string{"all"}, []*sbom.Component{with(&sbom.Component{Ref: "all"}, "g", "f"), file("f", sha256Of), file("g", sha512Of)},
			[]Subject{{"f", map[string]string{"sha256": one}}, {"g", map[string]string{"sha512": two}}}},
		{"executables, one without", []string{"all"}, []*sbom.Component{with(&sbom.Component{Ref: "all"}, "g", "f"), file("f", sha256Of), file("g")}, []Subject{self}},
		{"an image", []string{"i"}, []*sbom.Component{with(&sbom.Component{Ref: "i", Name: "app:1", Hashes: []sbom.Hash{sha256Of}}, "f"), file("f", sha512Of)},
			[]Subject{{"app:1", map[string]string{"sha256": one}}}},
		{"a commit", []string{"m"}, []*sbom.Component{module("m", commit, "false")}, []Subject{{"pkg:golang/m", map[string]string{"gitCommit": commit}}}},
		{"a commit, and packages", []string{"m"}, []*sbom.Component{with(module("m", commit, "false"), "p"), aPackage}, []Subject{{"pkg:golang/m", map[string]string{"gitCommit": commit}}}},
		{"changed since", []string{"m"}, []*sbom.Component{module("m", commit, "true")}, []Subject{self}},
		{"who knows", []string{"m"}, []*sbom.Component{module("m", commit, "")}, []Subject{self}},
		{"packages and no commit", []string{"m"}, []*sbom.Component{with(module("m", "", ""), "p", "q"), aPackage}, []Subject{self}},
		{"no commit", []string{"m"}, []*sbom.Component{module("m", "main", "false")}, []Subject{self}},
		{"of two modules, one", []string{"m", "n"}, []*sbom.Component{module("m", commit, "false"), module("n", "", "")}, []Subject{{"pkg:golang/m", map[string]string{"gitCommit": commit}}, self}},
		{"a weak hash", []string{"f"}, []*sbom.Component{file("f", sbom.Hash{Algorithm: "MD5", Value: "00"})}, []Subject{self}},
		{"a wrong hash", []string{"f"}, []*sbom.Component{file("f", sbom.Hash{Algorithm: "SHA-256", Value: "00"})}, []Subject{self}},
		{"a root that is not there", []string{"f"}, nil, []Subject{self}},
		{"no root", nil, []*sbom.Component{file("f", sha256Of)}, []Subject{self}},
	}
	for _, test := range tests {
		d := &sbom.Document{ID: "urn:uuid:1", Roots: test.roots, Components: test.components}
		got := Subjects(d, []byte("document"))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, diff)
		}
		if _, err := Sign([]byte(sample), CycloneDX, got, newKey(t, "Ed25519")); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestID compares with an implementation of the fingerprint.
func TestID(t *testing.T) {
	for kind := range generated() {
		key := newKey(t, kind).Public()
		want, err := ssh.NewPublicKey(key.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := key.ID(); got != ssh.FingerprintSHA256(want) {
			t.Errorf("%s: %s, want %s", kind, got, ssh.FingerprintSHA256(want))
		}
	}
}

func FuzzVerify(f *testing.F) {
	key := newKey(f, "Ed25519")
	envelope := sign(f, key)
	f.Add(envelope)
	f.Add([]byte(seal(f, key, PayloadType, `{"_type":"https://in-toto.io/Statement/v1"}`)))
	f.Add([]byte(seal(f, key, "", "")))
	want, err := Verify(envelope, key.Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Verify(raw, key.Public())
		if err == nil && !cmp.Equal(got, want) {
			t.Fatalf("forged: %s", raw)
		}
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrType) && !errors.Is(err, ErrSignature) && !errors.Is(err, bound.ErrTooLarge) {
			t.Fatal(err)
		}
		// The payload is read behind the signature alone: read it, too.
		s, err := decodeStatement(&envelopeOf{PayloadType, raw, nil})
		if err == nil && s.Binds(s.Predicate) != nil {
			t.Fatalf("a predicate that is not bound: %s", raw)
		}
	})
}

type envelopeOf = envelope
