// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sumdb/sumdbtest"
	"github.com/goassay/assay/sumdb/sumlog"
)

// While add waits for the network, others may write to the log.
func TestAddLocksLate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	key, err := sumlog.NewKey("sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := sumlog.Create(dir, key); err != nil {
		t.Fatal(err)
	}
	if err := key.WriteFile(filepath.Join(dir, key.FileName())); err != nil {
		t.Fatal(err)
	}
	var asked, locked atomic.Int32
	network := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if other, err := sumlog.OpenWriter(ctx, dir, []*sumlog.Key{key}); err != nil {
			locked.Add(1)
		} else {
			other.Close()
		}
		http.NotFound(w, r)
	}))
	defer network.Close()
	public := sumdbtest.New(t)
	for _, source := range [][]string{{"--proxy", network.URL}, {"--from", public.Key + " " + network.URL}} {
		asked.Store(0)
		var stdout, stderr bytes.Buffer
		inv := &invocation{
			args:   append([]string{"sumdb", "add", "example.com/word@v1.1.0", "--log", dir}, source...),
			stdin:  strings.NewReader(""),
			stdout: &stdout, stderr: &stderr,
			environ: append(os.Environ(), "GOENV=off", "GOPRIVATE=", "GONOSUMDB=", "GONOPROXY=", "GOPROXY=off", "ASSAY_CACHE=off"),
		}
		if code := inv.main(t.Context()); code != audit.ExitIncomplete || asked.Load() == 0 || locked.Load() > 0 {
			t.Errorf("%s: exit code %d, asked %d times, %d times locked\n%s", source[0], code, asked.Load(), locked.Load(), stderr.Bytes())
		}
	}
}
