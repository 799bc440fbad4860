// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The kinds of violation, as package sumdb spells them.
const (
	badSignature = "bad-signature"
	badTree      = "bad-tree"
	badTile      = "bad-tile"
	badRecord    = "bad-record"
	fork         = "fork"
)

// headLie is a lie about a signed head, which may be told in three places:
// as the latest head, behind the record that is asked for, or everywhere.
type headLie struct {
	name                       string
	latest, behind, everywhere string // Want; "" where it is not told
	fn                         func(a *Attack, truth []byte) []byte
}

func headMutators() []Mutator {
	var out []Mutator
	for _, lie := range headLies() {
		for _, at := range []struct{ place, want string }{{"latest", lie.latest}, {"record's", lie.behind}, {"every", lie.everywhere}} {
			if at.want != "" {
				out = append(out, lie.mutator(at.place, at.want))
			}
		}
	}
	return out
}

// mutator tells the lie in one place. A lie about the latest head alone leaves
// the record as it is, unless the head is signed.
func (lie headLie) mutator(place, want string) Mutator {
	m := Mutator{Name: place + " head: " + lie.name, Want: want}
	m.Proven = want == Allowed || want == Behind || place == "latest" && (want == badSignature || want == badTree)
	m.Mutate = func(a *Attack) Answer {
		if lie.fn(a, a.Tree.Signed(a.Size)) == nil {
			return nil
		}
		return func(path string, truth []byte) []byte {
			switch {
			case truth == nil:
			case path == "latest" && place != "record's":
				return lie.fn(a, truth)
			case place == "record's" && path == a.lookup(), place == "every" && isLookup(path):
				if record, head, ok := splitLookup(truth); ok {
					return append(record, lie.fn(a, head)...)
				}
			}
			return truth
		}
	}
	return m
}

// headText is the text of a note, and sigs its signature lines.
func headText(signed []byte) (text, sigs string) {
	text, sigs, _ = strings.Cut(string(signed), "\n\n")
	return text + "\n", sigs
}

// witness is the signature line of a key that nobody knows.
func witness(i int) string {
	return fmt.Sprintf("— w%d.example %s\n", i, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(i + 1)}, 40)))
}

// resigned has the log sign another text, made of the true one.
func resigned(fn func(a *Attack, text string) string) func(*Attack, []byte) []byte {
	return func(a *Attack, signed []byte) []byte {
		text, _ := headText(signed)
		return a.Tree.Sign(fn(a, text))
	}
}

// ofSize is a head of any size, with a root of nothing.
func ofSize(size string) func(*Attack, []byte) []byte {
	return resigned(func(_ *Attack, _ string) string {
		return "go.sum database tree\n" + size + "\n" + tlog.RecordHash(nil).String() + "\n"
	})
}

// edited makes another note of the text and the signatures of the true one.
func edited(fn func(text, sigs string) string) func(*Attack, []byte) []byte {
	return func(_ *Attack, signed []byte) []byte { return []byte(fn(headText(signed))) }
}

