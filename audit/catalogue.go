// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Catalogue holds what the engine does not: the text of each rule and
// reason, and the frameworks that rules cite.
type Catalogue struct {
	Rules      map[string]*Rule
	Reasons    map[string]*Reason
	Terms      map[string]map[string]Text // words of arguments, by argument and word
	Frameworks map[string]*Framework
}

// A Rule is what a finding violates.
type Rule struct {
	ID         string    `yaml:"id"`
	Severity   Severity  `yaml:"severity"`
	Title      Text      `yaml:"title"`
	Message    Text      `yaml:"message"` // a template over the finding's arguments
	Why        Text      `yaml:"why"`
	Remedy     Text      `yaml:"remedy"` // a template over the finding's arguments
	Controls   []Control `yaml:"controls"`
	References []string  `yaml:"references"`
}

// A Reason says why a check could not determine its answer.
type Reason struct {
	ID   string `yaml:"id"`
	Text Text   `yaml:"text"` // a template over the reason's arguments
}

// A Framework is a standard or a regulation whose clauses rules cite.
type Framework struct {
	ID      string   `yaml:"framework"`
	Title   Text     `yaml:"title"`
	Source  string   `yaml:"source"`
	Clauses []Clause `yaml:"clauses"`
}

// A Clause is one numbered demand of a framework.
type Clause struct {
	ID    string `yaml:"id"`
	Title Text   `yaml:"title"`
}

// Clause returns the clause of that ID.
func (f *Framework) Clause(id string) (Clause, bool) {
	i := slices.IndexFunc(f.Clauses, func(c Clause) bool { return c.ID == id })
	if i < 0 {
		return Clause{}, false
	}
	return f.Clauses[i], true
}

// Lang is a language of texts.
type Lang string

// The languages.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// Languages lists all languages.
func Languages() []Lang { return []Lang{English, Chinese} }

// A Text is one text in all languages.
type Text struct {
	EN string `yaml:"en" json:"en"`
	ZH string `yaml:"zh" json:"zh"`
}

// In returns the text in lang.
func (t Text) In(lang Lang) string {
	if lang == Chinese {
		return t.ZH
	}
	return t.EN
}

// Format returns the text in lang with each {name} replaced by that argument.
// A doubled brace stands for itself. It is an error if an argument is missing,
// so that no report ever shows half a sentence.
func (t Text) Format(lang Lang, args Args) (string, error) {
	var b strings.Builder
	err := walkTemplate(t.In(lang), func(literal string) {
		b.WriteString(literal)
	}, func(name string) error {
		v, ok := args[name]
		if !ok {
			return fmt.Errorf("argument %q missing", name)
		}
		s, err := formatArg(lang, v)
		if err != nil {
			return fmt.Errorf("argument %q: %w", name, err)
		}
		b.WriteString(s)
		return nil
	})
	return b.String(), err
}

// Unfilled returns the text in lang as it is read where there is no finding:
// each {name} stands as it is, and a doubled brace for itself.
func (t Text) Unfilled(lang Lang) string {
	var b strings.Builder
	err := walkTemplate(t.In(lang), func(literal string) {
		b.WriteString(literal)
	}, func(name string) error {
		b.WriteString("{" + name + "}")
		return nil
	})
	if err != nil { // no template
		return t.In(lang)
	}
	return b.String()
}

