// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/sumdb"
)

// Allowlist measures what a firewall has to let out so that the target can be
// built, and judges the form to be filed for that; or, with
// Recorded["allowlist"], the form that was filed, by what is true now.
// Settings: "allowlist-file" is the name of the filed form, for locations;
// "allowlist-expand" set to "true" adds the exact URLs of all modules of go.sum.
//
// Its facts are the form as it would be filed now: an [allowlist.Application],
// whose JSON is what `assay allowlist` writes.
var Allowlist = &audit.Check{ID: "allowlist", Requires: []*audit.Check{Env}, Run: runAllowlist, Recheck: recheckAllowlist}

func runAllowlist(ctx context.Context, p *audit.Pass) (any, error) {
	o, err := allowlistOptions(p, audit.Facts[*EnvFacts](p, Env))
	if err != nil {
		return nil, err
	}
	now, err := allowlist.Measure(ctx, o)
	if err != nil {
		return nil, err
	}
	j := &allowlistJudge{p: p, certificates: keepCertificates(p, now)}
	if data, ok := p.Recorded["allowlist"]; ok {
		j.filed(data, now)
	} else {
		j.report(allowlist.Judge(now, p.Now))
		j.unusedAddresses(now)
	}
	return now, allowlistGaps(p, now)
}

// allowlistOptions gathers what the form is made of.
func allowlistOptions(p *audit.Pass, env *EnvFacts) (allowlist.Options, error) {
	if env.ChainError != "" {
		return allowlist.Options{}, audit.NotAssessed("allowlist/settings-refused", audit.Args{"error": env.ChainError})
	}
	o := allowlist.Options{
		Form:      allowlistForm(p, env),
		Chain:     env.Chain,
		NoProxy:   env.Raw("GONOPROXY"),
		NoSumDB:   env.Raw("GONOSUMDB"),
		Toolchain: downloadsToolchains(env.Raw("GOTOOLCHAIN")),
		Expand:    p.Settings["allowlist-expand"] == "true",
		Ranges:    p.Policy.Allowlist.Addresses,
		Egress:    egress(env),
		Offline:   p.Offline,
		HTTP:      p.HTTP, Dial: p.Dial, LookupNetIP: p.LookupNetIP,
		Roots: p.Roots, Now: p.Now,
	}
	switch log, err := sumdb.ParseLog(env.Raw("GOSUMDB")); {
	case err == nil:
		o.SumDB = &allowlist.SumDB{Name: log.Name, URL: log.URL}
	case !errors.Is(err, sumdb.ErrOff):
		return o, audit.NotAssessed("allowlist/settings-refused", audit.Args{"error": redact.Text(err.Error())})
	}
	files, err := sumFilesInForce(p.Target, env)
	if err != nil {
		return o, unreadableSums(p.Target, err)
	}
	for _, f := range files {
		for _, l := range f.Lines {
			o.Modules = append(o.Modules, allowlist.Module{Path: l.Module, Version: l.Version, Zip: !l.GoMod})
		}
	}
	return o, nil
}

func allowlistForm(p *audit.Pass, env *EnvFacts) allowlist.Application {
	a := p.Policy.Allowlist
	variable := func(name string) string {
		v, _ := env.Lookup(name)
		return v.Value.String() // without secrets
	}
	return allowlist.Application{
		Module:    p.Target.Module,
		Applicant: a.Applicant, Department: a.Department, Contact: a.Contact,
		Terms: allowlist.Terms{
			Purpose: a.Purpose, Basis: slices.Clone(a.Basis), Owner: a.Owner,
			Validity: allowlist.Validity{From: allowlist.NewDate(a.ValidFrom.Time), Until: allowlist.NewDate(a.ValidUntil.Time)},
		},
		Settings: allowlist.Settings{
			GOPROXY: env.Chain.String(), GONOPROXY: variable("GONOPROXY"), GOSUMDB: variable("GOSUMDB"),
			GONOSUMDB: variable("GONOSUMDB"), GOTOOLCHAIN: variable("GOTOOLCHAIN"),
		},
	}
}

// downloadsToolchains reports whether a value of GOTOOLCHAIN lets the go
// command download a toolchain: all but local, path, and a name with +path
// (https://go.dev/doc/toolchain#select).
func downloadsToolchains(gotoolchain string) bool {
	return gotoolchain != "" && gotoolchain != "local" && gotoolchain != "path" && !strings.HasSuffix(gotoolchain, "+path")
}

// egress gives the proxy of a request as net/http finds it in the environment.
func egress(env *EnvFacts) func(*url.URL) (*url.URL, error) {
	get := func(names ...string) string {
		for _, name := range names {
			if v, ok := env.AmbientValue(name); ok && v.Raw() != "" {
				return v.Raw()
			}
		}
		return ""
	}
	c := &httpproxy.Config{
		HTTPProxy: get("HTTP_PROXY", "http_proxy"), HTTPSProxy: get("HTTPS_PROXY", "https_proxy"), NoProxy: get("NO_PROXY", "no_proxy"),
	}
	return c.ProxyFunc()
}

// keepCertificates hands over each chain as the server sent it, in PEM, and
// returns the digests by endpoint.
func keepCertificates(p *audit.Pass, a *allowlist.Application) map[string]string {
	digests := map[string]string{}
	for i := range a.Services {
		s := &a.Services[i]
		if s.TLS == nil || len(s.TLS.Chain) == 0 {
			continue
		}
		var b bytes.Buffer
		for _, der := range s.TLS.Chain {
			pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // to memory: never fails
		}
		s.TLS.Evidence = p.Evidence("certificate-chain", b.Bytes())
		digests[s.Endpoint()] = s.TLS.Evidence
	}
	return digests
}

// recheckAllowlist verifies that the fingerprints are those of the certificates
// that were kept.
func recheckAllowlist(facts json.RawMessage, evidence func(string) ([]byte, error)) error {
	var a allowlist.Application
	if err := json.Unmarshal(facts, &a); err != nil {
		return err
	}
	var errs []error
	for i := range a.Services {
		s := &a.Services[i]
		if s.TLS == nil || s.TLS.State != allowlist.Known {
			continue
		}
		data, err := evidence(s.TLS.Evidence)
		if err == nil {
			block, _ := pem.Decode(data)
			if block == nil || !s.TLS.Fits(block.Bytes) {
				err = errors.New("the fingerprints are not those of the certificate kept")
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Endpoint(), err))
		}
	}
	return errors.Join(errs...)
}

// maxListed is how many values a finding or a reason lists.
const maxListed = 10

// allowlistGaps returns why the check is not assessed, if it is not.
func allowlistGaps(p *audit.Pass, a *allowlist.Application) error {
	gaps := a.Gaps()
	if len(gaps) == 0 {
		return nil
	}
	var what []string
	for _, g := range gaps {
		what = append(what, strings.TrimSpace(fmt.Sprintf("%s %s", g.Endpoint, g.What))+because(g))
	}
	id := "allowlist/unknown"
	if p.Offline {
		id = "allowlist/offline"
	}
	return audit.NotAssessed(id, audit.Args{"what": first(what, maxListed)})
}

func because(g allowlist.Gap) string {
	if s := strings.Trim(string(g.Reason)+": "+g.Detail, ": "); s != "" {
		return " (" + s + ")"
	}
	return ""
}
