// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wait is how long a test waits for what must happen before it gives up.
const wait = 30 * time.Second

// testCatalogue has the engine's own texts and rules of checks a and b.
func testCatalogue() *Catalogue {
	c := &Catalogue{Rules: map[string]*Rule{}, Reasons: map[string]*Reason{}}
	rule := func(id string, s Severity, en, zh string) {
		c.Rules[id] = &Rule{
			ID: id, Severity: s, Title: Text{EN: "T " + id, ZH: "题 " + id}, Message: Text{EN: en, ZH: zh},
			Remedy: Text{EN: "mend", ZH: "整改"}, Controls: []Control{{Framework: "slsa", Clause: "1"}},
		}
	}
	reason := func(id, en, zh string) { c.Reasons[id] = &Reason{ID: id, Text: Text{EN: en, ZH: zh}} }
	for _, check := range []string{"a", "b"} {
		rule(check+"/critical", Critical, "{x} is bad", "{x} 有误")
		rule(check+"/high", High, "{x} is bad", "{x} 有误")
		rule(check+"/medium", Medium, "{x} is bad", "{x} 有误")
		rule(check+"/low", Low, "{x} is bad", "{x} 有误")
	}
	rule(ruleWaiverExpired, Medium, "{rule} {subject} {owner} {expires}", "{rule} {subject} {owner} {expires} 到期")
	rule(ruleWaiverUnused, Low, "{rule} {subject}", "{rule} {subject} 未用")
	reason("a/unknown", "cannot tell {what}", "无法判断 {what}")
	reason(reasonOffline, "offline", "离线")
	reason(reasonNoGo, "no program: {error}", "缺少程序：{error}")
	reason(reasonRequires, "needs {check}", "依赖 {check}")
	reason(reasonInterrupted, "interrupted", "已中断")
	return c
}

// finding is one of rule about the module called name.
func finding(rule, name string) Finding {
	return Finding{Rule: rule, Subject: Subject{Kind: "module", Name: name}, Args: Args{"x": name}}
}

// check returns a check that runs f.
func check(id string, f func(context.Context, *Pass) (any, error), requires ...*Check) *Check {
	return &Check{ID: id, Run: f, Requires: requires}
}

// gives is a check's function that measures v.
func gives(v any) func(context.Context, *Pass) (any, error) {
	return func(context.Context, *Pass) (any, error) { return v, nil }
}

// mustRun runs checks under cfg and demands a report.
func mustRun(t *testing.T, cfg Config, checks ...*Check) *Report {
	t.Helper()
	return mustRunContext(t, context.Background(), cfg, checks...)
}

func mustRunContext(t *testing.T, ctx context.Context, cfg Config, checks ...*Check) *Report {
	t.Helper()
	cfg.Checks = checks
	if cfg.Catalogue == nil {
		cfg.Catalogue = testCatalogue()
	}
	if cfg.Target == nil {
		cfg.Target = &Target{}
	}
	rep, err := Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := ParseReport(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := stored.consistent(); err != nil {
		t.Errorf("the report is not consistent: %v", err)
	}
	return rep
}

// demand compares what became of a check.
func demand(t *testing.T, rep *Report, id string, outcome Outcome, reasonID, reason string) {
	t.Helper()
	got, ok := rep.Check(id)
	if !ok {
		t.Errorf("no check %s", id)
		return
	}
	if got.Outcome != outcome || got.ReasonID != reasonID || !strings.Contains(got.Reason, reason) || (reason == "") != (got.Reason == "") {
		t.Errorf("%s: %s, %q, %q; want %s, %q, %q", id, got.Outcome, got.ReasonID, got.Reason, outcome, reasonID, reason)
	}
}

func TestRunOrder(t *testing.T) {
	var mu sync.Mutex
	var ended []string
	note := func(id string, f func(*Pass)) func(context.Context, *Pass) (any, error) {
		return func(_ context.Context, p *Pass) (any, error) {
			if f != nil {
				f(p)
			}
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, id)
			return id, nil
		}
	}
	base := check("base", note("base", nil))
	left := check("left", note("left", func(p *Pass) { _ = Facts[string](p, base) }), base)
	right := check("right", note("right", func(p *Pass) { _ = Facts[string](p, base) }), base)
	top := check("top", note("top", func(p *Pass) {
		if got := Facts[string](p, left) + Facts[string](p, right); got != "leftright" {
			t.Errorf("facts %q", got)
		}
	}), left, right)
	rep := mustRun(t, Config{}, top, base)
	if len(ended) != 4 || ended[0] != "base" || ended[3] != "top" {
		t.Errorf("ended: %v", ended)
	}
	if rep.Verdict != VerdictPass || len(rep.Checks) != 2 {
		t.Errorf("verdict %s of %d checks", rep.Verdict, len(rep.Checks))
	}
	want := map[string]json.RawMessage{"top": []byte(`"top"`), "base": []byte(`"base"`)}
	if diff := cmp.Diff(want, rep.Facts); diff != "" {
		t.Errorf("facts of those asked for (-want +got):\n%s", diff)
	}
}

