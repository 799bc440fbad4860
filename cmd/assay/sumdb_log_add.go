// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb/sumlog"
)

func (inv *invocation) sumdbAddCommand() *cobra.Command {
	var o logOptions
	var source addSource
	cmd := &cobra.Command{
		Use:   "add MODULE@VERSION...",
		Short: inv.say(text{"add module versions to one's own checksum database", "将模块版本登记到自建校验和数据库"}),
		Long: inv.say(text{
			`Add hashes module versions, appends their records to the log, and prints them, as lines of
go.sum. The hash is that of the zip file that --zip names, of the module in the folder that
--dir names, packed as the go command packs it, or else of what the proxies of GOPROXY
serve. When it ends with 0 the records are on the disk and signed.

A version that is logged with the same hashes is not added again. With another hash it is
refused, for ever, and the exit code is 1. With several versions all are added or none.`,
			`add 计算模块版本的哈希，将记录追加到日志并以 go.sum 的格式输出。哈希取自 --zip 指定的 zip
文件，或 --dir 指定目录中的模块（按 go 命令的方式打包），否则取自 GOPROXY 中代理提供的内容。
退出码为 0 时，记录已写入磁盘并签名。

已以相同哈希登记的版本不会重复追加；哈希不同则永远拒绝，退出码为 1。指定多个版本时，要么全部
追加，要么都不追加。`,
		}),
		Example: `  assay sumdb add corp.example/lib@v1.2.0 --log /srv/sumdb
  assay sumdb add corp.example/lib@v1.2.0 --zip lib.zip --log /srv/sumdb`,
		RunE: func(cmd *cobra.Command, args []string) error {
			modules, err := source.modules(cmd, args)
			if err != nil {
				return err
			}
			w, _, err := o.writer(cmd.Context(), inv)
			if err != nil {
				return inv.settleLog(err)
			}
			defer w.Close()
			records, err := source.hash(cmd.Context(), inv, modules)
			if err != nil {
				return inv.settleFetch(err)
			}
			added, err := w.Append(records...)
			if err != nil {
				return inv.settleLog(err)
			}
			for i, a := range added {
				inv.stdout.Write(records[i].Text())
				what := text{"record %d, logged before\n", "记录 %d，此前已登记\n"}
				if a.New {
					what = text{"record %d, added\n", "记录 %d，已追加\n"}
				}
				fmt.Fprintf(inv.stderr, "assay: "+inv.say(what), a.ID)
			}
			return nil
		},
	}
	inv.addLogFlag(cmd, &o)
	inv.addKeyFlag(cmd, &o)
	cmd.Flags().StringVar(&source.zip, "zip", "", inv.say(text{"hash the module's zip FILE", "取自模块的 zip 文件"}))
	cmd.Flags().StringVar(&source.dir, "dir", "", inv.say(text{"hash the module in the folder DIR", "取自目录中的模块"}))
	cmd.Flags().StringVar(&source.proxy, "proxy", "", inv.say(text{"ask these proxies, as in GOPROXY, also for private modules", "改为查询这些代理（格式同 GOPROXY），私有模块也不例外"}))
	return cmd
}

// addSource says where the hashes of added modules come from.
type addSource struct{ zip, dir, proxy string }

// modules reads the arguments of add.
func (s *addSource) modules(cmd *cobra.Command, args []string) ([]module.Version, error) {
	if len(args) == 0 {
		return nil, usagef(cmd.CommandPath()+" MODULE@VERSION --log DIR", "name a module version")
	}
	named := 0
	for _, from := range []string{s.zip, s.dir, s.proxy} {
		if from != "" {
			named++
		}
	}
	if named > 1 {
		return nil, usagef("", "--zip, --dir and --proxy exclude each other")
	}
	if len(args) > 1 && (s.zip != "" || s.dir != "") {
		return nil, usagef("", "--zip and --dir are for one module version")
	}
	var out []module.Version
	for _, arg := range args {
		path, version, _ := strings.Cut(arg, "@")
		m := module.Version{Path: path, Version: version}
		if err := sumlog.CheckModule(m); err != nil {
			return nil, usagef("name a version as go.sum has it, such as corp.example/lib@v1.2.0", "%s", err)
		}
		out = append(out, m)
	}
	return out, nil
}
