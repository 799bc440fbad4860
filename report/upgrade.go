// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/goassay/assay/audit"
)

// A vulnCommand makes upgrades of a main module, and changes more than these.
type vulnCommand struct {
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

// maxCommand is how long a command may be that is shown, in bytes: one of a few
// hundred modules.
const maxCommand = 32 << 10

// command writes what makes all upgrades of a main module that its build list
// allows, in one line however long, to be copied; and what else it does.
func (p *page) command(t *vulnCommand) {
	if !isGoGet(t.Command) {
		return
	}
	lang := p.rep.Lang
	remark := func(text audit.Text, args audit.Args) { p.para("    ", 4, plainPaint, say(lang, text, args)) }
	p.line("  ", style(good, t.Command))
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
		remark(msgMoves, audit.Args{"modules": list(lang, moves, p.most(maxMoves))})
	}
	if g := t.GoLine; g != nil {
		remark(msgGoLine, audit.Args{"from": clean(g.From), "to": clean(g.To)})
	}
	if len(t.Brings) > 0 {
		remark(msgBrings, audit.Args{"ids": list(lang, cleanAll(t.Brings), p.most(maxMoves))})
	}
}

// isGoGet reports whether a command is go get with modules at versions and
// nothing more: it will be copied, and a stored report may come from anybody.
func isGoGet(command string) bool {
	rest, ok := strings.CutPrefix(command, "go get ")
	if !ok || len(command) > maxCommand || strings.Trim(command, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._~/@+-") != "" {
		return false
	}
	for word := range strings.SplitSeq(rest, " ") {
		if word == "" || strings.IndexByte("-~./", word[0]) >= 0 || strings.Contains(word, "..") || !strings.Contains(word, "@") {
			return false
		}
	}
	return true
}