// Checks that do not require each other run at the same time, and one runs as
// soon as its own requirements have ended, whatever else is still under way.
func TestRunConcurrently(t *testing.T) {
	meet := func(mine, other chan struct{}) func(context.Context, *Pass) (any, error) {
		return func(context.Context, *Pass) (any, error) {
			close(mine)
			select {
			case <-other:
				return 1, nil
			case <-time.After(wait):
				return nil, errors.New("alone")
			}
		}
	}
	one, two := make(chan struct{}), make(chan struct{})
	quick := check("quick", gives(1))
	// slow ends only once a check that requires quick has begun.
	first := check("slow", meet(one, two))
	second := check("next", meet(two, one), quick)
	rep := mustRun(t, Config{}, first, second)
	demand(t, rep, "slow", Passed, "", "")
	demand(t, rep, "next", Passed, "", "")
}

func TestRunRefuses(t *testing.T) {
	a, b, c := check("a", gives(1)), check("b", gives(1)), check("c", gives(1))
	a.Requires, b.Requires, c.Requires = []*Check{b}, []*Check{c}, []*Check{a}
	self := check("self", gives(1))
	self.Requires = []*Check{self}
	twin := check("x", gives(1))
	tests := []struct {
		name   string
		checks []*Check
		want   string
	}{
		{"a cycle", []*Check{a}, "check a requires itself"},
		{"a check that requires itself", []*Check{self}, "check self requires itself"},
		{"two checks of one name", []*Check{twin, check("x", gives(2))}, "two checks are called x"},
		{"two checks of one name, one required", []*Check{twin, check("y", gives(2), check("x", gives(3)))}, "two checks are called x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rep, err := Run(context.Background(), Config{Checks: tt.checks, Catalogue: testCatalogue(), Target: &Target{}})
			if rep != nil || err == nil || err.Error() != tt.want {
				t.Errorf("report %v, error %v, want %q", rep, err, tt.want)
			}
		})
	}
}

func TestRunOneCheckTwice(t *testing.T) {
	runs := 0
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		runs++
		p.Report(finding("a/low", "m"))
		return 1, nil
	})
	rep := mustRun(t, Config{}, a, a)
	if runs != 1 || len(rep.Checks) != 1 || len(rep.Findings) != 1 {
		t.Errorf("%d runs, %d checks, %d findings", runs, len(rep.Checks), len(rep.Findings))
	}
}

