// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// word reads itself from text.
type word struct{ text string }

func (w *word) UnmarshalText(text []byte) error {
	w.text = string(text)
	return nil
}

type inner struct {
	Name  string   `yaml:"name"`
	Words []word   `yaml:"words"`
	List  []string `yaml:"list"`
}

type outer struct {
	Title string              `yaml:"title"`
	On    bool                `yaml:"on"`
	Bits  int                 `yaml:"bits"`
	Inner *inner              `yaml:"inner"`
	All   []inner             `yaml:"all"`
	Map   map[string][]string `yaml:"map"`
	None  string              `yaml:"-"`
}

func readWord(dst any, text string) error {
	if text == "bad" {
		return errors.New("a bad word")
	}
	return dst.(*word).UnmarshalText([]byte(text))
}

var (
	strict = Format{Noun: "file", MaxSize: 64 << 10, Text: readWord}
	blank  = Format{Noun: "file", MaxSize: 64 << 10, Text: readWord, Blank: true, Nearest: func(word string, words []string) string {
		if slices.Contains(words, strings.ToLower(word)) {
			return strings.ToLower(word)
		}
		return ""
	}}
)

func mistakes(d *Decoder) []string {
	var out []string
	for _, m := range d.Mistakes() {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d:%d: %s %s", m.Line, m.Column, m.Message, m.Hint)))
	}
	return out
}

func TestRead(t *testing.T) {
	const in = "\ufefftitle: a\non: true\nbits: 7\ninner: {name: |\n  b\n, words: [c]}\nall:\n  - name: d\n    list: [e, 'f']\nmap: {g: [h], i: }\n"
	in2 := strings.Replace(in, "{name: |\n  b\n, words: [c]}", "{name: b, words: [c]}", 1)
	var got outer
	d := blank.Read([]byte(in2), &got)
	want := outer{Title: "a", On: true, Bits: 7, Inner: &inner{Name: "b", Words: []word{{"c"}}}, All: []inner{{Name: "d", List: []string{"e", "f"}}}, Map: map[string][]string{"g": {"h"}, "i": nil}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(word{})); diff != "" || d.Broken || d.Mistakes() != nil {
		t.Errorf("%v %s", mistakes(d), diff)
	}
	if p := d.Values["all[0].list[1]"]; p != (Place{7, 15}) {
		t.Errorf("%+v", p)
	}
	if p := d.Keys["all[0].list"]; p != (Place{7, 5}) {
		t.Errorf("%+v", p)
	}
}

func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		format Format
		in     string
		want   []string
	}{
		{strict, "", []string{"0:0: empty file"}},
		{blank, "", nil},
		{blank, "title:\nall: []\nmap:", nil},
		{strict, "title:\nall: []", []string{"1:7: text is wanted here, this is nothing", "2:6: empty list"}},
		{strict, "text", []string{"1:1: keys and values are wanted here, this is text"}},
		{strict, "Title: a\ntitle: b\ntitle: c\n1: d\n", []string{`1:1: unknown key "Title"`, `3:1: duplicate key "title", first in line 2`, "4:1: a key must be text, this is a number"}},
		{blank, "Title: a", []string{`1:1: unknown key "Title" title`}},
		{strict, "title: 1\non: yes\nbits: 0\ninner: [a]\nall: b\nmap: 2", []string{
			"1:8: text is wanted here, this is a number: put it in quotes", "2:5: true or false is wanted here, this is text", "3:7: a number from 1 to 1048576 is wanted here",
			"4:8: keys and values are wanted here, this is a list", "5:6: a list is wanted here, this is text", "6:6: keys and values are wanted here, this is a number",
		}},
		{strict, "bits: 1048577\ntitle: [true]", []string{"1:7: a number from 1 to 1048576 is wanted here", "2:8: text is wanted here, this is a list"}},
		{strict, "bits: a", []string{"1:7: a whole number is wanted here, this is text"}},
		{strict, "title: true", []string{"1:8: text is wanted here, this is a boolean: put it in quotes"}},
		{blank, "inner: {words: [bad, good, ]}\nall: [null, {name: a}]", []string{"1:17: a bad word", "2:7: empty entry in a list"}},
		{strict, "a: &b c", []string{"1:4: anchors and aliases are not allowed in a file"}},
		{strict, "a: *b", []string{"1:4: anchors and aliases are not allowed in a file"}},
		{strict, "<<: {a: b}", []string{"1:1: merge keys are not allowed in a file"}},
		{strict, "a: !!str b", []string{"1:4: tags are not allowed in a file"}},
		{strict, "? a\n: b", []string{"1:1: complex keys are not allowed in a file"}},
		{strict, "%YAML 1.2\n---\na: b", []string{"1:1: directives are not allowed in a file"}},
		{strict, "title: a\n---\ntitle: b", []string{"2:1: more than one document"}},
		{strict, "---\ntitle: a\n...\ntitle: b", []string{"4:1: more than one document"}},
		{strict, "title: \"a", []string{"1:8: could not find end character of double-quoted text"}},
		{strict, "title: \xff", []string{"0:0: not UTF-8 text"}},
		{strict, strings.Repeat("#", 64<<10+1), []string{"0:0: larger than 65536 bytes"}},
	} {
		var dst outer
		d := test.format.Read([]byte(test.in), &dst)
		if diff := cmp.Diff(test.want, mistakes(d)); diff != "" {
			t.Errorf("%.80q: %s", test.in, diff)
		}
	}
}

