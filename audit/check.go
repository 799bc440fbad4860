// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package audit is the engine of assay: it runs checks on a target under a
// policy and gathers what they found in a report.
//
// A [Check] is data, as an Analyzer is in golang.org/x/tools/go/analysis: what
// it is called, what it needs, which checks it builds on, and a function. The
// engine decides when and whether it runs. A [Pass] is the only way in and out
// of that function: the target, the policy and the instruments' inputs come in,
// findings and evidence go out, and the facts it measured are its result.
//
// The engine knows no check and holds no sentence for users: what a finding
// says stands in a [Catalogue].
package audit

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// A Check judges one aspect of a [Target].
type Check struct {
	// ID names the check, and is the key of its facts in the report.
	ID string

	// Needs is what the check cannot work without at all: where it is missing,
	// the outcome is not-assessed. Without the network Run is not called; that
	// there is no go command Run finds out, by an error that is
	// [exec.ErrNotFound]. A check that can do part of its work without the
	// network does not name it here.
	Needs Capability

	// Requires lists the checks whose facts Run reads.
	Requires []*Check

	// Applies reports whether the check has anything to say about the target.
	// Nil means always.
	Applies func(*Target) bool

	// Run measures and judges, and returns the facts: a value that marshals to
	// the check's object under "facts". Facts may come together with an error,
	// where part is known. An error made by [NotAssessed] gives the outcome
	// not-assessed, any other the outcome error.
	Run func(context.Context, *Pass) (any, error)

	// Recheck verifies stored facts again, offline, from the evidence that
	// they name. Nil means that the digests are all there is to verify.
	Recheck func(facts json.RawMessage, evidence func(digest string) ([]byte, error)) error

	// Conclude derives from stored facts what a report of them must say: the
	// findings, by Rule and Subject alone, and an error made by [NotAssessed]
	// where they leave something open. Other findings there may be besides. Nil
	// means that facts do not say.
	Conclude func(facts json.RawMessage) ([]Finding, error)
}

// Capability is a set of things that a check may need.
type Capability uint8

// What a check may need.
const (
	Network   Capability = 1 << iota // reaching other hosts: switched off by --offline
	GoCommand                        // running the go command
)

// A Target is what an audit inspects.
type Target struct {
	Dir       string   // the directory, absolute
	ModFile   string   // its go.mod, absolute; "" if there is none
	WorkFile  string   // the go.work in force, absolute; "" if there is none
	Module    string   // path of the main module; "" if unknown
	SumFiles  []string // go.sum files that were named by themselves
	Modules   []string // path@version: module versions that were named by themselves
	Packages  []string // patterns of packages, as the go command takes them; none: all of the module
	Binaries  []string // files and directories to read as executables
	Units     []string // files of systemd units
	Manifests []string // files of Kubernetes manifests
	Documents []string // files of bills of materials
	Endpoints []string // host:port
	SVIDs     []string // files of X.509-SVIDs
	Workload  string   // the SPIFFE Workload API to ask: unix:///path or tcp://IP:port; "" for none
	Toolchain bool     // the Go installation in use
	ModCache  bool     // the module cache: what the target's hashes name of it, or all where there are none
	Sync      bool     // the checksum databases in force themselves, whose newest heads are to be kept
	LogCache  bool     // what was kept of checksum databases, by the go command and by assay
}

// A Pass connects one run of a check with the engine. Its fields are inputs
// and must not be changed.
type Pass struct {
	Tool    Tool
	Check   *Check
	Target  *Target
	Policy  *Policy
	Environ []string // the process environment, as os.Environ gives it

	// Exec runs a command to its end and returns its standard output.
	Exec func(*exec.Cmd) ([]byte, error)

	// DirFS is the file system below a folder of the host, as [os.DirFS] gives it.
	DirFS func(dir string) fs.FS

	// The network. Offline, each answers with [ErrOffline].
	HTTP        http.RoundTripper
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)
	Roots       *x509.CertPool // certificate authorities trusted; nil: the system's

	Offline  bool
	CacheDir string // where instruments may keep what they verify again; "": nowhere
	Now      time.Time
	Settings map[string]string // choices of the caller that are not policy, such as "updates"
	Recorded map[string][]byte // recorded input that replaces a command's output, by check ID

	run   *run
	facts map[*Check]any

	mu       sync.Mutex
	closed   bool
	findings []Finding
	evidence map[EvidenceRef]bool
	err      error
}