// What becomes of a check, by how its function ends.
func TestRunOutcomes(t *testing.T) {
	noGo := fmt.Errorf("go list: %w", &exec.Error{Name: "go", Err: exec.ErrNotFound})
	tests := []struct {
		name     string
		run      func(*Pass) (any, error)
		outcome  Outcome
		reasonID string
		reason   string
		findings int
		verdict  Verdict
	}{
		{"facts", func(*Pass) (any, error) { return 1, nil }, Passed, "", "", 0, VerdictPass},
		{"no facts", func(*Pass) (any, error) { return nil, nil }, Passed, "", "", 0, VerdictPass},
		{"error", func(*Pass) (any, error) { return nil, errors.New("boom") }, Errored, "", "boom", 0, VerdictIncomplete},
		{"panic", func(*Pass) (any, error) { panic("boom") }, Errored, "", "panic: boom in github.com/goassay/assay/audit.TestRunOutcomes", 0, VerdictIncomplete},
		{"panic of the runtime", func(p *Pass) (any, error) { return []int{}[len(p.Environ)], nil }, Errored, "", "index out of range [0] with length 0 in github.com/goassay/assay/audit.TestRunOutcomes", 0, VerdictIncomplete},
		{"panic with nil", func(*Pass) (any, error) { panic(any(nil)) }, Errored, "", "panic called with nil argument", 0, VerdictIncomplete},
		{"end of the goroutine", func(*Pass) (any, error) { runtime.Goexit(); return 1, nil }, Errored, "", "ended its goroutine", 0, VerdictIncomplete},
		{"not assessed", func(*Pass) (any, error) { return nil, NotAssessed("a/unknown", Args{"what": "it"}) }, Unassessed, "a/unknown", "cannot tell it", 0, VerdictIncomplete},
		{"not assessed, wrapped", func(*Pass) (any, error) {
			return nil, fmt.Errorf("lookup: %w", NotAssessed("a/unknown", Args{"what": "it"}))
		}, Unassessed, "a/unknown", "cannot tell it", 0, VerdictIncomplete},
		{"not assessed for an unknown reason", func(*Pass) (any, error) { return nil, NotAssessed("a/nope", nil) }, Errored, "", "reason a/nope is not in the catalogue", 0, VerdictIncomplete},
		{"not assessed, argument missing", func(*Pass) (any, error) { return nil, NotAssessed("a/unknown", nil) }, Errored, "", `reason a/unknown: argument "what" missing`, 0, VerdictIncomplete},
		{"no go command", func(*Pass) (any, error) { return nil, noGo }, Unassessed, reasonNoGo, "no program: " + noGo.Error(), 0, VerdictIncomplete},
		{"finding below the threshold", reports(nil, finding("a/medium", "m")), Passed, "", "", 1, VerdictPass},
		{"finding at the threshold", reports(nil, finding("a/high", "m")), Failed, "", "", 1, VerdictFail},
		{"finding above the threshold", reports(nil, finding("a/critical", "m")), Failed, "", "", 1, VerdictFail},
		{"finding, then an error", reports(errors.New("boom"), finding("a/high", "m")), Errored, "", "boom", 1, VerdictFail},
		{"finding, then not assessed", reports(NotAssessed("a/unknown", Args{"what": "it"}), finding("a/high", "m")), Failed, "a/unknown", "cannot tell it", 1, VerdictFail},
		{"small finding, then not assessed", reports(NotAssessed("a/unknown", Args{"what": "it"}), finding("a/low", "m")), Unassessed, "a/unknown", "cannot tell it", 1, VerdictIncomplete},
		{"finding, then a panic", func(p *Pass) (any, error) { p.Report(finding("a/high", "m")); panic("boom") }, Errored, "", "boom", 1, VerdictFail},
		{"unknown rule", reports(nil, finding("a/nope", "m")), Errored, "", "rule a/nope is not in the catalogue", 0, VerdictIncomplete},
		{"unknown rule, then not assessed", reports(NotAssessed("a/unknown", Args{"what": "it"}), finding("a/nope", "m")), Errored, "", "rule a/nope is not in the catalogue", 0, VerdictIncomplete},
		{"unknown rule, then no go command", reports(noGo, finding("a/nope", "m")), Errored, "", "rule a/nope is not in the catalogue", 0, VerdictIncomplete},
		{"unknown rule and a finding", reports(nil, finding("a/nope", "m"), finding("a/high", "m")), Errored, "", "rule a/nope", 1, VerdictFail},
		{"rule of another check", reports(nil, finding("b/high", "m")), Errored, "", "rule b/high is not of check a", 0, VerdictIncomplete},
		{"argument missing", reports(nil, Finding{Rule: "a/high"}), Errored, "", `rule a/high: message: argument "x" missing`, 0, VerdictIncomplete},
		{"argument of a wrong type", reports(nil, Finding{Rule: "a/high", Args: Args{"x": 1i}}), Errored, "", "unsupported type complex128", 0, VerdictIncomplete},
		{"facts that are no JSON", func(*Pass) (any, error) { return math.NaN(), nil }, Errored, "", "unsupported value: NaN", 0, VerdictIncomplete},
		{"facts that panic", func(*Pass) (any, error) { return explosive{}, nil }, Errored, "", "panic: no JSON", 0, VerdictIncomplete},
		{"a network that does not answer", func(p *Pass) (any, error) { return nil, ErrOffline }, Errored, "", "offline", 0, VerdictIncomplete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := check("a", func(_ context.Context, p *Pass) (any, error) { return tt.run(p) })
			other := check("b", gives("unharmed"))
			rep := mustRun(t, Config{}, a, other)
			demand(t, rep, "a", tt.outcome, tt.reasonID, tt.reason)
			demand(t, rep, "b", Passed, "", "")
			if len(rep.Findings) != tt.findings {
				t.Errorf("%d findings, want %d", len(rep.Findings), tt.findings)
			}
			if rep.Verdict != tt.verdict {
				t.Errorf("verdict %s, want %s", rep.Verdict, tt.verdict)
			}
			if got, _ := rep.Check("a"); strings.Contains(got.Reason, "[running]") || strings.Contains(got.Reason, "0x") {
				t.Errorf("a stack in the reason: %s", got.Reason)
			}
		})
	}
}

