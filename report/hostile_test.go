// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"github.com/goassay/assay/audit"
)

// hostile are strings that act on what shows them.
var hostile = []string{
	"\x1b[2J\x1b[H\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "\x9b31m", "\u009b31m",
	"a\r\nb\tc\vd\fe\bf\x00g\x7f", "user\u202egnp.exe\u2066\u2069\u200f", "zero\u200bwidth\ufeff\u00ad", "\u2028\u2029\u0085",
	"\xff\xfe\xc3", "\U000e0041\U000e007f tags", "line\n\n# heading\n- item\n```\ncode\n```", "| a | b |\n|---|---|",
	"<script>alert(1)</script><!-- --> &lt; <img src=x onerror=y>", "[link](javascript:alert(1)) ![i](https://evil.example/x)",
	"`code` ``two`` ```three", "`", "``|`", "*bold* _it_ ~~no~~ **b** $x$", "@org/team #1 GH-1 hello@example.com", "(@org) |@org", "https://evil.example www.evil.example",
	"\\`\\|\\", "校验和数据库：已关闭（GOSUMDB=off）。", "日本語\u3000テスト", "e\u0301\u0301\u0301", "👩‍👩‍👧‍👦🇩🇪❤️", "", " ", "\n", "{name} {{}}", "%s %!d(MISSING)",
	strings.Repeat("x", 300), strings.Repeat("长", 100), strings.Repeat("a/b.", 60),
}

// hostileReport has s wherever a stranger may put a string.
func hostileReport(t testing.TB, s string) *audit.Report {
	t.Helper()
	quoted, err := json.Marshal(map[string]any{s: []int{1}, "n": map[string]int{s: 1}})
	if err != nil {
		t.Fatal(err)
	}
	rep := sample(t, audit.English, sampleChecks()[0], sampleChecks()[6])
	rep.Tool.Version, rep.Target = s, audit.TargetRef{Dir: s, Module: s, Binaries: []string{s}, Endpoints: []string{s}}
	rep.Policy.File = s
	rep.Facts["env"] = quoted
	for i := range rep.Checks {
		if rep.Checks[i].Reason != "" {
			rep.Checks[i].Reason = s
		}
	}
	for i := range 5 {
		rep.Findings = append(rep.Findings, audit.Finding{
			Rule: "graph/deprecated", Severity: audit.High, Status: audit.Open, Subject: audit.Subject{Kind: "module", Name: s + fmt.Sprint(i)},
			Title: s, Message: s + fmt.Sprint(i), Remedy: s, Location: &audit.Location{File: s, Line: i}, Fingerprint: fmt.Sprint(i),
			Controls: []audit.Control{{Framework: "f" + s, Clause: "c" + s}}, Evidence: []string{s},
		})
	}
	for i := range rep.Findings {
		f := &rep.Findings[i]
		f.Message, f.Remedy, f.Subject.Name = s+f.Message, s+f.Remedy, s+f.Subject.Name
		if f.Waiver != nil {
			w := *f.Waiver
			w.Reason, w.Owner = s, s
			f.Waiver = &w
		}
	}
	rep.Evidence = append(rep.Evidence, audit.EvidenceRef{Digest: s, Kind: s, Check: s})
	return rep
}

// random returns strings made of pieces of the hostile ones and of random characters.
func random(n int) []string {
	rnd := rand.New(rand.NewPCG(1, 2))
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range rnd.IntN(12) {
			switch h := hostile[rnd.IntN(len(hostile))]; rnd.IntN(4) {
			case 0:
				b.WriteRune(rune(rnd.IntN(0x11000)))
			case 1:
				b.WriteByte(byte(rnd.IntN(256)))
			default:
				b.WriteString(h[:rnd.IntN(len(h)+1)])
			}
		}
		out[i] = b.String()
	}
	return out
}

