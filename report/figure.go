// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
)

// maxFigures is how many figures stand beside a check.
const maxFigures = 2

// listFigures are the lists whose length is a figure, the most telling first.
var listFigures = []string{"modules", "files", "variables", "products", "components", "documents", "services"}

// A field is one member of a JSON object.
type field struct {
	name string
	raw  json.RawMessage
}

// fields returns the members of a JSON object in their order, or nil.
func fields(object json.RawMessage) []field {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []field
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil
		}
		f := field{name: fmt.Sprint(key)}
		if dec.Decode(&f.raw) != nil {
			return nil
		}
		out = append(out, f)
	}
	return out
}

// figures returns a few counts that stand on top of a check's facts: objects
// that hold whole numbers only, then the length of known lists. Zeros are left
// out. It knows no check.
func figures(lang audit.Lang, facts json.RawMessage) []string {
	var out, told []string
	top := fields(facts)
	for _, f := range top {
		own := counts(f.raw)
		if f.name != "counts" {
			if len(own) > 0 {
				out = append(out, say(lang, msgFigure, audit.Args{"what": figureName(lang, f.name), "counts": members(lang, own)}))
			}
			continue
		}
		// These are figures themselves, the largest the most telling.
		slices.SortStableFunc(own, func(a, b number) int { return cmp.Compare(b.n, a.n) })
		for _, c := range own {
			out = append(out, figure(lang, c))
			told = append(told, c.name)
		}
	}
	for _, name := range listFigures {
		i := slices.IndexFunc(top, func(f field) bool { return f.name == name })
		if i < 0 || slices.Contains(told, name) {
			continue
		}
		var list []json.RawMessage
		if json.Unmarshal(top[i].raw, &list) == nil && len(list) > 0 {
			out = append(out, figure(lang, number{name, int64(len(list))}))
		}
	}
	return out[:min(len(out), maxFigures)]
}

// A number is a named count.
type number struct {
	name string
	n    int64
}

// counts returns what is not zero of an object of whole numbers, or nil.
func counts(object json.RawMessage) []number {
	var out []number
	for _, f := range fields(object) {
		var n int64
		if json.Unmarshal(f.raw, &n) != nil {
			return nil
		}
		if n != 0 {
			out = append(out, number{f.name, n})
		}
	}
	return out
}

// figure writes a number with its name before it.
func figure(lang audit.Lang, c number) string {
	return fmt.Sprintf("%s %d", figureName(lang, c.name), c.n)
}

// members writes the numbers of one object.
func members(lang audit.Lang, counts []number) string {
	parts := make([]string, len(counts))
	for i, c := range counts {
		parts[i] = say(lang, msgCount, audit.Args{"n": int(c.n), "what": figureName(lang, c.name)})
	}
	return join(lang, parts)
}

// figureName gives the name of a member of facts in words.
func figureName(lang audit.Lang, key string) string {
	if t, ok := wordFigure[key]; ok {
		return t.In(lang)
	}
	return strings.ReplaceAll(clean(key), "_", " ")
}