// reports is a check's function that reports fs and ends with err.
func reports(err error, fs ...Finding) func(*Pass) (any, error) {
	return func(p *Pass) (any, error) {
		for _, f := range fs {
			p.Report(f)
		}
		return 1, err
	}
}

type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("no JSON") }

func TestReasonInBothLanguages(t *testing.T) {
	for lang, want := range map[Lang]string{English: "cannot tell it", Chinese: "无法判断 it", "": "cannot tell it"} {
		a := check("a", func(context.Context, *Pass) (any, error) {
			return nil, NotAssessed("a/unknown", Args{"what": "it"})
		})
		rep := mustRun(t, Config{Lang: lang}, a)
		demand(t, rep, "a", Unassessed, "a/unknown", want)
	}
}

func TestTranslate(t *testing.T) {
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		p.Report(finding("a/low", "m"))
		return nil, NotAssessed("a/unknown", Args{"what": 1_000_000})
	})
	b := check("b", func(context.Context, *Pass) (any, error) { return nil, errors.New("words of others") })
	en, zh := mustRun(t, Config{Lang: English}, a, b), mustRun(t, Config{Lang: Chinese}, a, b)
	strip := func(r *Report) *Report {
		r.Started, r.Finished = time.Time{}, time.Time{}
		for i := range r.Checks {
			r.Checks[i].Seconds = 0
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = ParseReport(data); err != nil {
			t.Fatal(err)
		}
		return r
	}
	en, zh = strip(en), strip(zh)
	if err := en.Translate(testCatalogue(), Chinese); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(zh, en); diff != "" {
		t.Errorf("translated differs from made in Chinese (-want +got):\n%s", diff)
	}
	demand(t, en, "a", Unassessed, "a/unknown", "无法判断 1000000")
	for _, broken := range []*Catalogue{{}, {Rules: testCatalogue().Rules}} {
		if err := en.Translate(broken, English); err == nil {
			t.Error("translated without texts")
		}
	}
}

func TestFactsOfCheckNotRequired(t *testing.T) {
	base := check("base", gives("fact"))
	tests := []struct {
		name string
		run  func(*Pass) any
		want string
	}{
		{"not required", func(p *Pass) any { return Facts[string](p, base) }, "check b reads the facts of base without requiring it"},
		{"of another type", func(p *Pass) any { return Facts[int](p, p.Check.Requires[0]) }, "interface conversion"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			other := check("a", gives("x"))
			b := check("b", func(_ context.Context, p *Pass) (any, error) { return tt.run(p), nil }, other)
			demand(t, mustRun(t, Config{}, b, base), "b", Errored, "", tt.want)
		})
	}
}

