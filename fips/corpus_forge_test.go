// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// wipeFirst removes the build info that tools read; wipeBoth also what the program
// itself reads.
func wipeFirst(s *specimen) { wipe(s.data) }

func wipeBoth(s *specimen) {
	wipeFirst(s)
	for range 2 {
		if i := bytes.Index(s.data, []byte(infoStart)); i >= 0 {
			clear(s.data[i:][:bytes.Index(s.data[i:], []byte(infoEnd))+len(infoEnd)])
		}
	}
}

// The frame of both copies of the build info: cmd/go/internal/modload.
const (
	infoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"
	infoEnd   = "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
)

// room is what forge takes from to keep the length of the build info: a value of a
// linker flag.
const room = "main.room="

var roomy = "-ldflags=-checklinkname=0 -X " + room + strings.Repeat("r", 200)

// forge replaces lines of the build info, in its first copies. The second argument
// is 1 for the copy that tools read alone, 2 for both.
func forge(copies int, oldnew ...string) change {
	return func(s *specimen) {
		s.t.Helper()
		done := 0
		for from := 0; ; {
			i := bytes.Index(s.data[from:], []byte(infoStart))
			if i < 0 {
				break
			}
			from += i + len(infoStart)
			n := bytes.Index(s.data[from:], []byte(infoEnd))
			if n < 0 {
				break
			}
			text := string(s.data[from:][:n])
			if !strings.HasPrefix(text, "path\t") {
				continue
			}
			if blob := bytes.LastIndex(s.data[:from], []byte("\xff Go buildinf:")); copies == 1 && (blob < 0 || from-blob > 200) {
				continue
			}
			forged := text
			for j := 0; j < len(oldnew); j += 2 {
				if !strings.Contains(forged, oldnew[j]) {
					s.t.Fatalf("no %q in %q", oldnew[j], forged)
				}
				forged = strings.Replace(forged, oldnew[j], oldnew[j+1], 1)
			}
			at := strings.Index(forged, room) + len(room)
			switch more := len(forged) - len(text); {
			case more > 0:
				forged = forged[:at] + forged[at+more:]
			case more < 0:
				forged = forged[:at] + strings.Repeat("r", -more) + forged[at:]
			}
			copy(s.data[from:], forged)
			done++
		}
		if done != copies {
			s.t.Fatalf("%d copies of the build info", done)
		}
	}
}

// replace replaces a text wherever it is, by one of its length.
func replace(old, text string) change {
	return func(s *specimen) {
		if len(old) != len(text) || !bytes.Contains(s.data, []byte(old)) {
			s.t.Fatalf("%q for %q", text, old)
		}
		copy(s.data, bytes.ReplaceAll(s.data, []byte(old), []byte(text)))
	}
}

// renameReader has no function any more that is known to read the default.
var renameReader = replace("runtime.godebugNotify\x00", "runtime.godebugNotifx\x00")

// rename gives the functions of one version of the module the names of another, in
// the function table. Names that are too short for it go to another package. The
// names that assay looks for come to be, and the module's test has its own.
func rename(from, to string) change {
	escape := func(v string) string { return strings.ReplaceAll(v, ".", "%2e") }
	return func(s *specimen) {
		section := s.file.Section(".gopclntab")
		table := s.data[section.Offset:][:section.FileSize]
		test := "crypto/internal/fips140/" + to + "/check.init.0"
		before := nameOffset(table, "crypto/internal/fips140/"+from+"/check.init.0")
		for _, old := range []string{"crypto/internal/fips140/" + from + "/", "crypto/internal/fips140/" + escape(from) + "."} {
			for at := 0; ; {
				i := bytes.Index(table[at:], []byte(old))
				if i < 0 {
					break
				}
				at += i
				end := bytes.IndexByte(table[at:], 0)
				name := "crypto/internal/fips140/" + to + "/x.y"
				for _, sought := range []string{"crypto/internal/fips140/" + to + "/sha256.blockSHANI", test} {
					if !bytes.Contains(table, []byte(sought)) && end >= len(sought)+1 {
						name = sought + "\x00"
					}
				}
				if end < len(name) {
					name = "crypto/x.y"
				}
				copy(table[at:at+end], name+strings.Repeat("z", end-len(name)))
				at += end
			}
		}
		after := nameOffset(table, test)
		if before == 0 || after == 0 {
			s.t.Fatal("the module's test is not renamed")
		}
		eachFunction(table, func(name []byte) {
			switch binary.LittleEndian.Uint32(name) {
			case before:
				binary.LittleEndian.PutUint32(name, after)
			case after:
				binary.LittleEndian.PutUint32(name, before)
			}
		})
	}
}

// strangeFunction gives another function the name of one, in the function table: the
// runtime looks functions up by their address.
func strangeFunction(name, other string) change {
	return func(s *specimen) {
		section := s.file.Section(".gopclntab")
		table := s.data[section.Offset:][:section.FileSize]
		want, from := nameOffset(table, name), nameOffset(table, other)
		done := 0
		eachFunction(table, func(at []byte) {
			if want != 0 && from != 0 && binary.LittleEndian.Uint32(at) == from {
				binary.LittleEndian.PutUint32(at, want)
				done++
			}
		})
		if done != 1 {
			s.t.Fatalf("%d functions %s", done, other)
		}
	}
}

// A function table begins with eight bytes and with numbers (runtime.pcHeader).
func pcHeader(table []byte, i int) int { return int(binary.LittleEndian.Uint64(table[8+8*i:])) }

// nameOffset is where a name stands among those of a function table; 0 if it does not.
func nameOffset(table []byte, name string) uint32 {
	return uint32(bytes.Index(table[pcHeader(table, 3):], []byte("\x00"+name+"\x00")) + 1)
}

// eachFunction calls fn with where each function has its name.
func eachFunction(table []byte, fn func(name []byte)) {
	functab := pcHeader(table, 7)
	for i := range pcHeader(table, 0) {
		fn(table[functab+int(binary.LittleEndian.Uint32(table[functab+8*i+4:])):][4:8])
	}
}
