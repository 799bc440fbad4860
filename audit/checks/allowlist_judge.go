// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
	"github.com/goassay/assay/audit/redact"
)

// allowlistJudge reports what is wrong with a form. The rule of a difference
// has the name of its kind.
type allowlistJudge struct {
	p            *audit.Pass
	certificates map[string]string      // evidence by endpoint
	form         *allowlist.Application // that was filed; nil for one to be filed
	evidence     string                 // of its bytes
}

// filed judges a form that was filed.
func (j *allowlistJudge) filed(data []byte, now *allowlist.Application) {
	// A form that holds a secret, in a URL, is no evidence.
	if text := string(data); len(data) <= allowlist.MaxSize && redact.Text(text) == text {
		j.evidence = j.p.Evidence("allowlist-form", data)
	}
	form, err := allowlist.Parse(data)
	if err != nil {
		line := 0
		if pe := (*allowlist.ParseError)(nil); errors.As(err, &pe) {
			line = pe.Line
		}
		j.finding("allowlist/form-invalid", "", line, audit.Args{"error": redact.Text(err.Error())})
		return
	}
	j.form = form
	j.report(allowlist.Compare(form, now, j.p.Now))
}

func (j *allowlistJudge) report(differences []allowlist.Difference) {
	for _, d := range differences {
		line := 0
		if j.form != nil {
			line = j.form.Line(d.Path)
		}
		j.finding("allowlist/"+string(d.Kind), d.Endpoint, line, audit.Args{
			"filed": first(redacted(d.Filed), maxListed), "now": first(redacted(d.Now), maxListed),
		})
	}
}

// unusedAddresses reports hosts to which the policy gives address ranges that
// no service is at: a host that is misspelled gets none, and nobody notices.
func (j *allowlistJudge) unusedAddresses(now *allowlist.Application) {
	if len(now.Gaps()) > 0 {
		return // what could not be determined may be that host
	}
	for _, host := range slices.Sorted(maps.Keys(j.p.Policy.Allowlist.Addresses)) {
		if !slices.ContainsFunc(now.Services, func(s allowlist.Service) bool { return strings.EqualFold(s.Host, host) }) {
			j.finding("allowlist/addresses-unused", host, 0, audit.Args{})
		}
	}
}

// finding reports a finding about a host, or about the form as a whole.
func (j *allowlistJudge) finding(rule, endpoint string, line int, args audit.Args) {
	name := j.p.Settings["allowlist-file"]
	f := audit.Finding{Rule: rule, Args: args, Subject: audit.Subject{Kind: "host", Name: endpoint}}
	if _, ok := j.p.Recorded["allowlist"]; !ok {
		name = j.p.Policy.File // what makes the form what it is
	}
	switch {
	case endpoint != "":
		args["host"] = endpoint
	case name != "":
		f.Subject = audit.Subject{Kind: "file", Name: name}
	default:
		f.Subject = audit.Subject{Kind: "policy", Name: "allowlist"}
	}
	if name != "" {
		f.Location = &audit.Location{File: name, Line: line}
	}
	for _, digest := range []string{j.evidence, j.certificates[endpoint]} {
		if digest != "" {
			f.Evidence = append(f.Evidence, digest)
		}
	}
	j.p.Report(f)
}

func redacted(list []string) []string {
	out := []string{}
	for _, s := range list {
		out = append(out, redact.Text(s))
	}
	return out
}
