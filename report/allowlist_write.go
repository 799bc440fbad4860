// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
)

// markdown writes the form as GitHub Flavored Markdown.
func (f *form) markdown(buf *bytes.Buffer) {
	fmt.Fprintf(buf, "# %s\n\n%s\n\n%s\n", mdText(f.Title), mdText(f.Subtitle), mdText(f.Made))
	f.mdSection(buf, 2, f.Applicant)
	f.mdTable(buf, 2, f.Summary)
	fmt.Fprintf(buf, "\n## %s\n", mdText(formPartServices.In(f.Lang)))
	for _, s := range f.Services {
		f.mdSection(buf, 3, s.section)
		if len(s.URLs.Cells) > 0 {
			f.mdTable(buf, 4, s.URLs)
		}
	}
	f.mdSection(buf, 2, f.Settings)
	f.mdSection(buf, 2, f.Remarks)
	f.mdSection(buf, 2, f.Signing)
}

func (f *form) mdSection(buf *bytes.Buffer, level int, s section) {
	if len(s.Rows) == 0 {
		return
	}
	fmt.Fprintf(buf, "\n%s %s\n\n| | |\n| --- | --- |\n", strings.Repeat("#", level), mdText(s.Heading))
	for _, r := range s.Rows {
		fmt.Fprintf(buf, "| %s | %s |\n", mdText(r.Label), f.mdValues(r.Values))
	}
}

func (f *form) mdTable(buf *bytes.Buffer, level int, t table) {
	fmt.Fprintf(buf, "\n%s %s\n\n|", strings.Repeat("#", level), mdText(t.Heading))
	for _, c := range t.Columns {
		fmt.Fprintf(buf, " %s |", mdText(c))
	}
	fmt.Fprintf(buf, "\n|%s\n", strings.Repeat(" --- |", len(t.Columns)))
	for _, cells := range t.Cells {
		buf.WriteByte('|')
		for _, values := range cells {
			fmt.Fprintf(buf, " %s |", f.mdValues(values))
		}
		buf.WriteByte('\n')
	}
}

func (f *form) mdValues(values []value) string {
	var lines []string
	for _, v := range values {
		switch {
		case v.Text == "":
			lines = append(lines, "\\_\\_\\_\\_ ("+mdText(formBlank.In(f.Lang))+")")
		case v.Code:
			lines = append(lines, mdCell(v.Text))
		case v.Warn:
			lines = append(lines, "**"+mdText(v.Text)+"**")
		default:
			lines = append(lines, mdText(v.Text))
		}
	}
	return strings.Join(lines, "<br>")
}

//go:embed allowlist.html.tmpl
var formPage string

// html writes the form as a page of its own. The template escapes by context.
func (f *form) html(buf *bytes.Buffer) error {
	t, err := template.New("allowlist").Funcs(template.FuncMap{
		"blank":    func() string { return formBlank.In(f.Lang) },
		"services": func() string { return formPartServices.In(f.Lang) },
	}).Parse(formPage)
	if err != nil {
		return err
	}
	return t.Execute(buf, f)
}
