// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/internal/lazyregexp"
)

// Placeholders are what may stand in the path of a URL whose match is
// Template. Module paths and versions are escaped as the go command escapes
// them: a capital letter as %21 (or !) and the small one.
func Placeholders() []string {
	return []string{"{module}", "{version}", "{level}", "{index}", "{repository}"}
}

// placeholders gives what each stands for, as a regular expression.
var placeholders = map[string]string{
	"{module}":     `[^/?#]+(?:/[^/?#]+)*`,                   // one or more segments
	"{version}":    `[^/?#]+`,                                // within one segment
	"{level}":      `[0-9]+`,                                 // of a tile
	"{index}":      `(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[0-9]+)?`, // of a tile, golang.org/x/mod/sumdb/tlog.Tile.Path
	"{repository}": `[^/?#]+(?:/[^/?#]+)*`,
}

var placeholder = lazyregexp.New(`\{[^{}]*\}`)

// templates caches compiled templates. A form has few different ones.
type templates struct{ compiled map[string]*regexp.Regexp }

// matches reports whether filed lets the address through that want stands for.
func (t *templates) matches(filed, want URL) bool {
	switch {
	case filed.URL == want.URL:
		return true
	case filed.Match == Prefix:
		return strings.HasPrefix(want.URL, filed.URL)
	case filed.Match == Template && want.Match == Exact:
		re := t.compile(filed.URL)
		return re != nil && re.MatchString(want.URL)
	}
	return false
}

func (t *templates) compile(template string) *regexp.Regexp {
	re, ok := t.compiled[template]
	if !ok {
		re, _ = regexp.Compile(templateExpr(template)) // nil if it is too large
		if t.compiled == nil {
			t.compiled = map[string]*regexp.Regexp{}
		}
		t.compiled[template] = re
	}
	return re
}

func templateExpr(template string) string {
	var b strings.Builder
	b.WriteString("^")
	for template != "" {
		loc := placeholder().FindStringIndex(template)
		if loc == nil {
			break
		}
		b.WriteString(regexp.QuoteMeta(template[:loc[0]]))
		expr, ok := placeholders[template[loc[0]:loc[1]]]
		if !ok {
			expr = regexp.QuoteMeta(template[loc[0]:loc[1]])
		}
		b.WriteString(expr)
		template = template[loc[1]:]
	}
	b.WriteString(regexp.QuoteMeta(template) + "$")
	return b.String()
}

// endpointOf returns where requests for u go.
func endpointOf(u *url.URL) (p Protocol, host string, port int, err error) {
	p = Protocol(u.Scheme)
	host = strings.ToLower(u.Hostname())
	if host == "" || p != HTTP && p != HTTPS {
		return "", "", 0, fmt.Errorf("not a URL of a web server")
	}
	text := u.Port()
	if text == "" {
		text = defaultPort(u.Scheme)
	}
	port, err = strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return "", "", 0, fmt.Errorf("port %q is not one", text)
	}
	return p, host, port, nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// root gives scheme://host[:port] of a service, the port only where it is not
// the protocol's own.
func root(p Protocol, host string, port int) string {
	hostport := net.JoinHostPort(host, strconv.Itoa(port))
	if strconv.Itoa(port) == defaultPort(string(p)) {
		hostport = strings.TrimSuffix(hostport, ":"+strconv.Itoa(port))
	}
	return string(p) + "://" + hostport
}

// A requester builds the URLs of one base as the go command does, down to the
// bytes of the request line, without query.
type requester struct {
	base *url.URL
	root string
}

func (r requester) wire(u *url.URL) string { return r.root + u.EscapedPath() }

// module gives the URL of a file of a module on a proxy: newProxyRepo and
// getBody of cmd/go/internal/modfetch/proxy.go. The escape mark "!" of capital
// letters goes as %21.
func (r requester) module(modulePath, file string) (string, error) {
	escaped, err := module.EscapePath(modulePath)
	if err != nil {
		return "", err
	}
	u := *r.base
	u.Path = path.Join(strings.TrimSuffix(r.base.Path, "/")+"/"+escaped, file)
	u.RawPath = path.Join(strings.TrimSuffix(r.base.RawPath, "/")+"/"+pathEscape(escaped), pathEscape(file))
	return r.wire(&u), nil
}

// version gives the URL of a version's file, such as ".zip", on a proxy.
func (r requester) version(modulePath, version, suffix string) (string, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	return r.module(modulePath, "@v/"+escaped+suffix)
}

// lookup gives the URL of a record of the checksum database below the base
// elem: cmd/go/internal/web.Join, which leaves "!" where the base has no path.
func (r requester) lookup(elem, modulePath, version string) (string, error) {
	escapedPath, err := module.EscapePath(modulePath)
	if err != nil {
		return "", err
	}
	escapedVersion, err := module.EscapeVersion(version)
	if err != nil {
		return "", err
	}
	u := join(r.base, elem)
	return r.wire(join(u, "lookup/"+escapedPath+"@"+escapedVersion)), nil
}

// proxy gives the URL of a proxy followed by a path that may hold placeholders.
func (r requester) proxy(elem string) string {
	u := *r.base
	u.Path, u.RawPath = strings.TrimSuffix(path.Clean("/"+u.Path), "/"), ""
	return r.wire(&u) + "/" + elem
}

// database gives the URL of a checksum database below the base elem, followed
// by a path that may hold placeholders.
func (r requester) database(base, elem string) string {
	return strings.TrimSuffix(r.wire(join(r.base, base)), "/") + "/" + elem
}

func pathEscape(s string) string { return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") }

func join(u *url.URL, elem string) *url.URL {
	j := *u
	if elem == "" {
		return &j
	}
	j.Path = strings.TrimSuffix(u.Path, "/") + "/" + elem
	j.RawPath = strings.TrimSuffix(u.RawPath, "/") + "/" + elem
	return &j
}
