// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"crypto"
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"fmt"

	gmecdh "github.com/emmansun/gmsm/ecdh"
)

// A keyPair is a key exchange that was begun.
type keyPair struct {
	group  GroupID
	public []byte
	parts  []keyPart // in the order in which they stand in the shares, and in the secret
}

// A keyPart is one of the mechanisms of a group.
type keyPart struct {
	public []byte
	size   int // of the server's share, in bytes
	agree  func(share []byte) ([]byte, error)
}

// exchangeable are the groups with which a handshake can be begun here, the cheapest
// first; curveSM2, which is for suites of RFC 8998, comes last.
var exchangeable = []GroupID{x25519, secp256r1, secp384r1, secp521r1, x25519MLKEM768, secp256r1MLKEM768, secp384r1MLKEM1024, curveSM2}

// partsOf makes the parts of a group. Of hybrids ML-KEM comes first with X25519, and last
// with the curves of NIST (draft-ietf-tls-ecdhe-mlkem, section 4.1).
func partsOf(group GroupID) ([]keyPart, error) {
	var makers []func() (keyPart, error)
	switch group {
	case x25519:
		makers = append(makers, curvePart(ecdh.X25519()))
	case secp256r1:
		makers = append(makers, curvePart(ecdh.P256()))
	case secp384r1:
		makers = append(makers, curvePart(ecdh.P384()))
	case secp521r1:
		makers = append(makers, curvePart(ecdh.P521()))
	case curveSM2:
		makers = append(makers, smPart)
	case x25519MLKEM768:
		makers = append(makers, mlkemPart(mlkem.CiphertextSize768, mlkem.GenerateKey768), curvePart(ecdh.X25519()))
	case secp256r1MLKEM768:
		makers = append(makers, curvePart(ecdh.P256()), mlkemPart(mlkem.CiphertextSize768, mlkem.GenerateKey768))
	case secp384r1MLKEM1024:
		makers = append(makers, curvePart(ecdh.P384()), mlkemPart(mlkem.CiphertextSize1024, mlkem.GenerateKey1024))
	default:
		return nil, fmt.Errorf("group %v is not exchanged here", group)
	}
	var parts []keyPart
	for _, maker := range makers {
		part, err := maker()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func curvePart(curve ecdh.Curve) func() (keyPart, error) {
	return func() (keyPart, error) {
		key, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			return keyPart{}, err
		}
		public := key.PublicKey().Bytes()
		return keyPart{public, len(public), func(share []byte) ([]byte, error) {
			other, err := curve.NewPublicKey(share)
			if err != nil {
				return nil, err
			}
			return key.ECDH(other)
		}}, nil
	}
}

// smPart is ECDHE on the curve of SM2: the secret is the coordinate x (RFC 8998, section
// 3.3.1, and RFC 8446, section 7.4.2).
func smPart() (keyPart, error) {
	key, err := gmecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return keyPart{}, err
	}
	public := key.PublicKey().Bytes()
	return keyPart{public, len(public), func(share []byte) ([]byte, error) {
		other, err := gmecdh.P256().NewPublicKey(share)
		if err != nil {
			return nil, err
		}
		return key.ECDH(other)
	}}, nil
}

func mlkemPart[K crypto.Decapsulator](size int, generate func() (K, error)) func() (keyPart, error) {
	return func() (keyPart, error) {
		key, err := generate()
		if err != nil {
			return keyPart{}, err
		}
		return keyPart{key.Encapsulator().Bytes(), size, key.Decapsulate}, nil
	}
}

func newKeyPair(group GroupID) (*keyPair, error) {
	parts, err := partsOf(group)
	if err != nil {
		return nil, err
	}
	k := &keyPair{group: group, parts: parts}
	for _, part := range parts {
		k.public = append(k.public, part.public...)
	}
	return k, nil
}

// shared computes the shared secret with the server's share.
func (k *keyPair) shared(share []byte) ([]byte, error) {
	var secret []byte
	n := len(share)
	for _, part := range k.parts {
		if len(share) < part.size {
			return nil, fmt.Errorf("%w: key share of %d bytes", errAnswer, n)
		}
		more, err := part.agree(share[:part.size])
		if err != nil {
			return nil, fmt.Errorf("%w: key share: %v", errAnswer, err)
		}
		secret, share = append(secret, more...), share[part.size:]
	}
	if len(share) > 0 {
		return nil, fmt.Errorf("%w: key share of %d bytes", errAnswer, n)
	}
	return secret, nil
}
