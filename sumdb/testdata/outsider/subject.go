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
	digest string
	hashes []string // proven and not
}

func unquote(s string) string {
	v, err := strconv.Unquote(s)
	must(err == nil && strconv.QuoteToASCII(v) == s, "quotes "+s)
	return v
}

// compare demands that each file is a subject: it has its digest, and carries the
// hashes that are listed and no other.
func compare(subjects []subject, files []string) {
	for _, name := range files {
		data, err := os.ReadFile(name)
		must(err == nil, "cannot read "+name)
		have := hashesOf(data)
		slices.Sort(have)
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
		must(slices.ContainsFunc(subjects, func(s subject) bool {
			slices.Sort(s.hashes)
			return s.digest == digest && slices.Equal(s.hashes, have)
		}), name+" is not what a subject says")
	}
}

// hashesOf lists the hashes that an executable carries, or a go.sum file.
func hashesOf(data []byte) (out []string) {
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
		return out
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 0 {
			out = append(out, strings.Join(f, " "))
		}
	}
	return out
}
