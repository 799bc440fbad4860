// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goassay/assay/audit"
)

// configuration is what Options.Environment shows of the facts of check env.
// Their values hold no secrets.
type configuration struct {
	Variables []struct {
		Name   string `json:"name"`
		Value  string `json:"value"`
		Source string `json:"source"`
		Line   int    `json:"line"`
		Via    string `json:"via"`
	} `json:"variables"`
	Chain struct {
		Entries []chainEntry `json:"entries"`
	} `json:"chain"`
	ChainError string `json:"chain_error"`
	Ambient    []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"ambient"`
	Git struct {
		State    string `json:"state"`
		Settings []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
			Scope string `json:"scope"`
		} `json:"settings"`
	} `json:"git"`
}

// chainEntry is one element of GOPROXY.
type chainEntry struct {
	URL         string `json:"url"`
	Kind        string `json:"kind"`
	Fallback    string `json:"fallback"`
	Credentials bool   `json:"credentials"`
	Dead        bool   `json:"dead"`
}

// selection is the same of the facts of check toolchain.
type selection struct {
	Toolchain  string    `json:"toolchain"`
	Setting    string    `json:"gotoolchain"`
	Place      string    `json:"place"`
	Because    string    `json:"because"`
	File       string    `json:"file"`
	GoLine     directive `json:"go_line"`
	Line       directive `json:"toolchain_line"`
	Required   string    `json:"required"`
	RequiredBy string    `json:"required_by"`
}

type directive struct {
	Value string `json:"value"`
	Line  int    `json:"line"`
}

// mainVariables decide what is downloaded, from where, what proves it, and
// which Go builds it. They are shown wherever they are set.
var mainVariables = []string{
	"GO111MODULE", "GOAUTH", "GOENV", "GOFLAGS", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPRIVATE",
	"GOPROXY", "GOROOT", "GOSUMDB", "GOTOOLCHAIN", "GOVCS", "GOVERSION", "GOWORK",
}

// environment writes the configuration of the go command: the variables, the
// proxy chain, the toolchain and what around it takes part. What the facts
// lack is left out; that they are incomplete is said further down.
func (p *page) environment() {
	var c configuration
	if facts, ok := p.rep.Facts["env"]; ok && json.Unmarshal(facts, &c) == nil {
		p.variables(&c)
		p.chain(&c)
	}
	var s selection
	if facts, ok := p.rep.Facts["toolchain"]; ok && json.Unmarshal(facts, &s) == nil {
		p.line()
		p.line(style(strong, msgToolchain.In(p.rep.Lang)))
		p.para("  ", 2, plainPaint, s.String(p.rep.Lang))
	}
	p.surroundings(&c)
}

// variables writes those that matter and those that somebody set; with
// Verbose, all.
func (p *page) variables(c *configuration) {
	rows := [][]string{{msgName.In(p.rep.Lang), msgValue.In(p.rep.Lang), msgSource.In(p.rep.Lang)}}
	hidden := 0
	for _, v := range c.Variables {
		if v.Source == "builtin" && !slices.Contains(mainVariables, v.Name) && !p.opts.Verbose {
			hidden++
			continue
		}
		source := sourceName(p.rep.Lang, v.Source, v.Line)
		if v.Via != "" {
			source = say(p.rep.Lang, msgVia, audit.Args{"name": clean(v.Via), "source": source})
		}
		rows = append(rows, []string{clean(v.Name), exact(v.Value), source})
	}
	p.heading(msgVariables, len(c.Variables))
	p.columns(rows)
	if hidden > 0 {
		p.para("  ", 2, faint, say(p.rep.Lang, msgBuiltinMore, audit.Args{"n": hidden}))
	}
}

// exact quotes a value that clean would change: a carriage return at its end,
// as some editors leave it, belongs to what the go command reads.
func exact(value string) string {
	if clean(value) == value {
		return value
	}
	return strconv.Quote(value)
}

// sourceName says where a value is set, as findings do: without the folders
// of the machine, which the values of GOENV and GOROOT tell.
func sourceName(lang audit.Lang, source string, line int) string {
	switch source {
	case "user":
		return fmt.Sprintf("GOENV:%d", line)
	case "goroot":
		return fmt.Sprintf("$GOROOT/go.env:%d", line)
	}
	if t, ok := wordSource[source]; ok {
		return t.In(lang)
	}
	return clean(source)
}

// chain writes the proxy chain as the go command reads it.
func (p *page) chain(c *configuration) {
	p.heading(msgChain, len(c.Chain.Entries))
	if c.ChainError != "" {
		p.para("  ", 2, bad, say(p.rep.Lang, msgChainRefused, audit.Args{"error": clean(c.ChainError)}))
	}
	var rows [][]string
	for i, e := range c.Chain.Entries {
		rows = append(rows, []string{fmt.Sprint(i + 1), clean(e.URL), e.next(p.rep.Lang)})
	}
	p.columns(rows)
}

// next says when the go command goes on to the next entry.
func (e chainEntry) next(lang audit.Lang) string {
	text := msgLast
	switch {
	case e.Dead:
		text = msgDead
	case e.Kind == "direct":
		text = msgDirect
	case e.Kind == "off":
		text = msgOff
	case e.Fallback == "not-found":
		text = msgNextNotFound
	case e.Fallback == "any":
		text = msgNextAny
	}
	if !e.Credentials {
		return text.In(lang)
	}
	return join(lang, []string{text.In(lang), msgCredentials.In(lang)})
}

// String says which toolchain would run, from where, and what decided.
func (s *selection) String(lang audit.Lang) string {
	place, ok := wordPlace[s.Place]
	if !ok || s.Toolchain == "" {
		return say(lang, msgNoToolchain, audit.Args{"setting": clean(s.Setting)})
	}
	parts := []string{say(lang, msgOf, audit.Args{"title": clean(s.Toolchain), "subject": place.In(lang)})}
	switch s.Because {
	case "toolchain-line":
		parts = append(parts, fmt.Sprintf("%s:%d: toolchain %s", clean(s.File), s.Line.Line, clean(s.Line.Value)))
	case "go-line":
		parts = append(parts, fmt.Sprintf("%s:%d: go %s", clean(s.File), s.GoLine.Line, clean(s.GoLine.Value)))
	case "modules-off", "no-switching":
		parts = append(parts, msgNoSwitching.In(lang))
	}
	parts = append(parts, "GOTOOLCHAIN="+clean(s.Setting))
	if s.Required != "" {
		parts = append(parts, say(lang, msgRequired, audit.Args{"file": clean(s.RequiredBy), "version": clean(s.Required)}))
	}
	return join(lang, parts)
}

// surroundings writes what else takes part in a download.
func (p *page) surroundings(c *configuration) {
	var rows [][]string
	for _, a := range c.Ambient {
		rows = append(rows, []string{clean(a.Name), exact(a.Value), wordSource["process"].In(p.rep.Lang)})
	}
	for _, s := range c.Git.Settings {
		rows = append(rows, []string{clean(s.Key), exact(s.Value), "git " + clean(s.Scope)})
	}
	if c.Git.State == "unknown" {
		rows = append(rows, []string{"git", msgUnknown.In(p.rep.Lang), ""})
	}
	if len(rows) > 0 {
		p.heading(msgSurroundings, len(rows))
		p.columns(rows)
	}
}

// columns writes rows of name, value and remark in three columns. The middle
// one takes what the others leave; a name or a value that is wider than its
// column stands whole on lines of its own, to be copied.
func (p *page) columns(rows [][]string) {
	var name, value, remark int
	for _, r := range rows {
		if w := width(r[0]); w <= p.width/3 {
			name = max(name, w)
		}
		remark = max(remark, width(r[2]))
	}
	room := p.width - 2 - name - 2 - 2 - remark
	for _, r := range rows {
		if w := width(r[1]); w <= room {
			value = max(value, w)
		}
	}
	for _, r := range rows {
		first, second := r[0], r[1]
		if width(first) > name {
			p.para("  ", 2, plainPaint, first)
			first = ""
		}
		wide := width(second) > value
		if wide {
			second = ""
		}
		p.para("  "+pad(first, name)+"  "+pad(second, value)+"  ", 2+name+2+value+2, faint, r[2])
		if wide {
			p.para(strings.Repeat(" ", 6), 6, plainPaint, r[1])
		}
	}
}
