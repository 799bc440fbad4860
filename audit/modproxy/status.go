// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Status is what the authors of a module say about a version in the go.mod
// file of the module's latest version, as far as the proxies show it: which
// version is the latest is not authenticated, so a proxy can hide a retraction.
type Status struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	State   State  `json:"state"`

	// Reason and Detail say why the state is unknown.
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	Err    error  `json:"-"`

	// What follows holds only if the state is known.

	Latest     string   `json:"latest,omitempty"`
	Retracted  bool     `json:"retracted,omitempty"`
	Rationale  []string `json:"rationale,omitempty"`  // of each retraction that has one
	Deprecated string   `json:"deprecated,omitempty"` // of all versions

	// GoMod is the go.mod file that says so, if the version is retracted or
	// the module deprecated.
	GoMod []byte `json:"-"`
}

// A State says whether a Status is known. One that is unknown is neither
// retracted nor not retracted.
type State string

const (
	Known   State = "known"
	Unknown State = "unknown"
)

// A Reason says why a Status is unknown.
type Reason string

const (
	ReasonDirect    Reason = "direct"      // it stands in version control, which was not asked
	ReasonOff       Reason = "off"         // GOPROXY=off
	ReasonNotFound  Reason = "not-found"   // 404 or 410
	ReasonRefused   Reason = "refused"     // any other 4xx
	ReasonThrottled Reason = "throttled"   // 429
	ReasonServer    Reason = "server"      // 5xx and other statuses
	ReasonInvalid   Reason = "invalid"     // an answer that the protocol does not allow, such as a web page
	ReasonNetwork   Reason = "network"     // no answer
	ReasonCanceled  Reason = "interrupted" // the context ended
)

// Status returns the status of each module version, in the order of mods. It
// runs as many requests at once as concurrency says. It is what
// CheckRetractions and CheckDeprecation in cmd/go/internal/modload/modfile.go
// find, which `go list -m -u` prints.
//
// Where not one of the first modules gets any answer from the network, the
// others are not asked for.
func (c *Client) Status(ctx context.Context, mods []module.Version, concurrency int) []Status {
	statuses := make([]Status, len(mods))
	var next, done, answered, silent atomic.Int64
	var down atomic.Pointer[Status]
	giveUp := int64(max(concurrency, 8))
	ask := func() bool {
		i := int(next.Add(1)) - 1
		if i >= len(mods) {
			return false
		}
		if s := down.Load(); s != nil {
			statuses[i] = *s
			statuses[i].Module, statuses[i].Version = mods[i].Path, mods[i].Version
			return true
		}
		s := c.status(ctx, mods[i])
		statuses[i] = s
		if n := done.Add(1); c.Progress != nil {
			c.Progress(int(n), len(mods))
		}
		switch s.Reason {
		case ReasonNetwork:
			if silent.Add(1) >= giveUp && answered.Load() == 0 {
				down.Store(&s)
			}
		case ReasonDirect, ReasonOff, ReasonCanceled: // says nothing about the network
		default:
			answered.Add(1)
		}
		return true
	}
	// Alone, the first opens a connection that all others can share (HTTP/2);
	// together, each would open its own.
	ask()
	var wg sync.WaitGroup
	for range min(max(concurrency, 1), len(mods)) {
		wg.Go(func() {
			for ask() {
			}
		})
	}
	wg.Wait()
	return statuses
}

func (c *Client) status(ctx context.Context, mod module.Version) Status {
	s := Status{Module: mod.Path, Version: mod.Version, State: Unknown}
	fail := func(err error) Status {
		s.Reason, s.Detail, s.Err = reason(ctx, err), detail(err), err
		return s
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	latest, err := c.Latest(ctx, mod.Path)
	if err != nil {
		return fail(err)
	}
	data, err := c.GoMod(ctx, mod.Path, latest)
	if err != nil {
		return fail(err)
	}
	f, err := parseGoMod(mod.Path+"@"+latest+"/go.mod", data)
	if err != nil {
		return fail(err)
	}
	s.State, s.Latest = Known, latest
	for _, r := range f.Retract {
		if semver.Compare(r.Low, mod.Version) <= 0 && semver.Compare(mod.Version, r.High) <= 0 {
			s.Retracted = true
			if m := shortMessage(r.Rationale); m != "" {
				s.Rationale = append(s.Rationale, m)
			}
		}
	}
	s.Deprecated = shortMessage(f.Module.Deprecated)
	if s.Retracted || s.Deprecated != "" {
		s.GoMod = data
	}
	return s
}

// An UnusableError is a go.mod file from which nothing can be learned.
type UnusableError struct {
	Name string // module@version/go.mod
	Err  error
}

func (e *UnusableError) Error() string { return e.Name + ": " + e.Err.Error() }

func (e *UnusableError) Unwrap() error { return e.Err }

// parseGoMod reads a dependency's go.mod file as the go command does, but
// needs a module line: without the checksum database, to which the go command
// compares the file, it alone tells a go.mod file from any other text.
func parseGoMod(name string, data []byte) (f *modfile.File, err error) {
	f, err = modfile.ParseLax("go.mod", data, nil)
	if err == nil && f.Module == nil {
		err = errors.New("no module line")
	}
	if err != nil {
		return nil, &UnusableError{Name: name, Err: err}
	}
	return f, nil
}

func reason(ctx context.Context, err error) Reason {
	var status *StatusError
	var request *RequestError
	switch {
	case ctx.Err() != nil:
		return ReasonCanceled
	case errors.Is(err, ErrDirect):
		return ReasonDirect
	case errors.Is(err, ErrOff):
		return ReasonOff
	case errors.As(err, &status):
		switch code := status.Code; {
		case code == http.StatusNotFound || code == http.StatusGone:
			return ReasonNotFound
		case code == http.StatusTooManyRequests:
			return ReasonThrottled
		case code >= 400 && code < 500:
			return ReasonRefused
		default:
			return ReasonServer
		}
	case errors.Is(err, ErrTooLarge):
		return ReasonInvalid
	case errors.As(err, &request):
		return ReasonNetwork
	default:
		return ReasonInvalid
	}
}

// detail is the message of err, which may quote a hostile answer, fit to be
// printed on one line.
func detail(err error) string {
	const maxLen = 500
	s := strings.ToValidUTF8(err.Error(), "?")
	if len(s) > maxLen {
		s = strings.ToValidUTF8(s[:maxLen], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return ' '
	}, s)
}

// shortMessage is modload.ShortMessage: what of an author's message is safe
// to print on a terminal, its first line.
func shortMessage(s string) string {
	const maxLen = 500
	s, _, _ = strings.Cut(s, "\n")
	s = strings.TrimSpace(s)
	if len(s) > maxLen {
		return "(message omitted: too long)"
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return "(message omitted: contains non-printable characters)"
	}
	return s
}
