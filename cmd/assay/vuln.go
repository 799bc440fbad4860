// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/audit/vulns"
	"github.com/goassay/assay/audit/vulns/engine"
	"github.com/goassay/assay/sbom/format"
)

// vulnFlags are the flags of assay vuln alone.
type vulnFlags struct {
	db      string
	level   string
	tests   bool
	vex     []string
	openVEX string
	cdxVEX  string
	author  string
}

func (inv *invocation) vulnCommand() *cobra.Command {
	var o options
	var v vulnFlags
	cmd := &cobra.Command{
		Use:   "vuln [DIR|PACKAGE...|BINARY...|IMAGE|SBOM...]",
		Short: inv.say(text{"find known vulnerabilities, and say what could not be assessed", "查找已知漏洞，并说明哪些无法评估"}),
		Long: inv.say(text{
			`Vuln looks up the modules, the standard library and the toolchain of a module, of executables
(stripped ones too), of archives and images, and of bills of materials of any tool, in the
Go vulnerability database. Of source it analyses what is called, once a vulnerable module
is among its modules; of executables it tells which vulnerable functions they have code of.

The database is that of --db, the policy or GOVULNDB; else the Go project's; and offline, or
where that cannot be reached, the newer of the installed one ("assay vuln db") and the copy in
this program, whose age is said. What could not be assessed makes the exit code 3.

The data has no severity, and none is invented: findings rank by how close a vulnerability
is to the program. Waivers of the policy name the rule and "ID MODULE TARGET"; statements of
OpenVEX documents (--vex) hide what they are about, and nothing else.

With --openvex and --cyclonedx it states of each vulnerability whether it affects the product,
in the format of that name: that it does not, only where the functions show it. What somebody
states in a document of --vex is carried over, with the author; what could not be assessed is
under investigation.`,
			`vuln 在 Go 漏洞数据库中查询模块、标准库和工具链：对象可以是模块、可执行文件（包括去除
符号的）、归档和镜像，以及任何工具生成的物料清单。对源代码，只要涉及含漏洞的模块就分析其
调用关系；对可执行文件，指出其中含有哪些漏洞函数的代码。

数据库取自 --db、策略或 GOVULNDB；否则为 Go 项目的数据库；离线或无法访问时，取已安装的
（见 assay vuln db）与程序内置副本中较新者，并说明其日期。无法评估的内容使退出码为 3。

该数据不含严重级别，本工具也不臆造：按漏洞与程序的远近排序。策略中的豁免以规则和
“编号 模块 对象”指明；OpenVEX 文档（--vex）中的声明只作用于其所指的内容。

--openvex 和 --cyclonedx 以相应格式逐条声明漏洞是否影响产品：只有函数级结果能够证明时才声明
“不受影响”。--vex 文档中他人的声明照原样转载并注明作者；无法评估的内容声明为“调查中”。`,
		}),
		Example: `  assay vuln
  assay vuln ./bin/server image.tar
  assay vuln --offline server.cdx.json --format sarif=vuln.sarif
  assay vuln ./bin/server --vex ours.openvex.json --cyclonedx server.vex.cdx.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.findVulnerabilities(cmd, &o, &v, args)
		},
	}
	cmd.AddCommand(inv.vulnDBCommand())
	inv.addFlags(cmd, &o)
	f := cmd.Flags()
	f.StringVar(&v.db, "db", "", inv.say(text{"URL, directory or file of the database", "漏洞数据库的 URL、目录或文件"}))
	f.StringVar(&v.level, "level", "", inv.say(text{"how deep to look: module, package or symbol (default)", "分析深度：module、package 或 symbol（默认）"}))
	f.BoolVar(&v.tests, "tests", false, inv.say(text{"analyse test files, too", "同时分析测试文件"}))
	f.StringArrayVar(&v.vex, "vex", nil, inv.say(text{"OpenVEX document with statements; repeatable", "含声明的 OpenVEX 文档；可多次指定"}))
	f.StringVar(&v.openVEX, "openvex", "", inv.say(text{"write OpenVEX statements of what was found into FILE", "将结果以 OpenVEX 声明写入文件"}))
	f.StringVar(&v.cdxVEX, "cyclonedx", "", inv.say(text{"write them as a VEX document in CycloneDX into FILE, with what could not be assessed", "将同样的声明以 CycloneDX VEX 文档写入文件，并注明无法评估的内容"}))
	f.StringVar(&v.author, "author", "", inv.say(text{"who issues these documents, such as a team; default: this program", "上述文档的签发者，如团队名称；默认为本程序"}))
	return cmd
}

// engineVerb is the verb by which this program starts itself to analyse source.
const engineVerb = "vuln-engine"

// engineCommand is not for users.
func (inv *invocation) engineCommand() *cobra.Command {
	return &cobra.Command{
		Use: engineVerb, Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			inv.code = engine.Run(cmd.Context(), args, inv.stdout, inv.stderr)
			return nil
		},
	}
}

// vulnTarget sorts the arguments: bills of materials apart, the rest as for
// assay sbom.
func (inv *invocation) vulnTarget(dir string, args []string) (*audit.Target, audit.TargetRef, error) {
	var documents, rest []string
	for _, arg := range args {
		if format.Resembles(arg) {
			documents = append(documents, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	target, name, err := inv.sbomTarget(dir, "", rest)
	if documents == nil || err != nil && rest != nil {
		return target, name, err
	}
	if rest == nil { // documents alone: the module around is none of their business
		if target, name, err = inv.findMachine(dir); err != nil {
			return nil, name, err
		}
	}
	target.Documents = documents
	name.Documents = shownAll(documents)
	return target, name, nil
}

func (inv *invocation) findVulnerabilities(cmd *cobra.Command, o *options, v *vulnFlags, args []string) error {
	if err := checkLevel(v.level); err != nil {
		return err
	}
	if err := v.checkFiles(); err != nil {
		return err
	}
	outs, err := o.outputs()
	if err != nil {
		return err
	}
	target, name, err := inv.vulnTarget(o.dir, args)
	if err != nil {
		return err
	}
	if err := inv.vulnSettings(o, v, target); err != nil {
		return err
	}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return err
	}
	cfg.Checks = []*audit.Check{checks.Vuln}
	rep, err := inv.run(cmd.Context(), o, cfg, nil)
	if err != nil {
		return err
	}
	if err := inv.write(rep, outs, o); err != nil {
		return err
	}
	if err := inv.writeVEX(v, rep); err != nil {
		return err
	}
	inv.finish(cmd.Context(), rep)
	return nil
}

func checkLevel(level string) error {
	levels := []vulns.Level{vulns.LevelModule, vulns.LevelPackage, vulns.LevelSymbol}
	if level != "" && !slices.Contains(levels, vulns.Level(level)) {
		return unknownWord("level", level, levels)
	}
	return nil
}

// vulnSettings prepares the settings and the VEX documents of a run.
func (inv *invocation) vulnSettings(o *options, v *vulnFlags, target *audit.Target) error {
	if o.settings == nil {
		o.settings = map[string]string{}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.settings[checks.SettingVulnScanner] = self + "\x00" + engineVerb
	o.settings[checks.SettingVulnDB], o.settings[checks.SettingVulnLevel] = v.db, v.level
	if v.tests {
		o.settings[checks.SettingVulnTests] = "true"
		o.settings[checks.SettingTests] = "true" // what they need is listed, too
	}
	policy, err := o.readPolicy(target)
	if err != nil {
		return err
	}
	files := slices.Clone(v.vex)
	for _, f := range policy.Vuln.VEX {
		if f = filepath.FromSlash(f); !filepath.IsAbs(f) {
			f = filepath.Join(filepath.Dir(policy.File), f)
		}
		files = append(files, f)
	}
	for _, f := range files {
		data, err := readBounded(f, vulns.MaxVEX)
		if err != nil {
			return pathError(f, err)
		}
		if o.recorded == nil {
			o.recorded = map[string][]byte{}
		}
		o.recorded["vex:"+shown(f)] = data
	}
	return nil
}

func (inv *invocation) vulnDBCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: inv.say(text{"the installed vulnerability database: status, fetch, import, export", "已安装的漏洞数据库：查看状态、获取、导入、导出"}),
		Long: inv.say(text{
			`The installed database is used offline, and where the Go project's cannot be reached, if it is
newer than the copy in this program. "fetch" downloads it; for a machine behind an air gap, "export" writes
it into a file on another machine, and "import" installs that file. All of it is verified
before it is used; what is empty, cut short or contradicts itself is refused.`,
			`已安装的数据库用于离线时，或无法访问 Go 项目的数据库时（如比程序内置副本更新）。fetch 下载
数据库；对隔离网络中的机器，先在其他机器上用 export 写入文件，再用 import 安装。使用前全部
经过校验：为空、截断或自相矛盾的数据一律拒绝。`,
		}),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "status", Short: inv.say(text{"say which databases there are on this machine, and how old they are", "列出本机的漏洞数据库及其日期"}), Args: noArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return inv.vulnDBStatus(cmd.Context()) },
		},
		inv.vulnDBInstall("fetch [URL]", text{"download the database and install it", "下载并安装漏洞数据库"}, func(ctx context.Context, args []string) (*vulns.Database, error) {
			location := vulns.DefaultURL
			if len(args) > 0 {
				location = args[0]
			}
			return vulns.Fetch(ctx, location, transport())
		}),
		inv.vulnDBInstall("import FILE|DIR", text{"install the database in a file or directory", "安装文件或目录中的漏洞数据库"}, func(ctx context.Context, args []string) (*vulns.Database, error) {
			if len(args) == 0 {
				return nil, usagef("assay vuln db import FILE", "name a file")
			}
			return vulns.Open(ctx, args[0], transport())
		}),
		inv.vulnDBExport(),
	)
	return cmd
}

func (inv *invocation) sayDB(what string, s vulns.Source) {
	fmt.Fprintf(inv.stdout, inv.say(text{"%s: %s, %d entries", "%s：%s，%d 条"}), what, s.Modified.Format(time.DateOnly), s.Entries)
	if s.Origin != "" {
		fmt.Fprintf(inv.stdout, inv.say(text{", from %s", "，来自 %s"}), s.Origin)
	}
	fmt.Fprintln(inv.stdout)
}

func (inv *invocation) vulnDBStatus(ctx context.Context) error {
	db, err := vulns.Snapshot()
	if err != nil {
		return err
	}
	inv.sayDB(inv.say(text{"in this program", "程序内置"}), db.Source)
	fmt.Fprintln(inv.stdout, "  "+vulns.SnapshotAttribution)
	dir := checks.VulnDir(inv.cacheDir())
	installed, err := vulns.Installed(ctx, dir)
	switch {
	case err == nil:
		inv.sayDB(inv.say(text{"installed", "已安装"}), installed.Source)
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintln(inv.stdout, inv.say(text{"installed: none", "已安装：无"}))
	default:
		return usagef("", "%s: %v", dir, err)
	}
	return nil
}

func (inv *invocation) vulnDBInstall(use string, short text, open func(context.Context, []string) (*vulns.Database, error)) *cobra.Command {
	var older bool
	cmd := &cobra.Command{
		Use: use, Short: inv.say(short),
		RunE: func(cmd *cobra.Command, args []string) error {
			db, err := open(cmd.Context(), args)
			if err != nil {
				return dbError(err)
			}
			dir := inv.cacheDir()
			if dir == "" {
				return usagef("set XDG_CACHE_HOME or HOME", "there is no cache folder to install it into")
			}
			source, err := vulns.Install(cmd.Context(), checks.VulnDir(dir), db, older)
			if err != nil {
				return dbError(err)
			}
			inv.sayDB(inv.say(text{"installed", "已安装"}), source)
			return nil
		},
	}
	cmd.Flags().BoolVar(&older, "older", false, inv.say(text{"install it although the installed one is newer", "即使已安装的更新也予以安装"}))
	return cmd
}

func (inv *invocation) vulnDBExport() *cobra.Command {
	var layout bool
	cmd := &cobra.Command{
		Use: "export FILE", Short: inv.say(text{"write the newest database of this machine into FILE", "将本机最新的漏洞数据库写入文件"}),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("assay vuln db export FILE", "name one file")
			}
			db, err := vulns.Newest(cmd.Context(), checks.VulnDir(inv.cacheDir()))
			if err == nil && layout {
				err = db.ExportDir(cmd.Context(), args[0])
			} else if err == nil {
				err = writePack(cmd.Context(), db, args[0])
			}
			if err != nil {
				return dbError(err)
			}
			inv.sayDB(args[0], db.Source)
			return nil
		},
	}
	cmd.Flags().BoolVar(&layout, "directory", false, inv.say(text{"write a directory as other programs read it (govulncheck -db=file://...)", "写成其他程序可读取的目录（govulncheck -db=file://...）"}))
	return cmd
}

func writePack(ctx context.Context, db *vulns.Database, file string) error {
	if err := writable(file); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := db.WritePack(ctx, &b); err != nil {
		return err
	}
	return writeFile(file, b.Bytes())
}

// dbError gives an error of a database the form of a mistake of the user.
func dbError(err error) error {
	var usage *usageError
	if errors.As(err, &usage) {
		return err
	}
	return usagef("", "%s", redact.Text(err.Error()))
}
