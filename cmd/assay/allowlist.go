// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/report"
)

func (inv *invocation) allowlistCommand() *cobra.Command {
	var o options
	var form, out string
	var expand bool
	cmd := &cobra.Command{
		Use:   "allowlist",
		Short: inv.say(text{"write the firewall allowlist application for Go builds", "生成 Go 构建所需的防火墙放行申请"}),
		Long: inv.say(text{
			`Allowlist writes what a team must file so that a firewall lets its Go builds out: for
each host that the effective chain reaches its addresses, port, exact URL paths and live
TLS fingerprints, and the applicant's data from the policy. It goes to standard output,
or into a file with -o; the report on it goes where --format says.

"assay allowlist check FILE" compares a filed JSON form with what is true today.`,
			`allowlist 生成 Go 构建所需的网络放行申请：按当前生效的代理链列出每台主机的地址、端口、
准确的 URL 路径和实测的 TLS 证书指纹，并填入策略文件中的申请人信息。默认写到标准输出，
用 -o 写入文件；对该申请的审计报告按 --format 输出。

"assay allowlist check 文件" 将已提交的 JSON 申请与当前实际情况比对。`,
		}),
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			if !slices.Contains(report.AllowlistFormats(), report.Format(form)) {
				return unknownWord("form", form, report.AllowlistFormats())
			}
			if expand {
				o.settings = map[string]string{"allowlist-expand": "true"}
			}
			return inv.writeAllowlist(cmd, &o, report.Format(form), out)
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringVar(&form, "form", "json", inv.say(text{"form of the application: json, markdown, html", "申请表形式：json、markdown、html"}))
	cmd.Flags().StringVarP(&out, "output", "o", "", inv.say(text{"write the application into FILE", "将申请表写入文件"}))
	cmd.Flags().BoolVar(&expand, "expand", false, inv.say(text{"list the exact URLs of all modules of go.sum", "列出 go.sum 中全部模块的准确 URL"}))
	cmd.AddCommand(inv.allowlistCheckCommand())
	return cmd
}

func (inv *invocation) allowlistCheckCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: inv.say(text{"compare a filed application with what is true today", "将已提交的申请与当前实际情况比对"}),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef(cmd.CommandPath()+" FILE", "name one filed application")
			}
			data, err := inv.readInput(args[0])
			if err != nil {
				return err
			}
			if _, err := allowlist.Parse(data); err != nil {
				return usagef("it takes the JSON form that \"assay allowlist\" writes", "%s: %s", args[0], err)
			}
			target, name, err := inv.findTarget(o.dir, false)
			if err != nil {
				return err
			}
			o.recorded = map[string][]byte{checks.Allowlist.ID: data}
			o.settings = map[string]string{"allowlist-file": shown(args[0])}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.Allowlist})
		},
	}
	inv.addFlags(cmd, &o)
	return cmd
}

func (inv *invocation) writeAllowlist(cmd *cobra.Command, o *options, form report.Format, file string) error {
	ctx := cmd.Context()
	outs, err := o.artefactOutputs(file)
	if err != nil {
		return err
	}
	target, name, err := inv.findTarget(o.dir, false)
	if err != nil {
		return err
	}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return err
	}
	cfg.Checks = []*audit.Check{checks.Allowlist}
	rep, err := inv.run(ctx, o, cfg, nil)
	if err != nil {
		return err
	}
	if facts, ok := rep.Facts[checks.Allowlist.ID]; ok {
		app, err := allowlist.Parse(facts)
		if err != nil {
			return fmt.Errorf("the application that was made: %w", err)
		}
		var b bytes.Buffer
		if err := report.WriteAllowlist(&b, form, app, inv.lang); err != nil {
			return err
		}
		if err := inv.writeArtefact(file, b.Bytes()); err != nil {
			return err
		}
	}
	if err := inv.write(rep, outs, o); err != nil {
		return err
	}
	inv.sayWhy(rep)
	inv.finish(ctx, rep)
	return nil
}