// What a check gets from those that it requires, by how they ended.
func TestRequires(t *testing.T) {
	unknown := NotAssessed("a/unknown", Args{"what": "it"})
	never := func(*Target) bool { return false }
	var none *struct{}
	tests := []struct {
		name     string
		base     *Check
		outcome  Outcome
		reasonID string
		reason   string
	}{
		{"facts", check("a", gives(7)), Passed, "", ""},
		{"zero facts", check("a", gives(0)), Passed, "", ""},
		{"facts, and not assessed", check("a", func(context.Context, *Pass) (any, error) { return 7, unknown }), Passed, "", ""},
		{"facts, and an error", check("a", func(context.Context, *Pass) (any, error) { return 7, errors.New("boom") }), Passed, "", ""},
		{"facts, and a finding", check("a", func(_ context.Context, p *Pass) (any, error) { p.Report(finding("a/critical", "m")); return 7, nil }), Passed, "", ""},
		{"no facts, not assessed", check("a", func(context.Context, *Pass) (any, error) { return nil, unknown }), Unassessed, reasonRequires, "needs a"},
		{"no facts, an error", check("a", func(context.Context, *Pass) (any, error) { return nil, errors.New("boom") }), Unassessed, reasonRequires, "needs a"},
		{"a nil pointer for facts", check("a", gives(none)), Unassessed, reasonRequires, "needs a"},
		{"facts that are no JSON", check("a", gives(math.Inf(1))), Unassessed, reasonRequires, "needs a"},
		{"panic", check("a", func(context.Context, *Pass) (any, error) { panic("boom") }), Unassessed, reasonRequires, "needs a"},
		{"not applicable", &Check{ID: "a", Applies: never}, NotApplicable, "", ""},
		{"offline", &Check{ID: "a", Needs: Network}, Unassessed, reasonRequires, "needs a"},
		{"not applicable, two levels down", check("a", nil, &Check{ID: "c", Applies: never}), NotApplicable, "", ""},
		{"panic in Applies", &Check{ID: "a", Applies: func(*Target) bool { panic("boom") }}, Unassessed, reasonRequires, "needs a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ran := false
			b := check("b", func(context.Context, *Pass) (any, error) { ran = true; return 1, nil }, tt.base)
			rep := mustRun(t, Config{Offline: true}, b)
			demand(t, rep, "b", tt.outcome, tt.reasonID, tt.reason)
			if ran != (tt.outcome == Passed) {
				t.Errorf("ran: %t", ran)
			}
		})
	}
}

func TestApplies(t *testing.T) {
	target := &Target{Module: "example.com/m"}
	seen := make(chan *Target, 1)
	yes := &Check{ID: "a", Applies: func(got *Target) bool { seen <- got; return true }, Run: gives(1)}
	no := &Check{ID: "b", Applies: func(*Target) bool { return false }}
	rep := mustRun(t, Config{Target: target}, yes, no)
	if got := <-seen; got != target {
		t.Errorf("target %v", got)
	}
	demand(t, rep, "a", Passed, "", "")
	demand(t, rep, "b", NotApplicable, "", "")
	if rep.Verdict != VerdictPass {
		t.Errorf("verdict %s", rep.Verdict)
	}
	if rep := mustRun(t, Config{}, no); rep.Verdict != VerdictIncomplete {
		t.Errorf("nothing applies: verdict %s", rep.Verdict)
	}
	boom := &Check{ID: "b", Applies: func(*Target) bool { panic("boom") }}
	rep = mustRun(t, Config{}, boom, check("a", gives(1)))
	demand(t, rep, "b", Errored, "", "panic: boom")
	demand(t, rep, "a", Passed, "", "")
}

