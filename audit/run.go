// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Config says what to run on what, under which policy and with which means.
type Config struct {
	Tool      Tool
	Target    *Target
	Name      TargetRef // the target as the user named it
	Checks    []*Check  // those to report; what they require runs too
	Catalogue *Catalogue
	Policy    *Policy // nil: DefaultPolicy
	Lang      Lang    // "": English

	Offline  bool
	Environ  []string
	Exec     func(*exec.Cmd) ([]byte, error)
	DirFS    func(dir string) fs.FS // nil: os.DirFS
	Network  NetworkAccess
	CacheDir string
	Settings map[string]string
	Recorded map[string][]byte

	Evidence EvidenceStore       // where evidence is kept; nil: digests only
	Redact   func(string) string // takes secrets out of errors of other programs; nil: nothing does
	Events   func(Event)         // told of progress; nil: nobody. Called by one goroutine at a time.
	Now      func() time.Time    // nil: time.Now. Asked at the start and at the end: all checks are told the start.
}

// NetworkAccess is the way to other hosts. Its fields are those of [Pass]; a
// nil one is the ordinary way.
type NetworkAccess struct {
	HTTP        http.RoundTripper
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	Roots       *x509.CertPool
}

// An Event tells of the progress of one check.
type Event struct {
	Check       string
	Done, Total int     // steps, where the check counts them
	Outcome     Outcome // set when the check has ended
}

// Reasons of the engine itself. Their texts stand in the catalogue like all others.
const (
	reasonOffline     = "engine/offline"     // the check needs the network
	reasonNoGo        = "engine/no-go"       // the check needs the go command
	reasonRequires    = "engine/requires"    // {check} gave no facts
	reasonInterrupted = "engine/interrupted" // the run was ended before the check
)

// grace is how long a check may take to return after its context has ended.
// A check that does not is left behind: what it still says is dropped.
const grace = 500 * time.Millisecond

// run is one audit under way.
type run struct {
	Config
	ctx    context.Context
	now    time.Time // when the run started: by it waivers hold or have expired
	events sync.Mutex
}

// result is what became of one check.
type result struct {
	CheckResult
	facts    any
	raw      json.RawMessage // the facts as the report holds them
	findings []Finding
	evidence []EvidenceRef
}

// Run runs the checks of cfg concurrently, each as soon as those that it
// requires have ended, and returns the report. A panic or an error of one check
// becomes that check's outcome and takes no other down. When ctx ends, Run
// returns within a second with what is known so far. The error is of the
// configuration: the checks' Requires, or a catalogue without the engine's rules.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	all, err := closure(cfg.Checks)
	if err != nil {
		return nil, err
	}
	if cfg.Policy == nil {
		cfg.Policy = DefaultPolicy()
	}
	if cfg.Lang == "" {
		cfg.Lang = English
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Redact == nil {
		cfg.Redact = func(s string) string { return s }
	}
	if cfg.DirFS == nil {
		cfg.DirFS = os.DirFS
	}
	cfg.Network = cfg.Network.orDefault(cfg.Offline)
	r := &run{Config: cfg, ctx: ctx, now: cfg.Now()}
	return r.report(r.runAll(all))
}

// orDefault fills what is nil, or replaces all by the network switched off.
func (n NetworkAccess) orDefault(offline bool) NetworkAccess {
	if offline {
		return NetworkAccess{
			HTTP:        offlineTransport{},
			Dial:        func(context.Context, string, string) (net.Conn, error) { return nil, ErrOffline },
			LookupNetIP: func(context.Context, string, string) ([]netip.Addr, error) { return nil, ErrOffline },
			Roots:       n.Roots,
		}
	}
	if n.HTTP == nil {
		n.HTTP = http.DefaultTransport
	}
	if n.Dial == nil {
		n.Dial = new(net.Dialer).DialContext
	}
	if n.LookupNetIP == nil {
		n.LookupNetIP = net.DefaultResolver.LookupNetIP
	}
	return n
}

// offlineTransport is the network switched off.
type offlineTransport struct{}

func (offlineTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close()
	}
	return nil, ErrOffline
}

// pending is a check under way and, once done is closed, its result.
type pending struct {
	done   chan struct{}
	result result
}

