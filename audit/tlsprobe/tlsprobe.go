// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package tlsprobe finds out what a TLS or TLCP server takes: which versions, cipher
// suites, groups and signature algorithms, in whose order, with which certificates.
//
// It writes hellos by hand, as no library offers all that is registered, and reads
// what the server answers before encryption begins. A server that was offered a set
// names one of it; what it named is left out of the next offer, until it refuses: a
// set of k is found with k+1 hellos, each on a connection of its own. In TLS 1.3 a hello
// without a key share is answered by a HelloRetryRequest, which names a suite and
// a group at once, and costs neither side a key.
//
// Every question has one of three answers. What was named is [Offered]. What was in an
// offer that the server refused is [NotOffered]: by an alert, or by closing the
// connection, again, while another hello was taken in between. All else is [Unknown]:
// a server that is overloaded, or a box between, refuses nothing.
//
// Two things do not show. Handshakes are completed with the suites and kinds of keys of
// package tls: what other servers do with sessions stays unknown. A suite of SRP is found if
// the server complains that no user was named, and else seems not to be there.
//
// A server that refuses clients without a certificate only in HTTP, as nginx does with
// "ssl_verify_client on", takes them as far as TLS goes: it is asked over HTTP, and where it
// turns them away is a fact of its own.
package tlsprobe

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// State is the answer to the question whether a server takes something.
type State string

// The answers.
const (
	Offered    State = "offered"
	NotOffered State = "not-offered" // refused, on record
	Unknown    State = "unknown"
)

// A Target is an endpoint to be probed.
type Target struct {
	Address string // host:port, as it is named in the result
	Dial    string // host:port to be connected to; "" for Address
	SNI     string // name that is asked for; "" for the host of Address, "-" for none

	// StartTLS is the protocol that leads to TLS on every connection: one of [Dialects].
	// "" is for TLS from the first byte.
	StartTLS string
}

// Options say how an endpoint is probed. The zero value is usable.
type Options struct {
	// DialContext connects. Nil means a [net.Dialer].
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// Certificate is the client's own. It is shown where the server asks for one, after
	// it was tried without, and with one that nobody issued.
	Certificate *tls.Certificate

	Timeout        time.Duration // of a connection, and of an answer; 0: 5 s
	MaxConnections int           // to the endpoint, all together; 0: 200
	Parallel       int           // connections to the endpoint at once; 0: 4
	Rate           float64       // connections to the endpoint per second; 0: no limit
	Patience       time.Duration // for which an overloaded server is waited for, all together; 0: 20 s
}

// A Result is what an endpoint showed.
type Result struct {
	Address   string     `json:"address"`
	SNI       string     `json:"sni,omitempty"` // that was asked for
	Protocols []Protocol `json:"protocols"`     // all that were asked about, the newest first
	Groups    []Group    `json:"groups"`        // those that are offered or unknown

	SignatureAlgorithms []SignatureAlgorithm `json:"signature_algorithms"` // those that are offered or unknown
	Certificates        []Chain              `json:"certificates"`
	ClientAuth          ClientAuth           `json:"client_auth"`
	ALPN                []string             `json:"alpn,omitempty"` // protocols that it chose
	OCSP                []Staple             `json:"ocsp,omitempty"`
	SCTs                []SCT                `json:"scts,omitempty"`
	Trust               []TrustState         `json:"-"` // of each of Certificates, once [Result.Examine] has looked; see [ChainFacts.Trusted]
	Session             Session              `json:"session"`
	Plaintext           *Plaintext           `json:"plaintext,omitempty"` // what it speaks before TLS, or in place of it
	HTTP                *HTTP                `json:"http,omitempty"`      // what it answers over TLS, if that is HTTP

	Connections int       `json:"connections"` // that were made or tried
	Hellos      int       `json:"hellos"`      // that were sent to find versions, suites, groups and signature algorithms
	Unknown     []Problem `json:"unknown,omitempty"`

	// Exchanges are the evidence.
	Exchanges []Exchange `json:"-"`
}