// Placeholders returns the names of the arguments that t wants in lang, sorted.
func (t Text) Placeholders(lang Lang) ([]string, error) {
	var names []string
	err := walkTemplate(t.In(lang), func(string) {}, func(name string) error {
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// walkTemplate splits a template into literal text and {name} placeholders.
func walkTemplate(s string, literal func(string), placeholder func(string) error) error {
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			literal(s)
			return nil
		}
		literal(s[:i])
		if i+1 < len(s) && s[i+1] == s[i] {
			literal(s[i : i+1])
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if s[i] == '}' || end < 0 {
			return fmt.Errorf("unpaired brace in %q", s)
		}
		if err := placeholder(s[i+1 : i+end]); err != nil {
			return err
		}
		s = s[i+end+1:]
	}
	return nil
}

// formatArg renders one argument. Numbers may be float64, as JSON gives them
// back from a stored report.
func formatArg(lang Lang, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int, int64, bool:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case []string:
		return enumerate(lang, marks[lang].item, v), nil
	case []any:
		parts, err := texts(v)
		return enumerate(lang, marks[lang].item, parts), err
	case Text:
		return v.In(lang), nil
	case map[string]any: // a Text of a stored report
		if s, ok := v[string(lang)].(string); ok {
			return s, nil
		}
	}
	return "", fmt.Errorf("unsupported type %T", v)
}

// texts are the texts of a list of a stored report.
func texts(list []any) ([]string, error) {
	out := make([]string, len(list))
	for i := range list {
		s, ok := list[i].(string)
		if !ok {
			return nil, fmt.Errorf("list of %T", list[i])
		}
		out[i] = s
	}
	return out, nil
}

// marks are the punctuation of lists in each language (GB/T 15834-2011 for Chinese).
var marks = map[Lang]struct{ item, group, colon string }{
	English: {", ", "; ", ": "},
	Chinese: {"、", "；", "："},
}

// textMore stands for what was left out of a list, which ends with "+" and how many.
var textMore = Text{EN: "and {n} more", ZH: "另有 {n} 项"}

// enumerate joins a list.
func enumerate(lang Lang, mark string, list []string) string {
	if len(list) == 0 {
		return ""
	}
	last := list[len(list)-1]
	if n, ok := strings.CutPrefix(last, "+"); ok && n != "" && strings.Trim(n, "0123456789") == "" {
		list = slices.Clone(list)
		list[len(list)-1] = strings.ReplaceAll(textMore.In(lang), "{n}", n)
	}
	return strings.Join(list, mark)
}

// List joins texts in each language: with commas, or with semicolons where the texts are lists
// themselves.
func List(texts []Text, nested bool) Text {
	in := func(lang Lang) string {
		var parts []string
		for _, t := range texts {
			parts = append(parts, t.In(lang))
		}
		mark := marks[lang].item
		if nested {
			mark = marks[lang].group
		}
		return strings.Join(parts, mark)
	}
	return Text{EN: in(English), ZH: in(Chinese)}
}

// About puts what a text is about before it, with a colon.
func About(name string, t Text) Text {
	return Text{EN: name + marks[English].colon + t.EN, ZH: name + marks[Chinese].colon + t.ZH}
}

// Plain is a text that is the same in all languages, such as a name.
func Plain(s string) Text { return Text{EN: s, ZH: s} }

// Render fills the texts of f in lang from the catalogue.
func (c *Catalogue) Render(f *Finding, lang Lang) error {
	rule := c.Rules[f.Rule]
	if rule == nil {
		return fmt.Errorf("rule %s is not in the catalogue", f.Rule)
	}
	var err error
	args := c.translate(f.Args, lang)
	f.Title = rule.Title.In(lang)
	if f.Message, err = rule.Message.Format(lang, args); err != nil {
		return fmt.Errorf("rule %s: message: %w", f.Rule, err)
	}
	if f.Remedy, err = rule.Remedy.Format(lang, args); err != nil {
		return fmt.Errorf("rule %s: remedy: %w", f.Rule, err)
	}
	return nil
}

// Reason returns the text of a reason in lang.
func (c *Catalogue) Reason(id string, args Args, lang Lang) (string, error) {
	r := c.Reasons[id]
	if r == nil {
		return "", fmt.Errorf("reason %s is not in the catalogue", id)
	}
	s, err := r.Text.Format(lang, c.translate(args, lang))
	if err != nil {
		return "", fmt.Errorf("reason %s: %w", id, err)
	}
	return s, nil
}

// Term gives a word of the catalogue's terms, filled with arguments, in all languages.
func (c *Catalogue) Term(argument, word string, args Args) (Text, error) {
	t, ok := c.Terms[argument][word]
	if !ok {
		return Text{}, fmt.Errorf("%s has no word %q", argument, word)
	}
	en, err1 := t.Format(English, args)
	zh, err2 := t.Format(Chinese, args)
	return Text{EN: en, ZH: zh}, errors.Join(err1, err2)
}

// translate gives arguments that are words of the catalogue's terms in lang. A
// word may stand alone, in a list, or before a colon: "network: 12".
func (c *Catalogue) translate(args Args, lang Lang) Args {
	var out Args
	for name, value := range args {
		terms := c.Terms[name]
		if terms == nil {
			continue
		}
		var words []string
		switch v := value.(type) {
		case string:
			words = []string{v}
		case []string:
			words = v
		case []any: // of a stored report
			var err error
			if words, err = texts(v); err != nil {
				continue
			}
		default:
			continue
		}
		if out == nil {
			out = maps.Clone(args)
		}
		out[name] = translateWords(terms, words, lang)
	}
	if out == nil {
		return args
	}
	return out
}

// translateWords tells words of terms. What follows one and the same before a colon is told
// together: "suite: A", "suite: B" and "version: C" are "suite: A, B; version: C".
func translateWords(terms map[string]Text, words []string, lang Lang) string {
	mark := marks[lang]
	between := mark.item
	var parts []string
	last := ""
	for _, word := range words {
		head, rest, colon := strings.Cut(word, ": ")
		t, ok := terms[head]
		switch {
		case !ok:
			parts = append(parts, word)
		case !colon:
			parts = append(parts, t.In(lang))
		case head == last:
			parts[len(parts)-1] += mark.item + rest
			between = mark.group
			continue
		default:
			parts = append(parts, t.In(lang)+mark.colon+rest)
		}
		last = ""
		if ok && colon {
			last = head
		}
	}
	return enumerate(lang, between, parts)
}