// runAll runs all checks and returns the results by check.
func (r *run) runAll(all []*Check) map[*Check]result {
	under := make(map[*Check]*pending, len(all))
	for _, c := range all {
		under[c] = &pending{done: make(chan struct{})}
	}
	for _, c := range all {
		go func() {
			p := under[c]
			for _, req := range c.Requires {
				<-under[req].done
			}
			p.result = r.runOne(c, under)
			r.event(Event{Check: c.ID, Outcome: p.result.Outcome})
			close(p.done)
		}()
	}
	results := make(map[*Check]result, len(all))
	for _, c := range all {
		<-under[c].done
		results[c] = under[c].result
	}
	return results
}

// runOne decides whether c runs, and runs it.
func (r *run) runOne(c *Check, under map[*Check]*pending) result {
	none := func(o Outcome, reason string, args Args) result {
		return r.outcome(c, result{CheckResult: CheckResult{ID: c.ID, Outcome: o, ReasonID: reason, ReasonArgs: args}})
	}
	applies, err := r.applies(c)
	switch {
	case err != nil:
		return result{CheckResult: CheckResult{ID: c.ID, Outcome: Errored, Reason: r.clean(err)}}
	case !applies:
		return none(NotApplicable, "", nil)
	}
	facts := make(map[*Check]any, len(c.Requires))
	for _, req := range c.Requires {
		res := under[req].result
		switch {
		case res.Outcome == NotApplicable:
			return none(NotApplicable, "", nil)
		case res.facts == nil:
			return none(Unassessed, reasonRequires, Args{"check": req.ID})
		}
		facts[req] = res.facts
	}
	switch {
	case r.ctx.Err() != nil:
		return none(Unassessed, reasonInterrupted, nil)
	case c.Needs&Network != 0 && r.Offline:
		return none(Unassessed, reasonOffline, nil)
	}
	return r.outcome(c, r.call(c, facts))
}

// applies asks c whether it has anything to say about the target.
func (r *run) applies(c *Check) (applies bool, err error) {
	if c.Applies == nil {
		return true, nil
	}
	err = guard(func() error {
		applies = c.Applies(r.Target)
		return nil
	})
	return applies, err
}

// call calls the check's function and waits for it, or for the end of the
// context and the grace after it.
func (r *run) call(c *Check, facts map[*Check]any) result {
	p := &Pass{
		Tool: r.Tool, Check: c, Target: r.Target, Policy: r.Policy,
		Environ: r.Environ, Exec: r.Exec, DirFS: r.DirFS, HTTP: r.Network.HTTP,
		Dial: r.Network.Dial, LookupNetIP: r.Network.LookupNetIP, Roots: r.Network.Roots,
		Offline: r.Offline, CacheDir: r.CacheDir, Now: r.now, Settings: r.Settings, Recorded: r.Recorded,
		run: r, facts: facts, evidence: map[EvidenceRef]bool{},
	}
	start := time.Now()
	ret := make(chan returned, 1)
	go func() {
		var res returned
		res.err = guard(func() (err error) {
			res.facts, err = c.Run(r.ctx, p)
			if res.facts != nil {
				res.raw, res.broken = json.Marshal(res.facts)
			}
			if string(res.raw) == "null" { // a nil pointer
				res.facts, res.raw = nil, nil
			}
			return err
		})
		ret <- res
	}()
	var got returned
	left := make(chan struct{})
	stop := context.AfterFunc(r.ctx, func() { time.AfterFunc(grace, func() { close(left) }) })
	select {
	case got = <-ret:
	case <-left:
		got.err = NotAssessed(reasonInterrupted, nil)
	}
	stop()
	res := result{CheckResult: CheckResult{ID: c.ID, Seconds: time.Since(start).Seconds()}}
	var broken error
	res.findings, res.evidence, broken = p.close()
	if broken = errors.Join(got.broken, broken); got.broken == nil {
		res.facts, res.raw = got.facts, got.raw
	}
	r.classify(&res, got.err, broken)
	return res
}

// returned is what a check's function gave back.
type returned struct {
	facts  any
	raw    json.RawMessage
	err    error
	broken error // the facts are none that a report can hold
}

// clean gives an error's text as a report may show it.
func (r *run) clean(err error) string { return r.Redact(err.Error()) }

