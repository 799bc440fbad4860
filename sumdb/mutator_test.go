// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb/sumdbtest"
)

// attackSizes are the sizes of trees around the borders of tiles, and one of
// three levels.
var attackSizes = []int64{1, 2, 255, 256, 257, 511, 513, 600, 70_000}

// attack is a lying log, with the client's store.
type attack struct {
	sumdbtest.Attack
	srv  *sumdbtest.Log
	log  *Log
	kept memoryCache // the client's store as it was before
}

// newAttack makes a log that lies about one record. With before, the client has
// kept a head of that size, and a record of it.
func newAttack(t *testing.T, tree *sumdbtest.Tree, size, before, target int64) *attack {
	t.Helper()
	a := &attack{Attack: sumdbtest.Attack{Tree: tree, Other: tree.Resign(t), Size: size, Before: before, Target: target}}
	a.srv = sumdbtest.Serve(t, tree)
	log, err := ParseLog(a.srv.GOSUMDB())
	if err != nil {
		t.Fatal(err)
	}
	a.log = log
	a.kept = memoryCache{}
	if before > 0 {
		a.srv.Show(before)
		other := before - 1
		if other == target {
			other = 0
		}
		var asked []module.Version
		if other != target {
			asked = append(asked, sumdbtest.Module(other))
		}
		if res := verify(t, a.verifier(a.kept), asked); res.Head == nil || len(res.Violations) > 0 {
			t.Fatalf("before: %+v", res)
		}
	}
	a.srv.Show(size)
	return a
}

func (a *attack) verifier(cache Cache) *Verifier {
	return &Verifier{Log: a.log, Fetcher: a.srv, Cache: cache, Concurrency: 4}
}

// modules are what is asked for: the target, and others of other tiles.
func (a *attack) modules() []module.Version {
	ms := []module.Version{sumdbtest.Module(a.Target)}
	for _, id := range []int64{0, a.Size / 2, a.Size - 1} {
		if id != a.Target {
			ms = append(ms, sumdbtest.Module(id))
		}
	}
	return ms
}

// memoryCache is a store in memory, for one goroutine that writes.
type memoryCache map[string][]byte

func (c memoryCache) Read(name string) ([]byte, error) {
	if data, ok := c[name]; ok {
		return data, nil
	}
	return nil, fs.ErrNotExist
}

func (c memoryCache) Write(name string, data []byte) error {
	c[name] = bytes.Clone(data)
	return nil
}

func (c memoryCache) List(dir string) ([]string, error) {
	var out []string
	for name := range c {
		if base, ok := strings.CutPrefix(name, dir+"/"); ok && !strings.Contains(base, "/") {
			out = append(out, base)
		}
	}
	return out, nil
}

var allLies = flag.Bool("all-lies", false, "tell each lie to every client, which takes minutes")

// situation is who is lied to, and about what.
type situation struct{ before, target int64 }

// situations lists them for a size: first those of clients that know nothing.
func situations(size int64) (unknowing, knowing []situation) {
	targets := slices.Compact([]int64{0, size / 2, size - 1})
	for _, target := range targets {
		unknowing = append(unknowing, situation{0, target})
	}
	befores := []int64{size, max(size-1, 1), size/2 + 1, min(256, size)}
	slices.Sort(befores)
	for _, before := range slices.Compact(befores) {
		for _, target := range targets {
			knowing = append(knowing, situation{before, target})
		}
	}
	return unknowing, knowing
}

