// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"context"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/sumdb"
)

// SumDB verifies every hash of a module that the target carries against the
// checksum databases in force, with an inclusion proof for each module version:
// the lines of go.sum and go.work.sum, the modules recorded in executables and,
// if asked for, the module cache and the Go installation.
var SumDB = &audit.Check{
	ID:       "sumdb",
	Requires: []*audit.Check{Env, executables, documents},
	Applies: func(t *audit.Target) bool {
		return t.ModFile != "" || t.WorkFile != "" || len(t.SumFiles) > 0 || len(t.Modules) > 0 || hasBinaries(t) || len(t.Documents) > 0 || t.Toolchain || t.ModCache || t.LogCache || t.Sync
	},
	Run:      runSumDB,
	Recheck:  recheckSumDB,
	Conclude: concludeSumDB,
}

// SumDBFacts is what SumDB measures.
type SumDBFacts struct {
	Logs      []SumDBLog       `json:"logs"`
	NoLog     string           `json:"no_log,omitempty"` // why GOSUMDB names none: "off", or what is wrong with it
	Files     []SumDBFile      `json:"files"`
	Modules   []SumDBModule    `json:"modules"`
	Lines     SumDBLines       `json:"lines"`            // of go.sum files
	Hashes    *SumDBLines      `json:"hashes,omitempty"` // that all else carries: executables, the module cache, the toolchain
	Toolchain *SumDBToolchain  `json:"toolchain,omitempty"`
	Builders  []SumDBBuilder   `json:"builders,omitempty"`  // what built the executables, as far as they tell
	Cache     *SumDBCacheFacts `json:"cache,omitempty"`     // the module cache, where it was asked for
	Kept      *SumDBKept       `json:"kept,omitempty"`      // files of what was kept of the logs
	Synced    *SumDBSynced     `json:"synced,omitempty"`    // what assay keeps of the logs, brought up to date
	Caches    []SumDBLogCache  `json:"caches,omitempty"`    // of the logs' answers, where they were asked for
	Strangers []string         `json:"strangers,omitempty"` // folders of answers of logs that are not in force
	NoHash    []string         `json:"no_hash,omitempty"`   // vendored module versions of which no go.sum has a hash
	Required  int              `json:"required"`            // modules with versions that the go.mod files require
	Requests  int              `json:"requests"`            // to the logs, in this run
	Tiles     int              `json:"tiles"`               // of those, for tiles
	Rounds    int              `json:"rounds"`              // of network
}

// SumDBLog is a log and the tree head that proofs lead to.
type SumDBLog struct {
	Name         string             `json:"name"`               // followed by + and the hash of the key where two logs share it
	Key          string             `json:"key"`                // note verifier key: name+hash+key
	URL          string             `json:"url,omitempty"`      // where it was asked, without secrets
	Patterns     []string           `json:"patterns,omitempty"` // the policy's, of modules that it answers for; none: all others
	Size         int64              `json:"size"`               // records; 0 if no head could be verified
	Root         string             `json:"root,omitempty"`     // base64, as in the head
	Signed       string             `json:"signed,omitempty"`
	Error        string             `json:"error,omitempty"`        // why it could not be asked at all
	Latest       int64              `json:"latest,omitempty"`       // size of the head that the network calls the latest
	Ahead        int64              `json:"ahead,omitempty"`        // size of the largest head behind a record that the network gave
	NoLatest     bool               `json:"no_latest,omitempty"`    // the network called none the latest
	Before       int64              `json:"before,omitempty"`       // size of the largest head seen before this run
	Since        time.Time          `json:"since,omitzero"`         // when that was first seen
	Heads        int                `json:"heads"`                  // signed heads seen
	Uncompared   []SumDBUncompared  `json:"uncompared,omitempty"`   // the others, and why
	Unwritten    *SumDBUnwritten    `json:"unwritten,omitempty"`    // what was verified and could not be kept
	BeforeError  string             `json:"before_error,omitempty"` // why not all heads seen before could be read: a rollback may not show
	HeadsChecked int                `json:"heads_checked"`          // of those, proven to be beginnings of the tree
	Way          []modproxy.Attempt `json:"way,omitempty"`          // how the log was found; empty where an earlier run's way served
	Proxies      []SumDBProxy       `json:"proxies,omitempty"`
	Violations   []SumDBViolation   `json:"violations,omitempty"` // what an honest log never says
	Sync         *SumDBSync         `json:"sync,omitempty"`
}

// SumDBUncompared is a signed head that could not be compared with the tree: if it
// is of another, nobody knows.
type SumDBUncompared struct {
	Size  int64  `json:"size"`
	Error string `json:"error"`
}

// SumDBUnwritten is what could not be kept for later runs.
type SumDBUnwritten struct {
	Count int      `json:"count"`
	Lost  bool     `json:"lost"`  // heads or evidence of forks are among it
	Files []string `json:"files"` // some of it, with the error
}

// SumDBProxy is what one proxy of the chain calls the latest head.
type SumDBProxy struct {
	URL   string          `json:"url"` // without secrets
	State SumDBProxyState `json:"state"`
	Size  int64           `json:"size,omitempty"` // of a signed head
	Error string          `json:"error,omitempty"`
}

// SumDBProxyState is what became of the question for a head.
type SumDBProxyState string

// The states.
const (
	ProxySigned  SumDBProxyState = "signed"  // it gave a head with the log's signature
	ProxyForged  SumDBProxyState = "forged"  // it gave one without
	ProxyNone    SumDBProxyState = "none"    // it says that it does not pass the log on
	ProxyUnknown SumDBProxyState = "unknown" // it could not be asked
)

