// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"go/version"
	"slices"
	"strings"

	"github.com/goassay/assay/audit/goenv"
)

// SumDBBuilder is the toolchain that an executable says it was built by. The
// executable carries no hash of it, so that it was that very toolchain is never
// verified; that a release of the name exists is what the log can say.
type SumDBBuilder struct {
	File    string      `json:"file"`
	Go      string      `json:"go"`                // as recorded
	Build   goenv.Build `json:"build"`             // whose it is, by its name
	Module  string      `json:"module,omitempty"`  // golang.org/toolchain, for a release of the Go project
	Version string      `json:"version,omitempty"` // of the module, for linux-amd64: on what it ran does not show
	Release State       `json:"release,omitempty"` // Verified: the log has a record of that release
	State   State       `json:"state"`             // always NotChecked
	Reason  string      `json:"reason"`            // always "no-hash"
	Record  *int64      `json:"record,omitempty"`
}

// gatherBuilder notes what built an executable.
func (r *sumDBRun) gatherBuilder(f BinaryFile) {
	b := SumDBBuilder{File: f.Path, Go: f.Build.Go, Build: goenv.BuildOf(f.Build.Go), State: NotChecked, Reason: reasonNoHash}
	if b.Build == goenv.BuildRelease || b.Build == goenv.BuildExperiment {
		if v := f.Build.Version(); version.Compare(v, "go1.21.0") >= 0 { // older ones are no modules
			b.Module, b.Version, b.Release = toolchainPath, "v0.0.1-"+v+".linux-amd64", NotChecked
		}
	}
	r.facts.Builders = append(r.facts.Builders, b)
}

// settleBuilders says which of the releases the log has a record of.
func (r *sumDBRun) settleBuilders() {
	for i := range r.facts.Builders {
		b := &r.facts.Builders[i]
		if b.Module == "" {
			continue
		}
		a := r.answer(moduleVersion{Path: b.Module, Version: b.Version})
		if b.Release = a.state; a.record != nil {
			b.Release, b.Record = Verified, &a.record.ID
		}
	}
	slices.SortFunc(r.facts.Builders, func(a, b SumDBBuilder) int { return strings.Compare(a.File, b.File) })
}
