// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/goassay/assay/audit/spiffe/spiffetest"
	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

const (
	cart = "spiffe://prod.example/ns/shop/sa/cart"
	mail = "spiffe://prod.example/ns/shop/sa/mail"
)

// hour is a watch that the test ends itself.
const hour = time.Hour

// watchUntil watches, by a clock that stands still, until there were so many answers.
func watchUntil(t *testing.T, socket string, answers int) *Workload {
	t.Helper()
	a, err := ParseAddress(socket)
	if err != nil {
		t.Fatal(err)
	}
	over, at := make(chan time.Time), make(chan time.Time)
	close(at)
	return Watch(t.Context(), a, Options{
		Watch: hour, Answer: time.Minute,
		Updated: func(n int) {
			if n == answers {
				close(over)
			}
		},
		Now: func() time.Time { return certtest.Now },
		After: func(d time.Duration) <-chan time.Time {
			switch {
			case d == hour:
				return over
			case d == time.Minute: // until the first answer, which a test need not fear
				return nil
			}
			return at // of a pause
		},
	})
}

// fetch asks once.
func fetch(t *testing.T, socket string) *Workload {
	t.Helper()
	a, err := ParseAddress(socket)
	if err != nil {
		t.Fatal(err)
	}
	return Watch(t.Context(), a, Options{Now: func() time.Time { return certtest.Now }})
}

