// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

// SumDBToolchain is the Go installation in use.
type SumDBToolchain struct {
	GoEnvOnly bool `json:"go_env_only"`
}

type toolchainTree struct{}

func (r *sumDBRun) gatherToolchain() {}

func (r *sumDBRun) reportToolchain(c claim, evidence string) {}
