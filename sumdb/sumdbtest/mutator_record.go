// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdbtest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// recordLie is a lie in the answer to the lookup of the record asked for.
type recordLie struct {
	name string
	want string
	fn   func(a *Attack, id, text, head string) string // "-": cannot be told
}

func recordMutators() []Mutator {
	var out []Mutator
	for _, lie := range recordLies() {
		out = append(out, Mutator{Name: "record: " + lie.name, Want: lie.want, Proven: lie.want == Allowed, Mutate: func(a *Attack) Answer {
			text, head := a.record(a.Target)
			said := lie.fn(a, strconv.FormatInt(a.Target, 10)+"\n", text, head)
			if said == "-" {
				return nil
			}
			return at(a.lookup(), always(said))
		}})
	}
	return append(out, Mutator{Name: "record: no longer there", Want: Failure, Mutate: func(a *Attack) Answer {
		return at(a.lookup(), func([]byte) []byte { return nil })
	}})
}

// withID answers the true record under another ID.
func withID(fn func(a *Attack) string) func(a *Attack, id, text, head string) string {
	return func(a *Attack, _, text, head string) string { return fn(a) + "\n" + text + "\n" + head }
}

func fixedID(id string) func(a *Attack, _, text, head string) string {
	return withID(func(*Attack) string { return id })
}

// withText answers another text under the true ID.
func withText(fn func(text string) string) func(a *Attack, id, text, head string) string {
	return func(_ *Attack, id, text, head string) string { return id + fn(text) + "\n" + head }
}

// replaced is withText of one replacement.
func replaced(old, new string) func(a *Attack, id, text, head string) string {
	return withText(func(text string) string { return strings.Replace(text, old, new, 1) })
}

// Evil is a hash that no honest record has.
const Evil = "h1:evilevilevilevilevilevilevilevilevileviletU="

// EvilText is the record of Module(id) with the hash Evil for its zip.
func EvilText(id int64) string {
	m := Module(id)
	_, goMod, _ := strings.Cut(Text(id), "\n")
	return m.Path + " " + m.Version + " " + Evil + "\n" + goMod
}

func evilLine(id int64) string {
	line, _, _ := strings.Cut(EvilText(id), "\n")
	return line + "\n"
}

