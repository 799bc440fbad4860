// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	hashA = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	hashB = "h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
)

func TestParseSums(t *testing.T) {
	const file = "example.com/a v1.0.0 " + hashA + "\n" +
		"example.com/a v1.0.0/go.mod " + hashB + "\r\n" +
		"\n" +
		"<<<<<<< HEAD\n" +
		"example.com/a v1.0.0 " + hashB + "\n" + // 5: contradicts 1
		"example.com/a v1.0.0/go.mod " + hashB + "\n" + // 6: repeats 2
		"example.com/a v1.0 " + hashA + "\n" +
		"Example.com/a/v2 v1.0.0 " + hashA + "\n" +
		"example.com/a v1.0.1 h2:abc\n" +
		"example.com/a v1.0.1 h1:abc=\n" +
		"example.com/a v1.0.2/go.mod " + emptyGoModHash + "\n" +
		"example.com/old v2.0.0+incompatible " + hashA // no end of line
	lines, problems := ParseSums("go.sum", []byte(file))
	wantLines := []SumLine{
		{File: "go.sum", Line: 1, Module: "example.com/a", Version: "v1.0.0", Hash: hashA},
		{File: "go.sum", Line: 2, Module: "example.com/a", Version: "v1.0.0", GoMod: true, Hash: hashB},
		{File: "go.sum", Line: 5, Module: "example.com/a", Version: "v1.0.0", Hash: hashB},
		{File: "go.sum", Line: 6, Module: "example.com/a", Version: "v1.0.0", GoMod: true, Hash: hashB},
		{File: "go.sum", Line: 12, Module: "example.com/old", Version: "v2.0.0+incompatible", Hash: hashA},
	}
	if d := cmp.Diff(wantLines, lines); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
	wantProblems := []SumProblem{
		{File: "go.sum", Line: 4, Kind: SumFields, Detail: "wrong number of fields 2", Text: `"<<<<<<< HEAD"`},
		{File: "go.sum", Line: 5, Kind: SumContradiction, First: 1, Module: "example.com/a", Version: "v1.0.0"},
		{File: "go.sum", Line: 6, Kind: SumDuplicate, First: 2, Module: "example.com/a", Version: "v1.0.0", GoMod: true},
		{File: "go.sum", Line: 7, Kind: SumModule},
		{File: "go.sum", Line: 8, Kind: SumModule},
		{File: "go.sum", Line: 9, Kind: SumAlgorithm},
		{File: "go.sum", Line: 10, Kind: SumHash},
		{File: "go.sum", Line: 11, Kind: SumIgnored, Module: "example.com/a", Version: "v1.0.2", GoMod: true},
	}
	opt := cmpopts.IgnoreFields(SumProblem{}, "Text", "Detail")
	if d := cmp.Diff(wantProblems, problems, opt); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	if d := cmp.Diff(wantProblems[0], problems[0]); d != "" {
		t.Errorf("first problem (-want +got):\n%s", d)
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte("example.com/a v1.0.0 " + hashA + "\nexample.com/a v1.0.0/go.mod " + hashB + "\n"))
	f.Add([]byte("a b c d\n\n\r\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, problems := ParseSums("go.sum", data)
		// Every line that is not blank is accounted for.
		accounted := make(map[int]bool)
		for _, l := range lines {
			accounted[l.Line] = true
			if strings.ContainsAny(l.Module+l.Version+l.Hash, " \n") {
				t.Fatalf("%+v", l)
			}
		}
		for _, p := range problems {
			accounted[p.Line] = true
			if len(p.Text) > 12*maxExcerpt || len(p.Detail) > maxDetail+3 {
				t.Fatalf("unbounded: %+v", p)
			}
		}
		for i, text := range bytes.Split(data, []byte("\n")) {
			if blank := len(bytes.Fields(text)) == 0; blank == accounted[i+1] {
				t.Fatalf("line %d %q: accounted for: %v", i+1, text, accounted[i+1])
			}
		}
	})
}