// SumDBViolation is a promise that was broken, by the log or by what stands
// between.
type SumDBViolation struct {
	Kind     sumdb.Kind `json:"kind"`
	Subject  string     `json:"subject"` // what the answer was about
	Detail   string     `json:"detail"`
	Evidence []string   `json:"evidence"`
	Fork     string     `json:"fork,omitempty"` // of a fork, that of it which stands on its own
}

// SumDBFile is a file, or a set of them, whose hashes were verified.
type SumDBFile struct {
	Kind      SourceKind `json:"kind"`
	File      string     `json:"file"`                // relative to the target's directory
	Lines     int        `json:"lines"`               // hashes
	Malformed int        `json:"malformed,omitempty"` // of those, as the go command does not write them: not checked
	Evidence  string     `json:"evidence"`
}

// SumDBModule is the state of one module version, over all hashes of it.
type SumDBModule struct {
	Module   string       `json:"module"`
	Version  string       `json:"version"`
	State    State        `json:"state"`
	Lines    int          `json:"lines"`             // hashes
	Open     int          `json:"open,omitempty"`    // of those, not checked
	Reason   string       `json:"reason,omitempty"`  // for NotChecked and NotLogged: one of the words of reasonOf
	Detail   string       `json:"detail,omitempty"`  // the error behind the reason
	Log      string       `json:"log,omitempty"`     // the name of the log that answers for it
	Record   *int64       `json:"record,omitempty"`  // index in the log
	Sources  []string     `json:"sources"`           // where the hashes stand: a file and its line, an executable
	Differs  []SourceKind `json:"differs,omitempty"` // for Mismatch: the kinds of sources whose hash is another
	Evidence string       `json:"evidence,omitempty"`
}

// State is what became of a hash, or of a module version: the worst of its
// hashes.
type State string

// The states of a hash. There are no others, and none but a proven record that
// gives the very hash makes it Verified.
const (
	Verified   State = "verified"
	Mismatch   State = "mismatch"
	NotLogged  State = "not-logged"
	NotChecked State = "not-checked"
)

// SumDBLines counts hashes by state. A line that is malformed is not checked.
type SumDBLines struct {
	Verified   int `json:"verified"`
	Mismatch   int `json:"mismatch"`
	NotLogged  int `json:"not_logged"`
	NotChecked int `json:"not_checked"`
}

func (c *SumDBLines) add(s State, n int) {
	switch s {
	case Verified:
		c.Verified += n
	case Mismatch:
		c.Mismatch += n
	case NotLogged:
		c.NotLogged += n
	default:
		c.NotChecked += n
	}
}

func (c *SumDBLines) total() int {
	if c == nil {
		return 0
	}
	return c.Verified + c.Mismatch + c.NotLogged + c.NotChecked
}

// Reasons why a hash is not checked, beside the words of reasonOf.
const (
	reasonPrivate   = "private"         // matched by GONOSUMDB or GOPRIVATE: its name is told to nobody
	reasonOff       = "off"             // GOSUMDB=off
	reasonConfig    = "config"          // GOSUMDB or GOPROXY is invalid
	reasonMalformed = "malformed"       // the line is
	reasonHead      = "uncompared-head" // a signed head was seen that may be of another tree: no hash, but the log is open
	reasonNotFound  = "not-found"       // the log says that it has no record
	reasonNoLine    = "no-line"         // the record has no such line
	reasonNoHash    = "no-hash"         // an executable names the module and carries no hash of it
)

func runSumDB(ctx context.Context, p *audit.Pass) (any, error) {
	r := &sumDBRun{
		Pass: p, ctx: ctx, env: audit.Facts[*EnvFacts](p, Env),
		facts: &SumDBFacts{Logs: []SumDBLog{}, Files: []SumDBFile{}, Modules: []SumDBModule{}},
	}
	if r.syncs() {
		r.facts.Synced = &SumDBSynced{}
	}
	if err := r.gather(); err != nil {
		return nil, err
	}
	err := r.ask()
	r.gatherNamed()
	r.listSources()
	r.judged = judgeSums(r.sources, r.answer) // after an error too: all hashes are accounted for
	r.facts.Modules, r.facts.Lines, r.facts.Hashes = r.judged.modules, r.judged.lines, r.judged.hashes
	if err != nil {
		return r.facts, err
	}
	r.settleToolchain()
	r.attach()
	r.report()
	if r.Target.LogCache {
		if err := r.inspectCaches(); err != nil {
			return r.facts, err
		}
	}
	return r.facts, r.incomplete()
}

// sumDBRun is one run of the check.
type sumDBRun struct {
	*audit.Pass
	ctx   context.Context
	env   *EnvFacts
	facts *SumDBFacts

	sources    []sumSource
	toolchain  *toolchainTree // the Go installation; nil: not asked for
	unreadable error          // of a file that hides nothing of what was read

	logs    []*askedLog
	settled map[moduleVersion]sumAnswer // decided without asking
	judged  *sumJudgement
}

// incomplete says what was left open.
func (r *sumDBRun) incomplete() error {
	switch {
	case r.unreadable != nil:
		return r.unreadable
	case r.Target.ModFile+r.Target.WorkFile != "" && goFlag(r.env, "overlay") != "":
		return audit.NotAssessed("sumdb/overlay", nil)
	}
	return incompleteSums(r.facts)
}
