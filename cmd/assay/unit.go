// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

// judgeUnits judges units, and executables if some are named.
func (inv *invocation) judgeUnits(cmd *cobra.Command, o *options, args, units []string, root string) error {
	if len(units) == 0 {
		return usagef(cmd.CommandPath()+" --unit FILE --root DIR", "--root is for units: name one with --unit")
	}
	target, name, err := inv.findTarget(o.dir, false)
	if err != nil {
		return err
	}
	if target.Binaries, err = present(args); err != nil {
		return err
	}
	if target.Units, err = present(units); err != nil {
		return err
	}
	list := []*audit.Check{checks.Unit}
	if len(args) > 0 {
		list = append(list, checks.Binary)
	}
	if root != "" {
		if info, err := os.Stat(root); err != nil {
			return pathError(root, err)
		} else if !info.IsDir() {
			return usagef("", "%s: not a directory", root)
		}
		o.settings = map[string]string{"root": root}
	}
	name.Module, name.Binaries, name.Units = "", shownAll(args), shownAll(units) // no module is audited
	return inv.judge(cmd.Context(), o, target, name, list)
}
