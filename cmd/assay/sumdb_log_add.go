// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
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
		Use:   "add [MODULE@VERSION|DIR|go.sum...]",
		Short: inv.say(text{"add module versions to one's own checksum database", "将模块版本登记到自建校验和数据库"}),
		Long: inv.say(text{
			`Add appends the records of module versions to the log, and prints them, as lines of go.sum.
When it ends with 0 they are on the disk and signed. A version that is logged with the same
hashes is not added again. With another hash it is refused, for ever, and the exit code is 1.
With several versions all are added or none.

Public modules come --from another log, such as sum.golang.org, and the hashes are those that
it was proven to have logged, by its signature and an inclusion proof for each: what a proxy
serves plays no part. All module versions in the go.sum of the module in DIR (default: the
current one) are taken, those in go.sum files that are named, or MODULE@VERSION. Where go.sum
has another hash, or one of them is not proven, nothing is added. What GONOSUMDB, GONOPROXY or
GOPRIVATE names is private: the other log is not told of it, and it is left out. The go command
asks its log for toolchains that it downloads too: golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64.

Private modules are hashed, and the hash is compared with nothing: it is that of the zip file
that --zip names, of the module in the folder that --dir names, or of what the proxies serve
that --proxy names. Without any of these, GOPRIVATE, GONOSUMDB or GONOPROXY must name the module,
and the proxies of GOPROXY are asked. Of a folder in a git checkout the commit is hashed, as the
go command does with GOPROXY=direct; the version's tag must be at it and nothing may be changed.
Of any other folder every file is hashed: it must be what the proxy packs.`,
			`add 将模块版本的记录追加到日志，并以 go.sum 的格式输出。退出码为 0 时，记录已写入磁盘并签名。
已以相同哈希登记的版本不会重复追加；哈希不同则永远拒绝，退出码为 1。指定多个版本时，要么全部
追加，要么都不追加。

公开模块用 --from 从另一个日志（如 sum.golang.org）取用：哈希取自已证明的登记内容（校验日志签名
及每条记录的包含性证明），与代理提供的内容无关。取用范围是 DIR（默认为当前目录）所在模块的
go.sum 中的全部模块版本、所列 go.sum 文件中的模块版本，或指定的 MODULE@VERSION。只要 go.sum 中
有哈希不符，或有一个版本未能证明，就不追加任何记录。GONOSUMDB、GONOPROXY 或 GOPRIVATE 匹配的
模块视为私有：不会告知对方日志，也不在取用之列。go 命令下载工具链时同样查询它所配置的日志，
对应的模块形如 golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64。

私有模块则直接计算哈希，不与任何内容比对：取自 --zip 指定的 zip 文件、--dir 指定目录中的模块，
或 --proxy 指定的代理提供的内容。三者均未指定时，模块必须由 GOPRIVATE、GONOSUMDB 或 GONOPROXY
匹配，此时查询 GOPROXY 中的代理。目录位于 git 检出中时，按 go 命令在 GOPROXY=direct 下的方式计算
所检出提交的哈希，版本标签必须指向该提交，且不得有任何改动；其他目录则计入全部文件，必须与代理
打包的内容一致。`,
		}),
		Example: `  assay sumdb add --from sum.golang.org --log /srv/sumdb
  assay sumdb add --from sum.golang.org golang.org/x/mod@v0.42.0 --log /srv/sumdb
  assay sumdb add corp.example/lib@v1.2.0 --proxy https://goproxy.corp.example --log /srv/sumdb
  assay sumdb add corp.example/lib@v1.2.0 --dir . --log /srv/sumdb`,
		RunE: func(cmd *cobra.Command, args []string) error {
			modules, err := source.modules(cmd, args)
			if err != nil {
				return err
			}
			// The log is locked when the records are there: nobody waits for the network.
			head, err := o.head(inv)
			if err != nil {
				return inv.settleLog(err)
			}
			var records []sumlog.Record
			if source.from != "" {
				records, err = source.takeOver(cmd.Context(), inv, head.Name, args)
			} else {
				records, err = source.hash(cmd.Context(), inv, modules)
			}
			if err != nil || len(records) == 0 {
				return inv.settleFetch(err)
			}
			return inv.settleLog(inv.appendRecords(cmd.Context(), &o, head, records))
		},
	}
	inv.addLogFlag(cmd, &o)
	inv.addKeyFlag(cmd, &o)
	cmd.Flags().StringVar(&source.from, "from", "", inv.say(text{"take what LOG was proven to have logged, such as sum.golang.org; as in GOSUMDB", "取用另一日志中已证明的登记内容，如 sum.golang.org；格式同 GOSUMDB"}))
	cmd.Flags().StringVar(&source.zip, "zip", "", inv.say(text{"hash the module's zip FILE", "取自模块的 zip 文件"}))
	cmd.Flags().StringVar(&source.dir, "dir", "", inv.say(text{"hash the module in the folder DIR", "取自目录中的模块"}))
	cmd.Flags().StringVar(&source.proxy, "proxy", "", inv.say(text{"ask these proxies, as in GOPROXY, also for private modules", "改为查询这些代理（格式同 GOPROXY），私有模块也不例外"}))
	return cmd
}

// appendRecords appends records to the log that had a head before, and says where
// they are.
func (inv *invocation) appendRecords(ctx context.Context, o *logOptions, before sumlog.Head, records []sumlog.Record) error {
	w, dir, err := o.writer(ctx, inv)
	if err != nil {
		return err
	}
	defer w.Close()
	switch now := w.Head(); {
	case now.Name != before.Name:
		return fmt.Errorf("%s: a log of %s in the place of one of %s", dir, now.Name, before.Name)
	case now.Size < before.Size:
		return &sumlog.RollbackError{File: dir, Served: before.Size, Size: now.Size}
	}
	added, err := w.Append(records...)
	if err != nil {
		return err
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
}

// addSource says where the hashes of added modules come from.
type addSource struct{ from, zip, dir, proxy string }

// modules reads the arguments of add, but for --from, which takes others.
func (s *addSource) modules(cmd *cobra.Command, args []string) ([]module.Version, error) {
	for _, flag := range []string{"from", "zip", "dir", "proxy"} {
		// An unset variable of a script would have another source taken.
		if f := cmd.Flags().Lookup(flag); f.Changed && f.Value.String() == "" {
			return nil, usagef("is the variable set that it is taken from?", "--%s is empty", flag)
		}
	}
	switch {
	case s.from != "" && (s.zip != "" || s.dir != ""):
		return nil, usagef("", "--from, --zip and --dir exclude each other")
	case s.from != "":
		return nil, nil
	case len(args) == 0:
		return nil, usagef(cmd.CommandPath()+" MODULE@VERSION --log DIR", "name a module version, or the log to take public modules from with --from")
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
