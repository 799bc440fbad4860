// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package attest signs bills of materials, and verifies what is signed: an
// in-toto Statement (version 1) with the document for its predicate, in a DSSE
// envelope (version 1.0.2).
//
// The predicate is the document as it was given, byte for byte: a statement's
// JSON may hold any spelling of it, and the signature covers the statement as it
// stands. What is written again by other programs, as cosign does, is the same
// value at least; see [Statement.Binds].
//
// A signature says that the holder of a key signed these bytes, and nothing else:
// not when, and not that they are right. Of two signatures by one key on one
// statement neither is the original; ECDSA lets anybody make a second one from the
// first.
//
// The format has a few hundred lines and is written here, not taken from
// go-securesystemslib: that one prints while it verifies, reads members in any
// case of letters and the last of several of a name, and brings a key format
// of its own.
package attest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Predicate types. Those of in-toto's predicate catalogue and of cosign; some
// writers put a version behind them, "/v1.6".
const (
	CycloneDX = "https://cyclonedx.org/bom"
	SPDX      = "https://spdx.dev/Document"
	SPDX3     = "https://spdx.dev/Document/v3"
)

const (
	// PayloadType is the type of a payload that is a statement.
	PayloadType = "application/vnd.in-toto+json"

	statementType = "https://in-toto.io/Statement/v1"
)

// Errors of signing and verifying.
var (
	// ErrMalformed reports an envelope, statement or document that is not of the
	// format: also one that two readers might understand in two ways.
	ErrMalformed = errors.New("malformed")

	// ErrType reports an envelope of something else than a statement, or a
	// statement of something else than a bill of materials.
	ErrType = errors.New("not a statement of a bill of materials")

	// ErrSignature reports that none of the keys signed an envelope.
	ErrSignature = errors.New("no signature by any of the keys")

	// ErrOther reports a statement of another document.
	ErrOther = errors.New("statement of another document")
)

// A Statement says what a bill of materials is of.
type Statement struct {
	PredicateType string
	Subjects      []Subject

	// Predicate is the document as it stands in the statement: JSON.
	Predicate []byte

	// Signers are the IDs of the keys that signed it, of those that it was
	// verified with; see [PublicKey.ID].
	Signers []string
}

// A Subject is an artefact that a statement applies to. It is the one with a
// digest; the name is for people.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // lower-case hexadecimal, by in-toto's name of the algorithm: sha256, sha512, gitCommit
}

// Sign makes a statement of a document in JSON and returns its envelope, in one
// line with a line feed: alone in a file, that is a bundle of one attestation.
// There is at least one subject, and each has a digest.
//
// With Ed25519 the same arguments give the same envelope; ECDSA and RSA sign
// with random numbers.
func Sign(document []byte, predicateType string, subjects []Subject, key *PrivateKey) ([]byte, error) {
	payload, err := statement(document, predicateType, subjects)
	if err != nil {
		return nil, fmt.Errorf("sign bill of materials: %w", err)
	}
	signature, err := key.sign(pae(PayloadType, payload))
	if err != nil {
		return nil, fmt.Errorf("sign bill of materials: %w", err)
	}
	sealed := encodeEnvelope(payload, key.Public().ID(), signature)
	s, err := Verify(sealed, key.Public()) // a key may be inconsistent, and the limits are those of reading
	if err != nil {
		return nil, fmt.Errorf("sign bill of materials: %w", err)
	}
	if err := s.Binds(document); err != nil {
		return nil, fmt.Errorf("sign bill of materials: %w", err)
	}
	return sealed, nil
}

// statement writes a statement, with the document as it is.
func statement(document []byte, predicateType string, subjects []Subject) ([]byte, error) {
	if !isPredicate(predicateType) {
		return nil, fmt.Errorf("%w: predicate type %q", ErrType, predicateType)
	}
	if err := checkSubjects(subjects); err != nil {
		return nil, err
	}
	if _, err := object(document); err != nil { // it may not reach out of the predicate
		return nil, err
	}
	head, err := json.Marshal(struct {
		Type          string    `json:"_type"`
		Subject       []Subject `json:"subject"`
		PredicateType string    `json:"predicateType"`
	}{statementType, subjects, predicateType})
	if err != nil {
		return nil, err
	}
	out := append(head[:len(head)-1], `,"predicate":`...)
	return append(append(out, trim(document)...), '}'), nil
}

// Verify returns the statement in an envelope that at least one of the keys
// signed. Nothing of an envelope is believed before its signature is: key IDs
// are hints (DSSE, "Fields"), and every key is tried. The error wraps
// [ErrSignature] if none of them fits, else [ErrMalformed] or [ErrType].
func Verify(envelope []byte, keys ...*PublicKey) (*Statement, error) {
	e, err := decodeEnvelope(envelope)
	if err != nil {
		return nil, fmt.Errorf("verify attestation: %w", err)
	}
	signers := e.signers(keys)
	if len(signers) == 0 {
		return nil, fmt.Errorf("verify attestation: %w", ErrSignature)
	}
	s, err := decodeStatement(e)
	if err != nil {
		return nil, fmt.Errorf("verify attestation: %w", err)
	}
	s.Signers = signers
	return s, nil
}

