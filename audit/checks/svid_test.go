// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc/codes"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/spiffe"
	"github.com/goassay/assay/audit/spiffe/spiffetest"
	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

const cartID = "spiffe://prod.example/ns/shop/sa/cart"

// lasting makes a certificate one of an hour, of which a part remains now.
func lasting(remains time.Duration) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.NotAfter = certtest.Now.Add(remains)
		c.NotBefore = c.NotAfter.Add(-time.Hour)
	}
}

// svidFile is a file with certificates and the private key of the first.
func svidFile(t *testing.T, list ...*certtest.Identity) []byte {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(list[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, c := range list {
		pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: key})
	return out.Bytes()
}

// auditSVIDs judges files of a directory, and a Workload API if there is a socket; "svid-bundle"
// among the settings is a file of it, and no file to judge.
func auditSVIDs(t *testing.T, files map[string][]byte, socket string, settings map[string]string, change ...func(*audit.Config)) *audit.Report {
	t.Helper()
	dir := t.TempDir()
	settings = mapsClone(settings)
	target := &audit.Target{Dir: dir, Workload: socket}
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if name == settings["svid-bundle"] {
			continue
		}
		target.SVIDs = append(target.SVIDs, path)
	}
	if b := settings["svid-bundle"]; b != "" {
		settings["svid-bundle"] = filepath.Join(dir, b)
	}
	cfg := audit.Config{Target: target, Settings: settings, Checks: []*audit.Check{SVID}, Now: func() time.Time { return certtest.Now }}
	for _, f := range change {
		f(&cfg)
	}
	return runCheck(t, cfg)
}

func mapsClone(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func TestSVIDFiles(t *testing.T) {
	root, other := certtest.Root(t, "", spiffetest.Has("spiffe://prod.example")), certtest.Root(t, "")
	leaf := func(change ...func(*x509.Certificate)) []byte {
		return svidFile(t, root.Server(t, "", append([]func(*x509.Certificate){spiffetest.Has(cartID), lasting(40 * time.Minute)}, change...)...))
	}
	bundle := map[string]string{"svid-bundle": "bundle.pem", "spiffe-trust-domain": "prod.example"}
	for _, test := range []struct {
		name     string
		svid     []byte
		bundle   *certtest.Identity
		settings map[string]string
		outcome  string
		want     []string
	}{
		{"right", leaf(), root, bundle, "pass", nil},
		{"no bundle", leaf(), nil, nil, "pass", []string{"svid/unverified"}},
		{"other bundle", leaf(), other, bundle, "fail", []string{"svid/defect svid_defects=untrusted"}},
		{"other trust domain", leaf(), root, map[string]string{"svid-bundle": "bundle.pem", "spiffe-trust-domain": "test.example"}, "fail", []string{"svid/defect svid_defects=other-trust-domain"}},
		{"two URIs", leaf(spiffetest.Has(cartID, "spiffe://prod.example/x")), root, bundle, "fail", []string{"svid/defect svid_defects=many-uris"}},
		{"CA", leaf(func(c *x509.Certificate) { c.IsCA = true }), root, bundle, "fail", []string{"svid/defect svid_defects=not-a-leaf;signing-path;signing-usage"}},
		{"bad trust domain", leaf(spiffetest.Has("spiffe://Prod.example/x")), root, map[string]string{"svid-bundle": "bundle.pem"}, "fail", []string{"svid/defect svid_defects=bad-trust-domain"}},
		{"expired", leaf(lasting(-time.Minute)), root, bundle, "fail", []string{"svid/expired"}},
		{"not valid yet", leaf(lasting(2 * time.Hour)), root, bundle, "fail", []string{"svid/defect svid_defects=not-yet-valid"}},
		{"renewed at a half", leaf(lasting(25 * time.Minute)), root, bundle, "pass", nil},
		{"late", leaf(lasting(15 * time.Minute)), root, bundle, "pass", []string{"svid/low-headroom"}},
		{"long", leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = certtest.Now, certtest.Now.Add(25*time.Hour) }), root, bundle, "pass", []string{"svid/long-lived"}},
		{"a day", leaf(func(c *x509.Certificate) { c.NotBefore, c.NotAfter = certtest.Now, certtest.Now.Add(24*time.Hour) }), root, bundle, "pass", nil},
		{"a key alone", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), root, bundle, "not-assessed svid/unreadable", nil},
		{"no bundle in the bundle", leaf(), nil, map[string]string{"svid-bundle": "bundle.pem"}, "not-assessed svid/unreadable", []string{"svid/unverified"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string][]byte{"svid.pem": test.svid}
			if test.settings["svid-bundle"] != "" {
				files["bundle.pem"] = []byte("none\n")
			}
			if test.bundle != nil {
				files["bundle.pem"] = svidFile(t, test.bundle)
			}
			rep := auditSVIDs(t, files, "", test.settings)
			if got := outcome(rep); got != test.outcome {
				t.Errorf("outcome %q (%s), want %q", got, rep.Checks[0].Reason, test.outcome)
			}
			if diff := cmp.Diff(append([]string{}, test.want...), found(rep, "svid_defects")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No private key of a file is evidence or a fact.
func TestSVIDSecret(t *testing.T) {
	root := certtest.Root(t, "")
	leaf := root.Server(t, "", spiffetest.Has(cartID), lasting(40*time.Minute))
	key, err := x509.MarshalPKCS8PrivateKey(leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	var kept memory
	socket := spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, leaf))))
	misnamed := bytes.ReplaceAll(svidFile(t, leaf), []byte("PRIVATE KEY"), []byte("CERTIFICATE"))
	rep := auditSVIDs(t, map[string][]byte{"svid.pem": svidFile(t, leaf), "misnamed.pem": misnamed}, socket, nil, func(cfg *audit.Config) { cfg.Evidence = &kept })
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	all := append(data, bytes.Join(kept.data, nil)...)
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	line := strings.Split(string(pemKey), "\n")[1]
	if len(kept.data) == 0 || bytes.Contains(all, []byte(line)) || bytes.Contains(all, key) || bytes.Contains(all, []byte("PRIVATE")) {
		t.Error("a private key was kept")
	}
	if got := outcome(rep); got != "not-assessed svid/unreadable" {
		t.Errorf("%s", got)
	}
}

