// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/report"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
)

// memory keeps the evidence of one run in memory.
type memory struct {
	mu   sync.Mutex
	data map[string][]byte
}

func (m *memory) Put(digest string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.data == nil {
		m.data = map[string][]byte{}
	}
	m.data[digest] = data
	return nil
}

// sbomFlags are the flags of assay sbom alone.
type sbomFlags struct {
	output   string
	tests    bool
	tools    bool
	download bool
	proofs   string
}

func (inv *invocation) sbomCommand() *cobra.Command {
	var o options
	var s sbomFlags
	cmd := &cobra.Command{
		Use:   "sbom [DIR|PACKAGE...|BINARY...|IMAGE]",
		Short: inv.say(text{"write a bill of materials whose lines can be proven", "生成逐项可证的软件物料清单"}),
		Long: inv.say(text{
			`Sbom writes a bill of materials: of a module's main packages, what go list -deps names for
this GOOS, GOARCH, tags and cgo; of a library, a workspace or named packages likewise; of
executables, archives and container images, what their build info records.

Each module has the SHA-256 and SHA-512 of the zip file that the proxy serves, which is
compared with the h1: hash that was built; where it is distributed; what the checksum
database proves of it; and its licences with the files that say so. What is unknown is
absent or declared unknown, and if something may be missing, the exit code is 3.

It goes to standard output, or into a file with -o. --format names the form of the
document: cyclonedx-json (the default), cyclonedx-xml, spdx-json, spdx-tag, spdx3-json,
with @VERSION where there are several; and, with =FILE, more of them, and reports.
SOURCE_DATE_EPOCH gives its date: the same input gives the same bytes.`,
			`sbom 生成软件物料清单：对模块的主包，按当前 GOOS、GOARCH、构建标签和 cgo 设置，以
go list -deps 的口径列出；对库、工作区或指定的包同样如此；对可执行文件、归档和容器镜像，
列出其构建信息所记录的内容。

每个模块都带有代理所提供压缩包的 SHA-256 与 SHA-512（并与构建所用的 h1: 哈希比对）、
分发地址、校验和数据库的证明状态，以及许可证和作为依据的文件。未知的内容留空或注明未知；
如可能有遗漏，退出码为 3。

默认写到标准输出，用 -o 写入文件。--format 指定文档格式：cyclonedx-json（默认）、
cyclonedx-xml、spdx-json、spdx-tag、spdx3-json，有多个版本时可加 @版本；加 =文件名 可同时
写出多种格式以及报告。日期取自 SOURCE_DATE_EPOCH：相同的输入得到逐字节相同的结果。`,
		}),
		Example: `  assay sbom -o server.cdx.json
  assay sbom ./cmd/server --format spdx-json -o server.spdx.json
  assay sbom ./bin/server --format cyclonedx-json@1.7 --format json=report.json -o server.cdx.json
  assay sbom image.tar -o image.cdx.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return inv.writeSBOM(cmd, &o, &s, args)
		},
	}
	cmd.AddCommand(inv.sbomCommands()...)
	inv.addFlags(cmd, &o)
	f := cmd.Flags()
	f.StringVarP(&s.output, "output", "o", "", inv.say(text{"write the bill of materials into FILE", "将物料清单写入文件"}))
	f.BoolVar(&s.tests, "tests", false, inv.say(text{"list also what tests alone need, marked as excluded", "同时列出仅测试需要的模块，并标为 excluded"}))
	f.BoolVar(&s.tools, "tools", false, inv.say(text{"list also what the tool lines of go.mod need, marked as excluded", "同时列出 go.mod 中 tool 行所需的模块，并标为 excluded"}))
	f.BoolVar(&s.download, "download", false, inv.say(text{"download zip files that the module cache lacks, to hash them", "下载模块缓存中没有的压缩包以计算哈希"}))
	f.StringVar(&s.proofs, "proofs", "", inv.say(text{"write the proofs of all hashes into FILE, beside the document, which names it; ends in .proofs", "将全部哈希的证明写入与文档同目录的文件（以 .proofs 结尾），并在文档中指明"}))
	return cmd
}

// sbomTarget sorts the arguments: one directory of a module; patterns of
// packages; or executables, directories of them, archives and images.
func (inv *invocation) sbomTarget(dir string, args []string) (*audit.Target, audit.TargetRef, error) {
	var packages, binaries []string
	module := ""
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case err == nil && info.IsDir() && holdsModule(arg):
			if module != "" {
				return nil, audit.TargetRef{}, usagef("name packages of one module, or run it in a workspace", "two modules: %s and %s", module, arg)
			}
			module = arg
		case isPattern(dir, arg):
			packages = append(packages, arg)
		case err != nil:
			return nil, audit.TargetRef{}, pathError(arg, err)
		default:
			binaries = append(binaries, arg)
		}
	}
	if binaries != nil && (packages != nil || module != "") {
		return nil, audit.TargetRef{}, usagef("write a document of each", "source and executables: %s", strings.Join(args, " "))
	}
	target, name, err := inv.findTarget(cmp.Or(module, dir), binaries == nil)
	if err != nil {
		return nil, name, err
	}
	target.Packages = packages
	if binaries != nil {
		dropModule(target, &name)
		if target.Binaries, err = present(binaries); err != nil {
			return nil, name, err
		}
		name.Binaries = shownAll(binaries)
	}
	return target, name, nil
}

// isPattern reports whether an argument names packages: by dots, or as a
// folder with Go source.
func isPattern(dir, arg string) bool {
	if strings.Contains(arg, "...") {
		return true
	}
	if !filepath.IsAbs(arg) {
		arg = filepath.Join(dir, arg)
	}
	source, err := filepath.Glob(filepath.Join(arg, "*.go"))
	return err == nil && len(source) > 0
}

// document is a bill of materials to be written.
type document struct {
	format format.Format
	file   string // "": standard output
}

// documents takes from the values of --format those that are forms of
// documents. Without one, it is the default. The one without a file goes to output.
func (o *options) documents(output string) ([]document, error) {
	var docs []document
	var reports []string
	for _, v := range o.formats {
		name, file, hasFile := strings.Cut(v, "=")
		f, err := format.Parse(name)
		if err != nil {
			if slices.Contains(report.Formats(), report.Format(name)) {
				reports = append(reports, v)
				continue
			}
			return nil, usagef("", "%v", err)
		}
		if hasFile && file == "" {
			return nil, usagef("", "--format %s: no file name after =", v)
		}
		docs = append(docs, document{f, file})
	}
	o.formats = reports
	bare := slices.IndexFunc(docs, func(d document) bool { return d.file == "" })
	if bare < 0 && (output != "" || docs == nil) {
		docs = append(docs, document{format: format.Default})
		bare = len(docs) - 1
	}
	if bare >= 0 {
		docs[bare].file = output
	}
	for i, d := range docs {
		if slices.ContainsFunc(docs[:i], func(e document) bool { return e.file == d.file }) {
			return nil, usagef("write one into a file: --format "+d.format.String()+"=FILE", "two documents into one place")
		}
	}
	return docs, nil
}

func (inv *invocation) writeSBOM(cmd *cobra.Command, o *options, s *sbomFlags, args []string) error {
	ctx := cmd.Context()
	docs, err := o.documents(s.output)
	if err != nil {
		return err
	}
	var files []string
	for _, d := range docs {
		files = append(files, d.file)
	}
	outs, err := o.artefactOutputs(files...)
	if err == nil {
		err = s.checkProofs(docs)
	}
	if err != nil {
		return err
	}
	target, name, err := inv.sbomTarget(o.dir, args)
	if err != nil {
		return err
	}
	o.settings = map[string]string{checks.SettingTimestamp: "now", checks.SettingDescribe: "true"}
	for setting, on := range map[string]bool{checks.SettingTests: s.tests, checks.SettingTools: s.tools, checks.SettingDownload: s.download} {
		if on {
			o.settings[setting] = "true"
		}
	}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return err
	}
	var kept memory
	cfg.Checks = []*audit.Check{checks.SBOM}
	if s.proofs != "" {
		cfg.Checks = append(cfg.Checks, checks.SumDB)
	}
	rep, err := inv.run(ctx, o, cfg, &kept)
	if err != nil {
		return err
	}
	var proofs []byte
	if s.proofs != "" {
		if proofs, err = inv.sbomProofs(ctx, rep, target, &kept); err != nil {
			return err
		}
	}
	for _, data := range kept.kind(rep, "cyclonedx") {
		if err := inv.writeDocuments(docs, data, s.proofs, proofs); err != nil {
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

// checkProofs demands that the file of proofs stands beside each document: a
// document names it, and no folder.
func (s *sbomFlags) checkProofs(docs []document) error {
	if s.proofs == "" {
		return nil
	}
	if !strings.HasSuffix(s.proofs, ".proofs") {
		return usagef("", "--proofs %s: does not end in .proofs", s.proofs)
	}
	for _, d := range docs {
		if d.file == "" || filepath.Dir(d.file) != filepath.Dir(s.proofs) {
			return usagef("write both with -o and --proofs into one folder", "--proofs %s: not beside the document", s.proofs)
		}
	}
	return writable(s.proofs)
}

// sbomProofs makes the bundle of proofs of a run. Without one, which is said,
// the document names none.
func (inv *invocation) sbomProofs(ctx context.Context, rep *audit.Report, target *audit.Target, kept *memory) ([]byte, error) {
	var facts checks.SumDBFacts
	if raw, ok := rep.Facts[checks.SumDB.ID]; ok {
		if err := json.Unmarshal(raw, &facts); err != nil {
			return nil, err
		}
	}
	evidence, err := checks.SumDBEvidence(ctx, target, &facts, rep.Finished, func(digest string) []byte { return kept.data[digest] })
	if err != nil {
		fmt.Fprintf(inv.stderr, "assay: %s: %s\n", inv.say(text{"no proofs were written", "未写出证明"}), clean(err.Error()))
		return nil, ctx.Err()
	}
	return evidence, nil
}

// writeDocuments writes a document in all forms asked for, and its proofs.
func (inv *invocation) writeDocuments(docs []document, data []byte, file string, proofs []byte) error {
	made, _, err := format.Read(data)
	if err != nil {
		return err
	}
	if proofs != nil {
		if err := inv.writeArtefact(file, proofs); err != nil {
			return err
		}
		sum := sha256.Sum256(proofs)
		made.References = append(made.References, sbom.Reference{
			Type: "evidence", URL: filepath.Base(file), Comment: "proofs of inclusion in the checksum database",
			Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: hex.EncodeToString(sum[:])}},
		})
	}
	made.ID = "" // each form has one that is derived from its own bytes
	for _, d := range docs {
		written := data
		if d.format != format.Default || proofs != nil {
			if written, err = format.Write(made, d.format); err != nil {
				return err
			}
		}
		if err := inv.writeArtefact(d.file, written); err != nil {
			return err
		}
	}
	return nil
}

// artefactOutputs reads --format for a verb that writes a document: without
// one there is no report, and both cannot go to standard output.
func (o *options) artefactOutputs(files ...string) ([]output, error) {
	for _, file := range files {
		if file == "" {
			continue
		}
		if err := writable(file); err != nil {
			return nil, err
		}
	}
	if len(o.formats) == 0 {
		return nil, nil
	}
	outs, err := o.outputs()
	if err != nil {
		return nil, err
	}
	if slices.Contains(files, "") && slices.ContainsFunc(outs, func(out output) bool { return out.file == "" }) {
		return nil, usagef("write the document into a file: -o FILE", "document and report on standard output")
	}
	return outs, nil
}

// kind returns the evidence of a kind, in the report's order.
func (m *memory) kind(rep *audit.Report, kind string) [][]byte {
	var out [][]byte
	for _, ref := range rep.Evidence {
		if ref.Kind == kind {
			out = append(out, m.data[ref.Digest])
		}
	}
	return out
}

// writeArtefact writes a document that a verb makes, to a file or to standard output.
func (inv *invocation) writeArtefact(file string, data []byte) error {
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(bytes.Clone(data), '\n')
	}
	if file == "" {
		_, err := inv.stdout.Write(data)
		return err
	}
	return writeFile(file, data)
}

// sayWhy says on standard error why a verb that writes a document does not end
// with a pass: its reader may never see the report.
func (inv *invocation) sayWhy(rep *audit.Report) {
	for _, f := range rep.Findings {
		if f.Status == audit.Open && f.Severity.Reaches(rep.Policy.FailOn) {
			fmt.Fprintf(inv.stderr, "assay: %s: %s: %s\n", f.Rule, f.Severity, clean(f.Message))
			if f.Remedy != "" {
				fmt.Fprintf(inv.stderr, "assay: hint: %s\n", clean(f.Remedy))
			}
		}
	}
	for _, c := range rep.Checks {
		if c.Outcome == audit.Unassessed || c.Outcome == audit.Errored {
			fmt.Fprintf(inv.stderr, "assay: %s: %s: %s\n", c.ID, c.Outcome, clean(strings.TrimSpace(c.Reason)))
		}
	}
}
