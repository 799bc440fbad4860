// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/fips"
	"github.com/goassay/assay/fips/selftest"
)

func (inv *invocation) fipsCommand() *cobra.Command {
	var o options
	var demand fipsDemand
	var units, manifests []string
	var cbom string
	cmd := &cobra.Command{
		Use:   "fips FILE|DIR|IMAGE...",
		Short: inv.say(text{"tell which FIPS 140 module executables hold, and whether it is on", "判定可执行文件含有哪个 FIPS 140 模块、是否启用"}),
		Long: inv.say(text{
			`Fips tells of each Go executable which cryptographic module is linked, by the functions in
the runtime's table, which stripping leaves; whether it is intact, by the module's own
integrity sum; and in which mode the program starts, by the default of GODEBUG that the
runtime reads. It holds the build information against them: where they contradict each
other, somebody set one by hand. ELF, Mach-O and PE are read, and nothing is run.

` + archivesEN + `

What it cannot know: whether somebody changed the module and sealed it again, for the sum's
key is public; what GODEBUG will be where the program runs; and whether that is an operating
environment of the certificate. In a stripped file the default of GODEBUG is found by the code
that reads it; on processors whose code is not understood by what it looks like, which is not
taken for proof. Certificates are those that were known at the release, with the day; what
the validation programme says today may be another thing: give newer data with --certificates.`,
			`fips 判定每个 Go 可执行文件链接了哪个密码模块（依据运行时函数表，去除符号后依然存在）、模块
是否完整（依据模块自身的完整性校验值），以及程序以何种模式启动（依据运行时实际读取的 GODEBUG
默认值），并与构建信息比对：两者矛盾说明有人手工改动过其中之一。支持 ELF、Mach-O 和 PE，不运行
任何程序。

` + archivesZH + `

无法判定的内容：是否有人改动模块后重新计算了校验值（密钥是公开的）；程序运行时 GODEBUG 的取值；
以及运行环境是否属于证书所列环境。文件去除符号后，GODEBUG 默认值通过读取它的机器码定位；对无法
解析其机器码的处理器只能按特征查找，不视为证明。证书数据为发布时的已知状态（附日期），可能与验证
机构的最新公告不同，可用 --certificates 指定新数据。`,
		}),
		Example: `  assay fips bin/ --require certified
  docker save app:1.2 -o app.tar && assay fips app.tar
  assay fips bin/server --unit deploy/server.service --manifest deploy/server.yaml
  assay fips bin/ --cbom cryptography.cdx.json`,
		RunE: inv.executables(&o, []*audit.Check{checks.FIPS}, func(t *audit.Target, name *audit.TargetRef) (err error) {
			if t.Units, err = present(units); err != nil {
				return err
			}
			if t.Manifests, err = present(manifests); err != nil {
				return err
			}
			name.Units, name.Manifests = shownAll(units), shownAll(manifests)
			if cbom != "" {
				o.inventories = append(o.inventories, "cbom="+cbom)
			}
			o.settings, err = demand.settings(inv)
			return err
		}),
	}
	inv.addFlags(cmd, &o)
	inv.demandFlags(cmd, &demand, "require")
	cmd.Flags().StringSliceVar(&units, "unit", nil, inv.say(text{"also judge by the environment that the systemd unit `FILE` gives to its programs", "同时按 systemd 单元 `FILE` 为其程序设置的环境判定"}))
	cmd.Flags().StringSliceVar(&manifests, "manifest", nil, inv.say(text{"also judge by the environment that the Kubernetes manifest `FILE` gives to its containers", "同时按 Kubernetes 清单 `FILE` 为其容器设置的环境判定"}))
	cmd.Flags().StringVar(&cbom, "cbom", "", inv.say(text{"write modules and algorithms into `FILE`, a bill of materials of CycloneDX (CBOM)", "将密码模块与算法写入 `FILE`（CycloneDX 密码物料清单，CBOM）"}))
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
			target, name, err := inv.findMachine(o.dir)
			if err != nil {
				return err
			}
			if require {
				o.settings = map[string]string{"fips": "require"}
			}
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
			target, name, err := inv.findMachine(o.dir)
			if err != nil {
				return err
			}
			o.settings = map[string]string{"self": self}
			return inv.judge(cmd.Context(), &o, target, name, []*audit.Check{checks.FIPSSelftest})
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringVar(&try, "try", "", "")
	cmd.Flags().MarkHidden("try") // it exists
	return cmd
}

// fipsDemand is what is demanded of executables where the policy says nothing of
// them, and by which certificates it is judged.
type fipsDemand struct {
	level        string
	certificates string // a file
}

func (inv *invocation) demandFlags(cmd *cobra.Command, d *fipsDemand, level string) {
	cmd.Flags().StringVar(&d.level, level, "", inv.say(text{
		"demand of executables a FIPS 140 module of `LEVEL`, linked, intact and on: certified, validated-or-in-process, any-module",
		"要求可执行文件链接了 `LEVEL` 级别的 FIPS 140 模块，且完整、已启用：certified、validated-or-in-process、any-module"}))
	cmd.Flags().StringVar(&d.certificates, "certificates", "", inv.say(text{
		"judge by the certificates in `FILE`, in place of those that are built in", "按 `FILE` 中的证书数据判定，替代内置数据"}))
}

// settings are those of the check.
func (d *fipsDemand) settings(inv *invocation) (map[string]string, error) {
	s := map[string]string{}
	if d.level != "" {
		if !slices.Contains(fips.Levels, fips.Level(d.level)) {
			return nil, unknownWord("level", d.level, fips.Levels)
		}
		s["fips"] = d.level
	}
	if d.certificates != "" {
		data, err := inv.readInput(d.certificates)
		if err != nil {
			return nil, err
		}
		if _, err := fips.ParseCertificates(data); err != nil {
			return nil, usagef("", "%s: %v", shown(d.certificates), err)
		}
		s["fips-certificates"] = string(data)
	}
	return s, nil
}
