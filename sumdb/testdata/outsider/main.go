// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Outsider verifies a bundle as docs/evidence-formats.md describes it: with the
// standard library alone, in less than 100 lines. Usage: outsider KEY < bundle
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func must(ok bool, what string, args ...any) {
	if !ok {
		fmt.Printf("INVALID: "+what+"\n", args...)
		os.Exit(1)
	}
}

func decode(s string) []byte {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	must(err == nil, "base64 %q", s)
	return b
}

func main() {
	data, err := io.ReadAll(os.Stdin)
	must(err == nil && bytes.HasSuffix(data, []byte("\n")), "cannot be read")
	end := bytes.LastIndex(data[:len(data)-1], []byte("\n")) + 1
	must(string(data[end:]) == fmt.Sprintf("sha256 %x\n", sha256.Sum256(data[:end])), "digest")
	lines := bufio.NewScanner(bytes.NewReader(data[:end]))
	next := func() string { must(lines.Scan(), "cut off"); return lines.Text() }
	field := func(word string) string {
		v, ok := strings.CutPrefix(next(), word+" ")
		must(ok, "no %q", word)
		return v
	}
	must(next() == "assay.sumdb-bundle/v1", "form")
	must(field("log") == os.Args[1], "another log")
	field("seen")
	must(next() == "", "no empty line")
	text := []string{next(), next(), next()} // of the tree head
	must(text[0] == "go.sum database tree" && next() == "", "no tree head")
	key := strings.SplitN(os.Args[1], "+", 3) // name, hash, algorithm and key
	sig := decode(field("— " + key[0]))
	must(next() == "" && fmt.Sprintf("%x", sig[:4]) == key[1], "key hash")
	must(ed25519.Verify(decode(key[2])[1:], []byte(strings.Join(text, "\n")+"\n"), sig[4:]), "signature")
	size, err := strconv.ParseInt(text[1], 10, 64)
	must(err == nil && size > 0 && size < 1<<60, "size")
	n, err := strconv.Atoi(field("records"))
	must(err == nil, "number of records")
	var ids []int64
	var leaves, hashes [][]byte
	said := map[string]bool{}
	line := next()
	for range n {
		id, err := strconv.ParseInt(line, 10, 64)
		must(err == nil && id >= 0 && id < size && (len(ids) == 0 || id > ids[len(ids)-1]), "record %q", line)
		record := []byte{0} // RFC 6962: a leaf begins with 0, a node with 1
		for line = next(); strings.Contains(line, " "); line = next() {
			said[line] = true
			record = append(record, line+"\n"...)
		}
		leaf := sha256.Sum256(record)
		ids, leaves = append(ids, id), append(leaves, leaf[:])
	}
	must(line == "", "after records")
	m, err := strconv.Atoi(field("hashes"))
	must(err == nil, "number of hashes")
	for range m {
		hashes = append(hashes, decode(next()))
	}
	var root func(lo, hi int64) []byte
	root = func(lo, hi int64) (h []byte) {
		if len(ids) == 0 || ids[0] >= hi { // no record below: a hash of the list
			must(len(hashes) > 0, "too few hashes")
			h, hashes = hashes[0], hashes[1:]
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
	must(base64.StdEncoding.EncodeToString(root(0, size)) == text[2] && len(hashes) == 0, "records and hashes are not in the signed tree")
	for lines.Scan() {
		if l := lines.Text(); l != "" && !strings.HasPrefix(l, "subject ") && !strings.HasPrefix(l, "unproven ") {
			must(said[l], "no record says %q", l)
		}
	}
	fmt.Printf("valid: %d records in a tree of %d\n", n, size)
}
