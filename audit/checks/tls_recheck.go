// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
	"github.com/goassay/assay/audit/tlsprofile"
)

// recheckTLS derives from the exchanges that an endpoint names what they show, and
// demands that the facts say the same.
func recheckTLS(stored json.RawMessage, evidence func(string) ([]byte, error)) error {
	var facts struct {
		Endpoints []struct {
			Address             string          `json:"address"`
			Protocols           json.RawMessage `json:"protocols"`
			Groups              json.RawMessage `json:"groups"`
			SignatureAlgorithms json.RawMessage `json:"signature_algorithms"`
			Certificates        []sentChain     `json:"certificates"`

			ClientAuth tlsprobe.ClientAuth `json:"client_auth"`
			Evidence   []string            `json:"evidence"`
		} `json:"endpoints"`
	}
	if err := json.Unmarshal(stored, &facts); err != nil {
		return err
	}
	for _, e := range facts.Endpoints {
		if len(e.Evidence) == 0 {
			return fmt.Errorf("%s names no evidence", e.Address)
		}
		data, err := evidence(e.Evidence[0])
		if err != nil {
			return err
		}
		var exchanges []tlsprobe.Exchange
		if err := json.Unmarshal(data, &exchanges); err != nil {
			return fmt.Errorf("exchanges of %s: %w", e.Address, err)
		}
		r, err := tlsprobe.Replay(exchanges)
		if err != nil {
			return fmt.Errorf("exchanges of %s: %w", e.Address, err)
		}
		for _, part := range []struct {
			what   string
			stored json.RawMessage
			shown  any
		}{{"protocols", e.Protocols, r.Protocols}, {"groups", e.Groups, r.Groups}, {"signature algorithms", e.SignatureAlgorithms, r.SignatureAlgorithms}} {
			shown, err := json.Marshal(part.shown)
			if err != nil {
				return err
			}
			if !sameJSON(part.stored, shown) {
				return fmt.Errorf("%s of %s are not what the exchanges show", part.what, e.Address)
			}
		}
		settled := e.ClientAuth
		settled.Enforced = ""
		settled.Settle(r.ClientAuth)
		if settled.Enforced != e.ClientAuth.Enforced || settled.Unverified != e.ClientAuth.Unverified {
			return fmt.Errorf("what %s does with clients' certificates is not what the exchanges show", e.Address)
		}
		if len(e.Evidence) != 1+len(e.Certificates) {
			return fmt.Errorf("%s names no evidence of its certificates, or of others", e.Address)
		}
		for i, chain := range e.Certificates {
			if err := chain.recheck(e.Evidence[1+i], evidence); err != nil {
				return fmt.Errorf("certificates of %s: %w", e.Address, err)
			}
		}
	}
	return nil
}

// A sentChain is the chain of an endpoint, as it is stored.
type sentChain struct {
	Certificates json.RawMessage `json:"chain"`
}

// recheck derives from the certificates, PEM, what stands in them.
func (c sentChain) recheck(digest string, evidence func(string) ([]byte, error)) error {
	rest, err := evidence(digest)
	if err != nil {
		return err
	}
	var sent []tlsprobe.Certificate
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		sent = append(sent, tlsprobe.ParseCertificate(block.Bytes))
	}
	shown, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	if !sameJSON(c.Certificates, shown) {
		return errors.New("they are not what the evidence shows")
	}
	return nil
}

// concludeTLS derives from stored facts the findings that follow from them alone, and
// what they leave open. Those that rest on the day of the audit may be there besides, and
// those that rest on an earlier report.
func concludeTLS(stored json.RawMessage) ([]audit.Finding, error) {
	var facts TLSFacts
	if err := json.Unmarshal(stored, &facts); err != nil {
		return nil, err
	}
	var out []audit.Finding
	for _, e := range facts.Endpoints {
		if e.Result == nil {
			return nil, errors.New("an endpoint without facts")
		}
		add := func(f audit.Finding) { out = append(out, f) }
		judgeEndpoint(e, add)
		judgeCertificates(func(rule string, args audit.Args) { add(e.finding(rule, args)) }, e.Result, e.Chains, time.Time{})
		for _, p := range e.Profiles {
			if slices.ContainsFunc(p.Clauses, func(c TLSClause) bool { return c.Outcome == tlsprofile.Manual }) {
				add(e.clauseFinding("tls/clause-manual", p.ID, "", audit.Args{}))
			}
			for _, c := range p.Clauses {
				if rule := gapRules[c.Severity]; c.Outcome == tlsprofile.Gap && rule != "" {
					add(e.clauseFinding(rule, p.ID, c.Clause, audit.Args{}))
				}
			}
		}
	}
	return out, facts.undetermined()
}

// sameJSON reports whether two texts have the same content: a report escapes what does
// not print, and facts do not.
func sameJSON(a, b []byte) bool {
	read := func(text []byte) (v any, err error) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		err = d.Decode(&v)
		return v, err
	}
	x, err1 := read(a)
	y, err2 := read(b)
	return err1 == nil && err2 == nil && reflect.DeepEqual(x, y)
}
