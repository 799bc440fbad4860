// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package license

import (
	"slices"
	"strings"

	"github.com/goassay/assay/internal/lazyregexp"
)

const maxCopyrightLine = 300

var (
	copyrightLine = lazyregexp.New(`(?i)^(?:portions? |parts? |all files |this (?:software|file|code) is |the \S+ is )?(?:copyright|copr\.|\(c\)|©|&copy;|spdx-filecopyrighttext:)`)
	holder        = lazyregexp.New(`(?i)\b(?:19|20)\d\d\b|\(c\)|©|&copy;|\bby\b|\bauthors?\b|spdx-filecopyrighttext:`)
	// notHolder are the sentences of licences that begin alike, forms to fill in, and the copyright of the licence's own text.
	notHolder = lazyregexp.New(`(?i)copyright (?:notice|holder|owner|license|law|statement|infring|and |or |in |to |disclaimer)|[\[<{](?:yyyy|year|name|fullname|copyright|owner)|` +
		`free software foundation, inc\.?(?: ?<https?://(?:www\.)?fsf\.org/?>)?(?:,? *(?:51|59|675) .*)?$|name of (?:author|copyright)|\byear\b|creative commons corporation|mariadb corporation ab`)
	abbreviation = lazyregexp.New(`(?i)\b(?:inc|ltd|co|corp|llc|al|jr|s\.a)\.$`)
	comment      = "/*#;!-<>=|%'\" \t\u00a0"
	blanks       = strings.NewReplacer("\t", " ", "\u00a0", " ", "&copy;", "©", "&lt;", "<", "&gt;", ">", "**", "", "<br>", "", "<br/>", "")
)

// copyrights returns the copyright lines of a text, without comment signs, doubled blanks and "All rights reserved".
func copyrights(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if len(line) > 2*maxCopyrightLine {
			continue
		}
		line = strings.TrimRight(strings.TrimLeft(strings.TrimSpace(line), comment), strings.ReplaceAll(comment, ">", ""))
		if !copyrightLine().MatchString(line) || !holder().MatchString(line) || notHolder().MatchString(line) {
			continue
		}
		line = strings.Join(strings.Fields(blanks.Replace(line)), " ")
		if i := strings.Index(strings.ToLower(line), "all rights reserved"); i > 0 {
			line = strings.TrimRight(line[:i], " ,;")
			if !abbreviation().MatchString(line) {
				line = strings.TrimSuffix(line, ".")
			}
		}
		line = clip(strings.TrimRight(line, " ,;"), maxCopyrightLine)
		if line != "" && !slices.Contains(found, line) && len(found) < maxCopyrights {
			found = append(found, line)
		}
	}
	return found
}
