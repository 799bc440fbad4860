// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxFunction bounds the code of a function that is looked at, in bytes.
const maxFunction = 1 << 20

// errNoFunction is a function that the table does not have.
var errNoFunction = errors.New("no such function")

// code returns the machine code of the first function of those names that there
// is, and its address, by the function table, which is left in stripped files.
func (im *Image) code(names ...string) ([]byte, uint64, error) {
	found, err := im.located()
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		f, ok := found[name]
		switch {
		case !ok || f.count == 0:
			continue
		case f.count > 1: // which of them runs the table does not tell
			return nil, 0, fmt.Errorf("%w: %d functions %s", ErrMalformed, f.count, name)
		case f.end <= f.start || f.end-f.start > maxFunction:
			return nil, 0, fmt.Errorf("%w: function of %d bytes", ErrMalformed, f.end-f.start)
		case im.changes(f.addressRange):
			return nil, 0, fmt.Errorf("%w: code that the loader changes", ErrMalformed)
		}
		code := make([]byte, f.end-f.start)
		return code, f.start, im.read(code, f.start)
	}
	return nil, 0, errNoFunction
}

// located are the functions whose code is looked at, by name: those that read the
// default of GODEBUG, and the test of the native module, if there is one.
type located map[string]*function

// A function is where the code stands that has a name.
type function struct {
	addressRange
	count int // how often the table has the name
}

// locate finds all functions whose code is looked at. The entries of the table are
// relative to the start of the text.
func (im *Image) locate() (located, error) {
	t, err := im.functionTable()
	if err != nil {
		return nil, err
	}
	text, err := im.textStart(t.addr)
	if err != nil {
		return nil, err
	}
	found := located{}
	for _, name := range slices.Concat(defaultReaders, defaultNotifiers) {
		found[name] = &function{}
	}
	if tests := im.nativeTests(); len(tests) == 1 && len(tests[0]) < maxOverlap {
		found[tests[0]] = &function{}
	}
	named, err := t.nameOffsets(found)
	if err != nil {
		return nil, err
	}
	entries, described := newWindow(t.r, 64<<10), newWindow(t.r, 64<<10)
	start, at := uint64(0), int64(-1) // of the function before, and where it is described
	for i := range t.functions + 1 {
		entry := entries.at(t.functab+8*i, 8)
		if entry == nil {
			return nil, errNoFunction
		}
		pc := text + uint64(im.order.Uint32(entry))
		if at >= 0 { // this entry ends the one before
			head := described.at(t.functab+at, 8)
			if head == nil {
				return nil, errNoFunction
			}
			if f, ok := named[int64(im.order.Uint32(head[4:]))]; ok { // runtime._func.nameOff
				f.addressRange = addressRange{start, pc}
				f.count++
			}
		}
		start, at = pc, int64(im.order.Uint32(entry[4:]))
	}
	return found, nil
}

// maxSameName bounds the places that are looked at which have a name.
const maxSameName = 1000

// rareInNames are bytes that few names of functions have. Each name that is looked for
// has one.
const rareInNames = "NVkv"

// nameOffsets finds all places in the table of names where the name of one of some
// functions stands, the ends of others included. One that stands in too many counts
// as several.
func (t functionTable) nameOffsets(of located) (map[int64]*function, error) {
	out := map[int64]*function{}
	pooled := chunks.Get().(*[chunk + maxOverlap]byte)
	defer chunks.Put(pooled)
	seen := map[*function]int{}
	size := t.units - t.names
	for at := int64(0); at < size; at += chunk {
		part := pooled[:min(size-at, int64(len(pooled)))]
		if _, err := t.r.ReadAt(part, t.names+at); err != nil && err != io.EOF {
			return nil, err
		}
		for name, f := range of {
			m := mark{name + "\x00", strings.IndexAny(name, rareInNames)}
			for i := range m.in(part[:min(chunk+len(name), len(part))]) { // what begins later is in the next part
				if seen[f]++; seen[f] > maxSameName {
					f.count = 2
					break
				}
				out[at+int64(i)] = f
			}
		}
	}
	return out, nil
}

// textStart finds where the text starts that the function table at addr is about.
func (im *Image) textStart(addr uint64) (uint64, error) {
	_, text, err := im.moduledata(addr)
	return text, err
}

