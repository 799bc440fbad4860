// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// forge FILE WHAT [TEXT] changes a file: more adds TEXT at its end, drop removes
// the last line that begins with TEXT, reseal makes the digest at the end of
// evidence fit again, as whoever wants to deceive would, unseal empties it.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: forge file more|drop|reseal|unseal [text]")
	}
	name, text := ts.MkAbs(args[0]), strings.Join(args[2:], " ")
	data, err := os.ReadFile(name)
	ts.Check(err)
	end := bytes.LastIndex(data, []byte("\nsha256 ")) + 1
	switch args[1] {
	case "more":
		data = append(data, text...)
	case "drop":
		at := bytes.LastIndex(data, []byte("\n"+text)) + 1
		n := bytes.IndexByte(data[at:], '\n')
		if at == 0 || n < 0 {
			ts.Fatalf("%s has no line %q", args[0], text)
		}
		data = append(data[:at], data[at+n+1:]...)
	case "reseal":
		data = fmt.Appendf(data[:end], "sha256 %x\n", sha256.Sum256(data[:end]))
	case "unseal":
		data = append(data[:end], "sha256 \n"...)
	default:
		ts.Fatalf("forge %s?", args[1])
	}
	ts.Check(os.WriteFile(name, data, 0o777))
}
