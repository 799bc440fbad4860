// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCompareSubjects(t *testing.T) {
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	file := func(kind, digest, name string, lines ...string) Carrier {
		c := Carrier{Kind: kind, Digest: digest, Name: name}
		for i, l := range lines {
			c.Hashes = append(c.Hashes, CarriedHash{l, fmt.Sprintf("%s:%d", name, i+1)})
		}
		return c
	}
	unread := func(c Carrier) Carrier { c.Unread = errors.New("cut off"); return c }
	sum := Subject{Kind: "go.sum", Digest: digest("a"), Name: "go.sum", Lines: []string{"m v1 h1:a", "m v1/go.mod h1:b"}, Unproven: []Unproven{{"private", "p v1 h1:c"}}}
	arm := Subject{Kind: "binary", Digest: digest("b"), Name: "app!arm64", Lines: []string{"m v1 h1:a"}}
	amd := Subject{Kind: "binary", Digest: digest("b"), Name: "app!amd64", Lines: []string{"n v1 h1:a"}}
	short := sum
	short.Lines = sum.Lines[:1]
	long := sum
	long.Lines = append(slices.Clone(sum.Lines), "n v1 h1:a")
	sumFile := file("go.sum", digest("a"), "go.sum", "p v1 h1:c", "m v1 h1:a", "m v1/go.mod h1:b")
	armFile, amdFile := file("binary", digest("b"), "app!arm64", "m v1 h1:a"), file("binary", digest("b"), "app!amd64", "n v1 h1:a")
	for name, tt := range map[string]struct {
		subjects []Subject
		carriers []Carrier
		want     string // of what fits, or an excerpt of each error
	}{
		"equal":             {[]Subject{sum}, []Carrier{sumFile}, "[[go.sum]]"},
		"no file":           {[]Subject{sum}, nil, "[[]]"},
		"one of two":        {[]Subject{sum, arm}, []Carrier{armFile}, "[[] [app!arm64]]"},
		"named twice":       {[]Subject{sum}, []Carrier{sumFile, sumFile}, "[[go.sum go.sum]]"},
		"listed twice":      {[]Subject{sum, sum}, []Carrier{sumFile}, "[[go.sum] [go.sum]]"},
		"architectures":     {[]Subject{amd, arm}, []Carrier{armFile, amdFile}, "[[app!amd64] [app!arm64]]"},
		"architecture gone": {[]Subject{amd}, []Carrier{armFile, amdFile}, `subject app!amd64: it has the digest of app!arm64, and not its hashes; the evidence does not list app!arm64:1: "m v1 h1:a"`},
		"digest":            {[]Subject{sum}, []Carrier{file("go.sum", digest("c"), "x/go.sum", "m v1 h1:a")}, `x/go.sum: no subject of kind go.sum has its digest, sha256:ccc|subject go.sum has sha256:aaa|the file does not carry "m v1/go.mod h1:b" and 1 more`},
		"digest alone":      {[]Subject{sum}, []Carrier{file("go.sum", digest("c"), "go.sum", "p v1 h1:c", "m v1 h1:a", "m v1/go.mod h1:b")}, "the hashes are the same"},
		"kind":              {[]Subject{sum}, []Carrier{file("binary", digest("a"), "go.sum", "m v1 h1:a")}, "no subject of kind binary has its digest"},
		"kind named":        {[]Subject{sum}, []Carrier{file("binary", digest("a"), "go.sum", "m v1 h1:a")}, "subject go.sum has it, and is of kind go.sum"},
		"another kind too":  {[]Subject{sum, {Kind: "binary", Digest: digest("a"), Name: "app", Lines: []string{"m v1 h1:a"}}}, []Carrier{sumFile}, "subject app: it has the digest of go.sum, which is of kind go.sum and not binary"},
		"another kind, =":   {[]Subject{sum, {Kind: "sbom", Digest: digest("a"), Name: "s", Lines: sum.Lines, Unproven: sum.Unproven}}, []Carrier{sumFile}, "subject s: it has the digest of go.sum, which is of kind go.sum and not sbom"},
		"both kinds named":  {[]Subject{sum, {Kind: "binary", Digest: digest("a"), Name: "app", Lines: []string{"m v1 h1:a"}}}, []Carrier{sumFile, file("binary", digest("a"), "app", "m v1 h1:a")}, "[[go.sum] [app]]"},
		"empty of a kind":   {[]Subject{sum, {Kind: "binary", Digest: digest("e"), Name: "app", Lines: []string{"m v1 h1:a"}}}, []Carrier{sumFile, file("go.sum", digest("e"), "sub/go.sum")}, "sub/go.sum: no subject|subject app has it, and is of kind binary"},
		"no subjects":       {nil, []Carrier{sumFile}, "no subject of kind go.sum"},
		"line left out":     {[]Subject{short}, []Carrier{sumFile}, `the evidence does not list go.sum:3: "m v1/go.mod h1:b"`},
		"line made up":      {[]Subject{long}, []Carrier{sumFile}, `the file does not carry "n v1 h1:a"`},
		"second word":       {[]Subject{sum, short}, []Carrier{sumFile}, `subject go.sum: it has the digest of go.sum, and not its hashes`},
		"line twice":        {[]Subject{sum}, []Carrier{file("go.sum", digest("a"), "go.sum", "p v1 h1:c", "m v1 h1:a", "m v1 h1:a", "m v1/go.mod h1:b")}, `go.sum:3: "m v1 h1:a"`},
		"each is named":     {[]Subject{sum}, []Carrier{armFile, file("go.sum", digest("d"), "b/go.sum", "x v1 h1:a")}, "app!arm64: no subject|b/go.sum: no subject"},
		"emptied":           {[]Subject{sum}, []Carrier{file("go.sum", digest("e"), "go.sum")}, "go.sum: no subject"},
		"emptied of two":    {[]Subject{sum, arm}, []Carrier{file("go.sum", digest("e"), "go.sum"), armFile}, "go.sum: no subject"},
		"empty beside":      {[]Subject{sum}, []Carrier{sumFile, file("go.sum", digest("e"), "sub/go.sum")}, "[[go.sum]] empty sub/go.sum"},
		"empty alone":       {[]Subject{sum}, []Carrier{file("binary", digest("e"), "app")}, "app: no subject"},
		"unread":            {[]Subject{arm}, []Carrier{unread(armFile)}, "[[]] unread app!arm64"},
		"unread, another":   {[]Subject{arm}, []Carrier{unread(file("binary", digest("f"), "app"))}, "app: no subject of kind binary has its digest, sha256:fff|cannot be read: cut off"},
		"no file there":     {[]Subject{arm}, []Carrier{unread(Carrier{Kind: "binary", Name: "app"})}, "[[]] unread app"},
		"hostile names":     {[]Subject{{Kind: "go.sum", Digest: digest("a"), Name: "x\ny", Lines: []string{"m v1 h1:a"}}}, []Carrier{file("go.sum", digest("b"), "a\nb", "m v1 h1:a")}, `a\nb: no subject|subject x\ny has`},
	} {
		c, err := CompareSubjects(tt.subjects, tt.carriers)
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(c.Fits)
			for _, name := range c.Empty {
				got += " empty " + name
			}
			for _, f := range c.Unread {
				got += " unread " + f.Name
			}
			if got != tt.want {
				t.Errorf("%s: %s", name, got)
			}
			continue
		}
		var invalid *InvalidEvidenceError
		if !errors.As(err, &invalid) {
			t.Errorf("%s: %T", name, err)
		}
		for part := range strings.SplitSeq(tt.want, "|") {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %s", name, got)
			}
		}
		if want := strings.Count(tt.want, "no subject") + strings.Count(tt.want, "subject app!amd64:"); want > 0 && strings.Count(got, "\n")+1 != want {
			t.Errorf("%s: %d errors: %s", name, strings.Count(got, "\n")+1, got)
		}
	}
}
