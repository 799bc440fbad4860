// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// A fault is what a proxy, or what stands before it, does with one request.
type fault struct {
	name   string
	answer func(w http.ResponseWriter, r *http.Request, truth []byte, honest string)

	gone      bool // the go command asks the next proxy of the chain
	served    bool // it is an answer with status 200
	harmless  bool // and the true one
	violation bool // and called one that no honest log gives
	hangs     bool
}

func status(code int) fault {
	return fault{
		name: fmt.Sprint(code), gone: code == http.StatusNotFound || code == http.StatusGone,
		answer: func(w http.ResponseWriter, _ *http.Request, _ []byte, _ string) { http.Error(w, "no", code) },
	}
}

func faults() []fault {
	says := func(name string, violation bool, fn func(truth []byte) []byte) fault {
		return fault{name: name, served: true, violation: violation, answer: func(w http.ResponseWriter, _ *http.Request, truth []byte, _ string) { w.Write(fn(truth)) }}
	}
	zipped := func(data []byte) []byte {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		z.Write(data)
		z.Close()
		return buf.Bytes()
	}
	page := []byte("<!DOCTYPE html><html><title>Sign in</title></html>")
	return []fault{
		status(401), status(403), status(404), status(410), status(429), status(500), status(503), status(205),
		says("gzip, not declared", true, zipped),
		says("empty", true, func([]byte) []byte { return nil }),
		says("web page", false, func([]byte) []byte { return page }),
		says("garbage", true, func([]byte) []byte { return bytes.Repeat([]byte{0xa5}, 100) }),
		says("16 MiB", false, func([]byte) []byte { return make([]byte, 16<<20) }),
		{name: "gzip, declared", served: true, harmless: true, answer: func(w http.ResponseWriter, _ *http.Request, truth []byte, _ string) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped(truth))
		}},
		{name: "gzip, declared, of 16 MiB", served: true, answer: func(w http.ResponseWriter, _ *http.Request, _ []byte, _ string) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped(make([]byte, 16<<20)))
		}},
		{name: "gzip declared, and none", answer: func(w http.ResponseWriter, _ *http.Request, truth []byte, _ string) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(append([]byte("x"), truth...))
		}},
		{name: "redirect to http", answer: func(w http.ResponseWriter, r *http.Request, _ []byte, honest string) {
			http.Redirect(w, r, honest+r.URL.Path, http.StatusFound)
		}},
		{name: "redirect in a circle", answer: func(w http.ResponseWriter, r *http.Request, _ []byte, _ string) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}},
		{name: "reset in the middle", answer: func(w http.ResponseWriter, _ *http.Request, truth []byte, _ string) {
			w.Header().Set("Content-Length", fmt.Sprint(len(truth)+10))
			w.Write(truth)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}},
		{name: "reset at once", answer: func(http.ResponseWriter, *http.Request, []byte, string) { panic(http.ErrAbortHandler) }},
		{name: "slow body", hangs: true, answer: func(w http.ResponseWriter, r *http.Request, truth []byte, _ string) {
			w.Write(truth[:len(truth)/2])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	}
}

// Each fault, at each step of the protocol, on chains of both kinds: the chain
// is followed as the go command follows it, what was not answered is not proven,
// what an honest log may say is not called a lie, and nothing is stored but what
// the log has signed.
func TestTransport(t *testing.T) {
	const size, target = 300, 7
	tree := sumdbtest.NewTree(t, size)
	honest := sumdbtest.Serve(t, tree)
	steps := map[string]string{
		"supported": "supported", "latest": "latest", "lookup": lookupOf(t, target), "tile": "tile/8/1/000.p/1", "full tile": "tile/8/0/000",
	}
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		for _, f := range faults() {
			for _, sep := range []string{",", "|"} {
				if step != "supported" && sep == "|" {
					continue // from then on there is one proxy
				}
				t.Run(step+"/"+f.name+"/"+sep, func(t *testing.T) {
					t.Parallel()
					liar := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						rec := httptest.NewRecorder()
						honest.Config.Handler.ServeHTTP(rec, r.Clone(r.Context()))
						if strings.HasSuffix(r.URL.Path, "/"+steps[step]) {
							f.answer(w, r, rec.Body.Bytes(), honest.URL)
							return
						}
						w.WriteHeader(rec.Code)
						w.Write(rec.Body.Bytes())
					}))
					t.Cleanup(liar.Close)
					liar.Config.ErrorLog = nil
					a := &attack{Attack: sumdbtest.Attack{Tree: tree, Size: size, Target: target}, srv: honest}
					var err error
					if a.log, err = ParseLog(honest.GOSUMDB()); err != nil {
						t.Fatal(err)
					}
					chain, err := modproxy.Parse(liar.URL + sep + honest.URL)
					if err != nil {
						t.Fatal(err)
					}
					ctx := t.Context()
					if f.hangs {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
						defer cancel()
					}
					fetcher := &modproxy.SumDB{Transport: liar.Client().Transport, Chain: chain, Name: a.log.Name, DirectURL: liar.URL + "/nothing"}
					cache := memoryCache{}
					v := &Verifier{Log: a.log, Fetcher: fetcher, Cache: cache}
					res, err := v.Verify(ctx, a.modules())
					if err != nil && !f.hangs {
						t.Fatal(err)
					}
					a.judgeFault(t, step, sep, f, res)
					if res != nil {
						a.checkStore(t, t.Name(), cache, res)
					}
					a.checkHonest(t, t.Name(), cache)
				})
			}
		}
	}
}

func lookupOf(t *testing.T, id int64) string {
	t.Helper()
	path, err := lookupPath(sumdbtest.Module(id))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// judgeFault compares what was said with what must be.
func (a *attack) judgeFault(t *testing.T, step, sep string, f fault, res *Result) {
	t.Helper()
	if res == nil {
		return // interrupted: nothing is said
	}
	var proven, failed []int
	for i, answer := range res.Answers {
		if (answer.Record == nil) == (answer.Err == nil) {
			t.Errorf("%v: record %v, error %v", answer.Module, answer.Record, answer.Err)
		}
		if answer.Record != nil {
			proven = append(proven, i)
			a.checkRecord(t, t.Name(), answer)
		} else {
			failed = append(failed, i)
		}
	}
	var want []int // that fail; the target is the last, as they are sorted
	all := []int{0, 1, 2, 3}
	switch {
	case f.harmless, step == "latest", step == "supported" && (f.served || f.gone || sep == "|"):
	case step == "lookup":
		want = all[3:]
		if errors.Is(res.Answers[3].Err, ErrNotLogged) != f.gone {
			t.Errorf("lookup: %v", res.Answers[3].Err)
		}
	case step == "full tile":
		want = []int{0, 1, 3} // those it covers
	default:
		want = all
	}
	if !slices.Equal(failed, want) && !f.hangs {
		t.Errorf("proven %v, not proven %v, want %v: %v", proven, failed, want, res.Answers)
	}
	tooLarge := step == "full tile" && strings.HasPrefix(f.name, "gzip") // hashes do not compress
	if violation := f.violation && step != "supported" && !tooLarge; violation != (len(res.Violations) > 0) {
		t.Errorf("violations %v", res.Violations)
	}
}
