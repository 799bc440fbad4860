// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/vulns"
)

// binaries assesses the executables of the target. They are read again: what a
// vulnerability needs of them is large, and most checks need none of it.
func (r *vulnRun) binaries(ctx context.Context) error {
	if !hasBinaries(r.Target) {
		return nil
	}
	var mu sync.Mutex
	var found []VulnTarget
	err := gobin.Walk(ctx, r.Target.Binaries, func(f *gobin.File) error {
		if f.State == gobin.StateNotGo && !f.Root {
			return nil
		}
		t, reason, err := r.binary(ctx, f)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if reason != "" {
			r.facts.Unread = append(r.facts.Unread, reason)
			return nil
		}
		found = append(found, t)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b VulnTarget) int { return cmp.Compare(a.Name, b.Name) })
	slices.Sort(r.facts.Unread)
	if len(found)+len(r.facts.Unread) == 0 {
		r.facts.Unread = append(r.facts.Unread, "no-executables: "+strings.Join(shownTargets(r.Target.Binaries), ", "))
	}
	r.facts.Targets = append(r.facts.Targets, found...)
	return nil
}

func shownTargets(paths []string) []string {
	var out []string
	for _, p := range paths {
		out = append(out, filepath.ToSlash(p))
	}
	return out
}

// binary assesses one executable, or says why it cannot.
func (r *vulnRun) binary(ctx context.Context, f *gobin.File) (t VulnTarget, reason string, err error) {
	name := nameIn(r.Target.Dir, f.Path)
	if f.State != gobin.StateRead && f.State != gobin.StateUnknown {
		return t, name + ": " + f.Reason, nil
	}
	a, err := r.asked.Binary(ctx, f)
	if err != nil {
		return t, "", r.database(ctx, err)
	}
	t = VulnTarget{Kind: "binary", Name: name, SHA256: f.SHA256, assessment: a, location: fileLocation(r.Target.Dir, cmp.Or(f.Outer, f.Path))}
	t.Product = fileProduct(f.Path, f.SHA256)
	if f.Build != nil {
		t.Modules = len(f.Build.Deps)
		if m := f.Build.Main; m != nil && m.Path != "" {
			t.Product = vulns.PURL(m.Path, m.Version)
		}
	}
	return t, "", nil
}
