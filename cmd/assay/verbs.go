// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

func (inv *invocation) auditCommand() *cobra.Command {
	var o options
	var updates bool
	var demand fipsDemand
	var known vulnFlags
	cmd := &cobra.Command{
		Use:   "audit [DIR|FILE...]",
		Short: inv.say(text{"audit a module, and executables, by all checks that apply", "对模块及可执行文件执行全部适用的检查"}),
		Long: inv.say(text{
			`Audit runs all checks that apply: the go command's environment and proxy chain, the
module graph, every line of go.sum against the checksum database, the toolchain, the
bill of materials and known vulnerabilities; of executables that are named, or named in the policy, how they
were built and what FIPS 140 state they declare; and of endpoints that the policy names,
what TLS they take.

A directory that holds a go.mod or go.work file is the module (default: the current
one); other directories and files are read as executables.`,
			`audit 执行全部适用的检查：go 命令的环境与代理链、模块依赖图、go.sum 每一行与校验和
数据库的比对、工具链、物料清单、已知漏洞；对命令行或策略中列出的可执行文件，还检查其构建方式和
所声明的 FIPS 140 状态；对策略中列出的端点，探测其 TLS 配置。

含有 go.mod 或 go.work 的目录视为被审计的模块（默认为当前目录）；其他目录和文件按
可执行文件读取。`,
		}),
		Example: `  assay audit
  assay audit -C ../service --format text --format json=report.json
  assay audit . ./bin --evidence evidence --fail-on medium`,
		RunE: func(cmd *cobra.Command, args []string) error {
			module, binaries, err := splitArgs(o.dir, args)
			if err != nil {
				return err
			}
			target, name, err := inv.findTarget(module, len(binaries) == 0)
			if err != nil {
				return err
			}
			policy, err := o.readPolicy(target)
			if err != nil {
				return err
			}
			if len(binaries) == 0 {
				binaries = policyBinaries(policy, target.Dir)
			}
			if target.Binaries, err = present(binaries); err != nil {
				return err
			}
			name.Binaries = shownAll(binaries)
			target.Endpoints = slices.Clone(policy.Targets.Endpoints)
			if err := checkEndpoints(target.Endpoints); err != nil {
				return err
			}
			name.Endpoints = target.Endpoints
			if o.settings, err = demand.settings(inv); err != nil {
				return err
			}
			spiffePolicy(policy, o.settings)
			if updates {
				o.settings["updates"] = "true"
			}
			if err := checkLevel(known.level); err != nil {
				return err
			}
			if err := inv.vulnSettings(&o, &known, target); err != nil {
				return err
			}
			list := []*audit.Check{checks.FIPS, checks.Binary, checks.TLS, checks.Vuln}
			if target.ModFile != "" || target.WorkFile != "" {
				list = append(list, checks.Env, checks.Graph, checks.SumDB, checks.Toolchain, checks.SBOM)
			}
			return inv.judge(cmd.Context(), &o, target, name, list)
		},
	}
	inv.addFlags(cmd, &o)
	inv.updatesFlag(cmd, &updates)
	inv.demandFlags(cmd, &demand, "require-fips")
	cmd.Flags().StringVar(&known.level, "vuln-level", "", inv.say(text{"how deep to look for what known vulnerabilities reach: module, package or symbol (default)", "已知漏洞的分析深度：module、package 或 symbol（默认）"}))
	return cmd
}

// policyBinaries are the executables that a policy names, seen from the
// module's directory.
func policyBinaries(p *audit.Policy, dir string) []string {
	var out []string
	for _, b := range p.Targets.Binaries {
		if b = filepath.FromSlash(b); !filepath.IsAbs(b) {
			b = filepath.Join(dir, b)
		}
		out = append(out, b)
	}
	return out
}

func (inv *invocation) updatesFlag(cmd *cobra.Command, updates *bool) {
	cmd.Flags().BoolVar(updates, "updates", false, inv.say(text{"also ask which modules have newer versions", "同时查询哪些模块有更新的版本"}))
}

func shownAll(paths []string) []string {
	var out []string
	for _, p := range paths {
		out = append(out, shown(p))
	}
	slices.Sort(out)
	return out
}

func (inv *invocation) envCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "env",
		Short: inv.say(text{"inspect go env, where each value comes from, and the proxy chain", "检查 go env、各变量的来源以及代理链"}),
		Long: inv.say(text{
			`Env shows what the go command will really do: each variable with its value and its
source (process environment, user file, GOROOT's go.env, built in), the proxy chain as
the go command reads it, patterns that match too much or nothing, the toolchain that
would run, and the settings around it. The full list is in the facts of --format json.`,
			`env 说明 go 命令实际会怎么做：每个变量的取值与来源（进程环境、用户配置文件、
GOROOT 的 go.env、内置默认值）、go 命令所理解的代理链、匹配过宽或永不匹配的模式、
将会使用的工具链以及周边设置。完整清单见 --format json 的 facts。`,
		}),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, name, err := inv.findTarget(o.dir, false)
			if err != nil {
				return err
			}
			o.environment = true
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.Env, checks.Toolchain})
		},
	}
	inv.addFlags(cmd, &o)
	return cmd
}

