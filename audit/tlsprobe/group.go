// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import "fmt"

// GroupID is the code point of a key exchange group: a curve, a finite field, or a
// key encapsulation mechanism (IANA registry "TLS Supported Groups").
type GroupID uint16

// Groups that the code names.
const (
	secp256r1          GroupID = 23
	secp384r1          GroupID = 24
	secp521r1          GroupID = 25
	x25519             GroupID = 29
	curveSM2           GroupID = 41 // RFC 8998
	secp256r1MLKEM768  GroupID = 0x11EB
	x25519MLKEM768     GroupID = 0x11EC
	secp384r1MLKEM1024 GroupID = 0x11ED
)

// String writes the code point, as "0x001D".
func (id GroupID) String() string { return fmt.Sprintf("0x%04X", uint16(id)) }

// MarshalText writes the code point, as "0x001D".
func (id GroupID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *GroupID) UnmarshalText(text []byte) error {
	n, err := parseCode(string(text), 16)
	*id = GroupID(n)
	return err
}

// A groupKind says what a group is.
type groupKind uint8

const (
	curve       groupKind = iota // an elliptic curve, up to TLS 1.2 and in TLS 1.3
	oldCurve                     // one that TLS 1.3 has not (RFC 8446, section 4.2.7)
	newCurve                     // one of TLS 1.3 alone
	field                        // RFC 7919
	hybrid                       // a curve and a key encapsulation mechanism: TLS 1.3
	postQuantum                  // a key encapsulation mechanism alone: TLS 1.3
)

// groups are the groups of the registry, and the ones before ML-KEM was a standard,
// in the order in which they are offered. What strength they have is that of NIST
// SP 800-57 part 1, table 2, and of FIPS 203, in bits.
var groups = []struct {
	id       GroupID
	name     string
	kind     groupKind
	strength int
}{
	{0x11EC, "X25519MLKEM768", hybrid, 192},
	{0x11EB, "SecP256r1MLKEM768", hybrid, 192},
	{0x11ED, "SecP384r1MLKEM1024", hybrid, 256},
	{0x11EE, "curveSM2MLKEM768", hybrid, 192},
	{0x0201, "MLKEM768", postQuantum, 192},
	{0x0202, "MLKEM1024", postQuantum, 256},
	{0x0200, "MLKEM512", postQuantum, 128},
	{0x6399, "X25519Kyber768Draft00", hybrid, 192},
	{0x639A, "SecP256r1Kyber768Draft00", hybrid, 192},
	{0xFE32, "X25519Kyber768Draft00 (obsolete)", hybrid, 192},
	{29, "x25519", curve, 128},
	{23, "secp256r1", curve, 128},
	{24, "secp384r1", curve, 192},
	{25, "secp521r1", curve, 256},
	{30, "x448", curve, 224},
	{41, "curveSM2", newCurve, 128},
	{31, "brainpoolP256r1tls13", newCurve, 128},
	{32, "brainpoolP384r1tls13", newCurve, 192},
	{33, "brainpoolP512r1tls13", newCurve, 256},
	{256, "ffdhe2048", field, 103}, // RFC 7919, appendix A
	{257, "ffdhe3072", field, 125},
	{258, "ffdhe4096", field, 150},
	{259, "ffdhe6144", field, 175},
	{260, "ffdhe8192", field, 192},
	{34, "GC256A", curve, 128}, // RFC 9189, RFC 9367
	{35, "GC256B", curve, 128},
	{36, "GC256C", curve, 128},
	{37, "GC256D", curve, 128},
	{38, "GC512A", curve, 256},
	{39, "GC512B", curve, 256},
	{40, "GC512C", curve, 256},
	{26, "brainpoolP256r1", oldCurve, 128}, // RFC 7027
	{27, "brainpoolP384r1", oldCurve, 192},
	{28, "brainpoolP512r1", oldCurve, 256},
	{22, "secp256k1", oldCurve, 128},
	{1, "sect163k1", oldCurve, 80},
	{2, "sect163r1", oldCurve, 80},
	{3, "sect163r2", oldCurve, 80},
	{4, "sect193r1", oldCurve, 96},
	{5, "sect193r2", oldCurve, 96},
	{6, "sect233k1", oldCurve, 112},
	{7, "sect233r1", oldCurve, 112},
	{8, "sect239k1", oldCurve, 112},
	{9, "sect283k1", oldCurve, 128},
	{10, "sect283r1", oldCurve, 128},
	{11, "sect409k1", oldCurve, 192},
	{12, "sect409r1", oldCurve, 192},
	{13, "sect571k1", oldCurve, 256},
	{14, "sect571r1", oldCurve, 256},
	{15, "secp160k1", oldCurve, 80},
	{16, "secp160r1", oldCurve, 80},
	{17, "secp160r2", oldCurve, 80},
	{18, "secp192k1", oldCurve, 96},
	{19, "secp192r1", oldCurve, 96},
	{20, "secp224k1", oldCurve, 112},
	{21, "secp224r1", oldCurve, 112},
}

// A Group is a key exchange group, and whether the server takes it.
type Group struct {
	ID          GroupID   `json:"id"`
	Name        string    `json:"name"`         // the registry's; "" if it is in none
	State       State     `json:"state"`        // whether it can be negotiated: one that the server has behind the curve of its only key never is
	PostQuantum bool      `json:"post_quantum"` // a quantum computer does not break it, as far as is known
	Hybrid      bool      `json:"hybrid,omitempty"`
	Strength    int       `json:"strength"`           // against today's computers, in bits of security; 0: unknown
	Versions    []Version `json:"versions,omitempty"` // in which it was seen
}

// GroupOf tells what is known of a code point.
func GroupOf(id GroupID) Group {
	for _, g := range groups {
		if g.id == id {
			return Group{ID: id, Name: g.name, PostQuantum: g.kind == hybrid || g.kind == postQuantum, Hybrid: g.kind == hybrid, Strength: g.strength}
		}
	}
	return Group{ID: id}
}

// groupsFor lists the groups that can be negotiated in a version by name. Before TLS 1.3
// finite fields are not among them: a server that knows RFC 7919 would take no other
// field then, and leave out suites that it has.
func groupsFor(v Version) []GroupID {
	var out []GroupID
	for _, g := range groups {
		switch {
		case v == TLS13 && g.kind == oldCurve:
		case v != TLS13 && g.kind != curve && g.kind != oldCurve: // a finite field is told by its prime
		default:
			out = append(out, g.id)
		}
	}
	return out
}

// isCurve reports whether a group is named in a ServerKeyExchange of ECDHE.
func isCurve(id GroupID) bool { return id < 0x100 }