// TestFail: a mistake of what is absent is one of what is around it.
func TestFail(t *testing.T) {
	d := strict.Read([]byte("title: a\ninner: {name: b}\n"), &outer{})
	d.Fail("inner.list", "list is missing")
	d.Fail("bits", "bits are missing")
	if diff := cmp.Diff([]string{"1:1: bits are missing", "2:8: list is missing"}, mistakes(d)); diff != "" || !d.Failed["inner.list"] {
		t.Error(diff)
	}
}

// TestBounds: what would take memory or time out of proportion is refused before it is parsed.
func TestBounds(t *testing.T) {
	keys := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	indented := ""
	for i := range 40 {
		indented += strings.Repeat(" ", i) + "a:\n"
	}
	for name, test := range map[string]struct{ in, want string }{
		"keys":                {keys(1001, "k%d: 1\n"), "1001:6: more than 1000 keys"},
		"keys that come back": {"a:\n" + keys(600, "  k%d: {x: 1}\n") + "b:\n" + keys(1001, "  k%d:\n    x: 1\n"), "more than 1000 keys"},
		"the same key":        {strings.Repeat("a: 1\n", 1001), "more than 1000 keys"},
		"keys of an entry":    {"all:\n  - a: 1\n" + keys(1000, "    k%d: 1\n"), "more than 1000 keys"},
		"brackets":            {strings.Repeat("[", 30_000), "nested too deeply"},
		"braces":              {strings.Repeat("{a: ", 10_000), "nested too deeply"},
		"dashes":              {strings.Repeat("- ", 30_000), "nested too deeply"},
		"closed first":        {strings.Repeat("]", 100) + strings.Repeat("[", 100), "nested too deeply"},
		"lines":               {indented, "18:19: nested too deeply"},
	} {
		d := strict.Read([]byte(test.in), &outer{})
		if got := strings.Join(mistakes(d), "\n"); !strings.Contains(got, test.want) || !d.Broken {
			t.Errorf("%s: %.200s, want %s", name, got, test.want)
		}
	}
	for name, in := range map[string]string{
		"many entries":  "all:\n" + strings.Repeat("  - name: a\n    list: [b]\n", 2000),
		"many mappings": "map:\n" + keys(900, "  k%d: [a]\n") + "title: a\ninner:\n  name: a\n",
	} {
		d := strict.Read([]byte(in), &outer{})
		if m := mistakes(d); m != nil {
			t.Errorf("%s: %v", name, m[:1])
		}
	}
}

func TestUnknownType(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a type that cannot be read is a mistake of the program's")
		}
	}()
	strict.Read([]byte("a: 1"), &struct {
		A float64 `yaml:"a"`
	}{})
}

func TestKeys(t *testing.T) {
	if diff := cmp.Diff([]string{"title", "on", "bits", "inner", "all", "map", ""}, Keys(reflect.TypeFor[outer]())); diff != "" {
		t.Error(diff)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"title: a\nall:\n  - name: b\n", "map: {a: [b]}", "\ufeff---\n...\n", "a: &a [*a]", "{a: [", "? a\n: b\n", "- - -", "\"\\x\"", "|\n  a", "a: >-\r\n\tb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, format := range []Format{strict, blank} {
			d := format.Read([]byte(in), &outer{})
			for _, m := range d.Mistakes() {
				if m.Message == "" || m.Line < 0 || m.Column < 0 {
					t.Errorf("%+v", m)
				}
			}
			if d.Broken && len(d.Mistakes()) != 1 {
				t.Errorf("%q: broken, with %d mistakes", in, len(d.Mistakes()))
			}
		}
	})
}
