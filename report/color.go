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

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
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

// style renders text that stands in one line.
func style(p paint, s string) string {
	if s == "" {
		return ""
	}
	st := lipgloss.NewStyle()
	switch p {
	case plainPaint:
		return s
	case strong:
		st = st.Bold(true)
	case faint:
		st = st.Faint(true)
	case good:
		st = st.Foreground(lipgloss.Green)
	case bad:
		st = st.Foreground(lipgloss.Red)
	case worst:
		st = st.Foreground(lipgloss.Red).Bold(true)
	case warn:
		st = st.Foreground(lipgloss.Yellow)
	case note:
		st = st.Foreground(lipgloss.Cyan)
	}
	return st.Render(s)
}

// badgeStyle renders the verdict's word.
func badgeStyle(v audit.Verdict, s string) string {
	st := lipgloss.NewStyle().Bold(true).Reverse(true)
	switch v {
	case audit.VerdictPass:
		st = st.Foreground(lipgloss.Green)
	case audit.VerdictFail:
		st = st.Foreground(lipgloss.Red)
	default:
		st = st.Foreground(lipgloss.Yellow)
	}
	return st.Render(s)
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