func TestFetch(t *testing.T) {
	root := certtest.Root(t, "", spiffetest.Has("spiffe://prod.example"))
	other := certtest.Root(t, "", spiffetest.Has("spiffe://partner.example"))
	middle := root.Authority(t, "", spiffetest.Has("spiffe://prod.example"))
	leaf := middle.Server(t, "", spiffetest.Has(cart))
	second := root.Server(t, "", spiffetest.Has(mail))
	answer := spiffetest.Answer(spiffetest.SVID(t, root, leaf, middle), spiffetest.SVID(t, root, second))
	answer.Svids[0].Hint = "internal"
	answer.FederatedBundles = map[string][]byte{"spiffe://partner.example": spiffetest.DER(other, other)}
	socket := spiffetest.Serve(t, spiffetest.Answers(answer))

	w := fetch(t, socket)
	if w.State != Answered || w.Socket != socket || len(w.SVIDs) != 2 || len(w.Updates) != 0 {
		t.Fatalf("%+v", w)
	}
	s := w.SVIDs[0]
	want := Issue{At: certtest.Now, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, SPKI: s.Issues[0].SPKI, Key: KeyFits, Chain: [][]byte{leaf.Raw, middle.Raw}}
	if diff := cmp.Diff([]Issue{want}, s.Issues); diff != "" || s.ID != cart || s.Hint != "internal" || !strings.HasPrefix(want.SPKI, "sha256/") {
		t.Errorf("%+v %s", s, diff)
	}
	if want := w.SVIDs[1].Last(); want.Key != KeyFits || want.Lifetime() != second.NotAfter.Sub(second.NotBefore) || w.SVIDs[1].ID != mail {
		t.Errorf("%+v", w.SVIDs[1])
	}
	if diff := cmp.Diff([]Bundle{{"partner.example", true, [][]byte{other.Raw, other.Raw}}, {"prod.example", false, [][]byte{root.Raw}}}, w.Bundles); diff != "" {
		t.Error(diff)
	}

	// go-spiffe's own client sees the same.
	client, err := workloadapi.New(t.Context(), workloadapi.WithAddr(socket))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	x, err := client.FetchX509Context(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range w.SVIDs {
		var chain [][]byte
		for _, c := range x.SVIDs[i].Certificates {
			chain = append(chain, c.Raw)
		}
		if s.ID != x.SVIDs[i].ID.String() || s.Hint != x.SVIDs[i].Hint || !cmp.Equal(chain, s.Last().Chain) {
			t.Errorf("go-spiffe: %v, here %+v", x.SVIDs[i], s)
		}
	}
	if x.Bundles.Len() != len(w.Bundles) {
		t.Errorf("go-spiffe: %d bundles", x.Bundles.Len())
	}
}

// What an SVID's key is, and what an answer holds where it is wrong.
func TestAnswer(t *testing.T) {
	root := certtest.Root(t, "")
	leaf, other := root.Server(t, "", spiffetest.Has(cart)), root.Server(t, "", spiffetest.Has(cart))
	secret := spiffetest.SVID(t, root, other).X509SvidKey
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	rsaLeaf := root.Server(t, "", spiffetest.Has(cart), certtest.WithKey(rsaKey))
	for _, test := range []struct {
		name   string
		change func(*workload.X509SVID)
		key    KeyState
		chain  int
		bundle int
	}{
		{"right", func(*workload.X509SVID) {}, KeyFits, 1, 1},
		{"RSA", func(s *workload.X509SVID) {
			s.X509Svid, s.X509SvidKey = rsaLeaf.Raw, spiffetest.SVID(t, root, rsaLeaf).X509SvidKey
		}, KeyFits, 1, 1},
		{"another key", func(s *workload.X509SVID) { s.X509SvidKey = bytes.Clone(secret) }, KeyOther, 1, 1},
		{"no key", func(s *workload.X509SVID) { s.X509SvidKey = nil }, KeyMissing, 1, 1},
		{"no PKCS #8", func(s *workload.X509SVID) { s.X509SvidKey = pkcs1 }, KeyUnreadable, 1, 1},
		{"huge key", func(s *workload.X509SVID) { s.X509SvidKey = make([]byte, maxKey+1) }, KeyUnreadable, 1, 1},
		{"garbage", func(s *workload.X509SVID) { s.X509Svid = []byte("garbage") }, KeyUnknown, 0, 1},
		{"garbage behind", func(s *workload.X509SVID) { s.X509Svid = append(bytes.Clone(leaf.Raw), "garbage"...) }, KeyUnknown, 0, 1},
		{"a key in place of a certificate", func(s *workload.X509SVID) { s.X509Svid = bytes.Clone(secret) }, KeyUnknown, 0, 1},
		{"nothing", func(s *workload.X509SVID) { *s = workload.X509SVID{} }, KeyMissing, 0, 0},
		{"no bundle", func(s *workload.X509SVID) { s.Bundle = nil }, KeyFits, 1, 0},
		{"a key in place of a bundle", func(s *workload.X509SVID) { s.Bundle = bytes.Clone(secret) }, KeyFits, 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := spiffetest.SVID(t, root, leaf)
			test.change(s)
			w := fetch(t, spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(s))))
			if w.State != Answered || len(w.SVIDs) != 1 {
				t.Fatalf("%+v", w)
			}
			if i := w.SVIDs[0].Last(); i.Key != test.key || len(i.Chain) != test.chain || len(w.SVIDs[0].Bundle) != test.bundle {
				t.Errorf("%+v, %d authorities", i, len(w.SVIDs[0].Bundle))
			}
			kept := bytes.Join(slices.Concat(w.SVIDs[0].Last().Chain, w.SVIDs[0].Bundle, w.Bundles[0].Authorities), nil)
			if bytes.Contains(kept, secret) || len(s.X509SvidKey) > 0 && bytes.Contains(kept, s.X509SvidKey) {
				t.Error("a private key was kept")
			}
		})
	}
}

// The answer's own keys do not survive it.
func TestKeysAreCleared(t *testing.T) {
	root := certtest.Root(t, "")
	s := spiffetest.SVID(t, root, root.Server(t, "", spiffetest.Has(cart)))
	w := &watch{Options: Options{}.withDefaults(), svids: map[identity]*SVID{}, result: &Workload{}}
	if _, err := w.take(spiffetest.Answer(s), certtest.Now); err != nil {
		t.Fatal(err)
	}
	if len(s.X509SvidKey) == 0 || !bytes.Equal(s.X509SvidKey, make([]byte, len(s.X509SvidKey))) {
		t.Error("the key is still there")
	}
}

