// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("SUMDB_SHARED_STORE"); dir != "" {
		fmt.Fprintln(os.Stderr, verifyForever(dir, os.Getenv("GOSUMDB")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// verifyForever verifies records of a growing tree until the process is killed.
func verifyForever(dir, gosumdb string) error {
	log, err := ParseLog(gosumdb)
	if err != nil {
		return err
	}
	for {
		v := &Verifier{Log: log, Fetcher: httpFetcher(log.URL), Cache: DirCache(dir)}
		var ms []module.Version
		for range 20 {
			ms = append(ms, sumdbtest.Module(rand.Int64N(300)))
		}
		res, err := v.Verify(context.Background(), ms)
		if err != nil {
			return err
		}
		if len(res.Violations) > 0 || res.CacheLied {
			return fmt.Errorf("violations %v, the cache lied: %v", res.Violations, res.CacheLied)
		}
		for _, a := range res.Answers {
			if a.Err != nil {
				return a.Err
			}
		}
	}
}

// Several processes use one store at once, and are killed at any moment, while
// the log grows: none of them finds a fault, whatever is in the store is what
// the log has signed, and it serves without a network.
func TestSharedStore(t *testing.T) {
	const size = 3000
	tree := sumdbtest.NewTree(t, size)
	srv := sumdbtest.Serve(t, tree)
	srv.Show(300)
	dir := t.TempDir()
	type process struct {
		*exec.Cmd
		stderr strings.Builder
	}
	start := func() *process {
		p := &process{Cmd: exec.Command(os.Args[0])}
		p.Env = append(os.Environ(), "SUMDB_SHARED_STORE="+dir, "GOSUMDB="+srv.GOSUMDB())
		p.Stderr = &p.stderr
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	kill := func(p *process) {
		p.Process.Kill()
		p.Wait()
		if p.stderr.Len() > 0 {
			t.Error(p.stderr.String())
		}
	}
	processes := []*process{start(), start(), start()}
	for i := range 30 {
		time.Sleep(time.Duration(10+rand.IntN(60)) * time.Millisecond)
		srv.Show(300 + (size-300)*int64(i+1)/30)
		kill(processes[i%3])
		processes[i%3] = start()
	}
	time.Sleep(100 * time.Millisecond)
	for _, p := range processes {
		kill(p)
	}
	log, err := ParseLog(srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	files, heads := 0, 0
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), tempPrefix) {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			err = checkFile(log, tree, filepath.ToSlash(name), data)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		files++
		if strings.HasPrefix(name, headsDir) {
			heads++
		}
		return nil
	})
	if err != nil || files < 100 || heads < 2 {
		t.Fatalf("%d files, %d heads, %v", files, heads, err)
	}
	srv.Lie(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { t.Error("asked") })
	var ms []module.Version
	for id := range int64(300) {
		if name, err := lookupPath(sumdbtest.Module(id)); err == nil {
			if _, err := DirCache(dir).Read(name); err == nil {
				ms = append(ms, sumdbtest.Module(id))
			}
		}
	}
	res, err := (&Verifier{Log: log, Cache: DirCache(dir)}).Verify(t.Context(), ms)
	if err != nil || res.CacheLied || len(res.Violations) > 0 || res.Head == nil {
		t.Fatalf("offline: %v %+v", err, res)
	}
}