// ClientAuth says whether a server wants a certificate of its client, as it was tried.
type ClientAuth struct {
	State       ClientAuthState   `json:"state"`
	Versions    []Version         `json:"versions,omitempty"`    // in which it asks
	Authorities []string          `json:"authorities,omitempty"` // whom it names, RFC 2253
	Schemes     []SignatureScheme `json:"signature_algorithms,omitempty"`

	// Enforced is where clients without a certificate are turned away; "" if none is asked
	// for, or nobody knows.
	Enforced Enforcement `json:"enforced,omitempty"`

	// Unverified is offered where a certificate that nobody issued was taken: in TLS, and
	// not refused in HTTP after it. Own is offered where the client's own was taken in TLS;
	// "" if there is none, or it was not asked for.
	Unverified State `json:"unverified,omitempty"`
	Own        State `json:"own,omitempty"`
}

// Enforcement is where clients without a certificate are turned away.
type Enforcement string

// The places. A server of HTTP is asked for its root alone: other paths may be others'.
const (
	EnforcedTLS     Enforcement = "tls"     // it ends the connection
	EnforcedHTTP    Enforcement = "http"    // it answers that there was none, or answers otherwise to one with the client's own
	EnforcedNowhere Enforcement = "nowhere" // it answers as to others
	EnforcedUnknown Enforcement = "unknown" // it refuses and does not say why, or speaks something else, which may ask later
)

// ClientAuthState is whether a certificate is wanted.
type ClientAuthState string

// The states.
const (
	AuthNone     ClientAuthState = "none"     // it does not ask
	AuthOptional ClientAuthState = "optional" // it asks, and does without
	AuthRequired ClientAuthState = "required" // it asks, and ends the connection without
	AuthUnknown  ClientAuthState = "unknown"
)

// A Session is what a server does beside the exchange of keys. A state is "" where the
// question does not arise: no version is offered that has such a thing.
type Session struct {
	ExtendedMasterSecret State `json:"extended_master_secret"`    // RFC 7627; up to TLS 1.2
	SecureRenegotiation  State `json:"secure_renegotiation"`      // RFC 5746; up to TLS 1.2
	ClientRenegotiation  State `json:"client_renegotiation"`      // begun by the client; tried in TLS 1.2 with AES-GCM or ChaCha20
	EncryptThenMAC       State `json:"encrypt_then_mac"`          // RFC 7366; for suites with CBC
	Compression          State `json:"compression"`               // RFC 3749: CRIME
	Tickets              State `json:"tickets"`                   // RFC 5077; up to TLS 1.2
	Resumption           State `json:"resumption"`                // TLS 1.3, or up to 1.2 where there is none
	EarlyData            State `json:"early_data"`                // TLS 1.3: can be replayed
	FallbackSCSV         State `json:"fallback_scsv"`             // RFC 7507; where more than one version is offered
	TicketLifetime       int   `json:"ticket_lifetime,omitempty"` // seconds

	// SNI says what the server does if the client names nobody, or somebody else.
	NoName    NameAnswer `json:"no_name,omitempty"`
	WrongName NameAnswer `json:"wrong_name,omitempty"`

	// FiniteFields are the groups of DHE suites before TLS 1.3.
	FiniteFields []FiniteField `json:"finite_fields,omitempty"`
}

// A NameAnswer is what a server does with another name than its own.
type NameAnswer string

// The answers.
const (
	SameChain  NameAnswer = "same-certificate"
	OtherChain NameAnswer = "other-certificate"
	Refused    NameAnswer = "refused"
)

// A FiniteField is the group of a Diffie-Hellman exchange.
type FiniteField struct {
	Bits   int    `json:"bits"`
	Name   string `json:"name,omitempty"` // "ffdhe2048" (RFC 7919), "modp2048" (RFC 3526); "" for one of the server's own
	Export bool   `json:"export,omitempty"`
}