// memory keeps evidence.
type memory struct{ data [][]byte }

func (m *memory) Put(_ string, data []byte) error {
	m.data = append(m.data, bytes.Clone(data))
	return nil
}

// watching runs f with a watch that ends with the n-th answer.
func watching(t *testing.T, n int) func(*audit.Config) {
	t.Helper()
	over, at := make(chan time.Time), make(chan time.Time)
	close(at)
	after = func(d time.Duration) <-chan time.Time {
		switch d {
		case time.Hour:
			return over
		case 10 * time.Second:
			return nil
		}
		return at
	}
	t.Cleanup(func() { after = time.After })
	return func(cfg *audit.Config) {
		cfg.Settings["svid-watch"] = "1h"
		cfg.Events = func(e audit.Event) {
			if e.Done == n && e.Total == n && e.Outcome == "" {
				close(over)
			}
		}
	}
}

func TestSVIDWorkload(t *testing.T) {
	root, other := certtest.Root(t, "", spiffetest.Has("spiffe://prod.example")), certtest.Root(t, "")
	leaf := root.Server(t, "", spiffetest.Has(cartID), lasting(40*time.Minute))
	later := root.Server(t, "", spiffetest.Has(cartID), lasting(50*time.Minute))
	same := root.Server(t, "", spiffetest.Has(cartID), lasting(50*time.Minute), certtest.WithKey(leaf.Key))
	give := func(c *certtest.Identity, change ...func(*api.X509SVID)) *api.X509SVIDResponse {
		s := spiffetest.SVID(t, root, c)
		for _, f := range change {
			f(s)
		}
		return spiffetest.Answer(s)
	}
	for _, test := range []struct {
		name    string
		api     spiffetest.API
		answers int
		outcome string
		want    []string
	}{
		{"right", spiffetest.Answers(give(leaf)), 0, "pass", nil},
		{"rotated", spiffetest.Answers(give(leaf), give(later)), 2, "pass", nil},
		{"key kept", spiffetest.Answers(give(leaf), give(same)), 2, "pass", []string{"svid/key-reused"}},
		{"other key", spiffetest.Answers(give(leaf, func(s *api.X509SVID) { s.X509SvidKey = spiffetest.SVID(t, root, later).X509SvidKey })), 0, "fail", []string{"svid/key-mismatch key_problem=other"}},
		{"no key", spiffetest.Answers(give(leaf, func(s *api.X509SVID) { s.X509SvidKey = nil })), 0, "fail", []string{"svid/key-mismatch key_problem=missing"}},
		{"other ID", spiffetest.Answers(give(leaf, func(s *api.X509SVID) { s.SpiffeId = "spiffe://prod.example/admin" })), 0, "fail", []string{"svid/other-id id=" + cartID}},
		{"no bundle", spiffetest.Answers(give(leaf, func(s *api.X509SVID) { s.Bundle = nil })), 0, "pass", []string{"svid/no-bundle", "svid/unverified"}},
		{"other bundle", spiffetest.Answers(give(leaf, func(s *api.X509SVID) { s.Bundle = other.Raw })), 0, "fail", []string{"svid/defect svid_defects=untrusted"}},
		{"garbage", spiffetest.Answers(give(leaf, func(s *api.X509SVID) { s.X509Svid = []byte("garbage") })), 0, "fail", []string{"svid/defect svid_defects=unreadable"}},
		{"late", spiffetest.Answers(give(root.Server(t, "", spiffetest.Has(cartID), lasting(15*time.Minute)))), 1, "pass", []string{"svid/low-headroom"}},
		{"withdrawn", spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, leaf), spiffetest.SVID(t, root, root.Server(t, "", spiffetest.Has("spiffe://prod.example/x"), lasting(-time.Minute)))), give(leaf)), 2, "pass", nil}, // and not judged by its time any more
		{"denied", spiffetest.Fails(codes.PermissionDenied, "no identity issued"), 0, "not-assessed svid/workload-api", nil},
		{"no SVIDs", spiffetest.Answers(spiffetest.Answer()), 0, "not-assessed svid/workload-api", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var change []func(*audit.Config)
			if test.answers > 0 {
				change = append(change, watching(t, test.answers))
			}
			rep := auditSVIDs(t, nil, spiffetest.Serve(t, test.api), nil, change...)
			if got := outcome(rep); got != test.outcome {
				t.Errorf("outcome %q (%s), want %q", got, rep.Checks[0].Reason, test.outcome)
			}
			if diff := cmp.Diff(append([]string{}, test.want...), found(rep, "svid_defects", "key_problem", "id")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the facts of a watch tell, and what a changed report is told by.
func TestSVIDWorkloadFacts(t *testing.T) {
	root, partner := certtest.Root(t, ""), certtest.Root(t, "")
	leaf, later := root.Server(t, "", spiffetest.Has(cartID), lasting(40*time.Minute)), root.Server(t, "", spiffetest.Has(cartID), lasting(50*time.Minute))
	first := spiffetest.Answer(spiffetest.SVID(t, root, leaf))
	first.Svids[0].Hint = "internal"
	second := spiffetest.Answer(spiffetest.SVID(t, root, later))
	second.Svids[0].Hint = "internal"
	second.FederatedBundles = map[string][]byte{"spiffe://partner.example": partner.Raw}
	rep := auditSVIDs(t, nil, spiffetest.Serve(t, spiffetest.Answers(first, second)), nil, watching(t, 2))
	facts := factsOf[SVIDFacts](t, rep, SVID)
	w := facts.Workload
	if w.State != spiffe.Answered || len(w.Updates) != 1 || w.Changes != 1 || w.Asked != 3600 || len(w.SVIDs) != 1 {
		t.Fatalf("%s", rep.Facts["svid"])
	}
	s := w.SVIDs[0]
	if s.Named != cartID || s.Hint != "internal" || len(s.Issues) != 2 || s.Last.ID != cartID || s.Last.Trust != "trusted" || s.Bundle.Count != 1 {
		t.Errorf("%s", rep.Facts["svid"])
	}
	if diff := cmp.Diff([]APIBundle{{"partner.example", true, Authorities{1, w.Bundles[0].Evidence}}, {"prod.example", false, s.Bundle}}, w.Bundles); diff != "" {
		t.Error(diff)
	}

	evidence := map[string][]byte{}
	for _, list := range [][]*certtest.Identity{{leaf}, {later}, {root}, {partner}} {
		data := chainPEM([][]byte{list[0].Raw})
		evidence[audit.Digest(data)] = data
	}
	get := func(digest string) ([]byte, error) {
		if data, ok := evidence[digest]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("no %s", digest)
	}
	stored := rep.Facts["svid"]
	if err := SVID.Recheck(stored, get); err != nil {
		t.Errorf("%v", err)
	}
	for was, is := range map[string]string{
		`"trust":"trusted"`:                   `"trust":"untrusted"`,
		`"headroom":`:                         `"headroom":1`,
		`"authorities":1`:                     `"authorities":2`,
		s.Issues[0].SPKI:                      s.Issues[1].SPKI,
		`"evidence":"` + s.Issues[1].Evidence: `"evidence":"` + s.Issues[0].Evidence,
		`"defects":[]`:                        `"defects":["ca"]`,
	} {
		forged := json.RawMessage(strings.Replace(string(stored), was, is, 1))
		if bytes.Equal(forged, stored) {
			t.Fatalf("no %s in %s", was, stored)
		}
		if SVID.Recheck(forged, get) == nil {
			t.Errorf("%s for %s: not told", is, was)
		}
	}
	for _, broken := range []string{`{"workload": {}}`, `{"workload": {"socket": "x", "svids": [{}]}}`, `[]`} {
		if SVID.Recheck(json.RawMessage(broken), get) == nil {
			t.Errorf("%s: no error", broken)
		}
		if _, err := SVID.Conclude(json.RawMessage(broken)); err == nil {
			t.Errorf("%s: concluded", broken)
		}
	}
}

// What an hour of watching shows is judged by the facts alone, so that no test need wait.
func TestSVIDNoRotation(t *testing.T) {
	now := certtest.Now
	for _, test := range []struct {
		remains, watched time.Duration // of an hour
		asked            float64
		want             []string
	}{
		{30 * time.Minute, 20 * time.Minute, 1, []string{"svid/no-rotation"}},
		{30 * time.Minute, 12 * time.Minute, 1, []string{"svid/low-headroom"}}, // not watched long enough to say so
		{60 * time.Minute, 35 * time.Minute, 1, nil},                           // by one that renews at a third
		{60 * time.Minute, 50 * time.Minute, 1, []string{"svid/no-rotation"}},
		{30 * time.Minute, 40 * time.Minute, 1, []string{"svid/expired", "svid/no-rotation"}},
		{30 * time.Minute, 0, 0, nil},
	} {
		issue := spiffe.Issue{At: now, NotAfter: now.Add(test.remains), NotBefore: now.Add(test.remains - time.Hour), Key: spiffe.KeyFits}
		end := now.Add(test.watched)
		s := APISVID{Named: cartID, Issues: []APIIssue{{Issue: issue}}, Bundle: Authorities{Count: 1}}
		s.Last = JudgedChain{At: end, NotBefore: issue.NotBefore, NotAfter: issue.NotAfter}
		s.Last.ID, s.Last.Trust = cartID, "trusted"
		s.Last.Headroom = max(0, (test.remains-test.watched).Minutes()/60)
		var got []string
		judgeSVIDs(&SVIDFacts{Workload: &APIWorkload{Workload: &spiffe.Workload{}, Asked: test.asked, SVIDs: []APISVID{s}}}, func(f audit.Finding) { got = append(got, f.Rule) })
		if !slices.Equal(got, test.want) {
			t.Errorf("%v of an hour, watched for %v: %q, want %q", test.remains, test.watched, got, test.want)
		}
	}
}

// An agent that never rotates, by a clock on which most of the hour passes while it is
// watched.
func TestSVIDNotRotated(t *testing.T) {
	root := certtest.Root(t, "")
	socket := spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, root.Server(t, "", spiffetest.Has(cartID), lasting(40*time.Minute))))))
	end := watching(t, 1)
	var passed atomic.Int64
	since = func(time.Time) time.Duration { return time.Duration(passed.Load()) }
	t.Cleanup(func() { since = time.Since })
	rep := auditSVIDs(t, nil, socket, nil, end, func(cfg *audit.Config) {
		over := cfg.Events
		cfg.Events = func(e audit.Event) {
			passed.Store(int64(30 * time.Minute))
			over(e)
		}
	})
	if diff := cmp.Diff([]string{"svid/no-rotation"}, rulesOf(rep)); diff != "" {
		t.Fatal(diff)
	}
	want := "The Workload API was watched for 30m0s and gave no successor of " + cartID + ", of whose lifetime 16 % remain: it expires at 2026-06-01T12:40:00Z."
	if got := rep.Findings[0].Message; got != want {
		t.Errorf("%s", got)
	}
}

