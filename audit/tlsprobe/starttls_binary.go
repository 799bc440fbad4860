// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Parts of LDAP messages (RFC 4511, sections 4.1.9, 4.12 and 4.14).
const (
	ldapExtendedRequest  = asn1.Tag(23 | 0x40 | 0x20) // [APPLICATION 23], constructed
	ldapExtendedResponse = asn1.Tag(24 | 0x40 | 0x20)
	ldapRequestName      = asn1.Tag(0x80)
	ldapStartTLS         = "1.3.6.1.4.1.1466.20037"

	ldapSuccess       = 0
	ldapProtocolError = 2 // the request is not known
)

// startLDAP sends a StartTLS request.
func startLDAP(t *talk) error {
	const id = 1
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(id)
		b.AddASN1(ldapExtendedRequest, func(b *cryptobyte.Builder) {
			b.AddASN1(ldapRequestName, func(b *cryptobyte.Builder) { b.AddBytes([]byte(ldapStartTLS)) })
		})
	})
	if _, err := t.conn.Write(b.BytesOrPanic()); err != nil {
		return err
	}
	raw, err := t.element()
	if err != nil {
		return err
	}
	result, message, got, err := readExtendedResponse(raw)
	switch {
	case err != nil:
		return err
	case got != id: // 0 is a notice of disconnection (section 4.4.1)
		return refused("StartTLS", fmt.Sprintf("message %d, result %d %s", got, result, message))
	case result == ldapProtocolError:
		return errNoStartTLS
	case result != ldapSuccess:
		return refused("StartTLS", fmt.Sprintf("result %d %s", result, message))
	}
	return nil
}

// element reads one element of BER, whose length is definite (RFC 4511, section 5.1).
func (t *talk) element() ([]byte, error) {
	head, err := t.bytes(2)
	if err != nil {
		return nil, err
	}
	n := int(head[1])
	if n >= 0x80 {
		long, err := t.bytes(n & 0x7F)
		if err != nil {
			return nil, err
		}
		head = append(head, long...)
		if n = berLength(long); n < 0 {
			return nil, errAnswer
		}
	}
	body, err := t.bytes(n)
	return append(head, body...), err
}

// berLength reads a length of more than one octet; -1 if it is none, or of more than
// anybody sends.
func berLength(octets []byte) int {
	if len(octets) == 0 || len(octets) > 4 {
		return -1
	}
	n := uint64(0)
	for _, o := range octets {
		n = n<<8 | uint64(o)
	}
	if n > 1<<30 {
		return -1
	}
	return int(n)
}

// readExtendedResponse reads an LDAPMessage. BER allows lengths that are longer than
// they need to be, and OpenLDAP writes them so: this is no DER.
func readExtendedResponse(raw []byte) (result int, message string, id int, err error) {
	bad := func() (int, string, int, error) { return 0, "", 0, fmt.Errorf("%w: LDAP message", errAnswer) }
	tag, s, _, ok := readBER(raw)
	if !ok || tag != asn1.SEQUENCE {
		return bad()
	}
	var number [2]int
	tag, value, s, ok := readBER(s)
	if number[0], ok = smallInteger(value, ok && tag == asn1.INTEGER); !ok {
		return bad()
	}
	tag, s, _, ok = readBER(s)
	if !ok || tag != ldapExtendedResponse {
		return bad()
	}
	tag, value, s, ok = readBER(s)
	if number[1], ok = smallInteger(value, ok && tag == asn1.ENUM); !ok {
		return bad()
	}
	if _, _, s, ok = readBER(s); !ok { // matchedDN
		return bad()
	}
	if _, value, _, ok = readBER(s); !ok {
		return bad()
	}
	return number[1], string(value), number[0], nil
}

// readBER reads an element with a tag of one octet and a definite length.
func readBER(b []byte) (tag asn1.Tag, value, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	tag, n, b := asn1.Tag(b[0]), int(b[1]), b[2:]
	if n >= 0x80 {
		octets := n & 0x7F
		if len(b) < octets {
			return 0, nil, nil, false
		}
		n, b = berLength(b[:octets]), b[octets:]
	}
	if n < 0 || n > len(b) {
		return 0, nil, nil, false
	}
	return tag, b[:n], b[n:], true
}

func smallInteger(b []byte, ok bool) (int, bool) {
	if !ok || len(b) == 0 || b[0]&0x80 != 0 {
		return 0, false
	}
	n := berLength(b) // whose form is the same
	return n, n >= 0
}

// postgresSSLRequest asks for TLS (PostgreSQL, "Message Formats", SSLRequest: the
// code is 80877103).
var postgresSSLRequest = []byte{0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F}

func startPostgres(t *talk) error {
	if _, err := t.conn.Write(postgresSSLRequest); err != nil {
		return err
	}
	b, err := t.bytes(1)
	if err != nil {
		return err
	}
	switch b[0] {
	case 'S':
		return nil
	case 'N':
		return errNoStartTLS
	case 'E': // an ErrorResponse, of a server too old or too busy
		return refused("SSLRequest", "an error")
	}
	t.r.Peek(min(maxHeard, max(1, t.r.Buffered())))
	return refused("SSLRequest", string(t.heard))
}

// Capabilities of MySQL ("Capabilities Flags").
const (
	mysqlProtocol41 = 0x0200
	mysqlSSL        = 0x0800
	mysqlSecure     = 0x8000
)

// surveyMySQL reads the server's greeting ("Protocol::HandshakeV10").
func surveyMySQL(t *talk) error {
	head, err := t.bytes(4)
	if err != nil {
		return err
	}
	n := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if n > maxLine {
		return errTooMuch
	}
	body, err := t.bytes(n)
	if err != nil {
		return err
	}
	if len(body) >= 3 && body[0] == 0xFF { // ERR_Packet: too many connections, or a host that it does not want
		return refused("the connection", fmt.Sprintf("error %d", binary.LittleEndian.Uint16(body[1:])))
	}
	capabilities, ok := mysqlCapabilities(body)
	if !ok {
		return fmt.Errorf("%w: greeting", errAnswer)
	}
	t.fact.StartTLS = NotOffered
	if capabilities&mysqlSSL != 0 {
		t.fact.StartTLS = Offered
	}
	t.state = head[3] // the number of the packet
	return nil
}

// mysqlCapabilities reads the lower half of what a server can do.
func mysqlCapabilities(greeting []byte) (uint16, bool) {
	if len(greeting) == 0 || greeting[0] != 10 {
		return 0, false
	}
	_, rest, ok := bytes.Cut(greeting[1:], []byte{0}) // its version
	if !ok || len(rest) < 4+8+1+2 {                   // thread, challenge, a filler
		return 0, false
	}
	return binary.LittleEndian.Uint16(rest[13:]), true
}

// startMySQL sends an SSLRequest ("Protocol::SSLRequest"). The server says nothing to it.
func startMySQL(t *talk) error {
	b := []byte{32, 0, 0, t.state.(byte) + 1}
	b = binary.LittleEndian.AppendUint32(b, mysqlProtocol41|mysqlSSL|mysqlSecure)
	b = binary.LittleEndian.AppendUint32(b, 1<<24) // the largest packet
	b = append(b, 33)                              // utf8
	b = append(b, make([]byte, 23)...)
	_, err := t.conn.Write(b)
	return err
}
