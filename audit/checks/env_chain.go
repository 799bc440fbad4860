// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// defaultSumDB is the database that the Go project runs, with its key
// (cmd/go/internal/modfetch/key.go).
const (
	defaultSumDB    = "sum.golang.org"
	defaultSumDBKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
)

// sumdb judges GOSUMDB.
func (j envJudge) sumdb() {
	v, _ := j.facts.Lookup("GOSUMDB")
	log, err := sumdb.ParseLog(v.Value.Raw())
	switch {
	case errors.Is(err, sumdb.ErrOff):
		j.report("env/sumdb-off", v, nil)
		return
	case err != nil:
		j.report("env/sumdb-invalid", v, audit.Args{"error": redact.Text(err.Error())})
		return
	}
	key, _, _ := strings.Cut(strings.TrimSpace(v.Value.Raw()), " ")
	switch {
	case log.Name != defaultSumDB:
		j.report("env/sumdb-other", v, audit.Args{"database": log.Name})
	case strings.Contains(key, "+") && key != defaultSumDBKey:
		j.report("env/sumdb-key", v, audit.Args{"database": log.Name})
	}
	if log.URL != "" && v.Value.Raw() != "sum.golang.google.cn" {
		j.report("env/sumdb-url", v, audit.Args{"database": log.Name, "url": redact.URL(log.URL)})
	}
}

// chain judges GOPROXY.
func (j envJudge) chain() {
	v, _ := j.facts.Lookup("GOPROXY")
	if j.facts.ChainError != "" {
		j.report("env/proxy-invalid", v, audit.Args{"error": j.facts.ChainError})
		return
	}
	live := j.facts.Chain.Live()
	if len(live) > 0 {
		switch live[0].Kind {
		case modproxy.Direct:
			j.report("env/proxy-direct", v, nil)
		case modproxy.Off:
			j.report("env/proxy-off", v, nil)
		}
	}
	for i, e := range j.facts.Chain.Entries {
		if i >= len(live) {
			j.reportOn("env/proxy-dead", "GOPROXY "+e.URL, v, audit.Args{"entry": e.URL, "after": live[len(live)-1].URL})
			continue
		}
		if e.Kind == modproxy.Proxy {
			var next modproxy.Entry
			if i+1 < len(live) {
				next = live[i+1]
			}
			j.proxy(v, e, next)
		}
	}
}

// proxy judges one proxy of the chain and how the chain goes on behind it.
func (j envJudge) proxy(v goenv.Variable, e, next modproxy.Entry) {
	subject := "GOPROXY " + e.URL
	if e.Credentials {
		j.reportOn("env/proxy-credentials", subject, v, audit.Args{"proxy": e.URL})
	}
	if base := e.BaseURL(); base != nil && base.Scheme == "http" && !isLoopback(base) {
		j.reportOn("env/proxy-http", subject, v, audit.Args{"proxy": e.URL})
	}
	if goenv.IsReleasedProxy(e.URL) || next.Kind == "" || next.Kind == modproxy.Off {
		return // the public proxy holds nothing back
	}
	args := audit.Args{"proxy": e.URL, "next": next.URL}
	switch {
	case e.Fallback == modproxy.OnAnyError:
		j.reportOn("env/proxy-fallthrough", subject, v, args)
	case next.Kind == modproxy.Direct || goenv.IsReleasedProxy(next.URL):
		j.reportOn("env/proxy-bypass", subject, v, args)
	}
}

func isLoopback(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}

// patterns judges the lists of module path patterns, each pattern once: a list
// that is inherited is judged where it is set.
func (j envJudge) patterns() {
	for _, list := range j.facts.Patterns {
		v, _ := j.facts.Lookup(list.Variable)
		for _, p := range list.Patterns {
			for _, l := range p.Lint {
				if rule := patternRule(list, l); rule != "" {
					name := cmp.Or(list.Via, list.Variable)
					j.reportOn(rule, name+" "+p.Glob, v, audit.Args{
						"name": name, "pattern": p.Glob, "apex": strings.TrimPrefix(p.Glob, "*."),
					})
				}
			}
		}
	}
}

// patternRule returns the rule that a pattern of a list violates, or "". What
// a broad pattern does depends on the list.
func patternRule(list PatternList, l goenv.Lint) string {
	broad := l == goenv.LintAll || l == goenv.LintPublicHost || l == goenv.LintTopLevel
	switch list.Variable {
	case "GONOSUMDB":
		if l == goenv.LintAll {
			return "env/nosumdb-all" // also when it comes from GOPRIVATE
		}
	case "GONOPROXY":
		if l == goenv.LintAll || broad && list.Via == "" {
			return "env/noproxy-public"
		}
	case "GOPRIVATE":
		if l == goenv.LintAll {
			return "" // judged by what it does, as GONOPROXY and GONOSUMDB
		}
	case "GOINSECURE":
		if broad {
			return "" // the list itself is a finding
		}
	}
	if list.Via != "" {
		return ""
	}
	return "env/pattern-" + string(l)
}

// overrides compares GONOPROXY and GONOSUMDB, where they are set, with
// GOPRIVATE, which they override.
func (j envJudge) overrides() {
	private := j.facts.Raw("GOPRIVATE")
	if len(goenv.ParsePatterns(private)) == 0 {
		return
	}
	for _, o := range []struct{ name, wider, narrower string }{
		{"GONOPROXY", "env/noproxy-wider", "env/noproxy-narrower"},
		{"GONOSUMDB", "env/nosumdb-wider", "env/nosumdb-narrower"},
	} {
		v, _ := j.facts.Lookup(o.name)
		if v.Source == goenv.Builtin || v.Via != "" {
			continue
		}
		if more := goenv.Uncovered(v.Value.Raw(), private); len(more) > 0 {
			j.report(o.wider, v, audit.Args{"patterns": redacted(more)})
		}
		less := goenv.Uncovered(private, v.Value.Raw())
		if len(less) > 0 && (o.name == "GONOSUMDB" || j.asksPublicProxy()) {
			j.report(o.narrower, v, audit.Args{"patterns": redacted(less)})
		}
	}
}

// asksPublicProxy reports whether the Go project's proxy is in the chain: it
// would be told the names of private modules. A proxy of one's own that serves
// private modules is what GONOPROXY=none is for.
func (j envJudge) asksPublicProxy() bool {
	return slices.ContainsFunc(j.facts.Chain.Live(), func(e modproxy.Entry) bool { return goenv.IsReleasedProxy(e.URL) })
}
