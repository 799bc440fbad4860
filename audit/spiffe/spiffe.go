// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package spiffe asks a SPIFFE Workload API for the X.509-SVIDs of the workload that asks,
// watches how they are rotated, and reads SVIDs from files.
//
// It reads the messages of the API itself, with go-spiffe's definition of them, and not by
// go-spiffe's client: that one refuses an answer as a whole in which anything is wrong, and
// what is wrong is what an audit has to tell.
//
// Private keys come with the answers of the API, and may stand in files. They are compared
// with the certificate and forgotten: no result holds one.
package spiffe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// An Address is where a Workload API listens.
type Address struct {
	Network string // "unix" or "tcp"
	Address string // a path, or IP:port
}

// ParseAddress reads unix:///path or tcp://IP:port (SPIFFE Workload Endpoint, section 4).
func ParseAddress(text string) (Address, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return Address{}, err
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return Address{}, errors.New("neither user, query nor fragment is allowed")
	case u.Scheme == "unix":
		path := u.Path
		if u.Opaque != "" { // unix:path, which implementations take
			if path, err = url.PathUnescape(u.Opaque); err != nil {
				return Address{}, err
			}
		}
		if u.Host != "" || path == "" || path == "/" {
			return Address{}, errors.New("unix:// is followed by an absolute path")
		}
		return Address{"unix", path}, nil
	case u.Scheme == "tcp":
		at, err := netip.ParseAddrPort(u.Host)
		if err != nil || at.Port() == 0 || u.Path != "" {
			return Address{}, errors.New("tcp:// is followed by an IP address and a port, and nothing else")
		}
		return Address{"tcp", at.String()}, nil
	}
	return Address{}, errors.New("neither unix:///path nor tcp://IP:port")
}

// String is the address as [ParseAddress] reads it.
func (a Address) String() string {
	if a.Network == "unix" {
		if strings.HasPrefix(a.Address, "/") {
			return "unix://" + (&url.URL{Path: a.Address}).EscapedPath()
		}
		return "unix:" + url.PathEscape(a.Address)
	}
	return a.Network + "://" + a.Address
}

// Options are the choices of a caller. What is zero has a default.
type Options struct {
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	Watch      time.Duration // how long is watched after the first answer; zero: not at all
	Answer     time.Duration // how long the first answer of a stream is waited for; 10 s
	MaxUpdates int           // how many answers, and how many streams, are taken; 1000

	Updated func(n int)                          // told of each answer; may be nil
	Now     func() time.Time                     // time.Now
	After   func(time.Duration) <-chan time.Time // time.After
}

func (o Options) withDefaults() Options {
	if o.DialContext == nil {
		o.DialContext = new(net.Dialer).DialContext
	}
	if o.Answer <= 0 {
		o.Answer = 10 * time.Second
	}
	if o.MaxUpdates <= 0 {
		o.MaxUpdates = 1000
	}
	if o.Updated == nil {
		o.Updated = func(int) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	return o
}

// A Workload is what a Workload API told, and when.
type Workload struct {
	Socket  string      `json:"socket"`
	State   State       `json:"state"`            // how it ended
	Detail  string      `json:"detail,omitempty"` // why, in the words of the agent or of the system
	SVIDs   []*SVID     `json:"-"`                // in order of ID and hint; also those that went
	Bundles []Bundle    `json:"-"`                // of the last answer, in order of trust domains
	Updates []time.Time `json:"updates"`          // when answers came after the first
	Changes int         `json:"changes"`          // those of them that brought something new
	Gaps    []Gap       `json:"gaps,omitempty"`   // when there was no stream
	Watched float64     `json:"watched_seconds"`  // from the first answer to the end
	Ended   time.Time   `json:"ended"`
}

// State says how asking a Workload API ended.
type State string

// The states. All but the first leave something open.
const (
	Answered    State = "answered"    // to the end
	Denied      State = "denied"      // it has no identity for who asks (SPIFFE Workload API, section 5.2)
	Unreachable State = "unreachable" // there is no agent, or it went
	Silent      State = "silent"      // it did not answer in time
	Refused     State = "refused"     // it answered with another error
	Malformed   State = "malformed"   // an answer that cannot be read
	Excessive   State = "excessive"   // more than is taken: in one answer, in all, or too often
	Interrupted State = "interrupted" // the caller ended it
)

// A Gap is a time without a stream.
type Gap struct {
	From   time.Time  `json:"from"`
	To     *time.Time `json:"to,omitempty"` // nil: it lasted to the end
	State  State      `json:"state"`        // why
	Detail string     `json:"detail,omitempty"`
}

// An SVID is one identity of the workload. A workload may have several of one ID, which
// hints tell apart.
type SVID struct {
	ID        string     // as the API names it: the certificate may say something else
	Hint      string     // by the operator, for the workload
	Issues    []Issue    // the certificates that it had: the one at the beginning, and one for each rotation
	Bundle    [][]byte   // the authorities of its trust domain, DER, as the last answer has them
	Withdrawn *time.Time // since when answers do not have it any more
}

// Last is the certificate that it had at the end.
func (s *SVID) Last() *Issue { return &s.Issues[len(s.Issues)-1] }

// An Issue is one certificate of an SVID.
type Issue struct {
	At        time.Time `json:"at"`         // when it came
	NotBefore time.Time `json:"not_before"` // zero where it cannot be read
	NotAfter  time.Time `json:"not_after"`
	SPKI      string    `json:"spki,omitempty"` // "sha256/" and base64
	Key       KeyState  `json:"key"`

	// Chain is DER, the leaf first. It is empty where it cannot be read.
	Chain [][]byte `json:"-"`
}

// Lifetime is how long the certificate is valid in all.
func (i *Issue) Lifetime() time.Duration { return i.NotAfter.Sub(i.NotBefore) }

// KeyState says what private key came with a certificate.
type KeyState string

// The states.
const (
	KeyFits       KeyState = "fits"
	KeyOther      KeyState = "other"      // that of another certificate
	KeyMissing    KeyState = "missing"    // the API demands one
	KeyUnreadable KeyState = "unreadable" // no PKCS #8, unencrypted, which the API demands
	KeyUnknown    KeyState = "unknown"    // the certificate's is one that cannot be compared here
)

// A Bundle is the authorities of a trust domain.
type Bundle struct {
	TrustDomain string
	Federated   bool     // of another trust domain than the workload's
	Authorities [][]byte // DER; empty where they cannot be read
}
