// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"strings"

	"github.com/goassay/assay/audit/redact"
	"github.com/goassay/assay/internal/lazyregexp"
)

// redactLinkerFlags removes credentials from recorded linker flags, and returns the
// variables that -X sets to one. The flags are words, as cmd/internal/quoted splits
// them, so that it is known where a value ends, whatever is in it.
func redactLinkerFlags(flags string) (clean string, variables []string) {
	var b strings.Builder
	assigns := false // the word before was -X
	for flags != "" {
		word := strings.TrimLeft(flags, spaces)
		b.WriteString(flags[:len(flags)-len(word)])
		quote, end := "", 0
		if word != "" && (word[0] == '\'' || word[0] == '"') {
			quote, word = word[:1], word[1:]
			end = strings.IndexByte(word, quote[0])
		} else {
			end = strings.IndexAny(word, spaces)
		}
		if end < 0 {
			end = len(word)
		}
		word, flags = word[:end], strings.TrimPrefix(word[end:], quote)
		x := assignment().FindStringIndex(word)
		at := 0
		switch {
		case x != nil && x[1] == len(word): // -X alone
			b.WriteString(quote + word + quote)
			assigns = true
			continue
		case x != nil:
			at, assigns = x[1], true
		}
		if name, value, ok := strings.Cut(word[at:], "="); ok && assigns {
			switch given := redact.Text(value); {
			case value == "":
			case redact.Text(name+"=x") != name+"=x":
				word = word[:at] + name + "=" + redact.Mark
				variables = append(variables, name)
			case given != value:
				word = word[:at] + name + "=" + given
				variables = append(variables, name)
			}
		}
		b.WriteString(quote + word + quote)
		assigns = false
	}
	return redact.Text(b.String()), variables
}

const spaces = " \t\n\r"

// assignment is the flag -X, also behind the pattern of packages that flags are for.
var assignment = lazyregexp.New(`^(?:[^=\s]+=)?--?X(?:=|$)`)
