// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom/authority"
)

// authorityWords are what the reference of authorities says in its own words.
var authorityWords = map[string]audit.Text{
	"title": {EN: "What authorities ask of bills of materials", ZH: "各主管机构对软件物料清单的要求"},
	"intro": {
		EN: "Generated from the profiles in `sbom/authority/profiles` by `go run ./internal/docgen`. The texts say in words of our own what is asked; the document itself decides.",
		ZH: "由 `go run ./internal/docgen` 根据 `sbom/authority/profiles` 中的配置生成。条款文字为本项目的转述，以原文为准。",
	},
	"mapping": {
		EN: "Which field of CycloneDX and SPDX carries what BSI TR-03183-2 asks for stands in [sbom/authority/README.md](../sbom/authority/README.md).",
		ZH: "BSI TR-03183-2 各字段在 CycloneDX 与 SPDX 中的位置见 [sbom/authority/README.md](../sbom/authority/README.md)。",
	},
	"outcomes": {EN: "Outcomes", ZH: "结果"},
	"levels":   {EN: "Levels", ZH: "约束程度"},
	"source":   {EN: "Source", ZH: "来源"},
	"basis":    {EN: "Taken from", ZH: "依据"},
	"clause":   {EN: "Clause", ZH: "条款"},
	"level":    {EN: "Level", ZH: "程度"},
	"asked":    {EN: "Asked", ZH: "要求"},
	"judged":   {EN: "Judged", ZH: "判定"},
	"yes":      {EN: "yes", ZH: "自动"},
	"unknown":  {EN: "yes; silence is unknown", ZH: "自动；未给出时为未知"},
	"manual":   {EN: "manual", ZH: "人工"},
	"verdict": {
		EN: "A document passes if no clause is `broken` that it must meet, and none is `unknown` that it must meet, or must if it can. What is `manual` remains to be looked at.",
		ZH: "必须满足的条款均未被违反，且必须或有条件必须满足的条款均无未知时，视为通过。人工条款仍需核查。",
	},
}

// outcomeWords and levelWords explain outcomes and levels, in their order.
var outcomeWords = []struct {
	name authority.Outcome
	text audit.Text
}{
	{authority.Met, audit.Text{EN: "everything that it is asked of has it", ZH: "全部对象均满足"}},
	{authority.Broken, audit.Text{EN: "something lacks it, or has it wrong; the result names what", ZH: "有对象缺失或填写错误，结果中逐一列出"}},
	{authority.Unknown, audit.Text{EN: "the document does not tell: never counted as met", ZH: "文档无法说明，不计为满足"}},
	{authority.Absent, audit.Text{EN: "something optional is not there: no breach", ZH: "可选内容未提供，不构成违反"}},
	{authority.Manual, audit.Text{EN: "no document shows it: somebody has to look", ZH: "文档无法体现，需人工核查"}},
	{authority.NotApplicable, audit.Text{EN: "there is nothing that it could be asked of", ZH: "没有适用对象"}},
}

var levelWords = []struct {
	name authority.Level
	text audit.Text
}{
	{authority.Must, audit.Text{EN: "required", ZH: "必须"}},
	{authority.Conditional, audit.Text{EN: "required if the data exists. Where it is absent the outcome is unknown, since a document does not tell whether it exists", ZH: "数据存在时必须提供。未提供时结果为未知，因为文档无法说明数据是否存在"}},
	{authority.Should, audit.Text{EN: "recommended", ZH: "建议"}},
	{authority.May, audit.Text{EN: "optional", ZH: "可选"}},
}

func writeAuthorities(w io.Writer, profiles []*authority.Profile, lang audit.Lang) {
	word := func(key string) string { return authorityWords[key].In(lang) }
	fmt.Fprintf(w, "# %s\n\n%s\n%s\n", word("title"), word("intro"), word("mapping"))
	fmt.Fprintf(w, "\n## %s\n\n", word("outcomes"))
	for _, o := range outcomeWords {
		fmt.Fprintf(w, "- `%s`: %s\n", o.name, o.text.In(lang))
	}
	fmt.Fprintf(w, "\n%s\n\n## %s\n\n", word("verdict"), word("levels"))
	for _, l := range levelWords {
		fmt.Fprintf(w, "- `%s`: %s\n", l.name, l.text.In(lang))
	}
	for _, p := range profiles {
		fmt.Fprintf(w, "\n## %s\n\n%s\n\n", p.ID, p.Title.In(string(lang)))
		fmt.Fprintf(w, "- %s: [%s](%s), %s, %s\n", word("source"), p.Source.Document, p.Source.URL, p.Source.Version, p.Source.Date)
		fmt.Fprintf(w, "- %s: %s\n", word("basis"), p.Source.Basis)
		fmt.Fprintf(w, "\n| %s | %s | %s | %s |\n|---|---|---|---|\n", word("clause"), word("level"), word("asked"), word("judged"))
		for i := range p.Clauses {
			c := &p.Clauses[i]
			judged := "yes"
			switch {
			case c.Judge == "manual":
				judged = "manual"
			case c.OrUnknown:
				judged = "unknown"
			}
			clause := c.ID
			if c.Part != "" {
				clause += ", " + c.Part
			}
			fmt.Fprintf(w, "| %s | %s | %s | %s |\n", clause, c.Level, escape(c.Text.In(string(lang))), word(judged))
		}
	}
}
