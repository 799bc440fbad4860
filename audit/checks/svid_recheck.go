// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// concludeSVID derives the findings from stored facts.
func concludeSVID(stored json.RawMessage) ([]audit.Finding, error) {
	facts, err := storedSVIDs(stored)
	if err != nil {
		return nil, err
	}
	var out []audit.Finding
	judgeSVIDs(facts, func(f audit.Finding) { out = append(out, f) })
	return out, facts.undetermined()
}

func storedSVIDs(stored json.RawMessage) (*SVIDFacts, error) {
	var facts SVIDFacts
	if err := json.Unmarshal(stored, &facts); err != nil {
		return nil, err
	}
	if w := facts.Workload; w != nil {
		if w.Workload == nil {
			return nil, errors.New("a workload without facts")
		}
		for _, s := range w.SVIDs {
			if len(s.Issues) == 0 {
				return nil, fmt.Errorf("%s has no certificate", s.Named)
			}
		}
	}
	return &facts, nil
}

// recheckSVID examines the certificates that are evidence again, and demands that the facts
// say the same. Which private key came with them nothing but the facts can say.
func recheckSVID(stored json.RawMessage, evidence func(string) ([]byte, error)) error {
	facts, err := storedSVIDs(stored)
	if err != nil {
		return err
	}
	r := &svidRecheck{evidence: evidence, options: tlsprobe.SVIDOptions{Demanded: true, TrustDomain: facts.TrustDomain, Path: allowedPaths(facts.Paths)}}
	if facts.Bundle != nil {
		r.options.Bundle = r.authorities("the bundle", facts.Bundle.Authorities)
	}
	for _, f := range facts.Files {
		if f.SVID != nil {
			r.chain(f.Path, f.SVID, r.options)
		}
	}
	if facts.Workload != nil {
		for i := range facts.Workload.SVIDs {
			r.identity(&facts.Workload.SVIDs[i])
		}
		for _, b := range facts.Workload.Bundles {
			r.authorities("the bundle of "+b.TrustDomain, b.Authorities)
		}
	}
	return errors.Join(r.errs...)
}

// svidRecheck gathers what is wrong.
type svidRecheck struct {
	evidence func(string) ([]byte, error)
	options  tlsprobe.SVIDOptions
	errs     []error
}

func (r *svidRecheck) wrong(format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(format, args...))
}

// certificates are those that evidence holds.
func (r *svidRecheck) certificates(what, digest string) [][]byte {
	if digest == "" {
		return nil
	}
	data, err := r.evidence(digest)
	if err != nil {
		r.errs = append(r.errs, err)
		return nil
	}
	var list [][]byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		list = append(list, block.Bytes)
	}
	if len(list) == 0 {
		r.wrong("%s: the evidence holds no certificate", what)
	}
	return list
}

func (r *svidRecheck) authorities(what string, a Authorities) *x509.CertPool {
	list := r.certificates(what, a.Evidence)
	if len(list) != a.Count {
		r.wrong("%s has %d authorities, the facts say %d", what, len(list), a.Count)
	}
	return poolOf(list)
}

// chain examines one chain again.
func (r *svidRecheck) chain(what string, j *JudgedChain, o tlsprobe.SVIDOptions) {
	again := judgeChain(r.certificates(what, j.Evidence), o, j.At)
	again.Evidence = j.Evidence
	was, err := json.Marshal(j)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	is, err := json.Marshal(again)
	if err != nil {
		r.errs = append(r.errs, err)
		return
	}
	if !sameJSON(was, is) {
		r.wrong("the facts about %s are not what its certificates show", what)
	}
}

// identity examines what a Workload API issued for one ID again.
func (r *svidRecheck) identity(s *APISVID) {
	o := r.options
	if pool := r.authorities("the bundle of "+s.Named, s.Bundle); o.Bundle == nil {
		o.Bundle = pool
	}
	r.chain(s.Named, &s.Last, o)
	if last := s.Issues[len(s.Issues)-1]; last.Evidence != s.Last.Evidence {
		r.wrong("%s: the last certificate is another one", s.Named)
	}
	for _, i := range s.Issues {
		var c tlsprobe.Certificate
		if list := r.certificates(s.Named, i.Evidence); len(list) > 0 {
			c = tlsprobe.ParseCertificate(list[0])
		}
		if c.SPKI != i.SPKI || !c.NotBefore.Equal(i.NotBefore) || !c.NotAfter.Equal(i.NotAfter) {
			r.wrong("%s: a certificate is not what the facts say", s.Named)
		}
	}
}
