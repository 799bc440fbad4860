// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

// maxReport bounds a stored report, in bytes.
const maxReport = 256 << 20

func (inv *invocation) reportCommand() *cobra.Command {
	var o options
	var check bool
	cmd := &cobra.Command{
		Use:   "report FILE|DIR",
		Short: inv.say(text{"render a stored report again, or check its evidence", "重新输出已保存的报告，或复核其证据"}),
		Long: inv.say(text{
			`Report renders a stored report in another format or language; it ends with the exit code
of the report's verdict. FILE is a JSON report, or - for standard input; DIR is a folder
that --evidence made.

With --check it verifies the folder with no network: every digest resolves and fits its
content, verdict and outcomes follow from the findings, and proofs are verified again.
It ends with 0, or with 4 if anything does not hold.`,
			`report 以其他格式或语言重新输出已保存的报告，退出码与报告结论一致。FILE 为 JSON 报告，
- 表示标准输入；DIR 为 --evidence 生成的目录。

加 --check 时在不联网的情况下复核该目录：每个摘要都能找到且与内容相符，结论与检查结果
可由问题清单推出，并重新验证各项证明。全部成立时退出码为 0，否则为 4。`,
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd.CommandPath()+" FILE|DIR", "name one report")
			}
			if check {
				return inv.checkEvidence(args[0])
			}
			o.endpoints = true
			return inv.renderReport(&o, args[0])
		},
	}
	inv.inventoryFlag(cmd, &o)
	f := cmd.Flags()
	f.BoolVar(&check, "check", false, inv.say(text{"verify the evidence folder, offline", "离线复核证据目录"}))
	f.StringArrayVar(&o.formats, "format", nil, inv.say(text{"report format: text, json, sarif, markdown; repeatable, with =FILE into a file", "报告格式：text、json、sarif、markdown；可多次指定，加 =文件名 则写入文件"}))
	f.BoolVarP(&o.quiet, "quiet", "q", false, inv.say(text{"show the verdict and what decides it, nothing else", "只显示结论及其依据"}))
	f.BoolVarP(&o.verbose, "verbose", "v", false, inv.say(text{"show every subject and why each rule matters", "显示全部对象以及每条规则的原因"}))
	return cmd
}

// readReport reads a report from a file, a folder of evidence, or standard input.
func (inv *invocation) readReport(name string) (*audit.Report, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		dir, err := audit.OpenEvidenceDir(name)
		if err != nil {
			return nil, fileError(err)
		}
		rep, err := dir.Report()
		if err != nil {
			return nil, usagef("", "%s: %s", name, err)
		}
		return rep, nil
	}
	data, err := inv.readInput(name)
	if err != nil {
		return nil, err
	}
	rep, err := audit.ParseReport(data)
	if err != nil {
		return nil, usagef("", "%s: %s", name, err)
	}
	return rep, nil
}

func (inv *invocation) renderReport(o *options, name string) error {
	outs, err := o.outputs()
	if err != nil {
		return err
	}
	if err := o.checkInventories(); err != nil {
		return err
	}
	rep, err := inv.readReport(name)
	if err != nil {
		return err
	}
	if err := rep.Translate(checks.Catalogue(), inv.lang); err != nil {
		return usagef("it was written by another version; render it with that one", "%s: %s", name, err)
	}
	if err := inv.write(rep, outs, o); err != nil {
		return err
	}
	if err := o.writeInventories(rep); err != nil {
		return usagef("", "%s: %s", name, err)
	}
	inv.code = rep.Verdict.ExitCode()
	return nil
}

// checkEvidence verifies a folder of evidence and says what does not hold.
func (inv *invocation) checkEvidence(name string) error {
	if info, err := os.Stat(name); err != nil {
		return pathError(name, err)
	} else if !info.IsDir() {
		return usagef("make one with --evidence DIR", "%s: not an evidence folder", name)
	}
	dir, err := audit.OpenEvidenceDir(name)
	if err != nil {
		return fileError(err)
	}
	rep, err := dir.Report()
	if err == nil {
		err = dir.Verify(rep, checks.All())
	}
	if err != nil {
		fmt.Fprintf(inv.stdout, "%s: %s\n%s\n", name, inv.say(text{"evidence INVALID", "证据无效"}), clean(err.Error()))
		inv.code = audit.ExitInvalidEvidence
		return nil
	}
	var rechecked []string
	for _, c := range checks.All() {
		if _, ok := rep.Facts[c.ID]; ok && c.Recheck != nil {
			rechecked = append(rechecked, c.ID)
		}
	}
	again := inv.say(text{"none", "无"})
	if len(rechecked) > 0 {
		again = strings.Join(rechecked, inv.say(text{", ", "、"}))
	}
	fmt.Fprintf(inv.stdout, inv.say(text{
		"%s: evidence valid\npieces: %d\nchecks verified again from them: %s\n",
		"%s：证据有效\n证据件数：%d\n据此重新验证的检查项：%s\n",
	}), name, len(rep.Evidence), again)
	return nil
}

// readInput reads a file that the user named, or standard input for "-".
func (inv *invocation) readInput(name string) ([]byte, error) {
	var data []byte
	var err error
	if name == "-" {
		data, err = io.ReadAll(io.LimitReader(inv.stdin, maxReport+1))
	} else if data, err = readBounded(name, maxReport); err != nil {
		return nil, pathError(name, err)
	}
	if err == nil && len(data) > maxReport {
		err = usagef("", "%s: larger than %d bytes", name, maxReport)
	}
	return data, err
}

func (inv *invocation) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: inv.say(text{"print the version", "显示版本"}),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(inv.stdout, "assay %s %s\n", version(), goVersion())
			return nil
		},
	}
}
