// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

func (inv *invocation) policyCommand() *cobra.Command {
	return inv.group("policy", text{"write, explain and check the policy", "编写、解释和校验策略文件"},
		inv.policyInitCommand(), inv.policyExplainCommand(), inv.policyCheckCommand())
}

func (inv *invocation) policyInitCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "init",
		Short: inv.say(text{"write a policy to start from", "生成一份初始策略文件"}),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			name := filepath.Join(dir, "assay.yaml")
			if _, err := os.Lstat(name); err == nil {
				return usagef("edit it, or remove it first", "%s exists", name)
			}
			if err := writeFile(name, []byte(inv.say(policyTemplate))); err != nil {
				return err
			}
			fmt.Fprintln(inv.stdout, name)
			return nil
		},
	}
	cmd.Flags().StringVarP(&dir, "directory", "C", ".", inv.say(text{"directory of the module", "模块所在目录"}))
	return cmd
}

var policyTemplate = text{
	en: `# assay.yaml: what counts, what is accepted and why. See "assay policy explain".

# The lowest severity that fails a run: critical, high, medium, low, info.
fail_on: high

# Severities of single rules, where yours differ from the catalogue's.
# severities:
#   graph/deprecated: info

# What assay audit inspects besides the module.
# targets:
#   binaries: [bin/]

# Accepted findings. Every part is needed; an expired or unused waiver is a finding.
# waivers:
#   - rule: graph/replace-outside
#     subject: example.com/fork@v1.2.3
#     reason: upstream fix not released yet, see issue 12
#     owner: security@example.com
#     expires: 2027-03-31

# For assay allowlist: what no instrument can measure.
# allowlist:
#   applicant: Build team
#   department: Engineering
#   contact: build@example.com
#   owner: security@example.com
#   purpose: download of Go modules for builds
#   basis: ["GB/T 22239-2019 8.1.3.2 a"]
#   valid_from: 2027-01-01
#   valid_until: 2027-12-31
#   addresses:
#     goproxy.corp.example: [192.0.2.0/24]
`,
	zh: `# assay.yaml：哪些问题计入结论，哪些可以接受及其理由。参见 “assay policy explain”。

# 判定为不通过的最低严重级别：critical、high、medium、low、info。
fail_on: high

# 与规则库默认值不同的严重级别。
# severities:
#   graph/deprecated: info

# 除模块本身外，assay audit 还要检查的对象。
# targets:
#   binaries: [bin/]

# 已接受的问题。各项均为必填；过期或未命中的豁免本身也会作为问题报告。
# waivers:
#   - rule: graph/replace-outside
#     subject: example.com/fork@v1.2.3
#     reason: 上游修复尚未发布，见工单 12
#     owner: security@example.com
#     expires: 2027-03-31

# 供 assay allowlist 使用：无法由工具测得的申请信息。
# allowlist:
#   applicant: 构建组
#   department: 研发部
#   contact: build@example.com
#   owner: security@example.com
#   purpose: 构建时下载 Go 模块
#   basis: ["GB/T 22239-2019 8.1.3.2 a"]
#   valid_from: 2027-01-01
#   valid_until: 2027-12-31
#   addresses:
#     goproxy.corp.example: [192.0.2.0/24]
`,
}

// namedPolicy returns the policy file that was named, or that of the module.
func (inv *invocation) namedPolicy(dir string, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	target, _, err := inv.findTarget(dir, false)
	if err != nil {
		return "", err
	}
	name := filepath.Join(target.Dir, "assay.yaml")
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return "", usagef("write one with \"assay policy init\"", "%s: no such file", shown(name))
	}
	return name, nil
}

func (inv *invocation) policyCheckCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: inv.say(text{"check that a policy is well-formed", "校验策略文件是否正确"}),
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := inv.namedPolicy(dir, args)
			if err != nil {
				return err
			}
			if _, err := loadPolicy(name); err != nil {
				return err
			}
			fmt.Fprintf(inv.stdout, "%s: %s\n", shown(name), inv.say(text{"valid", "正确"}))
			return nil
		},
	}
	cmd.Flags().StringVarP(&dir, "directory", "C", ".", inv.say(text{"directory of the module", "模块所在目录"}))
	return cmd
}

