// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"fmt"
	"slices"
)

// An Alert is an alert of a server (RFC 8446, section 6).
type Alert struct {
	Level       uint8
	Description uint8
}

// String is the alert's name in the registry, with its number: "handshake_failure (40)".
func (a Alert) String() string {
	name := alertNames[a.Description]
	if name == "" {
		name = "alert"
	}
	return fmt.Sprintf("%s (%d)", name, a.Description)
}

// refuses reports whether an alert says that nothing of what was offered is taken.
// Others may be of a server that has too much to do, or of something else in the
// hello than what was asked.
func (a Alert) refuses() bool {
	return slices.Contains([]uint8{10, 40, 47, 50, 60, 70, 71, 86, 109, 110}, a.Description)
}

var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
	30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
	43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
	47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
	60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
	86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
	110: "unsupported_extension", 111: "certificate_unobtainable", 112: "unrecognized_name",
	113: "bad_certificate_status_response", 114: "bad_certificate_hash_value", 115: "unknown_psk_identity",
	116: "certificate_required", 120: "no_application_protocol", 121: "ech_required",
}
