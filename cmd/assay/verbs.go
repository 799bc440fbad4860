// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/fips/selftest"
)

func (inv *invocation) auditCommand() *cobra.Command {
	var o options
	var updates, requireFIPS bool
	cmd := &cobra.Command{
		Use:   "audit [DIR|FILE...]",
		Short: inv.say(text{"audit a module, and executables, by all checks that apply", "对模块及可执行文件执行全部适用的检查"}),
		Long: inv.say(text{
			`Audit runs all checks that apply: the go command's environment and proxy chain, the
module graph, every line of go.sum against the checksum database, the toolchain and
the bill of materials; and of executables that are named, or named in the policy, how
they were built and what FIPS 140 state they declare.

A directory that holds a go.mod or go.work file is the module (default: the current
one); other directories and files are read as executables.`,
			`audit 执行全部适用的检查：go 命令的环境与代理链、模块依赖图、go.sum 每一行与校验和
数据库的比对、工具链、物料清单；对命令行或策略中列出的可执行文件，还检查其构建方式和
所声明的 FIPS 140 状态。

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
			o.settings = settings(updates, requireFIPS)
			list := []*audit.Check{checks.FIPS, checks.Binary}
			if target.ModFile != "" || target.WorkFile != "" {
				list = append(list, checks.Env, checks.Graph, checks.SumDB, checks.Toolchain, checks.SBOM)
			}
			return inv.judge(cmd.Context(), &o, target, name, list)
		},
	}
	inv.addFlags(cmd, &o)
	inv.updatesFlag(cmd, &updates)
	inv.requireFIPSFlag(cmd, &requireFIPS)
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

func (inv *invocation) requireFIPSFlag(cmd *cobra.Command, require *bool) {
	cmd.Flags().BoolVar(require, "require-fips", false, inv.say(text{"demand of executables a certified FIPS 140 module that is linked, intact and on", "要求可执行文件链接了经认证的 FIPS 140 模块，且完整、已启用"}))
}

// settings gathers the choices that are not policy.
func settings(updates, requireFIPS bool) map[string]string {
	s := map[string]string{}
	if updates {
		s["updates"] = "true"
	}
	if requireFIPS {
		s["fips"] = "require"
	}
	return s
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
			o.settings = settings(updates, false)
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.Graph})
		},
	}
	inv.addFlags(cmd, &o)
	inv.updatesFlag(cmd, &updates)
	cmd.Flags().StringVar(&from, "from", "", inv.say(text{"read recorded go list -m -json output from FILE, or - for standard input", "从文件读取已保存的 go list -m -json 输出，- 表示标准输入"}))
	return cmd
}

func (inv *invocation) fipsCommand() *cobra.Command {
	var o options
	var require bool
	cmd := &cobra.Command{
		Use:   "fips FILE|DIR...",
		Short: inv.say(text{"tell which FIPS 140 module executables hold, and whether it is on", "判定可执行文件含有哪个 FIPS 140 模块、是否启用"}),
		Long: inv.say(text{
			`Fips tells of each Go executable which cryptographic module is linked, by the functions in
the runtime's table, which stripping leaves; whether it is intact, by the module's own
integrity sum; and in which mode the program starts, by the default of GODEBUG that the
runtime reads. It holds the build information against them: where they contradict each
other, somebody set one by hand. ELF, Mach-O and PE are read, and nothing is run.

What it cannot know: whether somebody changed the module and sealed it again, for the sum's
key is public; what GODEBUG will be where the program runs; and whether that is an operating
environment of the certificate. In a stripped file the default of GODEBUG is found by what
it looks like, which is not taken for proof.`,
			`fips 判定每个 Go 可执行文件链接了哪个密码模块（依据运行时函数表，去除符号后依然存在）、模块
是否完整（依据模块自身的完整性校验值），以及程序以何种模式启动（依据运行时实际读取的 GODEBUG
默认值），并与构建信息比对：两者矛盾说明有人手工改动过其中之一。支持 ELF、Mach-O 和 PE，不运行
任何程序。

无法判定的内容：是否有人改动模块后重新计算了校验值（密钥是公开的）；程序运行时 GODEBUG 的取值；
以及运行环境是否属于证书所列环境。文件去除符号后，GODEBUG 默认值只能按特征查找，不视为证明。`,
		}),
		Example: `  assay fips bin/ --require`,
		RunE:    inv.executables(&o, []*audit.Check{checks.FIPS}, func() map[string]string { return settings(false, require) }),
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().BoolVar(&require, "require", false, inv.say(text{"demand a certified module that is linked, intact and on", "要求链接了经认证的模块，且完整、已启用"}))
	cmd.AddCommand(inv.fipsHostCommand(), inv.fipsSelftestCommand())
	return cmd
}

func (inv *invocation) fipsHostCommand() *cobra.Command {
	var o options
	var require bool
	cmd := &cobra.Command{
		Use:   "host",
		Short: inv.say(text{"tell what of this host decides about FIPS mode", "检查本机上决定 FIPS 模式的各项设置"}),
		Long: inv.say(text{
			`Host reads what of a Linux host decides about FIPS 140 mode, and holds it against each other:
the kernel's flag and command line, crypto-policies as they are asked for and as they are in
force, the providers that OpenSSL has active, the variables of this environment, and whether
all this is seen from a container, where the kernel is the host's.

Go's own module asks GODEBUG alone, and not the kernel; programs built with the toolchains of
Red Hat and Microsoft ask the kernel's flag and load OpenSSL. These are settings: whether a
program uses a validated module, assay fips tells of its executable. Of GODEBUG only the
setting fips140 gets into the report; with a value that Go does not know, assay panics at the
start as every Go program does that uses cryptography. A service may have another environment.`,
			`host 读取 Linux 主机上决定 FIPS 140 模式的各项设置并相互核对：内核标志与内核命令行、crypto-policies
的配置值与生效值、OpenSSL 当前激活的 provider、当前环境变量，以及这一切是否是在容器中看到的（容器中的
内核属于宿主机）。

Go 原生模块只看 GODEBUG，不看内核；用 Red Hat 和 Microsoft 工具链构建的程序则读取内核标志并加载
OpenSSL。以上均为设置：程序是否使用了经验证的模块，请用 assay fips 检查其可执行文件。GODEBUG 中只有
fips140 一项会写入报告；若其取值不被 Go 识别，assay 与所有使用密码功能的 Go 程序一样会在启动时 panic。
服务进程的环境可能与此处不同。`,
		}),
		Example: `  assay fips host --require`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, name, err := inv.findTarget(o.dir, false)
			if err != nil {
				return err
			}
			target.ModFile, target.WorkFile, target.Module, name.Module = "", "", "", ""
			o.settings = settings(false, require)
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.FIPSHost})
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().BoolVar(&require, "require", false, inv.say(text{"demand a host that is in FIPS mode throughout", "要求主机各项设置均处于 FIPS 模式"}))
	return cmd
}

func (inv *invocation) fipsSelftestCommand() *cobra.Command {
	var o options
	var try string
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: inv.say(text{"try the cryptography of assay itself in FIPS mode", "在 FIPS 模式下测试 assay 自身的密码功能"}),
		Long: inv.say(text{
			`Selftest runs assay again with GODEBUG=fips140=on and with fips140=only, and tries there what
the standard library offers: approved algorithms by the known answers of their standards, or
by using them both ways; and others, which fips140=only must refuse. It tells about the
module that is linked into assay, on this machine; to try a validated one, build assay with
GOFIPS140=certified.`,
			`selftest 分别以 GODEBUG=fips140=on 和 fips140=only 重新运行 assay，并测试标准库提供的密码功能：
已核准算法按标准给出的已知答案或往返运算验证；未核准算法在 fips140=only 下必须被拒绝。结果针对
assay 自身链接的模块以及本机；如需测试经验证的模块，请以 GOFIPS140=certified 构建 assay。`,
		}),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if try != "" {
				return json.NewEncoder(inv.stdout).Encode(selftest.Try(try))
			}
			self, err := os.Executable()
			if err != nil {
				return err
			}
			target, name, err := inv.findTarget(o.dir, false)
			if err != nil {
				return err
			}
			target.ModFile, target.WorkFile, target.Module, name.Module = "", "", "", ""
			o.settings = map[string]string{"self": self}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.FIPSSelftest})
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringVar(&try, "try", "", "")
	cmd.Flags().MarkHidden("try") // it exists
	return cmd
}

func (inv *invocation) binaryCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "binary FILE|DIR...",
		Short: inv.say(text{"read how executables were built", "读取可执行文件的构建方式"}),
		RunE:  inv.executables(&o, []*audit.Check{checks.Binary}, func() map[string]string { return nil }),
	}
	inv.addFlags(cmd, &o)
	return cmd
}

// executables is the function of a verb that reads executables.
func (inv *invocation) executables(o *options, list []*audit.Check, set func() map[string]string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef(cmd.CommandPath()+" FILE|DIR...", "name the executables, or folders of executables, to read")
		}
		target, name, err := inv.findTarget(o.dir, false)
		if err != nil {
			return err
		}
		if target.Binaries, err = present(args); err != nil {
			return err
		}
		name.Module, name.Binaries = "", shownAll(args) // no module is audited
		o.settings = set()
		return inv.judge(cmd.Context(), o, target, name, list)
	}
}