// Every lie, in trees of every shape, to a client that knows nothing and to one
// that has kept a head: each is called by its name, no record is believed that
// the honest log does not have, and nothing is stored that it does not say.
// Afterwards the honest log is believed again.
func TestMutators(t *testing.T) {
	var mu sync.Mutex
	told := map[string]bool{} // which lies were told, and to whom
	t.Run("lies", func(t *testing.T) {
		sizes := attackSizes
		if testing.Short() { // under the race detector each takes half a minute
			sizes = sizes[len(sizes)/2:][:1]
		}
		for _, size := range sizes {
			t.Run(fmt.Sprint(size), func(t *testing.T) {
				t.Parallel()
				tree := sumdbtest.NewTree(t, size+10) // the liar makes others of it
				unknowing, knowing := situations(size)
				for _, list := range [][]situation{unknowing, knowing} {
					var attacks []*attack
					for _, s := range list {
						attacks = append(attacks, newAttack(t, tree, size, s.before, s.target))
					}
					for i, m := range sumdbtest.Mutators() {
						for n := range attacks { // each lie once, and not always to the same client
							a := attacks[(i+n)%len(attacks)]
							if !a.tell(t, m) {
								continue
							}
							mu.Lock()
							told[fmt.Sprintf("%s, to who knows nothing: %v", m.Name, a.Before == 0)] = true
							mu.Unlock()
							if !*allLies {
								break
							}
						}
					}
				}
			})
		}
	})
	if testing.Short() {
		return
	}
	for _, m := range sumdbtest.Mutators() {
		known := strings.HasPrefix(m.Name, "fork") || strings.HasPrefix(m.Name, "rollback") || strings.Contains(m.Name, "before the one kept")
		for _, nothing := range []bool{true, false} {
			name := fmt.Sprintf("%s, to who knows nothing: %v", m.Name, nothing)
			if !told[name] && !(known && nothing) {
				t.Errorf("never told: %s", name)
			}
		}
	}
}

// tell tells a lie and judges what becomes of it. It reports whether it could be
// told: the log may have no such thing, or the client no need to ask.
func (a *attack) tell(t *testing.T, m sumdbtest.Mutator) bool {
	t.Helper()
	if a.Size > 1000 && strings.Contains(m.Name, "record: ID") {
		return false // they have nothing to do with the size
	}
	answer := m.Mutate(&a.Attack)
	if answer == nil {
		return false
	}
	a.srv.Mutate(answer)
	defer a.srv.Mutate(nil)
	cache := maps.Clone(a.kept)
	res := verify(t, a.verifier(cache), a.modules())
	if a.srv.Lied() == 0 {
		return false
	}
	where := fmt.Sprintf("size %d, before %d, target %d: %s", a.Size, a.Before, a.Target, m.Name)
	a.judge(t, where, m, res)
	a.checkStore(t, where, cache, res)
	a.compareReference(t, where, m, res)
	a.srv.Mutate(nil)
	a.checkHonest(t, where, cache)
	return true
}

// judge compares what was said of a lie with what must be.
func (a *attack) judge(t *testing.T, where string, m sumdbtest.Mutator, res *Result) {
	t.Helper()
	switch m.Want {
	case sumdbtest.Allowed, sumdbtest.Failure:
		if len(res.Violations) > 0 {
			t.Errorf("%s: violations %v", where, res.Violations)
		}
	case sumdbtest.Behind:
		if len(res.Violations) > 0 || res.Latest == nil || res.Ahead == nil || res.Latest.Size >= res.Ahead.Size {
			t.Errorf("%s: %v, latest %v, behind records %v", where, res.Violations, res.Latest, res.Ahead)
		}
	case sumdbtest.Backwards:
		if len(res.Violations) > 0 || res.Latest == nil || res.Before == nil || res.Latest.Size >= res.Before.Size {
			t.Errorf("%s: %v, latest %v, before %v", where, res.Violations, res.Latest, res.Before)
		}
	default:
		wanted := strings.Split(m.Want, "|")
		if !slices.ContainsFunc(kinds(res), func(k Kind) bool { return slices.Contains(wanted, string(k)) }) {
			t.Errorf("%s: violations %v, want %s", where, res.Violations, m.Want)
		}
	}
	for _, v := range res.Violations {
		if v.Kind == Fork {
			if v.Fork == nil {
				t.Errorf("%s: a fork without proof", where)
			} else if _, _, err := v.Fork.Verify(a.log); err != nil {
				t.Errorf("%s: proof of the fork: %v", where, err)
			}
		}
	}
	for _, answer := range res.Answers {
		target := answer.Module == sumdbtest.Module(a.Target)
		switch {
		case (answer.Record == nil) == (answer.Err == nil):
			t.Errorf("%s: %v: record %v, error %v", where, answer.Module, answer.Record, answer.Err)
		case target && (answer.Record != nil) != m.Proven:
			t.Errorf("%s: %v: record %v, error %v", where, answer.Module, answer.Record, answer.Err)
		}
		if answer.Record != nil {
			a.checkRecord(t, where, answer)
		}
	}
}

