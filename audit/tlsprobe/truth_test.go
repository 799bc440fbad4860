// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// A truth is what a server was configured to do, by a source that is none of ours: the
// list that its own program writes for its configuration, and its manual.
type truth struct {
	suites  map[Version][]SuiteID // in the server's order, if that decides
	prefers map[Version]Preference
	groups  map[GroupID][]Version
	schemes map[SignatureScheme][]Version
	leaves  []string // digests of the certificates that it presents to its name
	auth    ClientAuth
	alpn    []string
	session Session

	// unknown are the questions that must stay open, and why.
	unknown map[string]string

	// unsigned is set where the signature algorithms stay unknown.
	unsigned bool

	// closes is how many of SSL 2.0 and TLCP are refused by a close, which has to be
	// confirmed.
	closes int

	// loud is set for servers that refuse old versions with another alert than
	// protocol_version, which needs a hello for each.
	loud bool

	// more are hellos that are needed beyond the bound, and why.
	more int
	why  string
}

// offers reports whether a version is offered.
func (w *truth) offers(v Version) bool { return len(w.suites[v]) > 0 }

// newestOld is the newest version before TLS 1.3, 0 if there is none.
func (w *truth) newestOld() Version {
	for _, v := range []Version{TLS12, TLS11, TLS10, SSL3} {
		if w.offers(v) {
			return v
		}
	}
	return 0
}

// settle fills in what follows from the rest, where it was left out.
func (w *truth) settle() {
	old, versions := w.newestOld(), 0
	for _, v := range []Version{TLS13, TLS12, TLS11, TLS10, SSL3} {
		if w.offers(v) {
			versions++
		}
	}
	set := func(s *State, applies bool, otherwise State) {
		switch {
		case !applies:
			*s = ""
		case *s == "":
			*s = otherwise
		}
	}
	s := &w.session
	cbc := false
	for v := TLS10; v <= TLS12; v++ {
		cbc = cbc || slices.ContainsFunc(w.suites[v], func(id SuiteID) bool { return strings.Contains(SuiteOf(id).Name, "_CBC_") })
	}
	set(&s.ExtendedMasterSecret, old >= TLS10, Offered)
	set(&s.SecureRenegotiation, old != 0, Offered)
	set(&s.ClientRenegotiation, old != 0, NotOffered)
	set(&s.EncryptThenMAC, cbc, Offered)
	set(&s.Compression, old != 0, NotOffered)
	set(&s.Tickets, old >= TLS10, Offered)
	set(&s.Resumption, versions > 0, Offered)
	set(&s.EarlyData, w.offers(TLS13), NotOffered)
	set(&s.FallbackSCSV, versions > 1, Offered)
	kinds := map[string]bool{}
	for id, in := range w.schemes {
		if slices.Contains(in, TLS12) {
			kinds[id.authentication()] = true
		}
	}
	if len(kinds) > 1 {
		w.more, w.why = w.more+len(kinds)-1, "the algorithms of each kind of key need a hello of their own that is refused"
	}
	switch w.auth.State {
	case "":
		w.auth.State = AuthNone
	case AuthRequired:
		w.auth.Enforced = EnforcedTLS
	case AuthOptional:
		w.auth.Enforced = defaultTo(w.auth.Enforced) // of what speaks no HTTP
	}
}

// defaultTo is what is known of where a certificate is enforced, unless something is.
func defaultTo(e Enforcement) Enforcement {
	if e == "" {
		return EnforcedUnknown
	}
	return e
}

// minimum is how few hellos can tell: one for each suite or group, and one that is
// refused.
func (w *truth) minimum() int {
	n := 0
	countGroups := func(v Version) int {
		k := 0
		for _, in := range w.groups {
			if slices.Contains(in, v) {
				k++
			}
		}
		return k
	}
	n += max(len(w.suites[TLS13]), countGroups(TLS13)) + 1
	refused := 0
	for _, v := range []Version{TLS12, TLS11, TLS10, SSL3} {
		switch k := len(w.suites[v]); {
		case k > 0:
			n += max(k, countGroups(v)) + 1
		default:
			refused++
		}
	}
	if refused > 0 {
		n++
		if w.loud {
			n += refused - 1
		}
	}
	n += 2 + w.closes // SSL 2.0 and TLCP
	for _, v := range []Version{TLS13, TLS12, TLS11, TLS10, SSL3} {
		if len(w.suites[v]) > 1 {
			n++ // whose order decides
		}
	}
	for _, v := range []Version{TLS13, TLS12} {
		k := 0
		for _, in := range w.schemes {
			if slices.Contains(in, v) {
				k++
			}
		}
		if k > 0 {
			n += k + 1
		}
	}
	return n
}

