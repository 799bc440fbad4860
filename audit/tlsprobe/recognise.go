// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// What recognise calls what is no protocol in clear, or more than one.
const (
	protocolTLS = "tls"
	smtpOrFTP   = "smtp or ftp"
)

// signatures are how the first bytes of servers begin, the first that fits counts.
var signatures = []struct {
	prefix   string
	contains string // without regard to case
	protocol string
}{
	{"HTTP/1.", "sent to https port", protocolTLS},      // nginx, to what is in clear
	{"HTTP/1.", "to an https server", protocolTLS},      // package net/http
	{"HTTP/1.", "ssl-enabled server port", protocolTLS}, // Apache httpd
	{"HTTP/1.", "requires tls", protocolTLS},            // Apache Tomcat
	{"HTTP/1.", "", "http"},
	{"<html", "", "http"}, // of servers that take what they do not understand for HTTP/0.9
	{"<!DOCTYPE html", "", "http"},
	{"SSH-", "", "ssh"}, // RFC 4253, section 4.2
	{"220", "lmtp", "lmtp"},
	{"220", "smtp", "smtp"},
	{"220", "ftp", "ftp"},
	{"220 ", "", smtpOrFTP},
	{"220-", "", smtpOrFTP},
	{"120 ", "", "ftp"},
	{"421 ", "smtp", "smtp"},
	{"421 ", "ftp", "ftp"},
	{"421 ", "", smtpOrFTP},
	{"421-", "", smtpOrFTP},
	{"554 ", "", "smtp"}, // RFC 5321, section 3.1
	{"554-", "", "smtp"},
	{"+OK", "", "pop3"},
	{"+PONG", "", "redis"},
	{"-NOAUTH", "", "redis"},
	{"-DENIED", "redis", "redis"},
	{"-ERR unknown command", "", "redis"},
	{"-ERR Protocol error", "", "redis"},
	{"-ERR max number of clients", "", "redis"},
	{"-ERR wrong number of arguments", "", "redis"},
	{"-ERR", "", "pop3"},
	{"* OK", "", "imap"},
	{"* PREAUTH", "", "imap"},
	{"* BYE", "", "imap"},
	{"AMQP", "", "amqp"},
	{"@RSYNCD:", "", "rsync"},
	{"RFB 0", "", "vnc"},           // RFC 6143, section 7.1.1
	{"ERROR\r\n", "", "memcached"}, // protocol.txt, "Error strings"
	{"<?xml", xmppStream, "xmpp"},
	{"<stream:stream", "", "xmpp"},
	{"\xFF\xFB", "", "telnet"}, // IAC WILL, WON'T, DO, DON'T (RFC 854)
	{"\xFF\xFC", "", "telnet"},
	{"\xFF\xFD", "", "telnet"},
	{"\xFF\xFE", "", "telnet"},
}

// recognise names the protocol of what a server said first, or in answer to what it does
// not understand; "" if it is none that is known.
func recognise(answer []byte) string {
	answer = answer[:min(len(answer), maxHeard)]
	for _, s := range signatures {
		if hasPrefixFold(answer, s.prefix) && (s.contains == "" || strings.Contains(strings.ToLower(string(answer)), s.contains)) {
			return s.protocol
		}
	}
	for _, b := range []struct {
		protocol string
		is       func([]byte) bool
	}{
		{protocolTLS, isAnswerOfTLS}, {"h2c", isFrame}, {"mysql", isMySQL}, {"postgres", isPostgresError}, {"ldap", isLDAPNotice}, {"net/rpc", isRPC},
	} {
		if b.is(answer) {
			return b.protocol
		}
	}
	return ""
}

// hasPrefixFold does without regard to the case of ASCII letters. Bytes that are no text
// are compared as they are, where package strings takes one for the other.
func hasPrefixFold(b []byte, prefix string) bool {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	for i := range len(prefix) {
		if i >= len(b) || lower(b[i]) != lower(prefix[i]) {
			return false
		}
	}
	return true
}

// isAnswerOfTLS recognises an alert or a ServerHello.
func isAnswerOfTLS(b []byte) bool {
	return len(b) >= 5 && (b[0] == typeAlert || b[0] == typeHandshake) && (b[1] == 3 && b[2] <= 4 || b[1] == 1 && b[2] == 1) &&
		int(binary.BigEndian.Uint16(b[3:])) <= maxRecord
}

// isFrame recognises the first frame of an HTTP/2 connection: SETTINGS, or GOAWAY of a
// server that does not go on (RFC 9113, sections 3.4, 6.5 and 6.8).
func isFrame(b []byte) bool {
	if len(b) < 9 || binary.BigEndian.Uint32(b[5:9]) != 0 {
		return false
	}
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	return n <= maxFrame && (b[3] == 4 && n%6 == 0 && b[4] == 0 || b[3] == 7 && n >= 8)
}

// isMySQL recognises a greeting, or an error in its place, of MySQL.
func isMySQL(b []byte) bool {
	if len(b) < 7 || b[2] != 0 || b[3] > 1 {
		return false
	}
	n := int(b[0]) | int(b[1])<<8
	if b[4] == 0xFF { // ERR_Packet: the codes of servers begin at 1000
		code := binary.LittleEndian.Uint16(b[5:])
		return n >= 3 && n <= maxHeard && code >= 1000 && code < 5000
	}
	body := b[4:min(len(b), 4+n)]
	_, ok := mysqlCapabilities(body)
	return ok
}

// isPostgresError recognises an ErrorResponse.
func isPostgresError(b []byte) bool {
	return len(b) > 6 && b[0] == 'E' && binary.BigEndian.Uint32(b[1:]) < 1<<14 && b[5] == 'S' && bytes.Contains(b, []byte("\x00C")) ||
		bytes.HasPrefix(b, []byte("EFATAL")) // as it was before version 3 of the protocol
}

// isLDAPNotice recognises a notice of disconnection (RFC 4511, section 4.4.1).
func isLDAPNotice(b []byte) bool {
	tag, s, _, ok := readBER(b)
	if !ok || tag != 0x30 {
		return false
	}
	tag, id, s, ok := readBER(s)
	return ok && tag == 2 && len(id) == 1 && id[0] == 0 && len(s) > 0 && s[0] == byte(ldapExtendedResponse)
}

// isRPC recognises the type of package net/rpc's Response in package gob's encoding.
func isRPC(b []byte) bool {
	return bytes.Contains(b, []byte("\x08Response")) && bytes.Contains(b, []byte("\x0DServiceMethod")) && bytes.Contains(b, []byte("\x05Error"))
}