// headLies lists the lies about heads. The log has signed some of them: it is
// not only a proxy that may lie.
func headLies() []headLie {
	bad := func(name string, fn func(a *Attack, truth []byte) []byte) headLie {
		return headLie{name, badSignature, badSignature, badSignature, fn}
	}
	good := func(name string, fn func(a *Attack, truth []byte) []byte) headLie {
		return headLie{name, Allowed, Allowed, Allowed, fn}
	}
	return []headLie{
		bad("empty", func(*Attack, []byte) []byte { return []byte{} }),
		bad("no signature", edited(func(text, _ string) string { return text + "\n" })),
		bad("no signature, no blank line", edited(func(text, _ string) string { return text })),
		bad("other key", func(a *Attack, _ []byte) []byte { return a.Other.Signed(a.Size) }),
		bad("other key under the log's key hash", otherKeySameHash),
		bad("signature of an unknown key alone", edited(func(text, _ string) string { return text + "\n" + witness(0) })),
		bad("bit flipped in the signature", edited(func(text, sigs string) string { return text + "\n" + flipSignature(sigs) })),
		bad("signature cut short", edited(func(text, sigs string) string { return text + "\n" + sigs[:len(sigs)-9] + "\n" })),
		bad("signature not in canonical base64", edited(func(text, sigs string) string { return text + "\n" + loosen(sigs) })),
		bad("signature line that is none beside the log's", edited(func(text, sigs string) string { return text + "\n" + sigs + "— \n" })),
		bad("100 signatures before the log's", manySignatures(100)),
		bad("one more record", edited(func(text, sigs string) string { return strings.Replace(text, "\n", "\n1", 1) + "\n" + sigs })),
		bad("bit flipped in the root", edited(func(text, sigs string) string { return flipRoot(text) + "\n" + sigs })),
		bad("extension line, not signed", edited(func(text, sigs string) string { return text + "extension\n\n" + sigs })),
		bad("CR before LF", func(_ *Attack, b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }),
		bad("cut in half", func(_ *Attack, b []byte) []byte { return b[:len(b)/2] }),
		bad("no end of line", func(_ *Attack, b []byte) []byte { return b[:len(b)-1] }),
		bad("text after it", func(_ *Attack, b []byte) []byte { return append(b, "more\n"...) }),
		bad("gzip", func(_ *Attack, b []byte) []byte { return compressed(b) }),
		bad("web page", func(*Attack, []byte) []byte { return []byte(webPage) }),
		bad("origin of another log, signed", resigned(func(_ *Attack, text string) string { return strings.Replace(text, "go.sum", "go.mod", 1) })),
		bad("size with a zero before, signed", resigned(func(_ *Attack, text string) string { return strings.Replace(text, "\n", "\n0", 1) })),
		bad("size with a sign, signed", resigned(func(_ *Attack, text string) string { return strings.Replace(text, "\n", "\n+", 1) })),
		bad("negative size, signed", ofSize("-1")),
		bad("size of 1<<60 + 1, signed", ofSize("1152921504606846977")),
		bad("size of 1<<62, signed", ofSize("4611686018427387904")),
		bad("size of 1<<63 - 1, signed", ofSize("9223372036854775807")),
		bad("size of 1<<63, signed", ofSize("9223372036854775808")),
		bad("root too short, signed", resigned(func(_ *Attack, text string) string { return text[:len(text)-5] + "\n" })),
		bad("no root, signed", resigned(func(a *Attack, _ string) string { return fmt.Sprintf("go.sum database tree\n%d\n", a.Size) })),

		good("signature twice", edited(func(text, sigs string) string { return text + "\n" + sigs + sigs })),
		good("signature of a witness behind the log's", edited(func(text, sigs string) string { return text + "\n" + sigs + witness(1) })),
		good("signatures of 50 witnesses before the log's", manySignatures(50)),
		good("signature of another key of the log's name beside", bothKeys),
		good("extension lines, signed", resigned(func(_ *Attack, text string) string { return text + "extension 1\nextension 2\n" })),

		{"1<<60 records, signed", Failure, Failure, Failure, ofSize("1152921504606846976")},
		{"a record more than tiles, signed", Failure, Failure, Failure, func(a *Attack, _ []byte) []byte { return a.Tree.Fork(a.Size, a.Size+1).Signed(a.Size + 1) }},
		{"other root, signed", fork, fork, badTree + "|" + fork, resigned(func(a *Attack, _ string) string {
			return fmt.Sprintf("go.sum database tree\n%d\n%v\n", a.Size, tlog.RecordHash(nil))
		})},
		{"empty tree of another root, signed", badTree, badTree, badTree, ofSize("0")},
		{"empty tree, signed", Behind, badRecord, badRecord, func(a *Attack, _ []byte) []byte { return a.Tree.Signed(0) }},
		{"old", Behind, "", "", func(a *Attack, _ []byte) []byte {
			if a.Size < 2 {
				return nil
			}
			return a.Tree.Signed(a.Size / 2)
		}},
		{"of before the record", "", badRecord, "", func(a *Attack, _ []byte) []byte { return a.Tree.Signed(a.Target) }},
	}
}

func otherKeySameHash(a *Attack, signed []byte) []byte {
	text, sigs := headText(signed)
	_, forged := headText(a.Other.Signed(a.Size))
	mine, theirs := signature(sigs), signature(forged)
	copy(theirs[:4], mine[:4])
	return []byte(text + "\n— " + Name + " " + base64.StdEncoding.EncodeToString(theirs) + "\n")
}

func bothKeys(a *Attack, signed []byte) []byte {
	_, other := headText(a.Other.Signed(a.Size))
	return append(signed, other...)
}

// signature decodes a signature line.
func signature(sigs string) []byte {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sigs[strings.LastIndex(sigs, " ")+1:]))
	if err != nil {
		panic(err)
	}
	return raw
}

func flipSignature(sigs string) string {
	raw := signature(sigs)
	raw[len(raw)-1] ^= 1
	return "— " + Name + " " + base64.StdEncoding.EncodeToString(raw) + "\n"
}

// loosen sets the bits of a signature's base64 that mean nothing.
func loosen(sigs string) string {
	i := strings.IndexByte(sigs, '=') - 1
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return sigs[:i] + string(digits[strings.IndexByte(digits, sigs[i])|1]) + sigs[i+1:]
}

func flipRoot(text string) string {
	lines := strings.Split(text, "\n")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		panic(err)
	}
	root[0] ^= 1
	lines[2] = base64.StdEncoding.EncodeToString(root)
	return strings.Join(lines, "\n")
}

func manySignatures(n int) func(*Attack, []byte) []byte {
	return edited(func(text, sigs string) string {
		var all strings.Builder
		for i := range n {
			all.WriteString(witness(i))
		}
		return text + "\n" + all.String() + sigs
	})
}

const webPage = "<!DOCTYPE html>\n<html><title>log in</title></html>\n\n"

func compressed(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}