// times is how often each server is probed.
func times() int {
	if testing.Short() {
		return 1
	}
	return 3
}

// compare probes a server again and again, and compares what is found with the truth.
func compare(t *testing.T, address string, want *truth) *Result {
	t.Helper()
	want.settle()
	minimum := want.minimum()
	most := minimum + 4 + want.more
	var first *Result
	fewest := 0
	// What a busy machine answers late is asked again: then the fewest count.
	for i := 0; i < times() || fewest > most && i < 4; i++ {
		r := probe(t, address, Options{MaxConnections: 600})
		if i == 0 {
			first, fewest = r, r.Hellos
			compareOnce(t, r, want)
			continue
		}
		fewest = min(fewest, r.Hellos)
		same := cmp.Options{cmpopts.IgnoreFields(Result{}, "Connections", "Hellos", "Exchanges", "Session.TicketLifetime")}
		if diff := cmp.Diff(first, r, same); diff != "" {
			t.Errorf("probe %d says something else: %s", i, diff)
		}
	}
	t.Logf("hellos: %d, minimum %d, over %+d; connections %d", fewest, minimum, fewest-minimum, first.Connections)
	if fewest > most {
		t.Errorf("%d hellos, where %d would do (and %d are allowed beyond: %s)", fewest, minimum, 4+want.more, want.why)
	}
	if (t.Failed() || os.Getenv("ASSAY_EXCHANGES") != "") && testing.Verbose() {
		logExchanges(t, first)
	}
	return first
}

