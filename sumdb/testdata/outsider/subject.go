// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// subject is what a bundle says of a file.
type subject struct {
	kind, digest string
	hashes       []string // proven and not
}

// unproven reads a hash that nothing proves: no record has one for the same, but that
// which the go command passes over.
func unproven(quoted string, said map[string]bool) string {
	line := unquote(quoted)
	f := strings.Split(line, " ")
	must(len(f) != 3 || !said[f[0]+" "+f[1]] || !strings.HasPrefix(f[2], "h1:") ||
		f[2] == "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=", "not unproven: "+line)
	return line
}

func unquote(s string) string {
	v, err := strconv.Unquote(s)
	must(err == nil && strconv.QuoteToASCII(v) == s, "quotes "+s)
	return v
}

// compare demands that each file is a subject, and that every subject with its digest
// is of its kind, and lists the hashes that it carries and no other.
func compare(subjects []subject, files []string) {
	lines := 0
	for _, s := range subjects {
		lines += len(s.hashes)
	}
	must(len(subjects) <= 10_000 && lines <= 1_000_000, "too many subjects or lines")
	for _, name := range files {
		data, err := os.ReadFile(name)
		must(err == nil, "cannot read "+name)
		kind, have := hashesOf(data)
		slices.Sort(have)
		digest, found := fmt.Sprintf("sha256:%x", sha256.Sum256(data)), false
		for _, s := range subjects {
			if s.digest == digest {
				slices.Sort(s.hashes)
				must(s.kind == kind && slices.Equal(s.hashes, have), name+" is not what a subject says")
				found = true
			}
		}
		must(found, name+" is not what a subject says")
	}
}

// hashesOf lists the hashes that an executable carries, or a go.sum file. It does not
// know universal Mach-O files.
func hashesOf(data []byte) (kind string, out []string) {
	if info, err := buildinfo.Read(bytes.NewReader(data)); err == nil {
		for _, m := range append(info.Deps, &info.Main) {
			if m == &info.Main && m.Sum == "" {
				continue // built in its own folder
			}
			if m.Replace != nil && m.Replace.Version != "" {
				m = m.Replace
			}
			out = append(out, strings.TrimSpace(m.Path+" "+m.Version+" "+m.Sum))
		}
		return "binary", out
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 {
			out = append(out, strings.Join(f, " "))
		}
	}
	return "go.sum", out
}
