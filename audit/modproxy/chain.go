// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package modproxy is the GOPROXY chain: how the go command reads it, which
// way it would go for a module, and what the proxies of the chain answer.
//
// It follows cmd/go/internal/modfetch (proxy.go, repo.go, sumdb.go),
// cmd/go/internal/modload (query.go, modfile.go) and cmd/go/internal/web of
// Go 1.26, also where they differ from what their documentation says.
package modproxy

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit/redact"
)

// A Chain is a parsed GOPROXY list.
type Chain struct {
	Entries []Entry `json:"entries"`
}

// An Entry is one element of a GOPROXY list.
type Entry struct {
	// URL is the proxy's base URL without any secret, to be printed, or
	// "direct" or "off". [Entry.BaseURL] has the one to use.
	URL string `json:"url"`

	Kind Kind `json:"kind"`

	// Fallback says after which answers the go command tries the next entry.
	// It is empty where it never does: on "direct", "off", dead entries, and
	// the last entry that lives.
	Fallback Fallback `json:"fallback,omitempty"`

	// Credentials reports a user name or password in the URL.
	Credentials bool `json:"credentials,omitempty"`

	// Dead entries stand behind "direct" or "off": the go command does not
	// read them, so they may be anything, even invalid.
	Dead bool `json:"dead,omitempty"`

	base *url.URL // with credentials; nil unless a live proxy
}

// A Kind is what an entry of the chain is.
type Kind string

const (
	Proxy  Kind = "proxy"
	Direct Kind = "direct" // the version control system the module path names
	Off    Kind = "off"    // nothing may be downloaded
)

// A Fallback is the set of answers after which the next entry is tried.
type Fallback string

const (
	OnNotFound Fallback = "not-found" // a comma: after 404 and 410
	OnAnyError Fallback = "any"       // a vertical bar: after any error, also 403, 429, 5xx and timeouts
)

// Reasons for which the go command refuses a GOPROXY list.
var (
	ErrNoEntries = errors.New("the list contains no entries")
	ErrNoScheme  = errors.New("invalid proxy URL: missing scheme") // also any word but direct and off: none, noproxy
	ErrScheme    = errors.New("invalid proxy URL: the scheme must be https, http or file")
	ErrFileURL   = errors.New("invalid file:// proxy URL: it has more than a path")
	ErrSyntax    = errors.New("invalid proxy URL: syntax error")
)

// A ParseError is a GOPROXY list that the go command refuses.
type ParseError struct {
	Entry string // the element, without secrets; empty for ErrNoEntries
	Err   error  // ErrNoEntries, ErrNoScheme, ErrScheme, ErrFileURL or ErrSyntax
}

func (e *ParseError) Error() string {
	if e.Entry == "" {
		return "GOPROXY: " + e.Err.Error()
	}
	return fmt.Sprintf("GOPROXY entry %q: %v", e.Entry, e.Err)
}

func (e *ParseError) Unwrap() error { return e.Err }

// Parse reads a GOPROXY value, as `go env GOPROXY` prints it, by the rules of
// cmd/go/internal/modfetch.proxyList. Every error is a [*ParseError]; the
// go command then downloads nothing, whatever the rest of the list says.
func Parse(goproxy string) (Chain, error) {
	var c Chain
	dead := false
	last := -1 // index of the last live proxy
	for rest := goproxy; rest != ""; {
		var token string
		fallback := OnNotFound
		if i := strings.IndexAny(rest, ",|"); i >= 0 {
			if rest[i] == '|' {
				fallback = OnAnyError
			}
			token, rest = rest[:i], rest[i+1:]
		} else {
			token, rest = rest, ""
		}
		token = strings.TrimSpace(token)
		if token == "" {
			continue
		}
		e := Entry{Dead: dead}
		switch {
		case token == "direct" || token == "off":
			e.URL, e.Kind = token, Kind(token)
			if !dead {
				last = -1
			}
			dead = true
		case dead:
			e.URL, e.Kind = redact.URL(token), Proxy
		default:
			base, err := parseProxy(token)
			if err != nil {
				return Chain{}, &ParseError{Entry: redact.URL(token), Err: err}
			}
			last = len(c.Entries)
			e = Entry{
				URL: redact.URL(base.String()), Kind: Proxy, Fallback: fallback,
				Credentials: base.User != nil, base: base,
			}
		}
		c.Entries = append(c.Entries, e)
	}
	if len(c.Entries) == 0 {
		return Chain{}, &ParseError{Err: ErrNoEntries}
	}
	if last >= 0 {
		c.Entries[last].Fallback = "" // nothing follows it
	}
	return c, nil
}

// parseProxy reads a token that is neither "direct" nor "off". It accepts what
// modfetch.newProxyRepo accepts, which includes URLs without a host: these
// fail only when they are used.
func parseProxy(token string) (*url.URL, error) {
	if strings.ContainsAny(token, ".:/") && !strings.Contains(token, ":/") && !filepath.IsAbs(token) && !path.IsAbs(token) {
		token = "https://" + token
	}
	u, err := url.Parse(token)
	if err != nil {
		return nil, ErrSyntax // the error of net/url repeats the URL, secrets included
	}
	switch u.Scheme {
	case "http", "https":
		return u, nil
	case "file":
		if *u != (url.URL{Scheme: u.Scheme, Path: u.Path, RawPath: u.RawPath}) {
			return nil, ErrFileURL
		}
		return u, nil
	case "":
		return nil, ErrNoScheme
	default:
		return nil, ErrScheme
	}
}

// BaseURL returns the URL to use for a live proxy, credentials included, or
// nil for any other entry. It must not be printed.
func (e Entry) BaseURL() *url.URL {
	if e.base == nil {
		return nil
	}
	u := *e.base
	return &u
}

// String gives the entry without secrets.
func (e Entry) String() string { return e.URL }

// String gives the chain as it could be written in GOPROXY, without secrets.
func (c Chain) String() string {
	var b strings.Builder
	for i, e := range c.Entries {
		if i > 0 {
			if c.Entries[i-1].Fallback == OnAnyError {
				b.WriteByte('|')
			} else {
				b.WriteByte(',')
			}
		}
		b.WriteString(e.URL)
	}
	return b.String()
}

// Live returns the entries the go command may use, in order.
func (c Chain) Live() []Entry {
	for i, e := range c.Entries {
		if e.Dead {
			return c.Entries[:i]
		}
	}
	return c.Entries
}
