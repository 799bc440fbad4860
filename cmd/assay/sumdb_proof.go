// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

// sumdbProofCommands are the verbs that make offline evidence and check it.
func (inv *invocation) sumdbProofCommands() []*cobra.Command { return nil }
