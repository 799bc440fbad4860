// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/goassay/assay/internal/lazyregexp"
)

// Bounds of a filed form.
const (
	MaxSize     = 64 << 20 // bytes
	MaxServices = 2_000
	MaxURLs     = 200_000 // of all services
	maxPatterns = 100     // of one service: templates and prefixes
	maxList     = 4_000   // elements of any other list
	maxString   = 8 << 10 // bytes
)

// A ParseError is a mistake in a filed form.
type ParseError struct {
	Path    string // where, such as $.services[0].port
	Line    int    // from 1
	Message string
}

func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Message
	}
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Path, e.Message)
}

// Parse reads a form in JSON. It is strict: a key that the schema does not
// know, that is missing or stands twice, and a value of another type or outside
// its list of words is an error, always a *ParseError.
//
// What [Compare] reports is no error here: a wildcard host, a query in a URL,
// an address range that is not in CIDR, a blank field.
func Parse(data []byte) (*Application, error) {
	lines, err := scan(data)
	if err != nil {
		return nil, err
	}
	a := &Application{lines: lines}
	if err := json.Unmarshal(data, a); err != nil {
		return nil, &ParseError{Path: "$", Message: err.Error()}
	}
	v := &validator{a: a}
	v.form()
	if v.err != nil {
		return nil, v.err
	}
	return a, nil
}

// Line returns the line, from 1, of what stands at a JSON path in the form
// that was parsed, or of the nearest thing around it; 0 if there is no form.
func (a *Application) Line(path string) int {
	for path != "" {
		if n := a.lines[path]; n > 0 {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// validator checks the values that have a fixed form.
type validator struct {
	a   *Application
	err error // the first
}

func (v *validator) fail(path, format string, args ...any) {
	if v.err == nil {
		v.err = &ParseError{Path: path, Line: v.a.Line(path), Message: fmt.Sprintf(format, args...)}
	}
}

func (v *validator) form() {
	a := v.a
	if a.Schema != Schema {
		v.fail("$.schema", "schema is %q, not %q", clip(a.Schema), Schema)
	}
	urls := 0
	seen := map[serviceKey]bool{}
	v.validity("$.validity", a.Validity)
	for i := range a.Services {
		s := &a.Services[i]
		at := fmt.Sprintf("$.services[%d]", i)
		v.service(at, s)
		key := serviceKey{s.Protocol, strings.ToLower(s.Host), s.Port}
		if seen[key] {
			v.fail(at, "%s stands twice", s.Endpoint())
		}
		seen[key] = true
		if urls += len(s.URLs); urls > MaxURLs {
			v.fail(at+".urls", "more than %d URLs", MaxURLs)
		}
	}
	for i, r := range a.Remarks {
		word(v, fmt.Sprintf("$.remarks[%d].kind", i), r.Kind, RemarkKinds()...)
	}
}

func (v *validator) service(at string, s *Service) {
	if !isHost(s.Host) && !isWildcard(s.Host) {
		v.fail(at+".host", "%q is not a host name or IP address: no scheme, port or path", clip(s.Host))
	}
	if s.Port < 1 || s.Port > 65535 {
		v.fail(at+".port", "%d is not a port", s.Port)
	}
	word(v, at+".protocol", s.Protocol, HTTPS, HTTP)
	word(v, at+".basis", s.Basis, Configured, Observed, Inferred)
	for i, r := range s.Roles {
		word(v, fmt.Sprintf("%s.roles[%d]", at, i), r, Roles()...)
	}
	patterns := 0
	for i := range s.URLs {
		if s.URLs[i].Match != Exact {
			patterns++
		}
		v.url(fmt.Sprintf("%s.urls[%d]", at, i), &s.URLs[i])
	}
	if patterns > maxPatterns {
		v.fail(at+".urls", "more than %d templates and prefixes", maxPatterns)
	}
	word(v, at+".addresses.state", s.Addresses.State, Known, Unknown)
	word(v, at+".addresses.reason", s.Addresses.Reason, append(Reasons(), "")...)
	word(v, at+".addresses.source", s.Addresses.Source, "", FromPolicy, FromResolver)
	for i, a := range s.Addresses.Observed {
		if _, err := netip.ParseAddr(a); err != nil {
			v.fail(fmt.Sprintf("%s.addresses.observed[%d]", at, i), "%q is not an IP address", clip(a))
		}
	}
	v.validity(at+".validity", s.Validity)
	if s.TLS != nil {
		v.tls(at+".tls", s.TLS)
	}
}

func (v *validator) validity(at string, d Validity) {
	if !d.From.IsZero() && !d.Until.IsZero() && d.Until.day.Before(d.From.day) {
		v.fail(at+".until", "until is before from")
	}
}

func (v *validator) url(at string, u *URL) {
	word(v, at+".match", u.Match, Exact, Template, Prefix)
	if u.Use != "" {
		word(v, at+".use", u.Use, Uses()...)
	}
	if !strings.HasPrefix(u.URL, "https://") && !strings.HasPrefix(u.URL, "http://") {
		v.fail(at+".url", "%q is not an absolute URL of scheme https or http", clip(u.URL))
	}
	if u.Match == Prefix && !strings.HasSuffix(u.URL, "/") {
		v.fail(at+".url", "a prefix ends in a slash")
	}
	if u.Match != Template {
		return
	}
	names := placeholder().FindAllString(u.URL, -1)
	if len(names) == 0 || len(names) > 8 {
		v.fail(at+".url", "a template has from 1 to 8 placeholders")
	}
	for _, name := range names {
		if !slices.Contains(Placeholders(), name) {
			v.fail(at+".url", "%q is not a placeholder: one of %s", clip(name), strings.Join(Placeholders(), " "))
		}
	}
}

func (v *validator) tls(at string, t *TLS) {
	word(v, at+".state", t.State, Known, Unknown)
	word(v, at+".reason", t.Reason, append(Reasons(), "")...)
	word(v, at+".trust", t.Trust, "", TrustVerified, TrustRefused)
	for _, d := range []struct{ key, digest string }{{"leaf", t.Leaf}, {"spki", t.SPKI}, {"evidence", t.Evidence}} {
		if d.digest != "" && !isDigest(d.digest) {
			v.fail(at+"."+d.key, "%q is not sha256: and 64 hexadecimal digits in lower case", clip(d.digest))
		}
	}
}

func isDigest(s string) bool {
	sum, ok := strings.CutPrefix(s, "sha256:")
	raw, err := hex.DecodeString(sum)
	return ok && err == nil && len(raw) == 32 && sum == strings.ToLower(sum)
}

// word checks that a value is one of the words of an enumeration.
func word[T ~string](v *validator, at string, value T, words ...T) {
	if !slices.Contains(words, value) {
		var list []string
		for _, w := range words {
			if w != "" {
				list = append(list, string(w))
			}
		}
		v.fail(at, "%q is none of %s", clip(string(value)), strings.Join(list, ", "))
	}
}

// isHost reports whether s names one host: a domain name that IDNA accepts, or
// an IP address.
func isHost(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == ""
	}
	ascii, err := idna.Lookup.ToASCII(s)
	return err == nil && len(ascii) <= 253 && hostName().MatchString(ascii)
}

// isWildcard reports whether s, where a host should stand, stands for many.
func isWildcard(s string) bool {
	name := strings.TrimPrefix(strings.NewReplacer("*", "x", "?", "x", "%", "x").Replace(s), ".")
	return !isHost(s) && isHost(name)
}

var hostName = lazyregexp.New(`^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$`)