func TestOffline(t *testing.T) {
	body := &closer{Reader: strings.NewReader("x")}
	a := check("a", func(ctx context.Context, p *Pass) (any, error) {
		req, err := http.NewRequestWithContext(ctx, "POST", "http://127.0.0.1:1/", body)
		if err != nil {
			return nil, err
		}
		resp, err := p.HTTP.RoundTrip(req)
		if resp != nil || !errors.Is(err, ErrOffline) {
			t.Errorf("HTTP: %v, %v", resp, err)
		}
		req.Body = nil
		if _, err := p.HTTP.RoundTrip(req); !errors.Is(err, ErrOffline) {
			t.Errorf("HTTP: %v", err)
		}
		if conn, err := p.Dial(ctx, "tcp", "127.0.0.1:1"); conn != nil || !errors.Is(err, ErrOffline) {
			t.Errorf("dial: %v, %v", conn, err)
		}
		if addrs, err := p.LookupNetIP(ctx, "ip", "localhost"); addrs != nil || !errors.Is(err, ErrOffline) {
			t.Errorf("lookup: %v, %v", addrs, err)
		}
		if !p.Offline || p.Roots == nil { // certificates are verified offline too
			t.Errorf("offline: %t, roots: %v", p.Offline, p.Roots)
		}
		return 1, nil
	})
	b := &Check{ID: "b", Needs: Network | GoCommand, Run: func(context.Context, *Pass) (any, error) {
		t.Error("ran")
		return 1, nil
	}}
	own := NetworkAccess{HTTP: forbidden{t}, Roots: x509.NewCertPool()}
	rep := mustRun(t, Config{Offline: true, Network: own}, a, b)
	demand(t, rep, "a", Passed, "", "")
	demand(t, rep, "b", Unassessed, reasonOffline, "offline")
	if !body.closed {
		t.Error("the request's body was left open")
	}
	b.Run = gives(1)
	demand(t, mustRun(t, Config{}, b), "b", Passed, "", "")
}

type closer struct {
	*strings.Reader
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

// forbidden is a network that nobody may use.
type forbidden struct{ t *testing.T }

func (f forbidden) RoundTrip(*http.Request) (*http.Response, error) {
	f.t.Error("the network was used")
	return nil, errors.New("forbidden")
}

func TestOnline(t *testing.T) {
	own := forbidden{t}
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		if p.HTTP != own || p.Dial == nil || p.LookupNetIP == nil || p.Roots != nil || p.Offline {
			t.Errorf("pass %+v", p)
		}
		return 1, nil
	})
	mustRun(t, Config{Network: NetworkAccess{HTTP: own}}, a)
	a.Run = func(_ context.Context, p *Pass) (any, error) {
		if p.HTTP != http.DefaultTransport {
			t.Errorf("HTTP is %T", p.HTTP)
		}
		return 1, nil
	}
	mustRun(t, Config{}, a)
}

func TestPassInputs(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6_789_000, time.FixedZone("", 3600))
	cfg := Config{
		Target: &Target{Dir: "/d"}, Policy: &Policy{FailOn: Low, File: "p", Digest: "d"}, Environ: []string{"A=b"}, CacheDir: "/c",
		Settings: map[string]string{"updates": "true"}, Recorded: map[string][]byte{"a": []byte("x")}, Now: func() time.Time { return now },
		Tool: Tool{Name: "assay"}, Name: TargetRef{Dir: "."},
		Exec: func(*exec.Cmd) ([]byte, error) { return []byte("out"), nil },
	}
	var a *Check
	a = check("a", func(_ context.Context, p *Pass) (any, error) {
		out, err := p.Exec(nil)
		if p.Check != a || p.Target != cfg.Target || p.Policy != cfg.Policy || !slices.Equal(p.Environ, cfg.Environ) || p.CacheDir != "/c" ||
			p.Settings["updates"] != "true" || string(p.Recorded["a"]) != "x" || !p.Now.Equal(now) || string(out) != "out" || err != nil {
			t.Errorf("pass %+v", p)
		}
		return 1, nil
	})
	rep := mustRun(t, cfg, a)
	want := &Report{
		Schema: Schema, Tool: Tool{Name: "assay"}, Lang: English, Target: TargetRef{Dir: "."}, Policy: PolicyRef{File: "p", Digest: "d", FailOn: Low},
		Started: time.Date(2026, 1, 2, 2, 4, 5, 6_000_000, time.UTC), Finished: time.Date(2026, 1, 2, 2, 4, 5, 6_000_000, time.UTC),
		Verdict: VerdictPass, Checks: []CheckResult{{ID: "a", Outcome: Passed, Seconds: rep.Checks[0].Seconds}},
		Findings: []Finding{}, Facts: map[string]json.RawMessage{"a": []byte("1")}, Evidence: []EvidenceRef{},
	}
	if diff := cmp.Diff(want, rep); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// What checks say that were only required is theirs to report in a run of
