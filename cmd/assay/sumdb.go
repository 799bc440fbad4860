// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

func (inv *invocation) sumdbCommand() *cobra.Command {
	children := []*cobra.Command{inv.sumdbVerifyCommand(), inv.sumdbSyncCommand(), inv.sumdbDoctorCommand()}
	children = append(children, inv.sumdbProofCommands()...)
	children = append(children, inv.sumdbLogCommands()...)
	return inv.group("sumdb", text{"prove hashes by the checksum database", "借助校验和数据库核验哈希"}, children...)
}

func (inv *invocation) sumdbVerifyCommand() *cobra.Command {
	var o options
	var modCache, toolchain bool
	cmd := &cobra.Command{
		Use:   "verify [DIR|go.sum|BINARY|MODULE@VERSION...]",
		Short: inv.say(text{"verify every hash of a module against the checksum database", "将模块的每个哈希与校验和数据库比对"}),
		Long: inv.say(text{
			`Verify proves for each hash of a module that the checksum database in force has logged
that very hash: by the log's signature on its tree head, an inclusion proof for each
record, and the record's exact text. Each hash ends as verified, mismatch, not-logged or
not-checked, with the reason.

The hashes are those in go.sum, go.work.sum and the vendor folder of a module (default: the
current one), in go.sum files that are named, and in executables: of every dependency, its
replacement, and the main module. Of a MODULE@VERSION it shows what is logged.

--modcache hashes what the module cache holds of these modules, or all of it where none is
named, and verifies the go command's own cache of records and tiles. --toolchain hashes the
Go installation and compares it with the logged release, without downloading it.`,
			`verify 逐个证明模块的哈希确已登记在当前生效的校验和数据库中：校验日志对树头的签名、
每条记录的包含性证明以及记录原文。每个哈希的结果为 verified、mismatch、not-logged 或
not-checked，并给出原因。

哈希来自模块（默认为当前目录）的 go.sum、go.work.sum 和 vendor 目录，命令行中列出的
go.sum 文件，以及可执行文件中记录的各个依赖、其替换模块和主模块。指定 MODULE@VERSION 时
给出其登记内容。

--modcache 对模块缓存中这些模块（未指定模块时为全部）重新计算哈希，并核验 go 命令自身保存的
记录和数据块；--toolchain 计算 Go 安装目录的哈希，与登记的发布版比对，无需下载。`,
		}),
		Example: `  assay sumdb verify
  assay sumdb verify ./bin/server --toolchain
  assay sumdb verify --modcache --evidence kept`,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, name, err := inv.sumdbTarget(&o, args, modCache || toolchain)
			if err != nil {
				return err
			}
			o.verbose = o.verbose || len(target.Modules) > 0 && !o.quiet // what is logged is what was asked for
			target.ModCache, target.LogCache, target.Toolchain = modCache, modCache, toolchain
			name.ModCache, name.LogCache, name.Toolchain = modCache, modCache, toolchain
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.SumDB})
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().BoolVar(&modCache, "modcache", false, inv.say(text{"also hash what the module cache holds of these modules", "同时对模块缓存中的相应内容重新计算哈希"}))
	cmd.Flags().BoolVar(&toolchain, "toolchain", false, inv.say(text{"also compare the Go installation with the logged release", "同时将 Go 安装目录与登记的发布版比对"}))
	return cmd
}

