// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Outsider verifies a bundle as docs/evidence-formats.md describes it: with the standard
// library alone, in 100 lines. The other file compares it with go.sum files and
// executables. Usage: outsider KEY [FILE...] < bundle
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const number, line = `(?:0|[1-9][0-9]*)`, `[!-~]+ [!-~]+ [!-~]+\n`

var record = regexp.MustCompile(`(` + number + `)\n((?:` + line + `){1,2})`)
var form = regexp.MustCompile(`^assay\.sumdb-bundle/v1\nlog (.+)\nseen (.+)\n\n(go\.sum database tree\n(` + number + `)\n(.+)\n(?:.+\n)*)\n— (.+) ([A-Za-z0-9+/=]+)\n\n` +
	`records (` + number + `)\n((?:` + number + `\n(?:` + line + `){1,2})+)\nhashes (` + number + `)\n((?:[A-Za-z0-9+/]{43}=\n)*)` +
	`((?:\nsubject (?:named -|[a-z][a-z.-]* sha256:[0-9a-f]{64}) ".*"\n(?:` + line + `|unproven [a-z0-9-]+ ".*"\n)+)*)\nsha256 ([0-9a-f]{64})\n$`)

func must(ok bool, what string) {
	if !ok {
		fmt.Println("INVALID:", what)
		os.Exit(1)
	}
}

func main() {
	data, _ := io.ReadAll(os.Stdin)
	m := form.FindStringSubmatch(string(data))
	must(m != nil && m[1] == os.Args[1], "form, or another log")
	must(fmt.Sprintf("%x", sha256.Sum256(data[:len(data)-72])) == m[13], "digest")
	seen, err := time.Parse("2006-01-02T15:04:05Z", m[2])
	must(err == nil && seen.Format("2006-01-02T15:04:05Z") == m[2], "time")
	key := strings.SplitN(m[1], "+", 3) // name, hash, algorithm and key
	public, err := base64.StdEncoding.DecodeString(key[2])
	sig, err2 := base64.StdEncoding.Strict().DecodeString(m[7])
	must(m[6] == key[0] && err == nil && err2 == nil && len(sig) == 68 && fmt.Sprintf("%x", sig[:4]) == key[1] &&
		ed25519.Verify(public[1:], []byte(m[3]), sig[4:]), "signature")
	size, err := strconv.ParseInt(m[4], 10, 64)
	must(err == nil && size <= 1<<60, "size")
	ids, leaves, said, about := []int64{}, [][]byte{}, map[string]bool{}, map[string]bool{}
	for _, r := range record.FindAllStringSubmatch(m[9], -1) {
		id, err := strconv.ParseInt(r[1], 10, 64)
		must(err == nil && id < size && (len(ids) == 0 || id > ids[len(ids)-1]), "record "+r[1])
		f := strings.Fields(r[2])
		v := strings.TrimSuffix(f[1], "/go.mod")
		must(!about[f[0]+" "+v] && (len(f) == 3 || f[3] == f[0] && f[4] != f[1] && (f[4] == v || f[4] == v+"/go.mod")), "not one record of one module")
		about[f[0]+" "+v] = true
		for ; len(f) > 0; f = f[3:] {
			must(!said[f[0]+" "+f[1]], "two lines for "+f[0])
			said[f[0]+" "+f[1]], said[strings.Join(f[:3], " ")] = true, true
		}
		leaf := sha256.Sum256([]byte("\x00" + r[2])) // RFC 6962: a leaf begins with 0, a node with 1
		ids, leaves = append(ids, id), append(leaves, leaf[:])
	}
	hashes := strings.Fields(m[11])
	must(strconv.Itoa(len(ids)) == m[8] && strconv.Itoa(len(hashes)) == m[10], "numbers")
	var root func(lo, hi int64) []byte
	root = func(lo, hi int64) (h []byte) {
		if len(ids) == 0 || ids[0] >= hi { // no record below: a hash of the list
			must(len(hashes) > 0, "too few hashes")
			h, err = base64.StdEncoding.Strict().DecodeString(hashes[0])
			must(err == nil, "base64")
			hashes = hashes[1:]
			return h
		} else if hi-lo == 1 {
			h, leaves, ids = leaves[0], leaves[1:], ids[1:]
			return h
		}
		k := int64(1)
		for k*2 < hi-lo {
			k *= 2
		}
		node := sha256.Sum256(append(append([]byte{1}, root(lo, lo+k)...), root(lo+k, hi)...))
		return node[:]
	}
	signed, err2 := base64.StdEncoding.DecodeString(m[5])
	must(bytes.Equal(root(0, size), signed) && err2 == nil && len(hashes) == 0, "not in the signed tree")
	subjects, notProven := []subject{}, 0
	for _, s := range strings.Split("\n"+strings.TrimSuffix(m[12], "\n"), "\n\nsubject ")[1:] {
		lines := strings.Split(s, "\n")
		head := strings.SplitN(lines[0], " ", 3) // kind, digest, name
		unquote(head[2])
		open := 0
		for i, l := range lines[1:] {
			if f := strings.SplitN(l, " ", 3); f[0] == "unproven" {
				lines[1+i], open = unproven(f[2], said), open+1
			} else {
				must(said[l] && open == 0, "no record says "+l)
			}
		}
		subjects, notProven = append(subjects, subject{head[0], head[1], lines[1:]}), notProven+open
	}
	compare(subjects, os.Args[2:])
	fmt.Printf("valid: %d records in a tree of %d, %d hashes not proven\n", len(about), size, notProven)
}