func (inv *invocation) graphCommand() *cobra.Command {
	var o options
	var from string
	var updates bool
	cmd := &cobra.Command{
		Use:   "graph",
		Short: inv.say(text{"replay the module graph and attribute every module", "还原模块依赖图，说明每个模块的来历"}),
		Long: inv.say(text{
			`Graph replays go list -m -json all, or reads its recorded output, and attributes every
module: replaced, excluded, retracted, deprecated, private, and by which way the go
command would get it. The full list is in the facts of --format json.`,
			`graph 根据 go list -m -json all 的结果（实时运行，或读取已保存的输出）还原模块依赖图，
说明每个模块的来历：是否被替换、排除、撤回、弃用，是否私有，以及 go 命令会经由哪条路径
获取。完整清单见 --format json 的 facts。`,
		}),
		Example: `  assay graph
  go list -m -json all | assay graph --from -`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, name, err := inv.findTarget(o.dir, from == "")
			if err != nil {
				return err
			}
			if from != "" {
				data, err := inv.readInput(from)
				if err != nil {
					return err
				}
				o.recorded = map[string][]byte{checks.Graph.ID: data}
			}
			if updates {
				o.settings = map[string]string{"updates": "true"}
			}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.Graph})
		},
	}
	inv.addFlags(cmd, &o)
	inv.updatesFlag(cmd, &updates)
	cmd.Flags().StringVar(&from, "from", "", inv.say(text{"read recorded go list -m -json output from FILE, or - for standard input", "从文件读取已保存的 go list -m -json 输出，- 表示标准输入"}))
	return cmd
}

func (inv *invocation) binaryCommand() *cobra.Command {
	var o options
	var units []string
	var root string
	cmd := &cobra.Command{
		Use:   "binary [FILE|DIR|IMAGE...] [--unit FILE]",
		Short: inv.say(text{"read how executables were built, and the systemd units that start them", "读取可执行文件的构建方式，以及启动它们的 systemd 单元"}),
		Long: inv.say(text{
			`Binary reads of each Go executable how it was built and how it protects itself: symbols,
position independence, executable stack, writable code, RELRO, build paths, revision, weak
defaults of GODEBUG, local replacements, credentials in the linker's flags. ELF, Mach-O and
PE are read, and nothing is run.

` + archivesEN + `

With --unit it reads systemd units too, each with the drop-ins beside it: as whom programs
run, how they are confined, and what GODEBUG they get, which overrides what is linked. It
judges a unit for the program that it starts, if that is among the executables, by its path
or its name, or below the directory of --root. What only the machine knows - specifiers,
the contents of environment files, drop-ins elsewhere - is not assessed or not seen.`,
			`binary 读取每个 Go 可执行文件的构建方式和自我保护措施：符号表、位置无关、可执行栈、可写代码段、
RELRO、构建路径、源码修订版本、较弱的 GODEBUG 默认值、本地 replace、链接参数中的凭据。支持 ELF、
Mach-O 和 PE，不运行任何程序。

` + archivesZH + `

加上 --unit 还会读取 systemd 单元及其同目录下的 drop-in 文件：程序以何种身份运行、受到哪些
限制、获得怎样的 GODEBUG（优先于程序内链接的默认值）。如果单元启动的程序在所给的可执行文件之中
（按路径或文件名匹配），或位于 --root 目录之下，则结合该程序进行判定。只有目标主机才知道的内容
（说明符、环境文件的内容、其他位置的 drop-in）记为未评估，或无从得知。`,
		}),
		Example: `  assay binary bin/ --fail-on medium
  assay binary image-layout/ package.deb release.tar.gz
  assay binary bin/app --unit deploy/app.service
  assay binary --unit /etc/systemd/system/app.service --root /`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(units) == 0 && root == "" {
				return inv.executables(&o, []*audit.Check{checks.Binary}, nil)(cmd, args)
			}
			return inv.judgeUnits(cmd, &o, args, units, root)
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringSliceVar(&units, "unit", nil, inv.say(text{"systemd unit to judge for the program it starts; repeatable", "结合所启动的程序判定的 systemd 单元；可多次指定"}))
	cmd.Flags().StringVar(&root, "root", "", inv.say(text{"directory to find the units' programs in, as if it were /", "以此目录为 / 查找单元启动的程序"}))
	return cmd
}

// What the verbs that read executables say of archives and images.
const (
	archivesEN = `Directories are walked. Archives (tar, zip, deb, rpm; gzip, bzip2, xz, zstd) and container
images (the OCI layout, as a directory or a tar file, and what docker save writes) are read
without unpacking them to disk and without a daemon, one in another too. Of an image, the
files are those that a container sees: image.tar!/usr/bin/app. What cannot be read is
reported, and leaves the verdict incomplete. Other archives (7z, cpio outside of rpm, and
those that unpack themselves, unless they are zip) are not opened: unpack them first.`
	archivesZH = `目录会逐层遍历。归档（tar、zip、deb、rpm，以及 gzip、bzip2、xz、zstd 压缩）和容器镜像（OCI
layout 目录或 tar 文件，以及 docker save 的输出）可直接读取，支持嵌套，既不解压到磁盘，也不需要
守护进程。镜像中只读取容器实际可见的文件，记作 image.tar!/usr/bin/app。无法读取的内容会如实报告，
此时结论为“不完整”。其他归档（7z、rpm 之外的 cpio，以及 zip 以外的自解压文件）不会打开，请先解包。`
)

// executables is the function of a verb that reads executables; set, if it is not
// nil, adds what the verb's own flags say.
func (inv *invocation) executables(o *options, list []*audit.Check, set func(*audit.Target, *audit.TargetRef) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(cmd.CommandPath()+" FILE|DIR|IMAGE...", "name the executables to read, or folders, archives or images of them")
		}
		target, name, err := inv.findTarget(o.dir, false)
		if err != nil {
			return err
		}
		if target.Binaries, err = present(args); err != nil {
			return err
		}
		name.Module, name.Binaries = "", shownAll(args) // no module is audited
		if set != nil {
			if err := set(target, &name); err != nil {
				return err
			}
		}
		return inv.judge(cmd.Context(), o, target, name, list)
	}
}
