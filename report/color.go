// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

// The rules of the terminal:
//
//   - Colour repeats what a word or a sign says already.
//   - Only the sixteen colours of the terminal's own theme are used, so that
//     text stays readable on a dark and on a light ground.
//   - Signs are of those that are one column wide everywhere. Middle dots, box
//     drawing and arrows are two wide on a terminal set up for Chinese.

import (
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/goassay/assay/audit"
)

// ColorProfile returns what w can show. NO_COLOR with any value switches
// colours off (no-color.org) and leaves a terminal bold and faint; CLICOLOR_FORCE
// with any value but 0 switches them on off a terminal too; TERM=dumb, or no
// TERM, is no terminal.
//
// colorprofile.Detect is not used: it takes NO_COLOR=yes for no, and to count
// colours that we do not use it runs a program inside tmux.
func ColorProfile(w io.Writer, environ []string) colorprofile.Profile {
	return colorProfile(isTerminal(w) && !dumb(environ), environ)
}

func colorProfile(terminal bool, environ []string) colorprofile.Profile {
	force := lookup(environ, "CLICOLOR_FORCE")
	switch {
	case lookup(environ, "NO_COLOR") != "" && terminal:
		return colorprofile.ASCII
	case lookup(environ, "NO_COLOR") != "":
		return colorprofile.NoTTY
	case terminal, force != "" && force != "0":
		return colorprofile.ANSI
	}
	return colorprofile.NoTTY
}

// dumb reports whether TERM says that a terminal has no escape sequences.
// Windows does not set it.
func dumb(environ []string) bool {
	name := lookup(environ, "TERM")
	return name == "dumb" || name == "" && runtime.GOOS != "windows"
}

// lookup returns the value of a variable, the last where it stands twice, as
// in os/exec.
func lookup(environ []string, name string) string {
	for _, kv := range slices.Backward(environ) {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v
		}
	}
	return ""
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// paint is what a piece of text means, as far as its looks tell.
type paint int

const (
	plainPaint paint = iota
	strong
	faint
	good
	bad
	worst
	warn
	note
)

// styles are the looks, as SGR attributes. They are not lipgloss styles: that
// package, when it is initialized in a terminal inside tmux, runs a program and
// waits for it, before main and for every command.
var styles = map[paint][]ansi.Attr{
	strong: {ansi.AttrBold},
	faint:  {ansi.AttrFaint},
	good:   {ansi.AttrGreenForegroundColor},
	bad:    {ansi.AttrRedForegroundColor},
	worst:  {ansi.AttrBold, ansi.AttrRedForegroundColor},
	warn:   {ansi.AttrYellowForegroundColor},
	note:   {ansi.AttrCyanForegroundColor},
}

// style renders text that stands in one line.
func style(p paint, s string) string {
	if s == "" {
		return ""
	}
	return ansi.NewStyle(styles[p]...).Styled(s)
}

// badgeStyle renders the verdict's word: reversed, in the verdict's colour.
func badgeStyle(v audit.Verdict, s string) string {
	colour := ansi.AttrYellowForegroundColor
	switch v {
	case audit.VerdictPass:
		colour = ansi.AttrGreenForegroundColor
	case audit.VerdictFail:
		colour = ansi.AttrRedForegroundColor
	}
	return ansi.NewStyle(ansi.AttrBold, ansi.AttrReverse, colour).Styled(s)
}

func severityPaint(s audit.Severity) paint {
	switch s {
	case audit.Critical:
		return worst
	case audit.High:
		return bad
	case audit.Medium:
		return warn
	case audit.Low:
		return note
	}
	return faint
}
