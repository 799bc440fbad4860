// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

// sumdbLogCommands are the verbs that run a checksum database of one's own.
func (inv *invocation) sumdbLogCommands() []*cobra.Command { return nil }