func TestRotation(t *testing.T) {
	root, next := certtest.Root(t, ""), certtest.Root(t, "")
	first := root.Server(t, "", spiffetest.Has(cart))
	same := root.Server(t, "", spiffetest.Has(cart), certtest.WithKey(first.Key))
	later := next.Server(t, "", spiffetest.Has(cart))
	extra := root.Server(t, "", spiffetest.Has(mail))
	give := func(root *certtest.Identity, list ...*certtest.Identity) *workload.X509SVIDResponse {
		r := &workload.X509SVIDResponse{}
		for _, c := range list {
			r.Svids = append(r.Svids, spiffetest.SVID(t, root, c))
		}
		return r
	}
	w := watchUntil(t, spiffetest.Serve(t, spiffetest.Answers(
		give(root, first, extra), // there were two
		give(root, first, extra), // nothing new
		give(root, same, extra),  // the key stays
		give(root, same),         // one was withdrawn
		give(next, later),        // and another authority
	)), 5)
	if w.State != Answered || len(w.Updates) != 4 || w.Changes != 3 || len(w.SVIDs) != 2 || len(w.Gaps) != 0 {
		t.Fatalf("%+v", w)
	}
	s, gone := w.SVIDs[0], w.SVIDs[1]
	var leaves [][]byte
	for _, i := range s.Issues {
		leaves = append(leaves, i.Chain[0])
	}
	if diff := cmp.Diff([][]byte{first.Raw, same.Raw, later.Raw}, leaves); diff != "" {
		t.Error(diff)
	}
	if s.Issues[0].SPKI != s.Issues[1].SPKI || s.Issues[1].SPKI == s.Issues[2].SPKI || s.Withdrawn != nil {
		t.Errorf("%+v", s)
	}
	if gone.ID != mail || gone.Withdrawn == nil || len(gone.Issues) != 1 {
		t.Errorf("%+v", gone)
	}
	if len(w.Bundles) != 1 || !bytes.Equal(w.Bundles[0].Authorities[0], next.Raw) {
		t.Errorf("%+v", w.Bundles)
	}
}

// Two SVIDs of one ID and one hint are two.
func TestSameIdentity(t *testing.T) {
	root := certtest.Root(t, "")
	a, b := root.Server(t, "", spiffetest.Has(cart)), root.Server(t, "", spiffetest.Has(cart))
	w := fetch(t, spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, a), spiffetest.SVID(t, root, b)))))
	if len(w.SVIDs) != 2 || !bytes.Equal(w.SVIDs[0].Last().Chain[0], a.Raw) || !bytes.Equal(w.SVIDs[1].Last().Chain[0], b.Raw) {
		t.Errorf("%+v", w.SVIDs)
	}
}

// A stream that breaks is opened again, and the time in between is told.
func TestGap(t *testing.T) {
	root := certtest.Root(t, "")
	first, later := root.Server(t, "", spiffetest.Has(cart)), root.Server(t, "", spiffetest.Has(cart))
	w := watchUntil(t, spiffetest.Serve(t, func(n int, s spiffetest.Stream) error {
		switch n {
		case 0:
			return s.Send(spiffetest.Answer(spiffetest.SVID(t, root, first)))
		case 1:
			return status.Error(codes.Unavailable, "starting")
		case 2:
			return status.Error(codes.PermissionDenied, "no identity issued")
		case 3:
			return s.Send(spiffetest.Answer())
		}
		return spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, later)))(n, s)
	}), 2)
	var states []State
	for _, g := range w.Gaps {
		states = append(states, g.State)
	}
	if diff := cmp.Diff([]State{Unreachable, Unreachable, Denied, Malformed}, states); diff != "" || w.State != Answered || w.Changes != 1 {
		t.Errorf("%+v %s", w, diff)
	}
	if w.Gaps[3].To == nil || w.Gaps[0].Detail != "the stream was closed" || w.Gaps[2].Detail != "no identity issued" {
		t.Errorf("%+v", w.Gaps)
	}
}

// What is still broken at the end of the watch is its state.
func TestGone(t *testing.T) {
	root := certtest.Root(t, "")
	answer := spiffetest.Answer(spiffetest.SVID(t, root, root.Server(t, "", spiffetest.Has(cart))))
	over := make(chan time.Time)
	a, err := ParseAddress(spiffetest.Serve(t, func(n int, s spiffetest.Stream) error {
		if n == 0 {
			return s.Send(answer)
		}
		return status.Error(codes.PermissionDenied, "no identity issued")
	}))
	if err != nil {
		t.Fatal(err)
	}
	pauses := 0
	w := Watch(t.Context(), a, Options{Watch: hour, Answer: time.Minute, After: func(d time.Duration) <-chan time.Time {
		if d == hour {
			return over
		}
		c := make(chan time.Time, 1)
		if d < time.Minute {
			if pauses++; pauses == 3 {
				close(over)
				return nil
			}
			c <- time.Time{}
		}
		return c
	}})
	if w.State != Denied || w.Detail != "no identity issued" || len(w.SVIDs) != 1 || len(w.Gaps) != 3 || w.Gaps[2].To != nil {
		t.Errorf("%+v", w)
	}
}

