// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An envelope is one of DSSE, decoded, and not believed.
type envelope struct {
	payloadType string
	payload     []byte
	signatures  [][]byte
}

// maxSignatures bounds the signatures of an envelope. Each is tried with each key.
const maxSignatures = 16

// pae is what is signed: the pre-authentication encoding (DSSE protocol,
// "Signature Definition"). The lengths keep type and payload apart.
func pae(payloadType string, payload []byte) []byte {
	out := []byte("DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " ")
	return append(out, payload...)
}

// encodeEnvelope writes an envelope in one line. No value in it needs escaping.
func encodeEnvelope(payload []byte, keyID string, signature []byte) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `{"payloadType":"%s","payload":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}`+"\n",
		PayloadType, base64.StdEncoding.EncodeToString(payload), keyID, base64.StdEncoding.EncodeToString(signature))
	return out.Bytes()
}

// decodeEnvelope reads an envelope. Members that it does not know it ignores, as
// the specification asks, and those that are not named exactly so.
func decodeEnvelope(raw []byte) (*envelope, error) {
	members, err := object(raw)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	e := &envelope{}
	if e.payloadType, err = text(members, "payloadType"); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	payload, err := text(members, "payload")
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if e.payload, err = decodeBase64(payload); err != nil {
		return nil, fmt.Errorf("envelope: payload: %w", err)
	}
	all, err := array(members["signatures"])
	if err != nil {
		return nil, fmt.Errorf("envelope: signatures: %w", err)
	}
	if len(all) == 0 || len(all) > maxSignatures {
		return nil, fmt.Errorf("envelope: %w: %d signatures", ErrMalformed, len(all))
	}
	for _, one := range all {
		members, err := object(one)
		if err != nil {
			return nil, fmt.Errorf("envelope: signature: %w", err)
		}
		encoded, err := text(members, "sig")
		if err != nil {
			return nil, fmt.Errorf("envelope: signature: %w", err)
		}
		signature, err := decodeBase64(encoded)
		if err != nil {
			return nil, fmt.Errorf("envelope: signature: %w", err)
		}
		e.signatures = append(e.signatures, signature)
	}
	return e, nil
}

// decodeBase64 reads base64 in the standard alphabet or in that for URLs, as
// the specification demands, padded, in one way of writing it.
func decodeBase64(s string) ([]byte, error) {
	encoding := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		encoding = base64.URLEncoding
	}
	raw, err := encoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // which package base64 skips
		return nil, fmt.Errorf("%w: no base64 (RFC 4648, section 4 or 5)", ErrMalformed)
	}
	return raw, nil
}

// signers are the IDs of those of the keys that signed the envelope, sorted.
func (e *envelope) signers(keys []*PublicKey) []string {
	message := pae(e.payloadType, e.payload)
	var out []string
	for _, k := range keys {
		if slices.ContainsFunc(e.signatures, func(s []byte) bool { return k.verify(message, s) }) {
			out = append(out, k.ID())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
