// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// width returns the columns that s takes on a terminal: two for each Chinese
// character.
func width(s string) int { return ansi.StringWidth(s) }

// pad fills s with spaces to n columns.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-width(s)))
}

// truncate cuts s, at a space if one is near, to n columns with three
// dots at the end.
func truncate(s string, n int) string {
	const dots = "..."
	if width(s) <= n {
		return s
	}
	if n <= len(dots) {
		return dots[:max(0, n)]
	}
	cut := ansi.Truncate(s, n-len(dots), "")
	if i := strings.LastIndexByte(cut, ' '); i > 0 && i > len(cut)-12 && s[len(cut)] != ' ' {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ") + dots
}

// wrap breaks clean text into lines of at most n columns. A line may break at
// a space, and before or after a wide character: Chinese text has no spaces.
// It does not begin with closing punctuation nor end with opening punctuation
// (GB/T 15834-2011, 5.1). A word that is wider than a line, such as a hash or
// a path, stays whole on a line of its own, to be copied whole.
func wrap(s string, n int) []string {
	var lines []string
	var line strings.Builder
	used, space := 0, 0
	for s != "" {
		piece, rest := nextPiece(s)
		s = rest
		word := strings.TrimRight(piece, " ")
		w := width(word)
		if used > 0 && used+space+w > n {
			lines = append(lines, line.String())
			line.Reset()
			used, space = 0, 0
		}
		line.WriteString(strings.Repeat(" ", space))
		line.WriteString(word)
		used += space + w
		space = len(piece) - len(word)
	}
	return append(lines, line.String())
}

// nextPiece cuts from s the shortest beginning after which a line may break,
// with the spaces that follow it.
func nextPiece(s string) (piece, rest string) {
	end := 0
	var last string
	for end < len(s) {
		cluster, _ := ansi.FirstGraphemeCluster(s[end:], ansi.GraphemeWidth)
		if cluster == "" {
			break
		}
		if end > 0 && mayBreak(last, cluster) {
			return s[:end], s[end:]
		}
		end += len(cluster)
		last = cluster
	}
	return s, ""
}

// mayBreak reports whether a line may end after the character a, before b.
func mayBreak(a, b string) bool {
	if b == " " {
		return false
	}
	if a == " " {
		return true
	}
	return (isWide(a) || isWide(b)) && !isOpening(a) && !isClosing(b)
}

// isWide reports whether text breaks beside the character c: it is of a script
// without spaces.
func isWide(c string) bool { return width(c) > 1 }

func isOpening(c string) bool {
	r, _ := utf8.DecodeRuneInString(c)
	return unicode.In(r, unicode.Ps, unicode.Pi)
}

func isClosing(c string) bool {
	r, _ := utf8.DecodeRuneInString(c)
	return unicode.In(r, unicode.Pe, unicode.Pf) || strings.ContainsRune(".,:;!?%。，、：；！？．％·—…～／-/", r)
}
