// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		name, in string
		width    int
		want     []string
	}{
		{"nothing", "", 10, []string{""}},
		{"fits", "one two", 7, []string{"one two"}},
		{"breaks at spaces", "one two three", 8, []string{"one two", "three"}},
		{"keeps two spaces inside a line", "one  two three", 8, []string{"one  two", "three"}},
		{"never cuts a word", "see h1:Wn5nVvxpkXpNMBxkd7qkkB3jqHu= there", 12, []string{"see", "h1:Wn5nVvxpkXpNMBxkd7qkkB3jqHu=", "there"}},
		{"breaks Chinese anywhere", "校验和数据库已经关闭", 8, []string{"校验和数", "据库已经", "关闭"}},
		{"no closing mark at the start", "校验和数据库，已关闭。", 12, []string{"校验和数据", "库，已关闭。"}},
		{"no opening mark at the end", "校验和（数据库）", 8, []string{"校验和", "（数据", "库）"}},
		{"two closing marks", "关闭（数据库）。", 14, []string{"关闭（数据", "库）。"}},
		{"Latin inside Chinese", "执行go clean后重试", 8, []string{"执行go", "clean后", "重试"}},
		{"path inside Chinese stays whole", "模块example.com/m@v1.2.3已弃用", 10, []string{"模块", "example.com/m@v1.2.3", "已弃用"}},
		{"Korean", "체크섬 데이터베이스", 8, []string{"체크섬", "데이터베", "이스"}},
		{"clusters stay whole", "👩‍👩‍👧‍👦🇩🇪❤️e\u0301", 2, []string{"👩‍👩‍👧‍👦", "🇩🇪", "❤️", "e\u0301"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.in, tt.width)); diff != "" {
				t.Errorf("wrap(%q, %d) (-want +got):\n%s", tt.in, tt.width, diff)
			}
		})
	}
}

func TestTruncate(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"one two three", 10, "one two..."},
		{"one two three", 9, "one..."},
		{"sha256:0123456789abcdef", 12, "sha256:01..."},
		{"校验和数据库", 9, "校验和..."},
		{"校验和数据库", 8, "校验..."},
		{"anything", 2, ".."},
		{"anything", 0, ""},
		{"anything", -1, ""},
	}
	for _, tt := range tests {
		if got := truncate(tt.in, tt.n); got != tt.want {
			t.Errorf("truncate(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, i*7%90)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		if n < 2 || n > 200 {
			return
		}
		s = clean(s)
		lines := wrap(s, n)
		squeeze := strings.NewReplacer(" ", "").Replace
		if squeeze(strings.Join(lines, "")) != squeeze(s) {
			t.Fatalf("wrap(%q, %d) = %q: text is lost or added", s, n, lines)
		}
		for i, l := range lines {
			piece, rest := nextPiece(l)
			if width(l) > n && rest != "" {
				t.Errorf("line %q is wider than %d and could break after %q", l, n, piece)
			}
			first, _ := utf8.DecodeRuneInString(l)
			if i > 0 && strings.ContainsRune("，。、；：！？）》」』】", first) && !strings.HasPrefix(lines[i-1], " ") && !strings.Contains(s, " "+string(first)) {
				t.Errorf("line %q begins with closing punctuation", l)
			}
			if got := truncate(l, n); width(got) > n {
				t.Errorf("truncate(%q, %d) = %q", l, n, got)
			}
		}
	})
}
