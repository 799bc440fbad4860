// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/audit/spiffe"
	"github.com/goassay/assay/audit/tlsprobe"
)

// SVID judges X.509-SVIDs: those in files, and those that a SPIFFE Workload API issues, and
// whether it renews them. Its settings, all of them optional: "svid-bundle", a file with the
// authorities of the trust domain, "spiffe-trust-domain", the one that all SVIDs must be of,
// "spiffe-paths", patterns in lines, one of which the path of each must match, and "svid-watch",
// for how long rotation is watched.
var SVID = &audit.Check{
	ID:       "svid",
	Applies:  func(t *audit.Target) bool { return len(t.SVIDs) > 0 || t.Workload != "" },
	Run:      runSVID,
	Recheck:  recheckSVID,
	Conclude: concludeSVID,
}

// SVIDFacts are the facts of [SVID].
type SVIDFacts struct {
	TrustDomain string       `json:"trust_domain,omitempty"` // that was demanded
	Paths       []string     `json:"paths,omitempty"`        // patterns of those that are allowed; none: any
	Bundle      *BundleFile  `json:"bundle,omitempty"`       // that was given
	Files       []SVIDFile   `json:"files"`
	Workload    *APIWorkload `json:"workload,omitempty"`
}

// A BundleFile is a file of a trust domain's authorities.
type BundleFile struct {
	Path   string `json:"path"`
	Reason string `json:"reason,omitempty"` // why it could not be read: a word, or an error of the system
	Authorities
}

// Authorities are those of a bundle.
type Authorities struct {
	Count    int    `json:"authorities"`
	Evidence string `json:"evidence,omitempty"` // PEM
}

// An SVIDFile is one file, named as findings name it.
type SVIDFile struct {
	Path   string       `json:"path"`
	Reason string       `json:"reason,omitempty"` // why it could not be read: a word, or an error of the system
	SVID   *JudgedChain `json:"svid,omitempty"`
}