// TestWrong are agents that give no answer.
func TestWrong(t *testing.T) {
	listen := func(handle func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() { defer c.Close(); handle(c) }()
			}
		}()
		return "tcp://" + l.Addr().String()
	}
	many := &workload.X509SVIDResponse{}
	for i := range maxSVIDs + 1 {
		many.Svids = append(many.Svids, &workload.X509SVID{SpiffeId: fmt.Sprint(i)})
	}
	for _, test := range []struct {
		name, socket string
		want         State
		detail       string
	}{
		{"denied", spiffetest.Serve(t, spiffetest.Fails(codes.PermissionDenied, "no identity issued")), Denied, "no identity issued"},
		{"starting", spiffetest.Serve(t, spiffetest.Fails(codes.Unavailable, "starting")), Unreachable, "starting"},
		{"no such profile", spiffetest.Serve(t, spiffetest.Fails(codes.Unimplemented, "x\x1b[31m"+strings.Repeat("y", 300))), Refused, "Unimplemented x\ufffd[31my"},
		{"late", spiffetest.Serve(t, spiffetest.Fails(codes.DeadlineExceeded, "late")), Silent, "late"},
		{"exhausted", spiffetest.Serve(t, spiffetest.Fails(codes.ResourceExhausted, "full")), Refused, "ResourceExhausted full"},
		{"closed", spiffetest.Serve(t, func(int, spiffetest.Stream) error { return nil }), Unreachable, "the stream was closed"},
		{"no SVIDs", spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer())), Malformed, "no SVIDs in the answer"},
		{"many SVIDs", spiffetest.Serve(t, spiffetest.Answers(many)), Excessive, "more SVIDs"},
		{"large", spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(&workload.X509SVID{X509Svid: make([]byte, maxAnswer)}))), Excessive, "grpc: received message"},
		{"nobody", "unix://" + filepath.Join(t.TempDir(), "none"), Unreachable, "dial unix "},
		{"hangs up", listen(func(net.Conn) {}), Unreachable, ""},
		{"another protocol", listen(func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }), Unreachable, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := fetch(t, test.socket)
			if w.State != test.want || !strings.HasPrefix(w.Detail, test.detail) || len([]rune(w.Detail)) > 2*maxDetail {
				t.Errorf("%s %q", w.State, w.Detail)
			}
			if w.State != Excessive && (len(w.SVIDs) != 0 || w.Watched != 0) {
				t.Errorf("%+v", w)
			}
		})
	}

	t.Run("silent", func(t *testing.T) {
		a, _ := ParseAddress(spiffetest.Serve(t, spiffetest.Answers()))
		now := make(chan time.Time)
		close(now)
		if w := Watch(t.Context(), a, Options{After: func(time.Duration) <-chan time.Time { return now }}); w.State != Silent {
			t.Errorf("%+v", w)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		root := certtest.Root(t, "")
		a, _ := ParseAddress(spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, root.Server(t, "", spiffetest.Has(cart)))))))
		ctx, cancel := context.WithCancel(t.Context())
		if w := Watch(ctx, a, Options{Watch: hour, Updated: func(int) { cancel() }}); w.State != Interrupted || len(w.SVIDs) != 1 {
			t.Errorf("%+v", w)
		}
	})
	t.Run("no dialer", func(t *testing.T) {
		w := Watch(t.Context(), Address{"unix", "/x"}, Options{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("offline") }})
		if w.State != Unreachable || !strings.Contains(w.Detail, "offline") {
			t.Errorf("%+v", w)
		}
	})
}