// Nobody there, offline, and interrupted: not a pass.
func TestSVIDUnassessed(t *testing.T) {
	root := certtest.Root(t, "")
	leaf := root.Server(t, "", spiffetest.Has(cartID), lasting(40*time.Minute))
	right := spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, leaf)))
	nobody := "unix://" + filepath.Join(t.TempDir(), "none")
	rep := auditSVIDs(t, nil, nobody, nil)
	if got := outcome(rep); got != "not-assessed svid/workload-api" || !strings.Contains(rep.Checks[0].Reason, "nobody answers: ") {
		t.Errorf("%s: %s", got, rep.Checks[0].Reason)
	}
	if rep := auditSVIDs(t, map[string][]byte{"none.pem": nil}, nobody, nil); outcome(rep) != "not-assessed svid/unreadable" || !strings.Contains(rep.Checks[0].Reason, nobody) {
		t.Errorf("%s", rep.Checks[0].Reason)
	}
	secret := "join_token=5c2f1e9a-secret"
	if rep := auditSVIDs(t, nil, spiffetest.Serve(t, spiffetest.Fails(codes.Internal, "attestation failed: "+secret)), nil); strings.Contains(string(rep.Facts["svid"])+rep.Checks[0].Reason, "5c2f1e9a") || !strings.Contains(rep.Checks[0].Reason, "attestation failed") {
		t.Errorf("%s", rep.Checks[0].Reason)
	}
	offline := func(cfg *audit.Config) { cfg.Offline = true }
	if rep := auditSVIDs(t, nil, spiffetest.Serve(t, right), nil, offline); outcome(rep) != "pass" {
		t.Errorf("offline, a socket of this machine: %s", rep.Checks[0].Reason)
	}
	if rep := auditSVIDs(t, nil, "tcp://127.0.0.1:1", nil, offline); outcome(rep) != "not-assessed svid/workload-api" || !strings.Contains(rep.Checks[0].Reason, "offline") {
		t.Errorf("offline, an address: %s", rep.Checks[0].Reason)
	}
	if rep := auditSVIDs(t, nil, "http://127.0.0.1:1", nil); outcome(rep) != "error" {
		t.Errorf("no address: %s", outcome(rep))
	}
	ctx, cancel := context.WithCancel(t.Context())
	rep = runCheckContext(t, ctx, audit.Config{
		Target: &audit.Target{Dir: t.TempDir(), Workload: spiffetest.Serve(t, right)}, Settings: map[string]string{"svid-watch": "1h"}, Checks: []*audit.Check{SVID},
		Events: func(audit.Event) { cancel() }, Now: func() time.Time { return certtest.Now },
	})
	if got := outcome(rep); got != "not-assessed engine/interrupted" {
		t.Errorf("%s", got)
	}
}

