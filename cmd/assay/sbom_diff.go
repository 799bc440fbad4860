// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/format"
)

func (inv *invocation) sbomDiffCommand() *cobra.Command {
	var form, output string
	var offline bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: inv.say(text{"compare two bills of materials, modules or executables", "比较两份物料清单、两个模块或两个可执行文件"}),
		Long: inv.say(text{
			`Diff says which components were added, removed and changed: version, licence, hash, h1: hash,
state of the proof, scope. Each of OLD and NEW is a bill of materials of any tool, the
directory of a module, or an executable, archive or image, of which one is made.

The exit code is 0 if nothing changed and 1 if something did, as with diff; 3 if one of the
two may be incomplete.`,
			`diff 列出新增、移除和变更的组件：版本、许可证、哈希、h1: 哈希、证明状态、适用范围。
OLD 和 NEW 可以是任何工具生成的物料清单、模块目录，或可执行文件、归档、镜像（将为其生成）。

无变化时退出码为 0，有变化时为 1（与 diff 相同）；任一方可能不完整时为 3。`,
		}),
		Example: `  assay sbom diff old.cdx.json new.spdx.json
  assay sbom diff release.cdx.json . --format markdown`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef(cmd.CommandPath()+" OLD NEW", "name two bills of materials")
			}
			write, ok := diffForms[form]
			if !ok {
				return unknownWord("format", form, []string{"json", "markdown", "text"})
			}
			var sides [2]*sbom.Document
			complete := true
			for i, arg := range args {
				d, whole, err := inv.sideOf(cmd.Context(), arg, offline)
				if err != nil {
					return err
				}
				sides[i], complete = d, complete && whole
			}
			diff := sbom.Compare(sides[0], sides[1])
			var b bytes.Buffer
			if err := write(inv, &b, diff); err != nil {
				return err
			}
			if err := inv.writeArtefact(output, b.Bytes()); err != nil {
				return err
			}
			switch {
			case !complete:
				inv.code = audit.ExitIncomplete
			case !diff.Empty():
				inv.code = audit.ExitFail
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&form, "format", "text", inv.say(text{"text, json or markdown", "text、json 或 markdown"}))
	f.StringVarP(&output, "output", "o", "", inv.say(text{"write into FILE", "写入文件"}))
	f.BoolVar(&offline, "offline", false, inv.say(text{"reach no other host", "不访问任何其他主机"}))
	return cmd
}

// sideOf reads a bill of materials, or makes one, and says whether nothing is
// known to be missing.
func (inv *invocation) sideOf(ctx context.Context, arg string, offline bool) (*sbom.Document, bool, error) {
	info, err := os.Stat(arg)
	if err != nil {
		return nil, false, pathError(arg, err)
	}
	if info.Mode().IsRegular() {
		data, err := format.ReadFile(arg)
		if err == nil {
			if _, err := format.Detect(data); err == nil {
				d, _, err := format.Read(data)
				if err != nil {
					return nil, false, usagef("", "%s: %v", arg, err)
				}
				return d, wholeDocument(d, data), nil
			}
		}
	}
	target, name, err := inv.sbomTarget(".", "", []string{arg})
	if err != nil {
		return nil, false, err
	}
	o := &options{dir: ".", offline: offline, settings: map[string]string{checks.SettingDescribe: "true"}}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return nil, false, err
	}
	var kept memory
	cfg.Checks = []*audit.Check{checks.SBOM}
	rep, err := inv.run(ctx, o, cfg, &kept)
	if err != nil {
		return nil, false, err
	}
	inv.sayWhy(rep)
	for _, data := range kept.kind(rep, "cyclonedx") {
		d, _, err := format.Read(data)
		return d, rep.Checks[0].Outcome != audit.Unassessed && rep.Checks[0].Outcome != audit.Errored, err
	}
	return nil, false, usagef("", "%s: no bill of materials could be made of it", arg)
}