// moduledata finds the runtime's moduledata, whose first field points to the function
// table at addr, and the start of the text that it names (runtime.moduledata; alike up
// to there since Go 1.18).
func (im *Image) moduledata(addr uint64) (at, text uint64, err error) {
	const minpc, start = 20, 22 // words
	err = im.scan(true, 23*im.ptr-1, func(base uint64, part []byte) bool {
		relocs := im.relocs.within(addressRange{base, base + uint64(len(part))}, 1) // from the word that is looked at on
		for i := int(-base & uint64(im.ptr-1)); i+23*im.ptr <= len(part); i += im.ptr {
			for len(relocs) > 0 && relocs[0].addr < base+uint64(i) {
				relocs = relocs[1:]
			}
			tabled := len(relocs) > 0 && relocs[0].addr == base+uint64(i) && relocs[0].to == addr
			if stored := im.word(part[i:]); !tabled && stored&im.mask != addr && (im.base == 0 || stored&maxChained != addr-im.base) {
				continue // what im.pointer would tell too, but slowly
			}
			word := func(n int) uint64 {
				return im.pointer(base+uint64(i+n*im.ptr), part[i+n*im.ptr:])
			}
			if word(0) != addr {
				continue
			}
			if to := word(start); to != 0 && to <= word(minpc) {
				if _, ok := im.section(to); ok {
					at, text = base+uint64(i), to
					return false
				}
			}
		}
		return true
	})
	if err == nil && text == 0 {
		err = fmt.Errorf("%w: no moduledata", ErrMalformed)
	}
	return at, text, err
}

// referencesOf lists the variables to which the first of some functions refers
// that there is. It reports false where that cannot be told.
func (im *Image) referencesOf(names ...string) (map[uint64]bool, bool) {
	code, base, err := im.code(names...)
	if err != nil {
		return nil, false
	}
	return im.references(code, base)
}

// understood reports whether references reads the code of the image's processor.
func (im *Image) understood() bool {
	_, ok := im.references(nil, 0)
	return ok
}

// references lists the variables that machine code at base refers to: addresses
// in writable memory. It looks for what Go's compiler writes: an address relative
// to the instruction, a page and an offset, or the address itself. It reports false
// for processors whose code is not read here.
func (im *Image) references(code []byte, base uint64) (map[uint64]bool, bool) {
	out := map[uint64]bool{}
	add := func(addr uint64) {
		if im.isWritable(addr) {
			out[addr] = true
		}
	}
	switch im.arch {
	case "amd64": // a displacement of 32 bits, relative to what follows it
		for i := 0; i+4 <= len(code); i++ {
			add(base + uint64(i) + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(code[i:])))))
		}
	case "386": // the address, in an instruction
		for i := 0; i+4 <= len(code); i++ {
			add(uint64(binary.LittleEndian.Uint32(code[i:])))
		}
	case "arm": // the address, behind the code
		for i := 0; i+4 <= len(code); i += 4 {
			add(uint64(im.order.Uint32(code[i:])))
		}
	case "arm64":
		arm64References(code, base, add)
	default:
		return nil, false
	}
	return out, true
}

// isWritable reports whether addr is in writable memory, or in such as no byte of
// the file fills.
func (im *Image) isWritable(addr uint64) bool {
	return im.isZero(addr) || slices.ContainsFunc(im.segments, func(s segment) bool { return s.write && addr-s.addr < s.size })
}

// arm64References follows ADRP, which loads the address of a page, to the ADD or
// LDR with the offset in it, and to the LDP right behind such an ADD, which loads
// two words (Arm Architecture Reference Manual, C6.2).
func arm64References(code []byte, base uint64, add func(uint64)) {
	pages := map[uint32]uint64{} // by register
	var sum struct {             // of the ADD right before
		register uint32
		addr     uint64
		made     bool
	}
	for i := 0; i+4 <= len(code); i += 4 {
		in := binary.LittleEndian.Uint32(code[i:]) // instructions always are
		to, from, imm := in&31, in>>5&31, uint64(in>>10&0xfff)
		page, known := pages[from]
		before := sum
		sum.made = false
		switch {
		case in&0x9f000000 == 0x90000000: // ADRP
			pages[to] = (base+uint64(i))&^0xfff + uint64(int64(uint64(in>>5&0x7ffff<<2|in>>29&3)<<43)>>43<<12)
		case known && in&0xffc00000 == 0x91000000: // ADD of 64 bits
			add(page + imm)
			sum.register, sum.addr, sum.made = to, page+imm, true
		case known && (in&0xffc00000 == 0xf9400000 || in&0xffc00000 == 0xf9000000): // LDR and STR of 64 bits
			add(page + imm*8)
		case before.made && before.register == from && in&0xffff8000 == 0xa9400000: // LDP of 64 bits, with no offset
			add(before.addr + 8)
		}
	}
}
