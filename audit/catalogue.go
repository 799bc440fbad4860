// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
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
	separator := ", "
	if lang == Chinese {
		separator = "、"
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case int, int64, bool:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case []string:
		return strings.Join(v, separator), nil
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			s, ok := v[i].(string)
			if !ok {
				return "", fmt.Errorf("list of %T", v[i])
			}
			parts[i] = s
		}
		return strings.Join(parts, separator), nil
	case Text:
		return v.In(lang), nil
	case map[string]any: // a Text of a stored report
		if s, ok := v[string(lang)].(string); ok {
			return s, nil
		}
	}
	return "", fmt.Errorf("unsupported type %T", v)
}

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

// translate gives arguments that are words of the catalogue's terms in lang. A
// word may stand alone, in a list, or before a colon: "network: 12".
func (c *Catalogue) translate(args Args, lang Lang) Args {
	var out Args
	for name, value := range args {
		terms := c.Terms[name]
		if terms == nil {
			continue
		}
		word := func(s string) string {
			head, rest, counted := strings.Cut(s, ": ")
			t, ok := terms[head]
			switch {
			case !ok:
				return s
			case counted:
				return t.In(lang) + ": " + rest
			}
			return t.In(lang)
		}
		if out == nil {
			out = maps.Clone(args)
		}
		switch v := value.(type) {
		case string:
			out[name] = word(v)
		case []string:
			words := make([]string, len(v))
			for i := range v {
				words[i] = word(v[i])
			}
			out[name] = words
		case []any: // of a stored report
			words := make([]any, len(v))
			for i := range v {
				words[i] = v[i]
				if s, ok := v[i].(string); ok {
					words[i] = word(s)
				}
			}
			out[name] = words
		}
	}
	if out == nil {
		return args
	}
	return out
}