// TestNothingActs: whatever strangers say, no format lets a character out that
// does not print, and no text has more escape sequences than its own styles.
func TestNothingActs(t *testing.T) {
	for _, s := range append(random(60), hostile...) {
		rep := hostileReport(t, s)
		for _, format := range Formats() {
			for _, opts := range []Options{{}, {Verbose: true, Catalogue: sampleCatalogue()}, {Quiet: true}, {Color: colorprofile.ANSI}} {
				out := string(write(t, format, rep, opts))
				if opts.Color != 0 {
					out = regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(out, "")
				}
				for _, r := range out {
					if r != '\n' && !strconv.IsPrint(r) || r == utf8.RuneError && !strings.ContainsRune(s, utf8.RuneError) {
						t.Fatalf("%s with %+v of %q holds %U", format, opts, s, r)
					}
				}
			}
		}
	}
}

// TestWidth: no line is wider than the page, but for a word that is.
func TestWidth(t *testing.T) {
	reports := samples(t)
	for _, s := range append(random(30), hostile...) {
		reports["hostile "+s] = hostileReport(t, s)
	}
	for name, rep := range reports {
		for _, w := range []int{40, 80, 120} {
			for _, opts := range []Options{{Width: w}, {Width: w, Verbose: true, Catalogue: sampleCatalogue()}, {Width: w, Quiet: true}} {
				for line := range strings.Lines(string(write(t, Text, rep, opts))) {
					line = strings.TrimSuffix(line, "\n")
					if opts.Quiet && strings.HasPrefix(line, "  "+signUnknown) { // one line, to be found by grep
						continue
					}
					if width(line) > w && strings.Contains(strings.TrimSpace(afterSign(line)), " ") {
						t.Fatalf("%q at %d: line of %d columns: %q", name, w, width(line), line)
					}
				}
			}
		}
	}
}

// afterSign removes what stands before the text of a line: sign, severity,
// check or label.
func afterSign(line string) string {
	if i := strings.LastIndex(line, "  "); i >= 0 {
		return line[i:]
	}
	return line
}

// TestColourSaysNothing: without its escape sequences, a report in colour is
// the report without colour.
func TestColourSaysNothing(t *testing.T) {
	for name, rep := range samples(t) {
		colour := string(write(t, Text, rep, Options{Color: colorprofile.ANSI}))
		if !strings.Contains(colour, "\x1b[") {
			t.Errorf("%s has no colour", name)
		}
		if got := ansi.Strip(colour); got != string(write(t, Text, rep, Options{})) {
			t.Errorf("%s differs in more than colour", name)
		}
		if strings.Contains(string(write(t, Text, rep, Options{Color: colorprofile.ASCII})), "\x1b[3") {
			t.Errorf("%s has colour where only bold is wanted", name)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":              "plain",
		"  a \t b\r\n c ":    "a b c",
		"\x1b[31mred":        `\x1b[31mred`,
		"a\u202eb":           `a\u202eb`,
		"\u009b1m":           `\u009b1m`,
		"\xff":               `\xff`,
		"\U000e0041":         `\U000e0041`,
		"中文\u3000字":          "中文 字",
		"nbsp\u00a0here":     "nbsp here",
		`back\slash \x1b`:    `back\slash \x1b`,
		"\u2028line\u2029":   "line",
		"\x00":               `\x00`,
		"\x7f\u0085":         `\x7f\u0085`,
		"soft\u00adhy\ufeff": `soft\u00adhy\ufeff`,
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if again := clean(got); again != got {
			t.Errorf("clean(%q) = %q, cleaned again %q", s, got, again)
		}
		for _, r := range got {
			if !strconv.IsPrint(r) || unicode.IsSpace(r) && r != ' ' {
				t.Errorf("clean(%q) holds %U", s, r)
			}
		}
		if strings.Contains(got, "  ") || strings.TrimSpace(got) != got {
			t.Errorf("clean(%q) = %q has more than single spaces", s, got)
		}
	})
}