// decodeStatement reads the payload of an envelope whose signature holds.
func decodeStatement(e *envelope) (*Statement, error) {
	if e.payloadType != PayloadType {
		return nil, fmt.Errorf("%w: payload of type %q", ErrType, e.payloadType)
	}
	members, err := object(e.payload)
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	s := &Statement{Predicate: members["predicate"]}
	kind, err := text(members, "_type")
	if err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	if kind != statementType && kind != "https://in-toto.io/Statement/v0.1" { // the same members; cosign writes it
		return nil, fmt.Errorf("%w: %q", ErrType, kind)
	}
	if s.PredicateType, err = text(members, "predicateType"); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	if !isPredicate(s.PredicateType) {
		return nil, fmt.Errorf("%w: predicate type %q", ErrType, s.PredicateType)
	}
	if !bytes.HasPrefix(s.Predicate, []byte("{")) {
		return nil, fmt.Errorf("%w: predicate is no object", ErrMalformed)
	}
	if s.Subjects, err = decodeSubjects(members["subject"]); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	return s, nil
}

func decodeSubjects(raw json.RawMessage) ([]Subject, error) {
	all, err := array(raw)
	if err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	var subjects []Subject
	for _, one := range all {
		members, err := object(one)
		if err != nil {
			return nil, fmt.Errorf("subject: %w", err)
		}
		s := Subject{Digest: map[string]string{}}
		if members["name"] != nil {
			if s.Name, err = text(members, "name"); err != nil {
				return nil, fmt.Errorf("subject: %w", err)
			}
		}
		digests, err := object(members["digest"])
		if err != nil {
			return nil, fmt.Errorf("subject %q: digest: %w", s.Name, err)
		}
		for algorithm := range digests {
			if s.Digest[algorithm], err = text(digests, algorithm); err != nil {
				return nil, fmt.Errorf("subject %q: digest: %w", s.Name, err)
			}
		}
		subjects = append(subjects, s)
	}
	return subjects, checkSubjects(subjects)
}

// digestSizes are the sizes in bytes of digests that bind an artefact. Others
// in a statement are ignored, as in-toto's DigestSet asks.
var digestSizes = map[string][]int{
	"sha256": {32}, "sha384": {48}, "sha512": {64}, "sha3_256": {32}, "sha3_384": {48}, "sha3_512": {64},
	"gitCommit": {20, 32},
}

// maxSubjects bounds the subjects of a statement.
const maxSubjects = 10_000

// checkSubjects demands of each subject a digest that binds it.
func checkSubjects(subjects []Subject) error {
	if len(subjects) == 0 || len(subjects) > maxSubjects {
		return fmt.Errorf("%w: %d subjects", ErrMalformed, len(subjects))
	}
	for _, s := range subjects {
		binding := 0
		for algorithm, value := range s.Digest {
			sizes, known := digestSizes[algorithm]
			if !known {
				continue
			}
			raw, err := hex.DecodeString(value)
			fits := false
			for _, n := range sizes {
				fits = fits || len(raw) == n
			}
			if err != nil || !fits || value != strings.ToLower(value) {
				return fmt.Errorf("%w: subject %q: %s is no such digest", ErrMalformed, s.Name, algorithm)
			}
			binding++
		}
		if binding == 0 {
			return fmt.Errorf("%w: subject %q: no digest that binds it", ErrMalformed, s.Name)
		}
	}
	return nil
}

// isPredicate reports whether a predicate type is that of a bill of materials.
func isPredicate(kind string) bool {
	for _, known := range []string{CycloneDX, SPDX} {
		if rest, ok := strings.CutPrefix(kind, known); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// Binds verifies that the statement is of a document: that its predicate is
// these bytes but for white space around them or, where another program wrote the statement,
// the same JSON value. The error wraps [ErrOther] if it is not, and [ErrMalformed]
// if the document is no JSON that has one meaning.
func (s *Statement) Binds(document []byte) error {
	if bytes.Equal(trim(document), s.Predicate) {
		return nil
	}
	there, err := value(s.Predicate)
	if err != nil {
		return fmt.Errorf("compare statement and document: predicate: %w", err)
	}
	here, err := value(document)
	if err != nil {
		return fmt.Errorf("compare statement and document: %w", err)
	}
	if !same(there, here) {
		return fmt.Errorf("compare statement and document: %w", ErrOther)
	}
	return nil
}

// Covers reports whether one of the subjects is that of a digest, and none of
// the digests that both have contradicts it.
func (s *Statement) Covers(digest map[string]string) bool {
	for _, subject := range s.Subjects {
		if matches(subject.Digest, digest) {
			return true
		}
	}
	return false
}

// matches reports whether two sets of digests have one in common and none that
// differs. in-toto's DigestSet would let a common one do.
func matches(a, b map[string]string) bool {
	common := false
	for algorithm, v := range a {
		if _, known := digestSizes[algorithm]; !known || b[algorithm] == "" {
			continue
		}
		if b[algorithm] != v {
			return false
		}
		common = true
	}
	return common
}

// trim cuts white space of JSON off both ends.
func trim(document []byte) []byte { return bytes.Trim(document, " \t\r\n") }
