// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"strings"

	"github.com/goassay/assay/audit"
)

// upgradeTarget is what text shows of one target of the facts of check vuln.
type upgradeTarget struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	Moves   []struct {
		Path string `json:"path"`
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"moves"`
	GoLine *struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"go_line"`
	Brings []string `json:"brings"`
}

// maxMoves is how many modules are shown that an upgrade changes besides,
// without Options.Verbose.
const maxMoves = 5

var (
	msgUpgrades = audit.Text{EN: "Upgrades", ZH: "升级"}
	msgUpgrade  = audit.Text{EN: "frees {module} of known vulnerabilities that have a fix, as far as its build list allows", ZH: "在构建列表允许的范围内，消除 {module} 中已有修复版本的已知漏洞"}
	msgMoves    = audit.Text{EN: "also changes: {modules}", ZH: "同时变更：{modules}"}
	msgGoLine   = audit.Text{EN: "raises the go line: {from} -> {to}", ZH: "提升 go 指令：{from} -> {to}"}
	msgBrings   = audit.Text{EN: "brings vulnerabilities that were not there: {ids}", ZH: "会引入新的漏洞：{ids}"}
)

// upgrades writes the command that makes all upgrades of a main module, in one
// line however long, to be copied; and what else it does.
func (p *page) upgrades() {
	var facts struct {
		Targets []upgradeTarget `json:"targets"`
	}
	raw, ok := p.rep.Facts["vuln"]
	if !ok || json.Unmarshal(raw, &facts) != nil {
		return
	}
	var shown []upgradeTarget
	for _, t := range facts.Targets {
		if isGoGet(t.Command) {
			shown = append(shown, t)
		}
	}
	if len(shown) == 0 {
		return
	}
	p.heading(msgUpgrades, len(shown))
	for i := range shown {
		p.upgrade(&shown[i])
	}
}

func (p *page) upgrade(t *upgradeTarget) {
	lang := p.rep.Lang
	remark := func(text audit.Text, args audit.Args) { p.para("    ", 4, plainPaint, say(lang, text, args)) }
	p.line("  ", style(good, t.Command))
	remark(msgUpgrade, audit.Args{"module": clean(t.Name)})
	if len(t.Moves) > 0 {
		var moves []string
		for _, m := range t.Moves {
			switch path, from, to := clean(m.Path), clean(m.From), clean(m.To); {
			case from == "":
				moves = append(moves, "+"+path+" "+to)
			case to == "":
				moves = append(moves, "-"+path+" "+from)
			default:
				moves = append(moves, path+" "+from+" -> "+to)
			}
		}
		n := maxMoves
		if p.opts.Verbose {
			n = len(moves)
		}
		remark(msgMoves, audit.Args{"modules": list(lang, moves, n)})
	}
	if g := t.GoLine; g != nil {
		remark(msgGoLine, audit.Args{"from": clean(g.From), "to": clean(g.To)})
	}
	if len(t.Brings) > 0 {
		brings := make([]string, len(t.Brings))
		for i, id := range t.Brings {
			brings[i] = clean(id)
		}
		remark(msgBrings, audit.Args{"ids": enumerate(lang, brings)})
	}
}

// isGoGet reports whether a command is go get with modules at versions and
// nothing more: it will be copied, and a stored report may come from anybody.
func isGoGet(command string) bool {
	rest, ok := strings.CutPrefix(command, "go get ")
	if !ok || strings.Trim(command, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._~/@+-") != "" {
		return false
	}
	for word := range strings.SplitSeq(rest, " ") {
		if word == "" || word[0] == '-' || word[0] == '~' || !strings.Contains(word, "@") {
			return false
		}
	}
	return true
}
