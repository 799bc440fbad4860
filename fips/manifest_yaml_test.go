// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// copies counts by the tokens, and want by what the parser makes of them.
func copies(text string) (got, want int, err error) {
	var keys blockKeys
	for _, t := range lexer.Tokenize(text) {
		if t.Type != token.CommentType {
			keys.read(t)
		}
	}
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return 0, 0, err
	}
	var counted mappings
	for _, doc := range file.Docs {
		if doc.Body != nil {
			ast.Walk(&counted, doc.Body)
		}
	}
	return keys.copies(), counted.copies, nil
}

type mappings struct{ copies int }

func (m *mappings) Visit(n ast.Node) ast.Visitor {
	if n, ok := n.(*ast.MappingNode); ok && !n.IsFlowStyle {
		m.copies += len(n.Values) * (len(n.Values) + 1) / 2
	}
	return m
}

// What is counted before the parser runs is what the parser does.
func TestBlockKeys(t *testing.T) {
	for text, want := range map[string]int{
		"a: 1\nb: 2\nc: 3\n":                            6,
		"a:\nb:\nc:\n":                                  6,
		"a:\n  b: 1\n  c: 2\nd:\n  e: 1\n":              7,
		"- a: 1\n- a: 1\n- a: 1\n":                      3,
		"- a: 1\n  b: 2\n- a: 1\n  b: 2\n":              6,
		"- - a: 1\n    b: 2\n  - a: 1\n- a: 1\n":        5,
		"a:\n- x: 1\nb:\n- x: 1\nc:\n- x: 1\n":          9,
		"a: {b,\nc}\nd: [x,\ny]\n":                      3,
		"  a: [\nx\n]\n  b: {\n}\n  c: 1\n":             6,
		"a: |\n  b: 1\n  c: 2\nd: >-\n\n  x\n   e: 1\n": 3,
		"a: x\n  y\n  z\nb: \"x\n c: d\"\ne: 'x\n f'\n": 6,
		"a: 1 # b: 2\n# c: 3\nd: 4\n":                   3,
		"a: 1\n---\na: 1\n...\n---\nb: 2\n":             3,
		"a: &x\n  b: 1\nc: !!map\n  d: 1\n":             5,
		"a:\r\n  b: 1\r\n  c: 1\r\nd: 1\r\n":            6,
	} {
		got, parsed, err := copies(text)
		if err != nil || got != want || parsed != want {
			t.Errorf("%q: %d, the parser %d, want %d, error %v", text, got, parsed, want, err)
		}
	}
	// Some that are counted are not copied.
	for text, want := range map[string][2]int{
		"? a\n: 1\n? b\n: 2\n":    {10, 3},
		"!!str a: 1\nb: {c: 2}\n": {6, 3},
		"a: |\nb: 1\nc: [d: 1]":   {7, 7},
		"{a: 1, b: 2, c: 3}\n":    {3, 0},
		"[{a: 1, b: 2}, b: 2]\n":  {3, 1},
		"[\na: {x: 1}\nb: 1\n]\n": {4, 3},
	} {
		if got, parsed, err := copies(text); err != nil || got != want[0] || parsed != want[1] {
			t.Errorf("%q: %d, the parser %d, want %d, error %v", text, got, parsed, want, err)
		}
	}
}

// lines are what the parser reads in many ways, one below the other.
var lines = []string{
	"a: 1", "b:", "- ", "- a: 1", "- - a: 1", "? a", ": b", ": - a: 1", "!!str", "!!map", "&x", "a: &x", "a: !!str", "a: |",
	"a: |2", "x", "x y", "a: [", "]", "[", "{", "}", "a: {", "a: 1,", ",", "# c", "a: b # c", `"a": 1`, "'a': 1", `a: "x`, `x"`,
	"a: 'x", "x'", "---", "...", "a: >-", "- |", "- [", `"a"`, "- ? a", "- !!map", "- &x a: 1", "&x a: 1", "<<: {}", "<<:",
	"a:\t1", "a: ]", "b: }", "a:{", "5: 1", "null: 1", "%YAML 1.2", "a: - b", "[a: 1", "]: 1", "{a: 1}: 2",
}

// No text is parsed with more work than was counted.
func TestBlockKeysBound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parsed := 0
	for range 10_000 {
		var b strings.Builder
		indent := 0
		for range 2 + r.IntN(10) {
			if r.IntN(2) == 0 {
				indent = r.IntN(6)
			}
			b.WriteString(strings.Repeat(" ", indent) + lines[r.IntN(len(lines))] + []string{"\n", "\n", "\n", "\r\n", " ", "\n\n", "\r"}[r.IntN(7)])
		}
		if checkBlockKeys(t, b.String()) {
			parsed++
		}
	}
	if parsed < 500 {
		t.Errorf("only %d are YAML", parsed)
	}
}

// FuzzBlockKeys is the same for any text.
func FuzzBlockKeys(f *testing.F) {
	f.Add("a: 1\nb: {c: [\n]}\n- d: |\n  x\n")
	f.Add("    a: |2\n      x\n    b: !!str\n  c\n    ? d\n    : - e: 1\n        f: 1\n")
	f.Add("? a\n? b\n---  a: 1\n&a a: *a\n<<: {}\n")
	f.Add("   0\n :\n   0:")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) <= 2000 {
			checkBlockKeys(t, text)
		}
	})
}

// checkBlockKeys reports whether it is YAML.
func checkBlockKeys(t *testing.T, text string) bool {
	t.Helper()
	if plainYAML([]byte(text)) != nil {
		return false
	}
	got, parsed, err := copies(text)
	if err == nil && got < parsed {
		t.Errorf("%q: counted %d, the parser %d", text, got, parsed)
	}
	return err == nil
}
