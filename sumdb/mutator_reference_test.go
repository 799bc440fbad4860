// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// memoryOps are the ClientOps of the reference client, in memory.
type memoryOps struct {
	srv *sumdbtest.Log

	mu    sync.Mutex
	files map[string][]byte
	fatal bool // SecurityError was called: the go command ends there
}

func (o *memoryOps) ReadRemote(path string) ([]byte, error) {
	limit := int64(maxLookup)
	if strings.HasPrefix(path, "/tile/") {
		limit = maxTile
	}
	return o.srv.Fetch(context.Background(), path[1:], limit)
}

func (o *memoryOps) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(o.srv.Key), nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.files[file], nil
}

func (o *memoryOps) WriteConfig(file string, _, data []byte) error {
	o.WriteCache(file, data)
	return nil
}

func (o *memoryOps) ReadCache(file string) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if data, ok := o.files[file]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

func (o *memoryOps) WriteCache(file string, data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.files[file] = data
}

func (o *memoryOps) Log(string) {}

func (o *memoryOps) SecurityError(string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fatal = true
}

// compareReference tells the same lie to the reference client, which looks up
// what was asked for one after the other, and checks that it takes every record
// that we give where the answer is no lie. Where it is one the reference client
// may give up at another record than we do; it must not read another text.
func (a *attack) compareReference(t *testing.T, where string, m sumdbtest.Mutator, res *Result) {
	t.Helper()
	if m.Want == sumdbtest.Backwards {
		return // it never asks for the latest head, and does not see it
	}
	if strings.Contains(m.Name, "1<<62") || strings.Contains(m.Name, "1<<63") {
		return // tlog.maxpow2 of golang.org/x/mod v0.42.0 does not end for them
	}
	ops := &memoryOps{srv: a.srv, files: map[string][]byte{}}
	if a.Before > 0 {
		ops.files[a.log.Name+"/latest"] = a.Tree.Signed(a.Before)
	}
	client := sumdb.NewClient(ops)
	for _, answer := range res.Answers {
		lines, err := client.Lookup(answer.Module.Path, answer.Module.Version)
		switch {
		case answer.Record == nil:
		case err != nil || ops.fatal:
			if m.Want != sumdbtest.Allowed || strings.Contains(m.Name, "gone, and the full one is no longer") {
				break // it takes the full tile alone in the place of a partial one
			}
			t.Errorf("%s: %v: the reference client refuses it: %.200v", where, answer.Module, err)
		case !strings.Contains(string(answer.Record.Text), strings.Join(lines, "\n")+"\n"):
			t.Errorf("%s: %v: the reference client reads %q", where, answer.Module, lines)
		}
	}
}

// The comparison sees a verifier that is too lax.
func TestCompareReference(t *testing.T) {
	tree := sumdbtest.NewTree(t, 300)
	a := newAttack(t, tree, 300, 0, 3)
	for _, m := range sumdbtest.Mutators() {
		if m.Name != "record: hash of the zip changed" {
			continue
		}
		a.srv.Mutate(m.Mutate(&a.Attack))
		client := sumdb.NewClient(&memoryOps{srv: a.srv, files: map[string][]byte{}})
		for _, asked := range []module.Version{sumdbtest.Module(3), sumdbtest.Module(4)} {
			if _, err := client.Lookup(asked.Path, asked.Version); (err == nil) != (asked != sumdbtest.Module(3)) {
				t.Errorf("%v: %v", asked, err)
			}
		}
		return
	}
	t.Error("no such lie")
}
