// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/sumdb"
)

func (inv *invocation) sumdbCheckCommand() *cobra.Command {
	var keys []string
	cmd := &cobra.Command{
		Use:   "check FILE [DIR|go.sum|BINARY|MODULE@VERSION...]",
		Short: inv.say(text{"verify evidence, with no network", "离线复核证据"}),
		Long: inv.say(text{
			`Check verifies a proof, a bundle or the evidence of a fork: the log's signature, the
inclusion of each record, and its text. It reaches no other host, and reads FILE, or standard
input for -.

That a bundle's subject has a digest, and carries the hashes that are listed, is the word of
whoever made the bundle. Name the subject, as for prove, to have it read again and compared:
the digest of the file, and that each hash that it carries is listed, and no other. In a
module or workspace these are the go.sum files that lie there, and go.work.sum. What was not
named was NOT compared, and the output says so. Of a MODULE@VERSION, the evidence must hold
the record.

The key of sum.golang.org is built in, and that in GOSUMDB is trusted too. With --key, the
keys that it gives are trusted and no other.

It ends with 0 if all holds; with 4 if anything does not, or differs from what was named,
and says where; with 3 if the bundle lists hashes that it does not prove, or if something
that was named could not be read.`,
			`check 复核证明、证据包或分叉证据：日志签名，每条记录的包含性及其原文。不访问任何主机，
只读取指定的文件（- 表示标准输入）。

证据包中对象的摘要及其哈希清单只是证据制作者的说法。请像 prove 那样指定对象，以便重新读取并
比对：文件摘要必须一致，文件中的每个哈希都必须列出，且不得多列。对于模块或工作区，比对的是其
中的 go.sum 文件以及 go.work.sum。未指定的对象不作比对，输出中会注明。指定 MODULE@VERSION
时，证据中必须有其记录。

sum.golang.org 的公钥已内置，GOSUMDB 中的公钥也受信任；使用 --key 时，只信任其指定的公钥。

全部成立时退出码为 0；任何一处不成立或与所指定的对象不符为 4，并指出位置；证据包列有未证明
的哈希，或所指定的对象无法读取时为 3。`,
		}),
		Example: `  assay sumdb check proof.txt .
  assay sumdb check server.proof ./bin/server
  assay sumdb check mod.tlog-proof golang.org/x/mod@v0.42.0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(cmd.CommandPath()+" FILE [SUBJECT...]", "name a file of evidence")
			}
			logs, err := inv.trustedLogs(keys)
			if err != nil {
				return err
			}
			var target *audit.Target
			if len(args) > 1 {
				if target, _, err = inv.sumdbTarget(&options{dir: "."}, args[1:], true); err != nil {
					return err
				}
			}
			data, err := inv.readEvidence(args[0])
			if err != nil {
				return err
			}
			return inv.checkProofs(cmd.Context(), args[0], data, logs, target)
		},
	}
	cmd.Flags().StringArrayVar(&keys, "key", nil, inv.say(text{"trust this verifier key of a log, name+hash+key, and no other; repeatable", "只信任此日志验证公钥（name+hash+key），可多次指定"}))
	return cmd
}

// trustedLogs are those of --key and no other; where there is none, that of
// GOSUMDB and the one that is known by name.
func (inv *invocation) trustedLogs(keys []string) ([]*sumdb.Log, error) {
	var logs []*sumdb.Log
	for _, key := range keys {
		log, err := sumdb.ParseLog(key)
		if err != nil {
			return nil, usagef("it has the form of GOSUMDB: name+key", "--key: %s", err)
		}
		logs = append(logs, log)
	}
	if len(keys) > 0 {
		return logs, nil
	}
	for _, gosumdb := range []string{inv.getenv("GOSUMDB"), "sum.golang.org"} {
		if log, err := sumdb.ParseLog(gosumdb); err == nil {
			logs = append(logs, log)
		}
	}
	return logs, nil
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

// checkProofs verifies evidence, compares it with a target, which is nil if
// none was named, and says what it shows, or what does not hold.
func (inv *invocation) checkProofs(ctx context.Context, name string, data []byte, logs []*sumdb.Log, target *audit.Target) error {
	shown, err := sumdb.CheckEvidence(data, logs)
	if err != nil {
		inv.sayInvalid(name, text{"evidence INVALID", "证据无效"}, err)
		return nil
	}
	compared := &sumdb.Comparison{Fits: make([][]string, len(shown.Subjects))}
	var open []string // modules that were named, and are not proven
	if target != nil {
		compared, open, err = compareTarget(ctx, shown, target)
		var misfit *sumdb.InvalidEvidenceError
		if errors.As(err, &misfit) {
			inv.sayInvalid(name, text{"evidence does NOT fit what was named", "证据与所指定的对象不符"}, err)
			return nil
		}
		if err != nil {
			return fileError(err)
		}
	}
	inv.sayHeadline(name, shown, compared, open)
	inv.sayLine(text{"log: ", "日志："}, "%s", shown.Log.Name)
	if shown.Fork != nil {
		inv.sayLine(text{"the log has FORKED: it signed two trees of which neither extends the other, of sizes ", "日志已分叉：签署了两个互不包含的树，大小分别为 "}, "%d, %d", shown.Fork[0].Size, shown.Fork[1].Size)
		return nil
	}
	inv.sayRecords(shown)
	inv.saySubjects(shown, compared)
	for _, m := range open {
		inv.sayLine(text{"NOT proven: ", "未证明："}, "%s", m)
	}
	return nil
}

// sayHeadline says how much holds, and sets the exit code. Evidence is called
// valid only if nothing is left open.
func (inv *invocation) sayHeadline(name string, shown *sumdb.Checked, c *sumdb.Comparison, open []string) {
	unproven := len(open)
	for _, s := range shown.Subjects {
		unproven += len(s.Unproven)
	}
	if unproven+len(c.Unread) > 0 {
		inv.code = audit.ExitIncomplete
	}
	files, uncompared := countFiles(shown, c)
	var but []string
	switch {
	case uncompared > 0 && uncompared == files:
		but = append(but, inv.say(text{"NO subject was compared with a file", "对象未与任何文件比对"}))
	case uncompared > 0 || len(c.Unread) > 0:
		but = append(but, inv.say(text{"NOT all was compared", "部分对象未比对"}))
	}
	if unproven > 0 {
		but = append(but, inv.say(text{"NOT all is proven", "部分哈希未证明"}))
	}
	verdict := inv.say(text{"evidence valid", "证据有效"})
	if len(but) > 0 {
		verdict = inv.say(text{"records valid; ", "记录有效；"}) + strings.Join(but, inv.say(text{"; ", "；"}))
	}
	fmt.Fprintf(inv.stdout, "%s: %s\n", name, verdict)
}

// countFiles counts the subjects that are files, and those of them that no file
// was compared with.
func countFiles(shown *sumdb.Checked, c *sumdb.Comparison) (files, uncompared int) {
	for i, s := range shown.Subjects {
		if s.Digest == sumdb.NoDigest {
			continue
		}
		if files++; len(c.Fits[i]) == 0 {
			uncompared++
		}
	}
	return files, uncompared
}

// sayInvalid says what does not hold.
func (inv *invocation) sayInvalid(name string, what text, err error) {
	fmt.Fprintf(inv.stdout, "%s: %s\n%s\n", name, inv.say(what), clean(err.Error()))
	inv.code = audit.ExitInvalidEvidence
}

// sayLine writes one line, whatever names are in it.
func (inv *invocation) sayLine(label text, format string, args ...any) {
	line := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", `\n`)
	fmt.Fprintf(inv.stdout, "%s%s\n", inv.say(label), clean(line))
}

// compareTarget compares what was named with the evidence.
func compareTarget(ctx context.Context, shown *sumdb.Checked, target *audit.Target) (c *sumdb.Comparison, open []string, err error) {
	files := target.ModFile+target.WorkFile != "" || len(target.SumFiles)+len(target.Binaries) > 0
	switch {
	case shown.Fork != nil:
		return nil, nil, usagef("name the file alone", "the evidence of a fork is about no file and no module")
	case files && len(shown.Lines) > 0:
		return nil, nil, usagef("name the module version, or have prove make a bundle", "a proof of one record is about no file")
	}
	c = &sumdb.Comparison{Fits: make([][]string, len(shown.Subjects))}
	var misfits []error
	if files {
		carriers, err := checks.SumDBCarriers(ctx, target)
		if err != nil {
			return nil, nil, err
		}
		compared, err := sumdb.CompareSubjects(shown.Subjects, carriers)
		if err != nil {
			misfits = append(misfits, err)
		} else {
			c = compared
		}
	}
	for _, name := range target.Modules {
		p, v, _ := strings.Cut(name, "@")
		m := module.Version{Path: p, Version: v}
		switch {
		case shown.Record(m) != nil:
		case namedUnproven(shown, m):
			open = append(open, m.String())
		default:
			misfits = append(misfits, &sumdb.InvalidEvidenceError{Part: m.String(), Err: errors.New("the evidence has no record of it")})
		}
	}
	return c, open, errors.Join(misfits...)
}

// namedUnproven reports whether a bundle names a module version, and says that it
// does not prove it.
func namedUnproven(shown *sumdb.Checked, m module.Version) bool {
	for _, s := range shown.Subjects {
		for _, u := range s.Unproven {
			if s.Kind == sumdb.KindNamed && u.Line == m.Path+" "+m.Version {
				return true
			}
		}
	}
	return false
}

// sayRecords says what was proven.
func (inv *invocation) sayRecords(shown *sumdb.Checked) {
	inv.sayLine(text{"tree: ", "树："}, "%d %s", shown.Head.Size, shown.Head.Root)
	if !shown.Seen.IsZero() {
		inv.sayLine(text{"seen (as its maker says): ", "树头获取时间（据证据制作者）："}, "%s", shown.Seen.Format(time.RFC3339))
	}
	inv.sayLine(text{"records proven to be in the log: ", "已证明在日志中的记录："}, "%d", shown.Records)
	for _, l := range shown.Lines {
		inv.sayLine(text{"  ", "  "}, "%s", l)
	}
}

// saySubjects says what the evidence was made for, and which of it was looked at.
func (inv *invocation) saySubjects(shown *sumdb.Checked, c *sumdb.Comparison) {
	for i, s := range shown.Subjects {
		inv.sayLine(text{"subject: ", "对象："}, "%s %q %s", s.Kind, s.Name, s.Digest)
		switch {
		case len(c.Fits[i]) > 0:
			inv.sayLine(text{"  compared, the digest and all hashes are the same: ", "  已比对，摘要及全部哈希一致："}, "%s", strings.Join(c.Fits[i], ", "))
		case s.Digest == sumdb.NoDigest:
			inv.sayLine(text{"  no file, but module versions that were named", "  并非文件，而是所指定的模块版本"}, "")
		default:
			inv.sayLine(text{"  NOT compared with any file: the digest, and which hashes it carries, are its maker's word", "  未与任何文件比对：其摘要及所含哈希仅为证据制作者的说法"}, "")
		}
		inv.sayLine(text{"  hashes proven to be in the log: ", "  已证明在日志中的哈希："}, "%d", len(s.Lines))
		if n := len(s.Unproven); n > 0 {
			inv.sayLine(text{"  hashes NOT proven: ", "  未证明的哈希："}, "%d", n)
			for _, u := range s.Unproven {
				inv.sayLine(text{"    ", "    "}, "%s: %s", u.Reason, u.Line)
			}
		}
	}
	for _, name := range c.Empty {
		inv.sayLine(text{"carries no hash, and is no subject: ", "不含任何哈希，不属于证据对象："}, "%s", name)
	}
	for _, f := range c.Unread {
		inv.sayLine(text{"could not be read, and was NOT compared: ", "无法读取，未作比对："}, "%s: %s", path.Clean(f.Name), reason(f.Unread))
	}
	if files, uncompared := countFiles(shown, c); uncompared > 0 {
		inv.sayLine(text{"subjects NOT compared with any file: ", "未与任何文件比对的对象："}, inv.say(text{"%d of %d; name their files to compare them", "%d/%d；请指定相应文件以便比对"}), uncompared, files)
	}
}