// their own. What they measured may rest on evidence, which stays.
func TestRequiredOnly(t *testing.T) {
	base := check("a", func(_ context.Context, p *Pass) (any, error) {
		p.Report(finding("a/critical", "m"))
		return p.Evidence("log", []byte("bytes")), nil
	})
	b := check("b", func(_ context.Context, p *Pass) (any, error) {
		f := finding("b/high", "m")
		f.Evidence = []string{Facts[string](p, base)}
		p.Report(f)
		return 1, nil
	}, base)
	rep := mustRun(t, Config{}, b)
	if len(rep.Findings) != 1 || rep.Findings[0].Rule != "b/high" {
		t.Errorf("findings %+v", rep.Findings)
	}
	want := []EvidenceRef{{Digest: Digest([]byte("bytes")), Kind: "log", Size: 5, Check: "a"}}
	if diff := cmp.Diff(want, rep.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if _, ok := rep.Check("a"); ok || len(rep.Facts) != 1 {
		t.Errorf("checks %v, facts of %v", rep.Checks, slices.Collect(maps.Keys(rep.Facts)))
	}
}

// The engine fills what a check leaves to it, and keeps what is the check's.
func TestFindingComplete(t *testing.T) {
	args := Args{"x": "m"}
	evidence := []string{"sha256:b", "sha256:a", "sha256:b"}
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		p.Report(Finding{Rule: "a/high", Subject: Subject{Kind: "module", Name: "m"}, Args: args, Evidence: evidence, Location: &Location{File: "go.sum", Line: 3}})
		args["x"] = "changed later"
		return 1, nil
	})
	rep := mustRun(t, Config{Policy: &Policy{FailOn: Critical, Severities: map[string]Severity{"a/high": Low}}}, a)
	want := []Finding{{
		Rule: "a/high", Severity: Low, Status: Open, Subject: Subject{Kind: "module", Name: "m"}, Args: Args{"x": "m"}, Title: "T a/high", Message: "m is bad",
		Location: &Location{File: "go.sum", Line: 3}, Evidence: []string{"sha256:a", "sha256:b"}, Controls: []Control{{"slsa", "1"}}, Remedy: "mend",
		Fingerprint: fingerprint("a/high", Subject{Kind: "module", Name: "m"}),
	}}
	if diff := cmp.Diff(want, rep.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if want := []string{"sha256:b", "sha256:a", "sha256:b"}; !slices.Equal(evidence, want) {
		t.Errorf("the check's own list was changed: %v", evidence)
	}
}

func TestEvents(t *testing.T) {
	var events []Event // Events is called by one goroutine at a time: the race detector says otherwise
	a := check("a", func(_ context.Context, p *Pass) (any, error) {
		p.Progress(1, 2)
		p.Progress(2, 2)
		return 1, nil
	})
	b := check("b", func(_ context.Context, p *Pass) (any, error) { p.Progress(1, 1); return nil, errors.New("x") })
	c := &Check{ID: "c", Applies: func(*Target) bool { return false }}
	mustRun(t, Config{Events: func(e Event) { events = append(events, e) }}, a, b, c)
	slices.SortStableFunc(events, func(a, b Event) int { return strings.Compare(a.Check, b.Check) })
	want := []Event{
		{Check: "a", Done: 1, Total: 2}, {Check: "a", Done: 2, Total: 2}, {Check: "a", Outcome: Passed},
		{Check: "b", Done: 1, Total: 1}, {Check: "b", Outcome: Errored}, {Check: "c", Outcome: NotApplicable},
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// What is no UTF-8 has the fingerprint that it has when the report is read again.
func TestAsStored(t *testing.T) {
	for s, want := range map[string]string{"a": "a", "a\xff\xfeb": "a\uFFFD\uFFFDb", "\uFFFD": "\uFFFD", "": ""} {
		if got := asStored(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}
