// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/module"
)

// A SumLine is a line of a go.sum or go.work.sum file that the go command
// would compare a module with.
type SumLine struct {
	File    string `json:"file"` // as given to ParseSums
	Line    int    `json:"line"` // from 1
	Module  string `json:"module"`
	Version string `json:"version"` // without the /go.mod that stands behind it in the file
	GoMod   bool   `json:"go_mod"`  // the hash is that of the go.mod file alone, not of the zip file
	Hash    string `json:"hash"`    // "h1:" and the base64 of 32 bytes, see golang.org/x/mod/sumdb/dirhash
}

// A SumProblem is a line that is not as the go command writes it.
type SumProblem struct {
	File    string         `json:"file"`
	Line    int            `json:"line"`
	Kind    SumProblemKind `json:"kind"`
	Module  string         `json:"module,omitempty"`  // for SumIgnored, SumDuplicate and SumContradiction
	First   int            `json:"first,omitempty"`   // the earlier line, for SumDuplicate and SumContradiction
	Detail  string         `json:"detail,omitempty"`  // what is wrong with a malformed line
	Text    string         `json:"text,omitempty"`    // the beginning of a malformed line, quoted
	GoMod   bool           `json:"go_mod,omitempty"`  // as in SumLine
	Version string         `json:"version,omitempty"` // as in SumLine
}

// A SumProblemKind says what is wrong with a line.
type SumProblemKind string

const (
	// Malformed lines: they are not among the lines ParseSums returns.
	SumFields    SumProblemKind = "fields"    // not three fields: the go command refuses the whole file
	SumModule    SumProblemKind = "module"    // not a module path and canonical version: matches nothing
	SumAlgorithm SumProblemKind = "algorithm" // a hash other than h1: the go command neither checks nor refuses it
	SumHash      SumProblemKind = "hash"      // h1: without 32 bytes in base64 behind it: matches nothing

	// SumIgnored is a go.mod line with the hash of an empty file, which an
	// early Go release wrote by mistake and every later one skips. It is not
	// among the lines ParseSums returns either.
	SumIgnored SumProblemKind = "ignored"

	// The lines of these problems are all returned.
	SumDuplicate     SumProblemKind = "duplicate"     // the same line again
	SumContradiction SumProblemKind = "contradiction" // another hash for the same: the go command uses the first
)

// emptyGoModHash is cmd/go/internal/modfetch.emptyGoModHash.
const emptyGoModHash = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="

// ParseSums reads a go.sum or go.work.sum file as readGoSum in
// cmd/go/internal/modfetch does, but to its end: what is wrong with a line
// never hides another. Blank lines are no problem and not returned.
func ParseSums(file string, data []byte) ([]SumLine, []SumProblem) {
	var lines []SumLine
	var problems []SumProblem
	type key struct {
		mod   module.Version
		goMod bool
	}
	first := make(map[key]SumLine)
	for n := 1; len(data) > 0; n++ {
		var text []byte
		text, data, _ = bytes.Cut(data, []byte("\n"))
		fields := bytes.Fields(text)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 3 {
			problems = append(problems, SumProblem{File: file, Line: n, Kind: SumFields,
				Detail: fmt.Sprintf("wrong number of fields %d", len(fields)), Text: excerpt(text)})
			continue
		}
		l := SumLine{File: file, Line: n, Module: string(fields[0]), Hash: string(fields[2])}
		l.Version, l.GoMod = strings.CutSuffix(string(fields[1]), "/go.mod")
		if kind, detail := checkSum(l); kind != "" {
			problems = append(problems, SumProblem{File: file, Line: n, Kind: kind, Detail: detail, Text: excerpt(text)})
			continue
		}
		if l.Hash == emptyGoModHash {
			problems = append(problems, SumProblem{File: file, Line: n, Kind: SumIgnored,
				Module: l.Module, Version: l.Version, GoMod: l.GoMod})
			continue
		}
		lines = append(lines, l)
		k := key{module.Version{Path: l.Module, Version: l.Version}, l.GoMod}
		f, seen := first[k]
		if !seen {
			first[k] = l
			continue
		}
		kind := SumDuplicate
		if f.Hash != l.Hash {
			kind = SumContradiction
		}
		problems = append(problems, SumProblem{File: file, Line: n, Kind: kind, First: f.Line,
			Module: l.Module, Version: l.Version, GoMod: l.GoMod})
	}
	return lines, problems
}

// checkSum says what is malformed in l.
func checkSum(l SumLine) (SumProblemKind, string) {
	if err := module.Check(l.Module, l.Version); err != nil {
		return SumModule, clip(err.Error(), maxDetail)
	}
	if module.CanonicalVersion(l.Version) != l.Version {
		return SumModule, "not a canonical version"
	}
	encoded, ok := strings.CutPrefix(l.Hash, "h1:")
	if !ok {
		return SumAlgorithm, "not an h1: hash"
	}
	if b, err := base64.StdEncoding.Strict().DecodeString(encoded); err != nil || len(b) != 32 {
		return SumHash, "not 32 bytes in base64"
	}
	return "", ""
}

const (
	maxDetail  = 300 // bytes
	maxExcerpt = 80  // bytes
)

// excerpt quotes the beginning of a line from outside.
func excerpt(line []byte) string {
	return fmt.Sprintf("%+q", clip(string(bytes.TrimSpace(line[:min(len(line), 4*maxExcerpt)])), maxExcerpt))
}

// clip cuts s to at most n bytes, with dots where it was cut.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