func compareOnce(t *testing.T, r *Result, want *truth) {
	t.Helper()
	for _, p := range r.Protocols {
		ids := want.suites[p.Version]
		state := NotOffered
		if len(ids) > 0 {
			state = Offered
		}
		if want.unknown[p.Version.String()] != "" {
			state = Unknown
		}
		if p.State != state {
			t.Errorf("%v: %v, should be %v", p.Version, p.State, state)
			continue
		}
		if len(p.Undecided) > 0 {
			t.Errorf("%v: undecided: %v", p.Version, names(p.Undecided))
		}
		var got []SuiteID
		for _, s := range p.Suites {
			got = append(got, s.ID)
		}
		wantOrder := want.prefers[p.Version]
		if len(ids) < 2 {
			wantOrder = ""
		}
		if p.Preference != wantOrder {
			t.Errorf("%v: preference %q, should be %q", p.Version, p.Preference, wantOrder)
		}
		if wantOrder != PreferServer {
			ids = slices.Sorted(slices.Values(ids))
		}
		if diff := cmp.Diff(names(ids), names(got)); diff != "" {
			t.Errorf("%v: suites: %s", p.Version, diff)
		}
	}
	groups := map[string][]Version{}
	for _, g := range r.Groups {
		if g.State != NotOffered { // versions before the newest of the old ones share its list
			groups[g.Name+" "+string(g.State)] = slices.DeleteFunc(slices.Clone(g.Versions), func(v Version) bool { return v < want.newestOld() })
		}
	}
	wantGroups := map[string][]Version{}
	for id, in := range want.groups {
		wantGroups[GroupOf(id).Name+" offered"] = in
	}
	if diff := cmp.Diff(wantGroups, groups); diff != "" {
		t.Errorf("groups: %s", diff)
	}
	schemes, wantSchemes := map[string][]Version{}, map[string][]Version{}
	for _, a := range r.SignatureAlgorithms {
		schemes[a.Name+" "+string(a.State)] = a.Versions
	}
	for id, in := range want.schemes {
		wantSchemes[SignatureAlgorithmOf(id).Name+" offered"] = in
	}
	if diff := cmp.Diff(wantSchemes, schemes); diff != "" && !want.unsigned {
		t.Errorf("signature algorithms: %s", diff)
	}
	var leaves []string
	for _, c := range r.Certificates {
		if !slices.Contains(leaves, c.Certificates[0].SHA256) {
			leaves = append(leaves, c.Certificates[0].SHA256)
		}
	}
	slices.Sort(leaves)
	if diff := cmp.Diff(slices.Sorted(slices.Values(want.leaves)), leaves); diff != "" {
		t.Errorf("certificates: %s", diff)
	}
	if diff := cmp.Diff(want.auth, r.ClientAuth, cmpopts.IgnoreFields(ClientAuth{}, "Schemes")); diff != "" {
		t.Errorf("client certificates: %s", diff)
	}
	if diff := cmp.Diff(want.alpn, r.ALPN); diff != "" {
		t.Errorf("ALPN: %s", diff)
	}
	if diff := cmp.Diff(want.session, r.Session, cmpopts.IgnoreFields(Session{}, "TicketLifetime"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("session: %s", diff)
	}
	open := map[string]bool{}
	for _, p := range r.Unknown {
		if p.Question == "HTTP" { // few of these servers speak it, whatever they say in ALPN
			continue
		}
		open[p.Question] = true
		if want.unknown[p.Question] == "" {
			t.Errorf("unknown: %+v", p)
		}
	}
	for question := range want.unknown {
		if !open[question] {
			t.Errorf("not said to be unknown: %s", question)
		}
	}
}

func names(ids []SuiteID) []string {
	var out []string
	for _, id := range ids {
		out = append(out, SuiteOf(id).Name)
	}
	return out
}

// logExchanges writes what was asked and answered.
func logExchanges(t *testing.T, r *Result) {
	for i, x := range r.Exchanges {
		o, err := x.read()
		if err != nil {
			t.Logf("%d: %v", i, err)
			continue
		}
		said := string(x.End) + " " + x.Detail
		switch {
		case o.accepted():
			said = o.flight.version.String() + " " + SuiteOf(o.flight.suite).Name + " " + GroupOf(o.flight.group).Name + " " + SignatureAlgorithmOf(o.scheme()).Name
		case x.End == EndAnswer:
			said = o.flight.alert.String()
		}
		t.Logf("%d: %v %d suites, %d groups, %d schemes, %d bytes: %s", i, x.Asked, len(o.hello.suites), len(o.hello.groups), len(o.hello.schemes), len(x.Sent), said)
	}
}

// probe probes an endpoint, and demands that the evidence says the same as the result.
func probe(t *testing.T, address string, o Options) *Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // none takes that long
	defer cancel()
	r, err := Probe(ctx, Target{Address: address, SNI: "example.com"}, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Replay(r.Exchanges)
	if err != nil {
		t.Fatalf("replay: %v", err)
	}
	if diff := cmp.Diff(r.Protocols, again.Protocols); diff != "" {
		t.Errorf("the exchanges say something else of protocols: %s", diff)
	}
	if diff := cmp.Diff(r.Groups, again.Groups); diff != "" {
		t.Errorf("the exchanges say something else of groups: %s", diff)
	}
	if diff := cmp.Diff(r.SignatureAlgorithms, again.SignatureAlgorithms); diff != "" {
		t.Errorf("the exchanges say something else of signature algorithms: %s", diff)
	}
	enforced := ClientAuth{State: r.ClientAuth.State, Unverified: r.ClientAuth.Unverified}
	if enforced.Settle(again.ClientAuth); enforced.Enforced != r.ClientAuth.Enforced || enforced.Unverified != r.ClientAuth.Unverified {
		t.Errorf("the exchanges say something else of clients' certificates: %+v, not %+v", enforced, r.ClientAuth)
	}
	return r
}

// every says that the same is so in all versions that are offered.
func every(suites map[Version][]SuiteID, p Preference) map[Version]Preference {
	out := map[Version]Preference{}
	for v := range maps.Keys(suites) {
		out[v] = p
	}
	return out
}
