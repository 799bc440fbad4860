// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	args := Args{
		"s": "text", "i": 1_000_000, "n": -3, "l": int64(1 << 40), "b": true, "empty": "",
		"list": []string{"x", "y", "z"}, "one": []string{"x"}, "none": []string{}, "braces": "{s} }} {{",
	}
	tests := []struct{ in, en, zh, err string }{
		{in: "", en: ""},
		{in: "plain", en: "plain"},
		{in: "{s}", en: "text"},
		{in: "a {s}, {s} b", en: "a text, text b"},
		{in: "{i} {n} {l} {b}", en: "1000000 -3 1099511627776 true"},
		{in: "[{empty}{none}]", en: "[]"},
		{in: "{list}", en: "x, y, z", zh: "x、y、z"},
		{in: "{one}", en: "x"},
		{in: "{{s}}", en: "{s}"},
		{in: "{{{s}}}", en: "{text}"},
		{in: "}}{{", en: "}{"},
		{in: "中{s}文", en: "中text文"},
		{in: "{braces}", en: "{s} }} {{"}, // arguments are no templates
		{in: "{missing}", err: `argument "missing" missing`},
		{in: "{}", err: `argument "" missing`},
		{in: "{ s}", err: `argument " s" missing`},
		{in: "{", err: `unpaired brace in "{"`},
		{in: "a }", err: `unpaired brace in "a }"`},
		{in: "a {s", err: `unpaired brace in "a {s"`},
		{in: "{s}}", err: `unpaired brace in "}"`},
		{in: "{{s}", err: `unpaired brace in "s}"`},
		{in: "{s{i}", err: `argument "s{i" missing`},
	}
	for _, tt := range tests {
		if tt.zh == "" {
			tt.zh = tt.en
		}
		for lang, want := range map[Lang]string{English: tt.en, Chinese: tt.zh} {
			for _, args := range []Args{args, roundTrip(t, args)} {
				got, err := Text{EN: tt.in, ZH: tt.in}.Format(lang, args)
				if tt.err != "" {
					if err == nil || err.Error() != tt.err {
						t.Errorf("%q: error %v, want %s", tt.in, err, tt.err)
					}
					continue
				}
				if err != nil || got != want {
					t.Errorf("%q in %s: %q, %v; want %q", tt.in, lang, got, err, want)
				}
			}
		}
	}
}

