// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package machine

import (
	"errors"
	"runtime"
	"testing"
)

// ended is how a test ended that asked for something: "" if it went on.
func ended(f func(t testing.TB)) string {
	r := new(recorder)
	done := make(chan bool)
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.how
}

// A recorder is a test of which only its end is looked at.
type recorder struct {
	testing.TB
	how string
}

func (r *recorder) end(how string) {
	r.how = how
	runtime.Goexit()
}

func (r *recorder) Helper()               {}
func (r *recorder) Skip(...any)           { r.end("skipped") }
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }
func (r *recorder) Fatal(...any)          { r.end("failed") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }

func TestNeed(t *testing.T) {
	const none = "no-such-program-anywhere"
	lack := errors.New("lack")
	for ci, want := range map[string]string{"": "skipped", "false": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		if got := ended(func(t testing.TB) { Need(t, "go") }); got != "" {
			t.Errorf("CI=%s, there: %s", ci, got)
		}
		if got := ended(func(t testing.TB) { Need(t, "go", none) }); got != want {
			t.Errorf("CI=%s, not there: %s", ci, got)
		}
		if has, err := Has(none); has || (err != nil) != (ci == "true") {
			t.Errorf("CI=%s: %v %v", ci, has, err)
		}
		if got := ended(func(t testing.TB) { Lacks(t, "it", lack) }); got != want {
			t.Errorf("CI=%s, lack: %s", ci, got)
		}
		if got := ended(func(t testing.TB) { WindowsLacks(t, "it", lack) }); got != "failed" && runtime.GOOS != "windows" {
			t.Errorf("CI=%s, lack of Windows: %s", ci, got)
		}
	}
}
