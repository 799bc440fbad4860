// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

// sumdbProofCommands are the verbs that make offline evidence and check it.
func (inv *invocation) sumdbProofCommands() []*cobra.Command {
	return []*cobra.Command{inv.sumdbProveCommand(), inv.sumdbCheckCommand()}
}

func (inv *invocation) sumdbProveCommand() *cobra.Command {
	var o options
	var out string
	cmd := &cobra.Command{
		Use:   "prove [MODULE@VERSION|DIR|go.sum|BINARY...] -o FILE",
		Short: inv.say(text{"write evidence that others can check without a network", "生成可供他人离线复核的证据"}),
		Long: inv.say(text{
			`Prove verifies hashes as verify does and writes into a file what shows it to others: for
one MODULE@VERSION a proof of the form c2sp.org/tlog-proof@v1, else a bundle, with the
signed tree head, all records, and every shared hash once. What could not be proven stands
in the bundle as such, and the exit code says so: 1 for a hash that differs, 3 for what is
not known. Where a hash differs nothing is written.

"assay sumdb check FILE SUBJECT..." verifies it, and compares it with what it is about;
docs/evidence-formats.md describes both forms so that anybody can write a verifier.`,
			`prove 与 verify 一样核验哈希，并将可向他人证明的内容写入文件：仅指定一个 MODULE@VERSION
时为 c2sp.org/tlog-proof@v1 格式的证明，否则为证据包，包含已签名的树头、全部记录，以及去重
后的哈希。未能证明的内容会在证据包中如实列出，退出码也会体现：1 表示存在不一致的哈希，3
表示有未知项。存在不一致时不写文件。

用 assay sumdb check 证据文件 对象... 复核证据，并与所证明的对象比对；docs/evidence-formats.md
描述了两种格式，任何人都可以据此编写验证程序。`,
		}),
		Example: `  assay sumdb prove -o proof.txt
  assay sumdb prove ./bin/server -o server.proof
  assay sumdb prove golang.org/x/mod@v0.42.0 -o mod.tlog-proof`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usagef(cmd.CommandPath()+" ... -o FILE", "name a file to write into")
			}
			return inv.prove(cmd, &o, args, out)
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringVarP(&out, "output", "o", "", inv.say(text{"write the evidence into FILE", "将证据写入文件"}))
	return cmd
}

func (inv *invocation) prove(cmd *cobra.Command, o *options, args []string, file string) error {
	ctx := cmd.Context()
	outs, err := o.artefactOutputs(file)
	if err != nil {
		return err
	}
	target, name, err := inv.sumdbTarget(o, args, false)
	if err != nil {
		return err
	}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return err
	}
	cfg.Checks = []*audit.Check{checks.SumDB}
	var kept memory
	rep, err := inv.run(ctx, o, cfg, &kept)
	if err != nil {
		return err
	}
	var facts checks.SumDBFacts
	if raw, ok := rep.Facts[checks.SumDB.ID]; ok {
		if err := json.Unmarshal(raw, &facts); err != nil {
			return err
		}
	}
	evidence, err := checks.SumDBEvidence(ctx, target, &facts, rep.Finished, func(digest string) []byte { return kept.data[digest] })
	if err == nil {
		err = inv.writeArtefact(file, evidence)
	} else {
		fmt.Fprintf(inv.stderr, "assay: %s: %s\n", inv.say(text{"no evidence was written", "未生成证据"}), clean(err.Error()))
		err = nil
	}
	if err != nil {
		return err
	}
	if err := inv.write(rep, outs, o); err != nil {
		return err
	}
	inv.sayWhy(rep)
	inv.finish(ctx, rep)
	if evidence == nil && inv.code == audit.ExitPass {
		inv.code = audit.ExitIncomplete
	}
	return nil
}
