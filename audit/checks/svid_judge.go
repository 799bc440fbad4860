// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"math"
	"slices"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/spiffe"
	"github.com/goassay/assay/audit/tlsprobe"
)

// maxLifetime is how long an SVID is valid at most, in the ordinary: as long as SPIRE's
// authorities are, unless they are configured otherwise.
const maxLifetime = 24 * time.Hour

// judgeSVIDs judges by the facts alone.
func judgeSVIDs(facts *SVIDFacts, report func(audit.Finding)) {
	bundle := ""
	if facts.Bundle != nil {
		bundle = facts.Bundle.Evidence
	}
	for _, f := range facts.Files {
		if f.SVID != nil {
			s := svidJudge{report: report, name: f.Path, chain: f.SVID, evidence: digests(f.SVID.Evidence, bundle)}
			s.conforms()
			s.lasts()
		}
	}
	if facts.Workload == nil {
		return
	}
	for _, i := range facts.Workload.SVIDs {
		name := i.Named
		if i.Hint != "" {
			name += " (" + i.Hint + ")"
		}
		s := svidJudge{report: report, name: name, chain: &i.Last, evidence: digests(bundle, i.Bundle.Evidence)}
		for _, issue := range i.Issues {
			s.evidence = append(s.evidence, digests(issue.Evidence)...)
		}
		s.issued(i)
		s.conforms()
		if i.Withdrawn == nil { // what is withdrawn ends
			s.rotates(i, facts.Workload)
		}
	}
}

// digests are those of several that there are.
func digests(list ...string) []string {
	return slices.DeleteFunc(list, func(d string) bool { return d == "" })
}

// svidJudge judges one SVID.
type svidJudge struct {
	report   func(audit.Finding)
	name     string
	chain    *JudgedChain
	evidence []string
}

// finding reports a finding. Every message may name the {subject}.
func (s *svidJudge) finding(rule string, args audit.Args) {
	if args == nil {
		args = audit.Args{}
	}
	args["subject"] = s.name
	s.report(audit.Finding{Rule: rule, Subject: audit.Subject{Kind: "svid", Name: s.name}, Args: args, Evidence: s.evidence})
}

// conforms judges what the certificates are.
func (s *svidJudge) conforms() {
	var defects []string
	for _, d := range s.chain.Defects {
		if d != tlsprobe.SVIDExpired { // a finding of its own
			defects = append(defects, string(d))
		}
	}
	if defects != nil {
		s.finding("svid/defect", audit.Args{"svid_defects": defects})
	}
	if s.chain.Trust == tlsprobe.TrustUnknown && s.dated() {
		s.finding("svid/unverified", nil)
	}
}

// dated reports whether the certificate could be read.
func (s *svidJudge) dated() bool { return !s.chain.NotAfter.IsZero() }

// expired judges whether it still holds, and reports whether there is anything to renew in
// time.
func (s *svidJudge) expired() bool {
	if !s.dated() {
		return true
	}
	if lifetime := s.chain.NotAfter.Sub(s.chain.NotBefore); lifetime > maxLifetime {
		s.finding("svid/long-lived", audit.Args{"hours": int(math.Ceil(lifetime.Hours()))})
	}
	if s.chain.At.After(s.chain.NotAfter) {
		s.finding("svid/expired", audit.Args{"not_after": s.chain.NotAfter.Format(time.RFC3339)})
		return true
	}
	return s.chain.At.Before(s.chain.NotBefore)
}

// lasts judges whether it was renewed in time, as far as the certificate shows.
func (s *svidJudge) lasts() {
	if !s.expired() && s.chain.Headroom < rotationLate {
		s.finding("svid/low-headroom", s.headroom())
	}
}

func (s *svidJudge) headroom() audit.Args {
	return audit.Args{"percent": int(math.Floor(s.chain.Headroom * 100)), "not_after": s.chain.NotAfter.Format(time.RFC3339)}
}

// rotates judges whether it was renewed in time, as far as was watched.
func (s *svidJudge) rotates(i APISVID, w *APIWorkload) {
	for n, issue := range i.Issues[1:] {
		if before := i.Issues[n]; issue.SPKI != "" && issue.SPKI == before.SPKI {
			s.finding("svid/key-reused", audit.Args{"spki": issue.SPKI, "time": issue.At.Format(time.RFC3339)})
			break
		}
	}
	issue := i.Issues[0]
	remained := issue.NotAfter.Sub(issue.At)
	watched := s.chain.At.Sub(issue.At)
	late := len(i.Issues) == 1 && remained > 0 && watched > remained/2 && s.chain.Headroom < rotationLate
	if !late || w.Asked == 0 {
		s.lasts()
		return
	}
	s.expired() // while it was watched, perhaps
	args := s.headroom()
	args["watched"] = watched.Round(time.Second).String()
	s.finding("svid/no-rotation", args)
}

// issued judges what came with the certificate.
func (s *svidJudge) issued(i APISVID) {
	if s.chain.ID != "" && s.chain.ID != i.Named {
		s.finding("svid/other-id", audit.Args{"id": s.chain.ID})
	}
	if i.Bundle.Count == 0 {
		s.finding("svid/no-bundle", nil)
	}
	for _, issue := range i.Issues {
		switch issue.Key {
		case spiffe.KeyOther, spiffe.KeyMissing, spiffe.KeyUnreadable:
			s.finding("svid/key-mismatch", audit.Args{"key_problem": string(issue.Key)})
			return
		}
	}
}