func recordLies() []recordLie {
	var out []recordLie
	bad := func(name string, fn func(a *Attack, id, text, head string) string) {
		out = append(out, recordLie{name, badRecord, fn})
	}
	bad("empty answer", func(*Attack, string, string, string) string { return "" })
	bad("nothing but a head (GO-2026-4984)", func(_ *Attack, _, _, head string) string { return head })
	bad("empty record (GO-2026-4984)", withText(func(string) string { return "" }))
	bad("no ID", func(_ *Attack, _, text, head string) string { return text + "\n" + head })
	bad("another module's record with its ID (GO-2026-4984)", func(a *Attack, _, _, head string) string {
		if a.Size < 2 {
			return "-"
		}
		other := (a.Target + 1) % a.Size
		return fmt.Sprintf("%d\n%s\n%s", other, a.Tree.Text(other), head)
	})
	bad("another module's record with the true ID", func(a *Attack, id, _, head string) string {
		return id + a.Tree.Text(a.Target+1000) + "\n" + head
	})
	bad("another module's record added", func(a *Attack, id, text, head string) string {
		return id + text + a.Tree.Text(a.Target+1) + "\n" + head
	})

	// IDs
	bad("ID of its neighbour", withID(func(a *Attack) string { return strconv.FormatInt(a.Target^1, 10) }))
	bad("ID of the size of the tree", withID(func(a *Attack) string { return strconv.FormatInt(a.Size, 10) }))
	bad("ID a record beyond", withID(func(a *Attack) string { return strconv.FormatInt(a.Size+1, 10) }))
	bad("negative ID", withID(func(a *Attack) string { return strconv.FormatInt(-1-a.Target, 10) }))
	bad("ID modulo 1<<32", withID(func(a *Attack) string { return strconv.FormatInt(a.Target+1<<32, 10) }))
	for _, id := range []int64{1 << 61, 1 << 62, math.MaxInt64, math.MinInt64} {
		bad(fmt.Sprintf("ID %d", id), fixedID(strconv.FormatInt(id, 10)))
	}
	for _, id := range []string{"9223372036854775808", "18446744073709551616", "0x1", "1e0", "1.0", " 1", "1 ", "", "١"} {
		bad(fmt.Sprintf("ID %q", id), fixedID(id))
	}
	out = append(out,
		recordLie{"ID with zeros before", Allowed, withID(func(a *Attack) string { return fmt.Sprintf("000%d", a.Target) })},
		recordLie{"ID with a sign", Allowed, withID(func(a *Attack) string { return fmt.Sprintf("+%d", a.Target) })})

	// lines beside the record that the tree has (GO-2026-6180)
	bad("line before the ID (GO-2026-6180)", func(a *Attack, id, text, head string) string { return evilLine(a.Target) + id + text + "\n" + head })
	bad("line before the others (GO-2026-6180)", func(a *Attack, id, text, head string) string { return id + evilLine(a.Target) + text + "\n" + head })
	bad("line behind the others (GO-2026-6180)", func(a *Attack, id, text, head string) string { return id + text + evilLine(a.Target) + "\n" + head })
	out = append(out,
		recordLie{"line between record and head (GO-2026-6180)", badSignature, func(a *Attack, id, text, head string) string { return id + text + "\n" + evilLine(a.Target) + head }},
		recordLie{"lines for a second record before the head (GO-2026-6180)", badSignature, func(a *Attack, id, text, head string) string {
			return id + text + "\n" + id + EvilText(a.Target) + "\n" + head
		}},
		recordLie{"line behind the head (GO-2026-6180)", badSignature, func(a *Attack, id, text, head string) string { return id + text + "\n" + head + evilLine(a.Target) }},
		recordLie{"line in the head, not signed (GO-2026-6180)", badSignature, func(a *Attack, id, text, head string) string {
			return id + text + "\n" + strings.Replace(head, "\n\n", "\n"+evilLine(a.Target)+"\n", 1)
		}},
		recordLie{"line in the head, signed (GO-2026-6180)", Allowed, func(a *Attack, id, text, head string) string {
			signed, _ := headText([]byte(head))
			return id + text + "\n" + string(a.Tree.Sign(signed+evilLine(a.Target)))
		}},
		recordLie{"no head", badSignature, func(_ *Attack, id, text, _ string) string { return id + text + "\n" }},
		recordLie{"another record's head of another log", badSignature, func(a *Attack, id, text, _ string) string {
			return id + text + "\n" + string(a.Other.Signed(a.Size))
		}})

	// the text
	bad("hash of the zip changed", func(a *Attack, id, _, head string) string { return id + EvilText(a.Target) + "\n" + head })
	bad("hash of go.mod changed", withText(func(text string) string { return text[:len(text)-5] + "AAA=\n" }))
	bad("letter of the hash in other case", replaced("h1:", "H1:"))
	bad("line of the zip missing", withText(func(text string) string { return text[strings.Index(text, "\n")+1:] }))
	bad("line of go.mod missing", withText(func(text string) string { return text[:strings.Index(text, "\n")+1] }))
	bad("lines in other order", withText(func(text string) string {
		zip, goMod, _ := strings.Cut(text, "\n")
		return goMod + zip + "\n"
	}))
	bad("line of the zip twice", withText(func(text string) string { return text[:strings.Index(text, "\n")+1] + text }))
	bad("other version", withText(func(text string) string { return strings.ReplaceAll(text, "v1.0.0", "v1.0.1") }))
	bad("other path", withText(func(text string) string { return strings.ReplaceAll(text, "example.com", "example.org") }))
	bad("path in other case", withText(func(text string) string { return strings.ReplaceAll(text, "example.com", "Example.com") }))
	bad("CR before LF", withText(func(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }))
	bad("zero byte", replaced("h1:", "h1:\x00"))
	bad("not UTF-8", replaced("h1:", "h1:\xff"))
	bad("tab", replaced(" ", "\t"))
	bad("two spaces", replaced(" ", "  "))
	bad("space at the end", replaced("\n", " \n"))
	bad("fourth field", replaced("\n", " more\n"))
	bad("no hash", withText(func(text string) string { return text[:strings.Index(text, " h1:")] + text[strings.Index(text, "\n"):] }))
	bad("cut in the text", func(_ *Attack, id, text, _ string) string { return id + text[:len(text)/2] })
	bad("cut behind the text", func(_ *Attack, id, text, _ string) string { return id + text })
	bad("garbage", func(*Attack, string, string, string) string { return strings.Repeat("\xa5\x00\n", 5000) })
	bad("16,000 lines of nothing", func(*Attack, string, string, string) string { return strings.Repeat("\n", 16000) })
	bad("gzip", func(_ *Attack, id, text, head string) string {
		return string(compressed([]byte(id + text + "\n" + head)))
	})
	bad("web page", func(*Attack, string, string, string) string { return webPage })
	return append(out, recordLie{"a MiB", Failure, func(_ *Attack, id, text, head string) string {
		return id + text + "\n" + head + strings.Repeat("x", 1<<20)
	}})
}