// TestEndless are agents that never end: with the same answer, with new ones, with
// streams.
func TestEndless(t *testing.T) {
	root := certtest.Root(t, "")
	leaf := root.Server(t, "", spiffetest.Has(cart))
	padded := root.Server(t, "", spiffetest.Has(cart), func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{strings.Repeat("x", 400<<10)} })
	for name, next := range map[string]func(int) *workload.X509SVIDResponse{
		"the same": func(int) *workload.X509SVIDResponse { return spiffetest.Answer(spiffetest.SVID(t, root, leaf)) },
		"another ID each": func(n int) *workload.X509SVIDResponse {
			s := spiffetest.SVID(t, root, leaf)
			s.SpiffeId = fmt.Sprintf("spiffe://prod.example/%d", n)
			return spiffetest.Answer(s)
		},
		"another chain each": func(n int) *workload.X509SVIDResponse {
			s := spiffetest.SVID(t, root, leaf)
			s.X509Svid = bytes.Join([][]byte{leaf.Raw, padded.Raw, bytes.Repeat(root.Raw, n%2)}, nil)
			return spiffetest.Answer(s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchUntil(t, spiffetest.Serve(t, func(_ int, s spiffetest.Stream) error {
				for n := 0; ; n++ {
					if err := s.Send(next(n)); err != nil {
						return err
					}
				}
			}), -1)
			if w.State != Excessive || len(w.SVIDs) > maxSVIDs+1 {
				t.Errorf("%s %q, %d SVIDs", w.State, w.Detail, len(w.SVIDs))
			}
		})
	}
	t.Run("streams", func(t *testing.T) {
		w := watchUntil(t, spiffetest.Serve(t, func(n int, s spiffetest.Stream) error {
			if n == 0 {
				return s.Send(spiffetest.Answer(spiffetest.SVID(t, root, leaf)))
			}
			return nil
		}), -1)
		if w.State != Excessive || w.Detail != "streams" {
			t.Errorf("%s %q", w.State, w.Detail)
		}
	})
}

// No field that a report shows can hold a private key.
func TestWorkloadJSON(t *testing.T) {
	root := certtest.Root(t, "")
	w := fetch(t, spiffetest.Serve(t, spiffetest.Answers(spiffetest.Answer(spiffetest.SVID(t, root, root.Server(t, "", spiffetest.Has(cart)))))))
	data, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(data, &keys); err != nil || keys["svids"] != nil {
		t.Errorf("%s", data)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"unix:///run/spire/agent.sock": "unix:///run/spire/agent.sock",
		"unix:///run/a%20b/agent.sock": "unix:///run/a%20b/agent.sock",
		"unix:agent.sock":              "unix:agent.sock",
		"tcp://127.0.0.1:8081":         "tcp://127.0.0.1:8081",
		"tcp://[::1]:8081":             "tcp://[::1]:8081",
		"":                             "",
		"/run/spire/agent.sock":        "",
		"unix://":                      "",
		"unix:///":                     "",
		"unix://run/agent.sock":        "",
		"unix:///run/agent.sock?x":     "",
		"unix:///run/agent.sock#x":     "",
		"tcp://localhost:8081":         "",
		"tcp://127.0.0.1":              "",
		"tcp://127.0.0.1:0":            "",
		"tcp://127.0.0.1:8081/x":       "",
		"tcp://me@127.0.0.1:8081":      "",
		"https://127.0.0.1:8081":       "",
		"unix:%zz":                     "",
		"tcp://127.0.0.1:8081:8081":    "",
		"unix:///run/\x00/agent.sock":  "",
	} {
		a, err := ParseAddress(text)
		if err == nil != (want != "") || err == nil && a.String() != want {
			t.Errorf("%q: %v %v, want %q", text, a, err, want)
		}
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	root := certtest.Root(t, "")
	leaf := root.Server(t, "", spiffetest.Has(cart))
	write := func(data []byte) string {
		name := filepath.Join(dir, "svid.pem")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	text := fileWith(t, leaf)
	got, err := ReadFile(write(text))
	if diff := cmp.Diff([][]byte{leaf.Raw}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if got, err := ReadFile(write(spiffetest.DER(leaf, root))); err != nil || len(got) != 2 {
		t.Errorf("%v %d", err, len(got))
	}
	misnamed := bytes.ReplaceAll(text, []byte("PRIVATE KEY"), []byte("CERTIFICATE"))
	for want, data := range map[string][]byte{"it holds no certificate": nil, "what stands as a certificate is none": misnamed, "larger than": make([]byte, maxFile+1)} {
		if _, err := ReadFile(write(data)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for want, name := range map[string]string{"not a regular file": dir, "no such file": filepath.Join(dir, "none")} {
		if _, err := ReadFile(name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