func (inv *invocation) policyExplainCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "explain [RULE...]",
		Short: inv.say(text{"explain the policy in force, or rules", "解释当前生效的策略或指定规则"}),
		RunE: func(cmd *cobra.Command, args []string) error {
			target, _, err := inv.findTarget(o.dir, false)
			if err != nil {
				return err
			}
			policy, err := o.readPolicy(target)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if len(args) == 0 {
				inv.explainPolicy(&b, policy)
			}
			for _, id := range args {
				if err := inv.explainRule(&b, policy, id); err != nil {
					return err
				}
			}
			_, err = io.Copy(inv.stdout, &b)
			return err
		},
	}
	cmd.Flags().StringVarP(&o.dir, "directory", "C", ".", inv.say(text{"directory of the module", "模块所在目录"}))
	cmd.Flags().StringVar(&o.policy, "policy", "", inv.say(text{"policy file", "策略文件"}))
	return cmd
}

func (inv *invocation) explainPolicy(w io.Writer, p *audit.Policy) {
	file := p.File
	if file == "" {
		file = inv.say(text{"built-in default", "内置默认策略"})
	}
	fmt.Fprintf(w, inv.say(text{"policy: %s\n", "策略文件：%s\n"}), file)
	fmt.Fprintf(w, inv.say(text{"fails on: %s and worse\n", "未通过阈值：%s 及以上\n"}), p.FailOn)
	ids := make([]string, 0, len(p.Severities))
	for id := range p.Severities {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(w, inv.say(text{"severity: %s is %s (catalogue: %s)\n", "严重级别：%s 为 %s（规则库：%s）\n"}), id, p.Severities[id], checks.Catalogue().Rules[id].Severity)
	}
	for _, b := range p.Targets.Binaries {
		fmt.Fprintf(w, inv.say(text{"binary: %s\n", "可执行文件：%s\n"}), b)
	}
	now := time.Now()
	for i := range p.Waivers {
		wv := &p.Waivers[i]
		state := fmt.Sprintf(inv.say(text{"until %s", "有效期至 %s"}), wv.Expires.Format(time.DateOnly))
		if wv.Expired(now) {
			state = fmt.Sprintf(inv.say(text{"EXPIRED on %s", "已于 %s 过期"}), wv.Expires.Format(time.DateOnly))
		}
		fmt.Fprintf(w, inv.say(text{"waiver: %s %s: %s (%s, %s)\n", "豁免：%s %s：%s（%s，%s）\n"}), wv.Rule, wv.Subject, wv.Reason, wv.Owner, state)
	}
}

func (inv *invocation) explainRule(w io.Writer, p *audit.Policy, id string) error {
	rules := checks.Catalogue().Rules
	rule := rules[id]
	if rule == nil {
		ids := slices.Sorted(maps.Keys(rules)) // of two that are as near, always the same
		return unknownWord("rule", id, ids)
	}
	severity := rule.Severity
	if s, ok := p.Severities[id]; ok {
		severity = s
	}
	fmt.Fprintf(w, "%s (%s)\n  %s\n\n  %s\n\n  %s\n", id, severity, rule.Title.In(inv.lang), rule.Why.In(inv.lang), rule.Remedy.Unfilled(inv.lang))
	for _, c := range rule.Controls {
		title := ""
		if f := checks.Catalogue().Frameworks[c.Framework]; f != nil {
			clause, _ := f.Clause(c.Clause)
			title = clause.Title.In(inv.lang)
		}
		fmt.Fprintf(w, "  %s %s %s\n", c.Framework, c.Clause, title)
	}
	if len(rule.References) > 0 {
		fmt.Fprintf(w, "  %s\n", strings.Join(rule.References, "\n  "))
	}
	return nil
}