// ErrOffline is what the network of a [Pass] answers when it is switched off.
var ErrOffline = errors.New("offline")

// Facts returns what an earlier check measured. It panics if c is not among
// the Requires of the pass's check, or measured no T: both are mistakes of the
// program, which the engine turns into the outcome error.
func Facts[T any](p *Pass, c *Check) T {
	v, ok := p.facts[c]
	if !ok {
		panic(fmt.Sprintf("check %s reads the facts of %s without requiring it", p.Check.ID, c.ID))
	}
	return v.(T)
}

// Report records a finding. The caller fills Rule, Subject, Args and, where
// there is one, Location and Evidence; the catalogue gives the rest. The rule
// is one of the check's own: its ID begins with the check's and a slash.
func (p *Pass) Report(f Finding) {
	f, err := p.run.complete(f)
	if checkOf(f.Rule) != p.Check.ID {
		err = errors.Join(err, fmt.Errorf("rule %s is not of check %s", f.Rule, p.Check.ID))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed: // the engine stopped waiting for this check
	case err != nil:
		p.err = errors.Join(p.err, err)
	default:
		p.findings = append(p.findings, f)
	}
}

// Evidence hands over bytes that a verdict rests on and returns their digest,
// "sha256:" and 64 hexadecimal digits. The kind says what they are, such as
// "tlog-proof". No secret may be among them.
func (p *Pass) Evidence(kind string, data []byte) string {
	ref := EvidenceRef{Digest: Digest(data), Kind: kind, Size: int64(len(data)), Check: p.Check.ID}
	if p.isClosed() {
		return ref.Digest
	}
	err := p.run.keep(ref, data)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
	case err != nil:
		p.err = errors.Join(p.err, err)
	default:
		p.evidence[ref] = true
	}
	return ref.Digest
}

// Progress tells how far the check is: done of total steps.
func (p *Pass) Progress(done, total int) {
	p.mu.Lock() // held, so that nothing is told of a check that has ended
	defer p.mu.Unlock()
	if !p.closed {
		p.run.event(Event{Check: p.Check.ID, Done: done, Total: total})
	}
}

// NotAssessed returns the error with which a check says that it could not
// determine its answer. The reason is an ID among the catalogue's reasons.
func NotAssessed(reason string, args Args) error {
	return &notAssessed{reason: reason, args: args}
}

type notAssessed struct {
	reason string
	args   Args
}

func (e *notAssessed) Error() string { return "not assessed: " + e.reason }

// closure returns checks and all that they require, in a fixed order, or an
// error for a cycle or two checks of one ID.
func closure(checks []*Check) ([]*Check, error) {
	var all []*Check
	state := map[*Check]int{}
	ids := map[string]*Check{}
	var visit func(*Check) error
	visit = func(c *Check) error {
		switch state[c] {
		case 1:
			return fmt.Errorf("check %s requires itself", c.ID)
		case 2:
			return nil
		}
		if other := ids[c.ID]; other != nil {
			return fmt.Errorf("two checks are called %s", c.ID)
		}
		ids[c.ID] = c
		state[c] = 1
		for _, r := range c.Requires {
			if err := visit(r); err != nil {
				return err
			}
		}
		state[c] = 2
		all = append(all, c)
		return nil
	}
	for _, c := range checks {
		if err := visit(c); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// close ends the pass: what the check says from now on is dropped.
func (p *Pass) close() (findings []Finding, evidence []EvidenceRef, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	return p.findings, slices.Collect(maps.Keys(p.evidence)), p.err
}

func (p *Pass) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}