// classify turns the error of a check into outcome and reason. A check that
// broke the engine's rules, whose findings or evidence may be lost, is an
// error whatever else it says.
func (r *run) classify(res *result, err, broken error) {
	var na *notAssessed
	switch {
	case broken != nil:
		res.Outcome, res.Reason = Errored, r.clean(errors.Join(err, broken))
	case err == nil:
		res.Outcome = Passed
	case errors.As(err, &na):
		res.Outcome, res.ReasonID, res.ReasonArgs = Unassessed, na.reason, na.args
	case errors.Is(err, exec.ErrNotFound):
		res.Outcome, res.ReasonID = Unassessed, reasonNoGo
		res.ReasonArgs = Args{"error": r.clean(err)}
	case r.ctx.Err() != nil:
		res.Outcome, res.ReasonID = Unassessed, reasonInterrupted
	default:
		res.Outcome, res.Reason = Errored, r.clean(err)
	}
}

// outcome settles what depends on the findings and gives the reason its text.
// A check with a finding that counts has failed even if it is incomplete too:
// its reason stays.
func (r *run) outcome(c *Check, res result) result {
	for i := range res.findings {
		r.Policy.apply(&res.findings[i], r.now)
	}
	if res.Outcome != Errored && slices.ContainsFunc(res.findings, func(f Finding) bool { return counts(f, r.Policy.FailOn) }) {
		res.Outcome = Failed
	}
	if res.ReasonID != "" {
		text, err := r.Catalogue.Reason(res.ReasonID, res.ReasonArgs, r.Lang)
		if err != nil {
			res.Outcome, res.ReasonID, res.ReasonArgs, text = Errored, "", nil, err.Error()
		}
		res.Reason = text
	}
	return res
}

// complete fills a finding from the catalogue.
func (r *run) complete(f Finding) (Finding, error) {
	f.Subject.Kind, f.Subject.Name = asStored(f.Subject.Kind), asStored(f.Subject.Name)
	if err := r.Catalogue.Render(&f, r.Lang); err != nil {
		return f, err
	}
	rule := r.Catalogue.Rules[f.Rule]
	f.Severity = rule.Severity
	f.Status = Open
	f.Controls = rule.Controls
	f.Fingerprint = fingerprint(f.Rule, f.Subject)
	f.Args = maps.Clone(f.Args) // the check may go on using its own
	f.Evidence = slices.Compact(slices.Sorted(slices.Values(f.Evidence)))
	return f, nil
}

// asStored is a text as it is read again: JSON has U+FFFD for each byte that is no UTF-8,
// such as of the name of a file.
func asStored(s string) string { return strings.Map(func(r rune) rune { return r }, s) }

// keep stores evidence, if the run keeps any.
func (r *run) keep(ref EvidenceRef, data []byte) error {
	if r.Config.Evidence == nil {
		return nil
	}
	return r.Config.Evidence.Put(ref.Digest, data)
}

func (r *run) event(e Event) {
	if r.Events == nil {
		return
	}
	r.events.Lock()
	defer r.events.Unlock()
	r.Events(e)
}

// report gathers the results of the checks that were asked for. The findings
// of checks that only served others are theirs to report in a run of their own.
func (r *run) report(results map[*Check]result) (*Report, error) {
	rep := &Report{
		Schema: Schema, Tool: r.Tool, Lang: r.Lang, Target: r.Name, Policy: r.Policy.ref(),
		Started:  r.now.UTC().Truncate(time.Millisecond),
		Checks:   []CheckResult{},
		Findings: []Finding{},
		Facts:    map[string]json.RawMessage{},
		Evidence: []EvidenceRef{},
	}
	for c, res := range results {
		if !slices.Contains(r.Config.Checks, c) {
			continue
		}
		if res.raw != nil {
			rep.Facts[c.ID] = res.raw
		}
		rep.Checks = append(rep.Checks, res.CheckResult)
		rep.Findings = append(rep.Findings, res.findings...)
	}
	for _, res := range results { // findings may cite what a required check handed over
		rep.Evidence = append(rep.Evidence, res.evidence...)
	}
	own, err := r.policyFindings(rep)
	if err != nil {
		return nil, err
	}
	rep.Findings = append(rep.Findings, own...)
	slices.SortFunc(rep.Checks, func(a, b CheckResult) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(rep.Findings, compareFindings)
	slices.SortFunc(rep.Evidence, func(a, b EvidenceRef) int {
		return cmp.Or(strings.Compare(a.Check, b.Check), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Digest, b.Digest))
	})
	rep.Verdict = verdict(rep.Checks, rep.Findings, r.Policy.FailOn)
	rep.Finished = r.Now().UTC().Truncate(time.Millisecond)
	return rep, nil
}