// TestSVIDUnreadable: why a file cannot be read is told in the language of the report.
func TestSVIDUnreadable(t *testing.T) {
	garbled := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 0}})
	for lang, want := range map[audit.Lang]string{
		audit.English: "3 of the SVIDs and bundles could not be read: a.pem: it holds no certificate; b.pem: what stands as a certificate is none; unix:///nowhere/agent.sock: nobody answers: ",
		audit.Chinese: "有 3 项 SVID 或信任包无法读取：a.pem：不含证书；b.pem：标为证书的内容不是证书；unix:///nowhere/agent.sock：无法连接：",
	} {
		files := map[string][]byte{"a.pem": nil, "b.pem": garbled}
		rep := auditSVIDs(t, files, "unix:///nowhere/agent.sock", nil, func(c *audit.Config) { c.Lang = lang })
		if got := rep.Checks[0].Reason; !strings.HasPrefix(got, want) {
			t.Errorf("%s\nwant %s", got, want)
		}
		if f := factsOf[SVIDFacts](t, rep, SVID).Files[0]; f.Reason != "no-certificate" {
			t.Errorf("%+v", f)
		}
	}
	if got := problemOf(os.ErrClosed); got != "file already closed" {
		t.Errorf("%q", got)
	}
	if got := told("a.pem", "file_problem", "file already closed"); got != audit.Plain("a.pem: file already closed") && got.ZH != "a.pem：file already closed" {
		t.Errorf("%+v", got)
	}
}