// wholeDocument reports whether a document fits its schema, and does not say itself
// that something is missing.
func wholeDocument(d *sbom.Document, data []byte) bool {
	return format.Validate(data) == nil && !slices.ContainsFunc(d.Components, func(c *sbom.Component) bool {
		_, published := c.ModuleVersion()
		return slices.Contains(d.Roots, c.Ref) && c.Completeness == sbom.Incomplete || c.Version == "" && c.Kind == sbom.KindLibrary && !published && c.Property(sbom.PropertyLocal) == ""
	})
}

var diffForms = map[string]func(*invocation, io.Writer, *sbom.Difference) error{
	"text": (*invocation).diffText, "markdown": (*invocation).diffMarkdown,
	"json": func(_ *invocation, w io.Writer, d *sbom.Difference) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(d)
	},
}

// changedWords are the fields as users read them.
var changedWords = map[sbom.ChangedField]text{
	sbom.FieldVersion: {"version", "版本"}, sbom.FieldLicense: {"licence", "许可证"}, sbom.FieldHash: {"hash", "哈希"}, sbom.FieldH1: {"h1", "h1"},
	sbom.FieldProof: {"proof", "证明状态"}, sbom.FieldScope: {"scope", "适用范围"}, sbom.FieldLocal: {"directory", "本地目录"},
}

func (inv *invocation) diffText(w io.Writer, d *sbom.Difference) error {
	none := inv.say(text{"none", "无"})
	line := func(sign string, c sbom.Changed) {
		fmt.Fprintln(w, oneLine(sign+" "+c.Name+" "+c.Old+c.New))
	}
	for _, c := range d.Added {
		line("+", c)
	}
	for _, c := range d.Removed {
		line("-", c)
	}
	for _, c := range d.Changed {
		changes := c.Changes
		head := "~ " + c.Name + " " + c.New
		if changes[0].Field == sbom.FieldVersion {
			head = "~ " + c.Name + " " + orNone(c.Old, none) + " -> " + orNone(c.New, none)
			changes = changes[1:]
		}
		fmt.Fprintln(w, oneLine(head))
		for _, ch := range changes {
			fmt.Fprintln(w, "    "+inv.say(changedWords[ch.Field])+inv.say(text{": ", "："})+oneLine(orNone(ch.Old, none)+" -> "+orNone(ch.New, none)))
		}
	}
	_, err := fmt.Fprintf(w, inv.say(text{"%d added, %d removed, %d changed\n", "新增 %d，移除 %d，变更 %d\n"}), len(d.Added), len(d.Removed), len(d.Changed))
	return err
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// diffMarkdown writes a table for a pull request.
func (inv *invocation) diffMarkdown(w io.Writer, d *sbom.Difference) error {
	fmt.Fprintf(w, inv.say(text{"**Bill of materials**: %d added, %d removed, %d changed\n", "**物料清单**：新增 %d，移除 %d，变更 %d\n"}), len(d.Added), len(d.Removed), len(d.Changed))
	if d.Empty() {
		return nil
	}
	fmt.Fprintf(w, "\n| | %s | %s | %s |\n|---|---|---|---|\n", inv.say(text{"component", "组件"}), inv.say(text{"old", "原"}), inv.say(text{"new", "新"}))
	row := func(what, name, from, to string) {
		fmt.Fprintln(w, "| "+strings.Join([]string{what, cell(name), cell(from), cell(to)}, " | ")+" |")
	}
	for _, c := range d.Added {
		row(inv.say(text{"added", "新增"}), c.Name, "", c.New)
	}
	for _, c := range d.Removed {
		row(inv.say(text{"removed", "移除"}), c.Name, c.Old, "")
	}
	for _, c := range d.Changed {
		for _, ch := range c.Changes {
			row(inv.say(changedWords[ch.Field]), c.Name, ch.Old, ch.New)
		}
	}
	return nil
}

// oneLine is text from a document in a line of its own: it must not make another.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// cell is text from a document in a cell of a table, as code: there it is no
// markup, no link, and no name of somebody who gets a message. A bar would end the
// cell, with a backslash before it or not, as implementations differ; no module
// has one in its name.
func cell(s string) string {
	s = strings.ReplaceAll(oneLine(s), "|", "¦")
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}