// roundTrip gives args as a stored report gives them back.
func TestUnfilled(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"go get {module}@latest": "go get {module}@latest",
		"-f '{{{{.Main}}}}'":     "-f '{{.Main}}'",
		"unpaired {":             "unpaired {",
	} {
		if got := (Text{EN: in}).Unfilled(English); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func roundTrip(t *testing.T, args Args) (back Args) {
	t.Helper()
	data, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func TestFormatTypes(t *testing.T) {
	for _, v := range []any{nil, 1i, []int{1}, []any{"a", 1}, map[string]string{}, map[string]any{"fr": "x"}, map[string]any{"en": 1}, struct{}{}, uint(1), []byte("x")} {
		got, err := Text{EN: "{v}"}.Format(English, Args{"v": v})
		if err == nil || !strings.HasPrefix(err.Error(), `argument "v": `) {
			t.Errorf("%T: %q, %v", v, got, err)
		}
	}
	for _, text := range []any{Text{"word", "词"}, map[string]any{"en": "word", "zh": "词"}} { // made, and stored
		en, errEN := formatArg(English, text)
		zh, errZH := formatArg(Chinese, text)
		if en != "word" || zh != "词" || errEN != nil || errZH != nil {
			t.Errorf("%T: %q, %v, %q, %v", text, en, errEN, zh, errZH)
		}
	}
	numbers := map[float64]string{1e6: "1000000", 1e21: "1000000000000000000000", 0.5: "0.5", -1: "-1", 1 << 53: "9007199254740992"}
	for v, want := range numbers {
		if got, err := formatArg(English, v); got != want || err != nil {
			t.Errorf("%v: %q, %v; want %s", v, got, err, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	text := Text{EN: "{b} {a} {b} {{c}}", ZH: "{z}"}
	if got, err := text.Placeholders(English); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := text.Placeholders(Chinese); err != nil || !slices.Equal(got, []string{"z"}) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := (Text{EN: "{"}).Placeholders(English); err == nil {
		t.Error("an unpaired brace has placeholders")
	}
	for _, lang := range append(Languages(), "", "fr") {
		if got, want := text.In(lang), text.EN; lang != Chinese && got != want {
			t.Errorf("%q: %q", lang, got)
		}
	}
}

func TestRenderErrors(t *testing.T) {
	c := testCatalogue()
	c.Rules["a/remedy"] = &Rule{Message: Text{EN: "m"}, Remedy: Text{EN: "{r}"}}
	tests := []struct{ rule, want string }{
		{"a/nope", "rule a/nope is not in the catalogue"},
		{"a/low", `rule a/low: message: argument "x" missing`},
		{"a/remedy", `rule a/remedy: remedy: argument "r" missing`},
	}
	for _, tt := range tests {
		if err := c.Render(&Finding{Rule: tt.rule}, English); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

func TestClause(t *testing.T) {
	f := &Framework{Clauses: []Clause{{ID: "1"}, {ID: "2", Title: Text{EN: "two"}}}}
	if c, ok := f.Clause("2"); !ok || c.Title.EN != "two" {
		t.Errorf("%v, %t", c, ok)
	}
	if _, ok := f.Clause("3"); ok {
		t.Error("found a clause that is not there")
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"", "{a}", "{{a}}", "{", "}", "}}", "{{{a}}}", "{a}{b", "中{a}文", "{a{a}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := Text{EN: s, ZH: s}
		names, err := text.Placeholders(English)
		args := Args{}
		for _, name := range names {
			args[name] = ""
		}
		got, formatErr := text.Format(English, args)
		if (err == nil) != (formatErr == nil) {
			t.Fatalf("placeholders: %v, format: %v", err, formatErr)
		}
		if err == nil && len(got) > len(s) {
			t.Errorf("%q grew from %q", got, s)
		}
		// Text that is escaped is given back as it was.
		escaped := strings.NewReplacer("{", "{{", "}", "}}").Replace(s)
		if got, err := (Text{EN: escaped}).Format(English, nil); err != nil || got != s {
			t.Errorf("%q escaped: %q, %v", s, got, err)
		}
	})
}

// Words of arguments are told in the language of the text, alone, in lists and
// before a count, also after a way through JSON; other arguments stay.
func TestTerms(t *testing.T) {
	c := &Catalogue{
		Rules: map[string]*Rule{"a/b": {
			Title: Text{"t", "t"}, Message: Text{"{why} {other}", "{why} {other}"}, Remedy: Text{"r", "r"},
		}},
		Terms: map[string]map[string]Text{"why": {"network": {"network", "网络"}, "off": {"off", "关闭"}}},
	}
	for _, tt := range []struct {
		why  any
		want string
	}{
		{"network", "网络 network"},
		{"network: 3", "网络：3 network"},
		{"networks", "networks network"},
		{[]string{"network: 3", "off", "x: 1"}, "网络：3、关闭、x: 1 network"},
		{[]any{"network: 3", "off"}, "网络：3、关闭 network"},
		{[]string{"network: a", "network: b", "off: c", "+12"}, "网络：a、b；关闭：c；另有 12 项 network"},
		{[]string{"network: a", "x", "network: b", "network"}, "网络：a、x、网络：b、网络 network"},
		{[]string{"+x", "+1"}, "+x、另有 1 项 network"},
		{[]string{}, " network"},
		{7, "7 network"},
	} {
		before := fmt.Sprint(tt.why)
		f := Finding{Rule: "a/b", Args: Args{"why": tt.why, "other": "network"}}
		if err := c.Render(&f, Chinese); err != nil || f.Message != tt.want {
			t.Errorf("%v: %q, %v, want %q", tt.why, f.Message, err, tt.want)
		}
		if fmt.Sprint(tt.why) != before {
			t.Error("the finding's own arguments were changed")
		}
	}
}

// Texts in all languages are put together with the marks of each.
func TestTextMarks(t *testing.T) {
	c := &Catalogue{Terms: map[string]map[string]Text{"open": {"groups": {"{n} groups", "{n} 个组"}}}}
	groups, err := c.Term("open", "groups", Args{"n": 3})
	if err != nil {
		t.Fatal(err)
	}
	one := About("a.test:443", List([]Text{Plain("TLS 1.2"), groups}, false))
	got := List([]Text{one, one}, true)
	if want := (Text{"a.test:443: TLS 1.2, 3 groups; a.test:443: TLS 1.2, 3 groups", "a.test:443：TLS 1.2、3 个组；a.test:443：TLS 1.2、3 个组"}); got != want {
		t.Errorf("%+v", got)
	}
	for _, word := range []string{"suites", "groups"} {
		if _, err := c.Term("open", word, nil); err == nil {
			t.Errorf("%s without arguments: no error", word)
		}
	}
	if s, err := (Text{EN: "{x}", ZH: "{x}"}).Format(English, Args{"x": []string{"a", "+2"}}); err != nil || s != "a, and 2 more" {
		t.Errorf("%q, %v", s, err)
	}
}