// checkRecord checks that a record is that of the honest log, by its proof too.
func (a *attack) checkRecord(t *testing.T, where string, answer Answer) {
	t.Helper()
	id := answer.Record.ID
	if id < 0 || id >= a.Size || sumdbtest.Module(id) != answer.Module || string(answer.Record.Text) != a.Tree.Text(id) {
		t.Errorf("%s: %v: record %d %q", where, answer.Module, id, answer.Record.Text)
		return
	}
	_, cp, err := answer.Record.Proof.Verify(a.log, answer.Module)
	if err != nil {
		t.Errorf("%s: %v: proof: %v", where, answer.Module, err)
	} else if cp.Root != a.Tree.Head(cp.Size).Hash {
		t.Errorf("%s: %v: proven to another tree", where, answer.Module)
	}
}

// checkStore checks that every file of a store is what the honest log says, but
// for the evidence of a fork, where there is one.
func (a *attack) checkStore(t *testing.T, where string, cache memoryCache, res *Result) {
	t.Helper()
	for name, data := range cache {
		if strings.HasPrefix(name, "forks/") && slices.Contains(kinds(res), Fork) {
			var f ForkProof
			if err := f.UnmarshalText(data); err != nil {
				t.Errorf("%s: stored %s: %v", where, name, err)
			} else if _, _, err := f.Verify(a.log); err != nil {
				t.Errorf("%s: stored %s: %v", where, name, err)
			}
			continue
		}
		if err := checkFile(a.log, a.Tree, name, data); err != nil {
			t.Errorf("%s: stored %s: %v", where, name, err)
		}
	}
}

// checkFile compares a file of a store with the log as it truly is, without the
// code that wrote it.
func checkFile(log *Log, tree *sumdbtest.Tree, name string, data []byte) error {
	checkHead := func(signed []byte) error {
		cp, err := log.OpenCheckpoint(signed)
		switch {
		case err != nil:
			return err
		case !bytes.Equal(cp.Signed, signed):
			return errors.New("more than the log has signed")
		case cp.Size > tree.Size() || tree.Head(cp.Size).Hash != cp.Root:
			return fmt.Errorf("head of %d of another tree", cp.Size)
		}
		return nil
	}
	switch dir, rest, _ := strings.Cut(name, "/"); dir {
	case "lookup":
		id, text, signed, err := tlog.ParseRecord(data)
		if err != nil || id < 0 || id >= tree.Size() || string(text) != tree.Text(id) {
			return fmt.Errorf("%v: %q", err, data)
		}
		if m := sumdbtest.Module(id); rest != m.Path+"@"+m.Version {
			return fmt.Errorf("record %d", id)
		}
		return checkHead(signed)
	case "tile":
		tile, err := tlog.ParseTilePath(name)
		if err != nil || !bytes.Equal(data, tree.Tile(tile, tree.Size())) {
			return fmt.Errorf("not the tile of the log: %v", err)
		}
		return nil
	case "heads":
		_, signed, ok := bytes.Cut(data, []byte("\n\n"))
		if !ok {
			return fmt.Errorf("%q", data)
		}
		return checkHead(signed)
	}
	return errors.New("nothing of the kind is stored")
}

// checkHonest checks that a client to whom a lie was told believes the honest
// log again, and finds no fault in its own store; after a fork not until somebody
// has removed the evidence.
func (a *attack) checkHonest(t *testing.T, where string, cache memoryCache) {
	t.Helper()
	if forks, _ := cache.List(forksDir); len(forks) > 0 {
		if res := verify(t, a.verifier(cache), a.modules()); !slices.Equal(kinds(res), []Kind{Fork}) || res.Head != nil {
			t.Errorf("%s: the fork is forgotten: %v, head %v", where, res.Violations, res.Head)
		}
		maps.DeleteFunc(cache, func(name string, _ []byte) bool { return strings.HasPrefix(name, forksDir+"/") })
	}
	before := maps.Clone(cache)
	res := verify(t, a.verifier(cache), a.modules())
	if len(res.Violations) > 0 || res.CacheLied || res.Head == nil || res.Head.Size != a.Size {
		t.Errorf("%s: the honest log after it: %v, %v, head %v", where, res.Violations, res.CacheLied, res.Head)
	}
	for _, answer := range res.Answers {
		if answer.Record == nil {
			t.Errorf("%s: the honest log after it: %v", where, answer.Err)
		}
	}
	for name := range maps.Keys(before) {
		if _, err := cache.Read(name); err != nil {
			t.Errorf("%s: lost %s", where, name)
		}
	}
}