// A JudgedChain is what an SVID's certificates are at a time.
type JudgedChain struct {
	tlsprobe.SVID
	At        time.Time `json:"at"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Evidence  string    `json:"evidence,omitempty"` // the certificates, PEM
}

// An APIWorkload is what a Workload API told.
type APIWorkload struct {
	*spiffe.Workload
	Asked   float64     `json:"watch_seconds"` // for how long it was to be watched
	SVIDs   []APISVID   `json:"svids"`
	Bundles []APIBundle `json:"bundles"`
}

// An APISVID is one identity that a Workload API issued.
type APISVID struct {
	Named     string      `json:"named"` // its ID, as the API says
	Hint      string      `json:"hint,omitempty"`
	Last      JudgedChain `json:"last"` // at the end
	Issues    []APIIssue  `json:"issues"`
	Bundle    Authorities `json:"bundle"` // that came with it
	Withdrawn *time.Time  `json:"withdrawn,omitempty"`
}

// An APIIssue is one certificate of an identity.
type APIIssue struct {
	spiffe.Issue
	Evidence string `json:"evidence,omitempty"` // the certificates, PEM
}

// An APIBundle is one bundle that a Workload API gave.
type APIBundle struct {
	TrustDomain string `json:"trust_domain"`
	Federated   bool   `json:"federated"`
	Authorities
}

// after and since are the clock of watches, which tests turn themselves.
var after, since = time.After, time.Since

func runSVID(ctx context.Context, p *audit.Pass) (any, error) {
	facts := &SVIDFacts{TrustDomain: p.Settings["spiffe-trust-domain"], Paths: spiffePaths(p), Files: []SVIDFile{}}
	var pool *x509.CertPool
	if name := p.Settings["svid-bundle"]; name != "" {
		b := &BundleFile{Path: nameIn(p.Target.Dir, name)}
		list, err := spiffe.ReadFile(name)
		if err != nil {
			b.Reason = problemOf(err)
		}
		if pool = poolOf(list); pool == nil && err == nil {
			b.Reason = "no-readable-certificate"
		}
		b.Authorities = keepAuthorities(p, list)
		facts.Bundle = b
	}
	options := tlsprobe.SVIDOptions{Demanded: true, TrustDomain: facts.TrustDomain, Path: allowedPaths(facts.Paths), Bundle: pool}
	for i, name := range p.Target.SVIDs {
		f := SVIDFile{Path: nameIn(p.Target.Dir, name)}
		if list, err := spiffe.ReadFile(name); err != nil {
			f.Reason = problemOf(err)
		} else {
			f.SVID = judgeChain(list, options, p.Now.UTC())
			f.SVID.Evidence = p.Evidence("certificates", chainPEM(list))
		}
		facts.Files = append(facts.Files, f)
		p.Progress(i+1, len(p.Target.SVIDs))
	}
	slices.SortFunc(facts.Files, func(a, b SVIDFile) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	if p.Target.Workload != "" {
		w, err := askWorkload(ctx, p)
		if err != nil {
			return facts, err
		}
		facts.Workload = keepWorkload(p, w, options)
		facts.Workload.Asked = watchTime(p).Seconds()
	}
	judgeSVIDs(facts, p.Report)
	if ctx.Err() != nil {
		return facts, ctx.Err()
	}
	return facts, facts.undetermined()
}

// spiffePaths are the patterns of the setting, nil for none.
func spiffePaths(p *audit.Pass) []string {
	return slices.Collect(strings.FieldsFuncSeq(p.Settings["spiffe-paths"], func(r rune) bool { return r == '\n' }))
}

// allowedPaths reports of paths whether one of the patterns matches; nil if any will do.
func allowedPaths(patterns []string) func(string) bool {
	if len(patterns) == 0 {
		return nil
	}
	return audit.SPIFFEPolicy{Paths: patterns}.Allows
}

// watchTime is how long rotation is watched. The command has read it before.
func watchTime(p *audit.Pass) time.Duration {
	d, err := time.ParseDuration(p.Settings["svid-watch"])
	if err != nil {
		return 0
	}
	return d
}

// askWorkload asks the Workload API. A socket of this machine is no other host: it is
// reached offline, too.
func askWorkload(ctx context.Context, p *audit.Pass) (*spiffe.Workload, error) {
	address, err := spiffe.ParseAddress(p.Target.Workload)
	if err != nil {
		return nil, fmt.Errorf("workload API %s: %w", p.Target.Workload, err)
	}
	o := spiffe.Options{
		DialContext: p.Dial, Watch: watchTime(p), After: after,
		Updated: func(n int) { p.Progress(n, n) },
	}
	if p.Offline && address.Network == "unix" {
		o.DialContext = new(net.Dialer).DialContext
	}
	start := time.Now()
	o.Now = func() time.Time { return p.Now.Add(since(start)) }
	return spiffe.Watch(ctx, address, o), nil
}

// keepWorkload examines what a Workload API gave, and keeps it as evidence.
func keepWorkload(p *audit.Pass, w *spiffe.Workload, o tlsprobe.SVIDOptions) *APIWorkload {
	w.Detail = redact.Text(w.Detail) // an agent may say anything
	for i := range w.Gaps {
		w.Gaps[i].Detail = redact.Text(w.Gaps[i].Detail)
	}
	out := &APIWorkload{Workload: w, SVIDs: []APISVID{}, Bundles: []APIBundle{}}
	for _, s := range w.SVIDs {
		options := o
		if options.Bundle == nil {
			options.Bundle = poolOf(s.Bundle)
		}
		a := APISVID{Named: s.ID, Hint: s.Hint, Bundle: keepAuthorities(p, s.Bundle), Withdrawn: s.Withdrawn}
		for _, i := range s.Issues {
			issue := APIIssue{Issue: i}
			if len(i.Chain) > 0 {
				issue.Evidence = p.Evidence("certificates", chainPEM(i.Chain))
			}
			a.Issues = append(a.Issues, issue)
		}
		a.Last = *judgeChain(s.Last().Chain, options, w.Ended)
		a.Last.Evidence = a.Issues[len(a.Issues)-1].Evidence
		out.SVIDs = append(out.SVIDs, a)
	}
	for _, b := range w.Bundles {
		out.Bundles = append(out.Bundles, APIBundle{b.TrustDomain, b.Federated, keepAuthorities(p, b.Authorities)})
	}
	return out
}

// judgeChain examines an SVID's certificates.
func judgeChain(chain [][]byte, o tlsprobe.SVIDOptions, at time.Time) *JudgedChain {
	j := &JudgedChain{SVID: tlsprobe.ExamineSVID(chain, o, at), At: at}
	if len(chain) > 0 {
		c := tlsprobe.ParseCertificate(chain[0])
		j.NotBefore, j.NotAfter = c.NotBefore, c.NotAfter
	}
	return j
}

// keepAuthorities keeps a bundle as evidence. Of none there is none.
func keepAuthorities(p *audit.Pass, list [][]byte) Authorities {
	if len(list) == 0 {
		return Authorities{}
	}
	return Authorities{len(list), p.Evidence("certificates", chainPEM(list))}
}

// poolOf is a store with certificates, or nil if none of them can be read.
func poolOf(list [][]byte) *x509.CertPool {
	var pool *x509.CertPool
	for _, der := range list {
		if c, err := x509.ParseCertificate(der); err == nil {
			if pool == nil {
				pool = x509.NewCertPool()
			}
			pool.AddCert(c)
		}
	}
	return pool
}

// chainPEM is what is kept of certificates: they alone, whatever stood beside them.
func chainPEM(list [][]byte) []byte {
	var buf bytes.Buffer
	for _, der := range list {
		pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	return buf.Bytes()
}

// problemOf is why a file could not be read: a word of the catalogue's, or an error of the system.
func problemOf(err error) string {
	var problem spiffe.FileError
	if errors.As(err, &problem) {
		return string(problem)
	}
	return err.Error()
}

// undetermined returns what stayed open, as the error of a check that could not tell all, or
// nil.
func (f *SVIDFacts) undetermined() error {
	var unread []audit.Text
	if f.Bundle != nil && f.Bundle.Reason != "" {
		unread = append(unread, told(f.Bundle.Path, "file_problem", f.Bundle.Reason))
	}
	for _, file := range f.Files {
		if file.SVID == nil {
			unread = append(unread, told(file.Path, "file_problem", file.Reason))
		}
	}
	w := f.Workload
	failed := w != nil && w.State != spiffe.Answered
	switch {
	case len(unread) > 0:
		if failed {
			unread = append(unread, told(w.Socket, "api_problem", string(w.State)+detail(w.Detail)))
		}
		return audit.NotAssessed("svid/unreadable", audit.Args{"count": len(unread), "facts": firstTexts(unread, maxNamed)})
	case failed:
		return audit.NotAssessed("svid/workload-api", audit.Args{"socket": w.Socket, "api_problem": string(w.State) + detail(w.Detail), "count": len(w.SVIDs)})
	}
	return nil
}

// detail is what follows a word.
func detail(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

// told says of what is named what is wrong with it: a word of the catalogue's terms, alone or
// before a colon, or a text that is no such word.
func told(name, argument, problem string) audit.Text {
	word, rest, more := strings.Cut(problem, ": ")
	t, err := Catalogue().Term(argument, word, nil)
	switch {
	case err != nil:
		t = audit.Plain(shown(problem))
	case more:
		t = audit.Text{EN: t.EN + ": " + shown(rest), ZH: t.ZH + "：" + shown(rest)}
	}
	return audit.About(shown(name), t)
}

// CheckWorkloadAPI reports whether a text is an address of a Workload API.
func CheckWorkloadAPI(text string) error {
	_, err := spiffe.ParseAddress(text)
	return err
}

// ParseTrustDomain reads a trust domain's name, or an ID that begins with it.
func ParseTrustDomain(text string) (string, error) {
	td, err := spiffeid.TrustDomainFromString(text)
	return td.Name(), err
}
