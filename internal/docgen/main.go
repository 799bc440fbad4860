// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Docgen writes what is generated of the documentation: the reference of the
// rules, and that of what authorities ask of bills of materials, in both languages;
// and the catalogue of the rules in the form that the program reads.
//
//	go run ./internal/docgen
//
// A test fails when the files are not what it would write.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/sbom/authority"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("docgen: ")
	catalogue, err := checks.ReadCatalogue(os.DirFS(filepath.FromSlash("audit/checks")))
	if err != nil {
		log.Fatal(err)
	}
	for name, data := range documents(catalogue) {
		if err := os.WriteFile(filepath.FromSlash(name), data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// documents returns the generated files, by their names in the repository.
func documents(catalogue *audit.Catalogue) map[string][]byte {
	docs := map[string][]byte{"audit/checks/catalogue.json": compiled(catalogue)}
	for lang, name := range map[audit.Lang]string{audit.English: "rules.md", audit.Chinese: "rules.zh.md"} {
		var b bytes.Buffer
		writeRules(&b, catalogue, lang)
		docs["docs/"+name] = b.Bytes()
	}
	for lang, name := range map[audit.Lang]string{audit.English: "sbom-authorities.md", audit.Chinese: "sbom-authorities.zh.md"} {
		var b bytes.Buffer
		writeAuthorities(&b, authority.Profiles(), lang)
		docs["docs/"+name] = b.Bytes()
	}
	return docs
}

// compiled writes the catalogue as the program reads it.
func compiled(catalogue *audit.Catalogue) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(catalogue); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}

// words are the generator's own, in both languages.
var words = map[string]audit.Text{
	"title":      {EN: "Rules", ZH: "规则参考"},
	"intro":      {EN: "Generated from the catalogue in `audit/checks/rules` by `go run ./internal/docgen`. `{name}` stands for an argument of the finding.", ZH: "由 `go run ./internal/docgen` 根据 `audit/checks/rules` 中的规则库生成。`{name}` 表示问题的参数。"},
	"severity":   {EN: "Severity", ZH: "严重级别"},
	"message":    {EN: "Message", ZH: "描述"},
	"why":        {EN: "Why", ZH: "原因"},
	"remedy":     {EN: "Remedy", ZH: "整改"},
	"controls":   {EN: "Controls", ZH: "合规条款"},
	"references": {EN: "References", ZH: "参考"},
	"reasons":    {EN: "Reasons for not-assessed", ZH: "未评估的原因"},
	"frameworks": {EN: "Frameworks", ZH: "合规框架"},
}

func writeRules(w io.Writer, c *audit.Catalogue, lang audit.Lang) {
	word := func(key string) string { return words[key].In(lang) }
	fmt.Fprintf(w, "# %s\n\n%s\n", word("title"), word("intro"))
	rules := slices.SortedFunc(maps.Values(c.Rules), func(a, b *audit.Rule) int { return cmp.Compare(a.ID, b.ID) })
	check := ""
	for _, r := range rules {
		if id, _, _ := strings.Cut(r.ID, "/"); id != check {
			check = id
			fmt.Fprintf(w, "\n## %s\n", check)
		}
		fmt.Fprintf(w, "\n### %s\n\n%s\n\n", r.ID, r.Title.In(lang))
		fmt.Fprintf(w, "- %s: %s\n", word("severity"), r.Severity)
		fmt.Fprintf(w, "- %s: %s\n", word("message"), escape(r.Message.Unfilled(lang)))
		fmt.Fprintf(w, "- %s: %s\n", word("why"), escape(r.Why.In(lang)))
		fmt.Fprintf(w, "- %s: %s\n", word("remedy"), escape(r.Remedy.Unfilled(lang)))
		if len(r.Controls) > 0 {
			var list []string
			for _, control := range r.Controls {
				list = append(list, control.Framework+" "+control.Clause)
			}
			fmt.Fprintf(w, "- %s: %s\n", word("controls"), strings.Join(list, "; "))
		}
		if len(r.References) > 0 {
			fmt.Fprintf(w, "- %s: <%s>\n", word("references"), strings.Join(r.References, ">, <"))
		}
	}
	fmt.Fprintf(w, "\n## %s\n\n", word("reasons"))
	for _, r := range slices.SortedFunc(maps.Values(c.Reasons), func(a, b *audit.Reason) int { return cmp.Compare(a.ID, b.ID) }) {
		fmt.Fprintf(w, "- `%s`: %s\n", r.ID, escape(r.Text.Unfilled(lang)))
	}
	fmt.Fprintf(w, "\n## %s\n", word("frameworks"))
	for _, f := range slices.SortedFunc(maps.Values(c.Frameworks), func(a, b *audit.Framework) int { return cmp.Compare(a.ID, b.ID) }) {
		fmt.Fprintf(w, "\n### %s\n\n%s <%s>\n\n", f.ID, f.Title.In(lang), f.Source)
		for _, clause := range f.Clauses {
			fmt.Fprintf(w, "- %s: %s\n", clause.ID, escape(clause.Title.In(lang)))
		}
	}
}

// escape keeps text from being read as Markdown.
func escape(s string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", "&lt;", "|", `\|`, "`", "\\`").Replace(strings.TrimSpace(s))
}
