// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	p := func(url string, f Fallback) Entry { return Entry{URL: url, Kind: Proxy, Fallback: f} }
	direct, off := Entry{URL: "direct", Kind: Direct}, Entry{URL: "off", Kind: Off}
	for _, tt := range []struct {
		in   string
		want []Entry
	}{
		{"https://proxy.example", []Entry{p("https://proxy.example", "")}},
		{"https://proxy.example,direct", []Entry{p("https://proxy.example", OnNotFound), direct}},
		{"https://proxy.example|direct", []Entry{p("https://proxy.example", OnAnyError), direct}},
		{"proxy.example", []Entry{p("https://proxy.example", "")}},
		{"localhost:3000", []Entry{p("https://localhost:3000", "")}},
		{"goproxy.corp.example/go,https://proxy.example|off", []Entry{
			p("https://goproxy.corp.example/go", OnNotFound), p("https://proxy.example", OnAnyError), off}},
		{" https://proxy.example ,, | direct ", []Entry{p("https://proxy.example", OnNotFound), direct}},
		{"http://proxy.example|", []Entry{p("http://proxy.example", "")}},
		{"http://proxy.example|,", []Entry{p("http://proxy.example", "")}},
		{"http://a.example|,b.example", []Entry{p("http://a.example", OnAnyError), p("https://b.example", "")}},
		{"file:///srv/goproxy", []Entry{p("file:///srv/goproxy", "")}},
		{"https:///no/host", []Entry{p("https:///no/host", "")}}, // accepted, and fails when used
		{"off", []Entry{off}},
		{"direct", []Entry{direct}},
		{"off,direct,https://proxy.example", []Entry{off, {URL: "direct", Kind: Direct, Dead: true}, {URL: "https://proxy.example", Kind: Proxy, Dead: true}}},
		// What stands behind direct is not read, so not refused either.
		{"direct|none,ftp://u:secret@x", []Entry{direct, {URL: "none", Kind: Proxy, Dead: true}, {URL: "ftp://xxxxx@x", Kind: Proxy, Dead: true}}},
		{"https://u:secret@proxy.example/a?token=secret", []Entry{
			{URL: "https://xxxxx@proxy.example/a?token=xxxxx", Kind: Proxy, Credentials: true}}},
	} {
		c, err := Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
			continue
		}
		if d := cmp.Diff(tt.want, c.Entries, cmpopts.IgnoreUnexported(Entry{})); d != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.in, d)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		in    string
		err   error
		entry string
	}{
		{"", ErrNoEntries, ""},
		{" ", ErrNoEntries, ""},
		{",|,", ErrNoEntries, ""},
		{"none", ErrNoScheme, "none"},
		{"noproxy", ErrNoScheme, "noproxy"},
		{"https://proxy.example,none", ErrNoScheme, "none"},
		{"/srv/goproxy", ErrNoScheme, "/srv/goproxy"},
		{"ftp://u:secret@proxy.example", ErrScheme, "ftp://xxxxx@proxy.example"},
		{"file://host/srv", ErrFileURL, "file://host/srv"},
		{"file:///srv?token=secret", ErrFileURL, "file:///srv?token=xxxxx"},
		{"https://u:se%cret@proxy.example", ErrSyntax, "https://xxxxx@proxy.example"},
		{"https://u:secret@proxy.example:port", ErrSyntax, "https://xxxxx@proxy.example:port"},
		{"u:secret@proxy.example", nil, ""}, // https:// is added: accepted
	} {
		_, err := Parse(tt.in)
		if !errors.Is(err, tt.err) {
			t.Errorf("Parse(%q): %v, want %v", tt.in, err, tt.err)
			continue
		}
		if err == nil {
			continue
		}
		var pe *ParseError
		if !errors.As(err, &pe) || pe.Entry != tt.entry {
			t.Errorf("Parse(%q): entry %+v, want %q", tt.in, pe, tt.entry)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("Parse(%q): secret in %v", tt.in, err)
		}
	}
}

func TestRoute(t *testing.T) {
	for _, tt := range []struct{ proxy, noproxy, path, want string }{
		{"https://a.example,https://b.example|direct", "", "example.com/m",
			"proxy https://a.example first; proxy https://b.example after-not-found; direct direct after-any-error"},
		{"https://a.example,off,direct", "", "example.com/m", "proxy https://a.example first; off off after-not-found"},
		{"off", "", "example.com/m", "off off first"},
		{"off", "example.com", "example.com/m", "direct direct first (example.com)"},
		{"https://a.example", "other.example,*.corp.example", "git.corp.example/x/y", "direct direct first (*.corp.example)"},
		{"https://a.example", "*.corp.example", "corp.example/x", "proxy https://a.example first"},
		{"https://a.example", "corp.example/team/", "corp.example/team/x", "direct direct first (corp.example/team/)"},
		{"https://a.example", "corp.example/team", "corp.example/teams", "proxy https://a.example first"},
		{"https://a.example", " corp.example", "corp.example/x", "proxy https://a.example first"},
		{"https://a.example", "[", "corp.example/x", "proxy https://a.example first"},
		{"direct", "", "example.com/m", "direct direct first"},
	} {
		c, err := Parse(tt.proxy)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		r := c.Route(tt.path, tt.noproxy)
		for _, s := range r.Steps {
			steps = append(steps, fmt.Sprintf("%s %s %s", s.Kind, s.URL, s.When))
		}
		got := strings.Join(steps, "; ")
		if r.Pattern != "" {
			got += " (" + r.Pattern + ")"
		}
		if got != tt.want {
			t.Errorf("%s without %q: route of %s:\n got %s\nwant %s", tt.proxy, tt.noproxy, tt.path, got, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"https://proxy.example,direct", "a|b,c", "https://u:secret@h/p?q#f", "file:///x", "off,x", "C:\\x", "//u:secret@h", "u@h:/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := Parse(in)
		if err != nil {
			var pe *ParseError
			if !errors.As(err, &pe) {
				t.Fatalf("%q: untyped error %v", in, err)
			}
			return
		}
		if len(c.Entries) == 0 || len(c.Live()) == 0 {
			t.Fatalf("%q: no entries", in)
		}
		if len(c.Route("example.com/m", "").Steps) != len(c.Live()) {
			t.Fatalf("%q: a route of another length", in)
		}
		for _, e := range c.Entries {
			if e.base != nil && e.base.User != nil {
				if pw, ok := e.base.User.Password(); ok && len(pw) > 5 && strings.Contains(e.URL, pw) && !strings.Contains(e.base.Host+e.base.Path, pw) {
					t.Fatalf("%q: password in %q", in, e.URL)
				}
			}
		}
		if _, err := json.Marshal(c); err != nil {
			t.Fatal(err)
		}
	})
}