// sumdbTarget sorts the arguments of a verb that verifies hashes: path@version is
// a module version, a directory with a go.mod or go.work is the module, a file
// called *.sum is a go.sum file, all else is to be read as executables. Where no
// module is among them none is audited; where nothing is named, the current one,
// which must be there unless the verb has something else to do.
func (inv *invocation) sumdbTarget(o *options, args []string, otherwise bool) (*audit.Target, audit.TargetRef, error) {
	var sums, modules, rest []string
	for _, arg := range args {
		if path, version, ok := strings.Cut(arg, "@"); ok && !exists(arg) {
			if err := checkModule(path, version); err != nil {
				return nil, audit.TargetRef{}, usagef("name a version as go.sum has it, such as golang.org/x/mod@v0.42.0", "%s", err)
			}
			modules = append(modules, arg)
			continue
		}
		if info, err := os.Stat(arg); err == nil && !info.IsDir() && strings.HasSuffix(arg, ".sum") {
			sums = append(sums, arg)
			continue
		}
		rest = append(rest, arg)
	}
	module, binaries, err := splitArgs(o.dir, rest)
	if err != nil {
		return nil, audit.TargetRef{}, err
	}
	named := len(rest) > len(binaries) // a module is
	target, name, err := inv.findTarget(module, named || len(args) == 0 && !otherwise)
	if err != nil {
		return nil, name, err
	}
	if !named && len(args) > 0 {
		dropModule(target, &name)
	}
	if target.Binaries, err = present(binaries); err != nil {
		return nil, name, err
	}
	for _, file := range sums {
		abs, err := filepath.Abs(file)
		if err != nil {
			return nil, name, err
		}
		target.SumFiles = append(target.SumFiles, abs)
	}
	target.Modules, name.Modules = modules, modules
	name.Binaries, name.SumFiles = shownAll(binaries), shownAll(sums)
	return target, name, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// checkModule checks that a log can have a record of a module version.
func checkModule(path, version string) error {
	if err := module.Check(path, version); err != nil {
		return err
	}
	if canonical := module.CanonicalVersion(version); canonical != version {
		return fmt.Errorf("%s@%s: not a canonical version", path, version)
	}
	return nil
}

func (inv *invocation) sumdbSyncCommand() *cobra.Command {
	var o options
	var full bool
	cmd := &cobra.Command{
		Use:   "sync [DIR|go.sum|BINARY|MODULE@VERSION...]",
		Short: inv.say(text{"bring the kept records and tree heads up to date", "更新本地保存的记录和树头"}),
		Long: inv.say(text{
			`Sync brings what assay keeps of the log up to date: the newest tree head, proven to extend
the one that was seen before, and the records of the hashes that are named. It gets only
what is new; where something that it holds does not hold, it verifies everything, removes
what is wrong and gets it again, as --full does always. It also asks every proxy of the
chain for its newest head and compares them. Nothing is stored that was not verified, so it
may be interrupted at any point and goes on from there.`,
			`sync 更新 assay 本地保存的日志数据：最新的树头（并证明其为此前所见树头的延伸），以及
所涉哈希的登记记录。只获取新增内容；若已有内容校验不通过，则全部重新校验，删除有误的部分
并重新获取，--full 则总是如此。同时向代理链中的每个代理查询最新树头并相互比对。未经校验的
内容不会保存，因此可随时中断，下次从中断处继续。`,
		}),
		Example: `  assay sumdb sync
  assay sumdb sync --full --format json=sync.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case inv.cacheDir() == "":
				return usagef("set ASSAY_CACHE to a folder", "there is no folder to keep anything in")
			case o.offline:
				return usagef("", "sync needs the network")
			}
			target, name, err := inv.sumdbTarget(&o, args, true)
			if err != nil {
				return err
			}
			target.Sync, name.Sync = true, true
			o.settings = map[string]string{"sumdb-sync": "delta"}
			if full {
				o.settings["sumdb-sync"] = "full"
			}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.SumDB})
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().BoolVar(&full, "full", false, inv.say(text{"verify every file that is kept", "重新校验保存的每个文件"}))
	return cmd
}

func (inv *invocation) sumdbDoctorCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: inv.say(text{"find forged and stale files among what was kept of the log", "检查本地保存的日志数据中是否有伪造或过期的文件"}),
		Long: inv.say(text{
			`Doctor verifies, file by file, what the go command and assay have kept of the logs in
force: answers to lookups and tiles in GOMODCACHE/cache/download/sumdb, tree heads in
GOPATH/pkg/sumdb, and assay's own store. It names files that are not what the log signed,
and those that another key of the log's name signed, as it happens after a rotation: the
go command fails on them until they are removed. It changes nothing.`,
			`doctor 逐个校验 go 命令和 assay 为当前生效的日志保存的文件：GOMODCACHE/cache/download/sumdb
中的查询应答和数据块、GOPATH/pkg/sumdb 中的树头，以及 assay 自己的存储。列出与日志签名内容
不符的文件，以及由同名的其他密钥签名的文件（更换密钥后常见，删除前 go 命令会报安全错误）。
不做任何修改。`,
		}),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, name, err := inv.findMachine(o.dir)
			if err != nil {
				return err
			}
			target.LogCache, name.LogCache = true, true
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.SumDB})
		},
	}
	inv.addFlags(cmd, &o)
	return cmd
}
