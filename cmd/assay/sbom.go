// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
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

func (inv *invocation) sbomCommand() *cobra.Command {
	var o options
	var out string
	cmd := &cobra.Command{
		Use:   "sbom",
		Short: inv.say(text{"write a CycloneDX bill of materials of the module's programs", "为模块中的程序生成 CycloneDX 物料清单"}),
		Long: inv.say(text{
			`Sbom writes a CycloneDX 1.6 bill of materials of what the main packages really contain:
the modules that go list -deps names for this GOOS, GOARCH, tags and cgo. It is written
to standard output, or into a file with -o; the report goes where --format says. If some
package cannot be loaded the list says that it is incomplete, and the exit code is 3.`,
			`sbom 按当前 GOOS、GOARCH、构建标签和 cgo 设置，以 go list -deps 的口径列出主包实际包含
的模块，生成 CycloneDX 1.6 物料清单。默认写到标准输出，用 -o 写入文件；报告按 --format
输出。若有软件包无法加载，清单会注明不完整，退出码为 3。`,
		}),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, name, err := inv.findTarget(o.dir, true)
			if err != nil {
				return err
			}
			return inv.writeSBOM(cmd, &o, out, target, name)
		},
	}
	inv.addFlags(cmd, &o)
	cmd.Flags().StringVarP(&out, "output", "o", "", inv.say(text{"write the bill of materials into FILE", "将物料清单写入文件"}))
	return cmd
}

func (inv *invocation) writeSBOM(cmd *cobra.Command, o *options, file string, target *audit.Target, name audit.TargetRef) error {
	ctx := cmd.Context()
	outs, err := o.artefactOutputs(file)
	if err != nil {
		return err
	}
	cfg, err := inv.config(o, target, name)
	if err != nil {
		return err
	}
	var kept memory
	cfg.Checks = []*audit.Check{checks.SBOM}
	cfg.Settings = map[string]string{"timestamp": "now"}
	rep, err := inv.run(ctx, o, cfg, &kept)
	if err != nil {
		return err
	}
	documents := kept.kind(rep, "cyclonedx")
	if len(documents) > 1 {
		return usagef("run it in each module, with GOWORK=off", "the workspace has %d main modules, and a bill of materials each", len(documents))
	}
	for _, doc := range documents {
		if err := inv.writeArtefact(file, doc); err != nil {
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

// artefactOutputs reads --format for a verb that writes a document: without
// one there is no report, and both cannot go to standard output.
func (o *options) artefactOutputs(file string) ([]output, error) {
	if file != "" {
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
	if file == "" && slices.ContainsFunc(outs, func(out output) bool { return out.file == "" }) {
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
