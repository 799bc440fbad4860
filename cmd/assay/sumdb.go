// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

func (inv *invocation) sumdbCommand() *cobra.Command {
	var o options
	verify := &cobra.Command{
		Use:   "verify",
		Short: inv.say(text{"verify every line of go.sum against the checksum database", "将 go.sum 的每一行与校验和数据库比对"}),
		Long: inv.say(text{
			`Verify proves for each line of go.sum and go.work.sum that the checksum database in force
has logged that very hash: by the log's signature on its tree head, an inclusion proof for
each record, and the record's exact text. Each line ends as verified, mismatch, not-logged
or not-checked, with the reason.`,
			`verify 逐行证明 go.sum 和 go.work.sum 中的哈希确已登记在当前生效的校验和数据库中：
校验日志对树头的签名、每条记录的包含性证明以及记录原文。每一行的结果为 verified、
mismatch、not-logged 或 not-checked，并给出原因。`,
		}),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, name, err := inv.findTarget(o.dir, true)
			if err != nil {
				return err
			}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.SumDB})
		},
	}
	inv.addFlags(verify, &o)
	children := []*cobra.Command{verify}
	children = append(children, inv.sumdbLogCommands()...)
	return inv.group("sumdb", text{"prove hashes by the checksum database", "借助校验和数据库核验哈希"}, children...)
}
