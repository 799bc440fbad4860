// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlstest

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"crypto/rand"
	"errors"

	gmecdh "github.com/emmansun/gmsm/ecdh"
)

// Groups (IANA registry "TLS Supported Groups").
const (
	P256           = 23
	P384           = 24
	P521           = 25
	X25519         = 29
	CurveSM2       = 41 // RFC 8998
	MLKEM768       = 0x0201
	X25519MLKEM768 = 0x11EC
)

var errShare = errors.New("no key share of the group")

// exchange computes the server's share of a group and the shared secret, with the
// client's share.
func exchange(group uint16, client []byte) (share, secret []byte, err error) {
	switch group {
	case MLKEM768: // draft-ietf-tls-mlkem
		return encapsulate(client)
	case X25519MLKEM768: // draft-ietf-tls-ecdhe-mlkem, section 3.1: ML-KEM comes first
		if len(client) < mlkem.EncapsulationKeySize768 {
			return nil, nil, errShare
		}
		share, secret, err = encapsulate(client[:mlkem.EncapsulationKeySize768])
		if err != nil {
			return nil, nil, err
		}
		more, point, err := onCurve(ecdh.X25519(), client[mlkem.EncapsulationKeySize768:])
		return append(share, more...), append(secret, point...), err
	case CurveSM2:
		key, err := gmecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		public, err := gmecdh.P256().NewPublicKey(client)
		if err != nil {
			return nil, nil, err
		}
		secret, err = key.ECDH(public)
		return key.PublicKey().Bytes(), secret, err
	}
	curve := map[uint16]ecdh.Curve{X25519: ecdh.X25519(), P256: ecdh.P256(), P384: ecdh.P384(), P521: ecdh.P521()}[group]
	if curve == nil {
		return nil, nil, errShare
	}
	return onCurve(curve, client)
}

func encapsulate(client []byte) (share, secret []byte, err error) {
	key, err := mlkem.NewEncapsulationKey768(client)
	if err != nil {
		return nil, nil, err
	}
	secret, share = key.Encapsulate()
	return share, secret, nil
}

func onCurve(curve ecdh.Curve, client []byte) (share, secret []byte, err error) {
	key, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	public, err := curve.NewPublicKey(client)
	if err != nil {
		return nil, nil, err
	}
	secret, err = key.ECDH(public)
	return key.PublicKey().Bytes(), secret, err
}
