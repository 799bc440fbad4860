// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modcache"
	"github.com/goassay/assay/audit/modgraph"
	"golang.org/x/mod/module"
)

// SumDBCacheFacts is what of the module cache was hashed.
type SumDBCacheFacts struct {
	Wanted  int      `json:"wanted"` // module versions that it was searched for; 0: all
	Modules int      `json:"modules"`
	Hashes  int      `json:"hashes"`
	Unread  []string `json:"unread,omitempty"` // what could not be hashed, and why
}

// cacheKinds has the kind of source for each thing in the cache.
var cacheKinds = map[modcache.Kind]SourceKind{
	modcache.ModFile: SourceModFile, modcache.ZipFile: SourceZip, modcache.ZipHash: SourceZipHash, modcache.Dir: SourceDir,
}

// gatherCache hashes what the module cache holds of the modules that the other
// sources name, or all of it where there are none.
func (r *sumDBRun) gatherCache() error {
	var wanted []moduleVersion
	if len(r.sources) > 0 || len(r.Target.Modules) > 0 {
		wanted = append([]moduleVersion{}, r.claimed()...)
	}
	entries, err := modcache.Scan(r.ctx, r.env.Raw("GOMODCACHE"), wanted, r.Progress)
	if err != nil {
		return err
	}
	f := &SumDBCacheFacts{Wanted: len(wanted)}
	r.facts.Cache = f
	seen := map[moduleVersion]bool{}
	lines := map[SourceKind][]modgraph.SumLine{}
	for _, e := range entries {
		seen[e.Module] = true
		name := moduleCacheDir + "/" + e.File
		err := e.Err
		if err == nil {
			err = module.Check(e.Module.Path, e.Module.Version)
		}
		if err != nil {
			f.Unread = append(f.Unread, name+": "+withoutSecrets(err))
			continue
		}
		f.Hashes++
		kind := cacheKinds[e.Kind]
		lines[kind] = append(lines[kind], modgraph.SumLine{
			File: name, Module: e.Module.Path, Version: e.Module.Version, GoMod: kind == SourceModFile, Hash: e.Hash,
		})
	}
	f.Modules = len(seen)
	for _, kind := range []SourceKind{SourceDir, SourceModFile, SourceZip, SourceZipHash} {
		if ls := lines[kind]; len(ls) > 0 {
			listing := sumListing(ls) // sorts them
			r.sources = append(r.sources, sumSource{Kind: kind, SumFile: modgraph.SumFile{Path: moduleCacheDir + " (" + string(kind) + ")", Data: listing, Lines: ls}})
		}
	}
	return nil
}

// incomplete says what of the cache was left open.
func (f *SumDBCacheFacts) incomplete() error {
	switch {
	case f == nil:
		return nil
	case f.Modules == 0:
		return audit.NotAssessed("sumdb/cache-empty", audit.Args{"modules": f.Wanted})
	case len(f.Unread) > 0:
		return audit.NotAssessed("sumdb/cache-unread", audit.Args{"count": len(f.Unread), "files": first(f.Unread, maxNamed)})
	}
	return nil
}