// A Staple is an OCSP response that the server sent with its certificate (RFC 6066,
// section 8).
type Staple struct {
	Certificate string    `json:"certificate"` // its SHA256
	Status      string    `json:"status"`      // "good", "revoked", "unknown"
	ThisUpdate  time.Time `json:"this_update,omitzero"`
	NextUpdate  time.Time `json:"next_update,omitzero"`
	Verified    State     `json:"verified"` // signed by the issuer, or by whom it named: offered, if so
	Problem     string    `json:"problem,omitempty"`

	// DER is the response itself.
	DER []byte `json:"-"`
}

// An SCT is a signed certificate timestamp (RFC 6962, section 3.2): a log's promise to
// have the certificate.
type SCT struct {
	Certificate string    `json:"certificate"` // its SHA256
	Source      string    `json:"source"`      // "certificate", "tls", "ocsp"
	Log         string    `json:"log"`         // the log's identifier, base64
	Name        string    `json:"name,omitempty"`
	Time        time.Time `json:"time"`
	Verified    State     `json:"verified"` // offered, if the log's signature is right; unknown, if the log is
	Problem     string    `json:"problem,omitempty"`
}

// Plaintext is what a server speaks before TLS, or in place of it.
type Plaintext struct {
	// Protocol is one of [Dialects], or "amqp", "grpc", "h2c" (HTTP/2), "http" (HTTP/1),
	// "memcached", "net/rpc", "redis", "rsync", "ssh", "telnet", "vnc"; "smtp or ftp"
	// where it went no further than to a greeting that both have; "unknown" where
	// something was said that is none of them. Where a target names one in StartTLS, and
	// what is said is none that is known, it is the named one, and StartTLS is unknown.
	Protocol string `json:"protocol"`

	StartTLS State  `json:"starttls,omitempty"` // whether it offers to go on encrypted; "" if the protocol has no way to
	Redirect string `json:"redirect,omitempty"` // of HTTP: where to, without user, query and fragment
	HSTS     string `json:"hsts,omitempty"`     // of HTTP: the header's value, which is void in clear (RFC 6797, section 8.1)

	// Auth is set where the server says that it takes passwords in clear, or takes
	// no others: SMTP, IMAP, POP3 and XMPP by what they list, FTP without AUTH TLS, Redis
	// that wants a password.
	Auth bool `json:"auth,omitempty"`

	// Pipelined is set where more came together with the go-ahead for TLS: nobody signed
	// for it, and clients that read it behind the handshake take it for the server's
	// (the class of CVE-2011-0411 and CVE-2021-23222).
	Pipelined bool `json:"pipelined,omitempty"`
}

// HTTP is what a server answers over TLS to HEAD of its root.
type HTTP struct {
	Status   int    `json:"status"`
	Redirect string `json:"redirect,omitempty"` // where to, without user, query and fragment
	HSTS     string `json:"hsts,omitempty"`     // the value of Strict-Transport-Security (RFC 6797), if there is one
}

// A Protocol is a version, and what the server takes of it.
type Protocol struct {
	Version Version `json:"version"`
	State   State   `json:"state"`
	Refusal string  `json:"refusal,omitempty"` // how it was refused, if it is not offered: "alert protocol_version (70)"

	// Suites are those that are offered: in the server's order if the preference is
	// the server's, else by code point.
	Suites     []Suite    `json:"suites,omitempty"`
	Undecided  []SuiteID  `json:"undecided,omitempty"` // suites whose state is unknown, where the version is offered
	Preference Preference `json:"preference,omitempty"`
}

// Preference says whose order of suites decides.
type Preference string

// The preferences.
const (
	PreferServer  Preference = "server"
	PreferClient  Preference = "client"
	PreferNeither Preference = "neither" // the choices follow no one order
)

// A Problem is something that stayed unknown.
type Problem struct {
	Question string `json:"question"` // "TLS 1.2"
	End      End    `json:"end"`      // what happened
	Detail   string `json:"detail,omitempty"`
	Times    int    `json:"times"` // how often
}
