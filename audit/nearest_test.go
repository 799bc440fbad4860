// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"critical", "high", "medium", "low", "info"}
	tests := []struct{ word, want string }{
		{"high", "high"},
		{"hihg", "high"},     // two letters swapped
		{"hgh", "high"},      // one left out
		{"hiigh", "high"},    // one too many
		{"hxgh", "high"},     // one wrong
		{"High", "high"},     // case is a letter like others
		{"medum", "medium"},  //
		{"mdeiun", "medium"}, // two of six
		{"critcal", "critical"},
		{"kritikel", "critical"}, // three of eight
		{"xrxtxcxl", ""},         // four of eight
		{"lo", "low"},
		{"x", ""},
		{"", ""},
		{"severe", ""},
		{strings.Repeat("high", 100), ""},
	}
	for _, tt := range tests {
		if got := Nearest(tt.word, words); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.word, got, tt.want)
		}
	}
	if got := Nearest("ab", []string{"abc", "abd"}); got != "abc" {
		t.Errorf("of two equally near: %q, want the first", got)
	}
	if got := Nearest("abe", []string{"abcd", "abd"}); got != "abd" {
		t.Errorf("%q, want the nearer", got)
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("of none: %q", got)
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"abc", "abc", 0},
		{"ca", "abc", 3}, // optimal string alignment: 2 without its restriction
		{"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "badc", 2},
		{strings.Repeat("a", 201), "a", 201}, {"a", strings.Repeat("a", 201), 201},
	}
	for _, tt := range tests {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("%.10q to %.10q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
