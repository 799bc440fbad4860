// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/sumdb"
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

"assay sumdb check FILE" verifies it; docs/evidence-formats.md describes both forms so that
anybody can write a verifier.`,
			`prove 与 verify 一样核验哈希，并将可向他人证明的内容写入文件：仅指定一个 MODULE@VERSION
时为 c2sp.org/tlog-proof@v1 格式的证明，否则为证据包，包含已签名的树头、全部记录，以及去重
后的哈希。未能证明的内容会在证据包中如实列出，退出码也会体现：1 表示存在不一致的哈希，3
表示有未知项。存在不一致时不写文件。

用 assay sumdb check 文件 复核；docs/evidence-formats.md 描述了两种格式，任何人都可以据此
编写验证程序。`,
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
	evidence, err := checks.SumDBEvidence(&facts, rep.Finished, func(digest string) []byte { return kept.data[digest] })
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

func (inv *invocation) sumdbCheckCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: inv.say(text{"verify evidence, with no network", "离线复核证据"}),
		Long: inv.say(text{
			`Check verifies a proof, a bundle or the evidence of a fork: the log's signature, the
inclusion of each record, its text, and the hashes of what it was made for. It reaches no
other host and reads nothing but FILE, or standard input for -. The key of sum.golang.org is
built in; for another log name it with --key, or have it in GOSUMDB.

It ends with 0 if all holds, with 4 if anything does not, and says where; with 3 if the
bundle itself lists hashes that it does not prove.`,
			`check 复核证明、证据包或分叉证据：日志签名、每条记录的包含性与原文，以及证据所针对对象的
哈希。不访问任何主机，只读取指定的文件（- 表示标准输入）。sum.golang.org 的公钥已内置；
其他日志请用 --key 指定，或设置在 GOSUMDB 中。

全部成立时退出码为 0；任何一处不成立为 4，并指出位置；证据包自身列有未证明的哈希时为 3。`,
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd.CommandPath()+" FILE", "name one file")
			}
			data, err := inv.readEvidence(args[0])
			if err != nil {
				return err
			}
			var logs []*sumdb.Log
			if key != "" {
				log, err := sumdb.ParseLog(key)
				if err != nil {
					return usagef("it has the form of GOSUMDB: name+key", "--key: %s", err)
				}
				logs = append(logs, log)
			}
			for _, gosumdb := range []string{inv.getenv("GOSUMDB"), "sum.golang.org"} {
				if log, err := sumdb.ParseLog(gosumdb); err == nil {
					logs = append(logs, log)
				}
			}
			inv.sayChecked(args[0], data, logs)
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", inv.say(text{"verifier key of the log: name+hash+key", "日志的验证公钥：name+hash+key"}))
	return cmd
}

// readEvidence reads a file of evidence.
func (inv *invocation) readEvidence(name string) (data []byte, err error) {
	if name == "-" {
		data, err = io.ReadAll(io.LimitReader(inv.stdin, sumdb.MaxEvidence+1))
	} else if data, err = readBounded(name, sumdb.MaxEvidence); err != nil {
		return nil, pathError(name, err)
	}
	return data, err
}

// sayChecked says what evidence shows, or what does not hold.
func (inv *invocation) sayChecked(name string, data []byte, logs []*sumdb.Log) {
	shown, err := sumdb.CheckEvidence(data, logs)
	if err != nil {
		fmt.Fprintf(inv.stdout, "%s: %s\n%s\n", name, inv.say(text{"evidence INVALID", "证据无效"}), clean(err.Error()))
		inv.code = audit.ExitInvalidEvidence
		return
	}
	fmt.Fprintf(inv.stdout, "%s: %s\n", name, inv.say(text{"evidence valid", "证据有效"}))
	line := func(label text, format string, args ...any) {
		fmt.Fprintf(inv.stdout, "%s%s\n", inv.say(label), clean(fmt.Sprintf(format, args...)))
	}
	line(text{"log: ", "日志："}, "%s", shown.Log.Name)
	if shown.Fork != nil {
		line(text{"the log has FORKED: it signed two trees of which neither extends the other, of sizes ", "日志已分叉：签署了两个互不包含的树，大小分别为 "}, "%d, %d", shown.Fork[0].Size, shown.Fork[1].Size)
		return
	}
	line(text{"tree: ", "树："}, "%d %s", shown.Head.Size, shown.Head.Root)
	if !shown.Seen.IsZero() {
		line(text{"seen (as its maker says): ", "树头获取时间（据证据制作者）："}, "%s", shown.Seen.Format(time.RFC3339))
	}
	line(text{"records proven: ", "已证明的记录："}, "%d", shown.Records)
	for _, l := range shown.Lines {
		fmt.Fprintf(inv.stdout, "  %s\n", clean(l))
	}
	unproven := 0
	for _, s := range shown.Subjects {
		line(text{"subject: ", "对象："}, "%s %q %s", s.Kind, s.Name, s.Digest)
		line(text{"  hashes proven: ", "  已证明的哈希："}, "%d", len(s.Lines))
		if n := len(s.Unproven); n > 0 {
			unproven += n
			line(text{"  hashes NOT proven: ", "  未证明的哈希："}, "%d", n)
			for _, u := range s.Unproven {
				fmt.Fprintf(inv.stdout, "    %s: %s\n", clean(u.Reason), clean(strings.TrimSpace(u.Line)))
			}
		}
	}
	if unproven > 0 {
		inv.code = audit.ExitIncomplete
	}
}
