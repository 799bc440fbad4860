// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"fmt"
)

// Version is a protocol version as it stands on the wire.
type Version uint16

// The versions.
const (
	SSL2  Version = 0x0002 // Hickman, "The SSL Protocol", 1995; prohibited by RFC 6176
	TLCP  Version = 0x0101 // GB/T 38636-2020, before it GM/T 0024-2014
	SSL3  Version = 0x0300 // RFC 6101; prohibited by RFC 7568
	TLS10 Version = 0x0301 // RFC 2246; deprecated by RFC 8996
	TLS11 Version = 0x0302 // RFC 4346; deprecated by RFC 8996
	TLS12 Version = 0x0303 // RFC 5246
	TLS13 Version = 0x0304 // RFC 8446
)

// Versions are all versions that are asked about, the newest first.
var Versions = []Version{TLS13, TLS12, TLS11, TLS10, SSL3, SSL2, TLCP}

var versionNames = map[Version]string{
	SSL2: "SSL 2.0", SSL3: "SSL 3.0", TLS10: "TLS 1.0", TLS11: "TLS 1.1", TLS12: "TLS 1.2", TLS13: "TLS 1.3", TLCP: "TLCP 1.1",
}

// String is the name of the version, such as "TLS 1.2".
func (v Version) String() string {
	if n, ok := versionNames[v]; ok {
		return n
	}
	return fmt.Sprintf("0x%04X", uint16(v))
}

// MarshalText gives the name of the version.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (v *Version) UnmarshalText(text []byte) error {
	for known, name := range versionNames {
		if name == string(text) {
			*v = known
			return nil
		}
	}
	if n, err := parseCode(string(text), 16); err == nil {
		*v = Version(n)
		return nil
	}
	return fmt.Errorf("unknown protocol version %q", text)
}

// parseCode reads a code point that is written as "0xC02F".
func parseCode(text string, bits int) (uint64, error) {
	var n uint64
	if _, err := fmt.Sscanf(text, "0x%X", &n); err != nil || n >= 1<<bits {
		return 0, fmt.Errorf("%q is no code point of %d bits", text, bits)
	}
	return n, nil
}
