// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"debug/macho"
	"encoding/binary"
	"fmt"
	"io"
)

// readRebases reads the places of a Mach-O file to which the loader adds how far from
// its address it loads it: the opcodes of LC_DYLD_INFO, which Go's linker writes
// (<mach-o/loader.h>). The chains that Apple's linker writes are not read.
func (im *Image) readRebases(m *macho.File, r io.ReaderAt) error {
	if d := m.Dysymtab; d != nil && d.Nlocrel+d.Nextrel > 0 { // the form before, which no linker writes into executables
		return fmt.Errorf("%w: %d relocations", ErrMalformed, d.Nlocrel+d.Nextrel)
	}
	const info, infoOnly = 0x22, 0x80000022
	var segments []uint64 // their addresses, by number
	for _, l := range m.Loads {
		if s, ok := l.(*macho.Segment); ok {
			segments = append(segments, s.Addr)
		}
	}
	for _, l := range m.Loads {
		raw := l.Raw()
		if len(raw) < 16 || im.order.Uint32(raw) != info && im.order.Uint32(raw) != infoOnly {
			continue
		}
		size := im.order.Uint32(raw[12:])
		if size > maxRebases {
			return fmt.Errorf("%w: %d bytes of rebases", ErrTooLarge, size)
		}
		code := make([]byte, size)
		if _, err := r.ReadAt(code, int64(im.order.Uint32(raw[8:]))); err != nil {
			return fmt.Errorf("%w: rebases: %v", ErrMalformed, err)
		}
		if err := im.rebase(code, segments); err != nil {
			return err
		}
	}
	im.sortRelocations()
	return nil
}

// maxRebases bounds the opcodes of one image, in bytes.
const maxRebases = 64 << 20

// rebase runs opcodes, the upper half of a byte (REBASE_OPCODE_*); the lower half is
// a number.
func (im *Image) rebase(code []byte, segments []uint64) error {
	malformed := fmt.Errorf("%w: rebases", ErrMalformed)
	ok := true
	number := func() uint64 {
		n, width := binary.Uvarint(code)
		if ok = ok && width > 0; ok {
			code = code[width:]
		}
		return n
	}
	addr, width := uint64(0), uint64(im.ptr)
	times := func(n, skip uint64) {
		if ok = ok && n <= maxRelocations-min(maxRelocations, uint64(len(im.relocs))); !ok {
			return
		}
		for range n {
			im.relocs = append(im.relocs, relocation{addr: addr})
			addr += width + skip
		}
	}
	for len(code) > 0 && ok {
		op, low := code[0]>>4, uint64(code[0]&15)
		code = code[1:]
		switch op {
		case 0: // DONE
			return nil
		case 1: // SET_TYPE_IMM: what is no pointer is no less a change
		case 2: // SET_SEGMENT_AND_OFFSET_ULEB
			if low >= uint64(len(segments)) {
				return malformed
			}
			addr = segments[low] + number()
		case 3: // ADD_ADDR_ULEB
			addr += number()
		case 4: // ADD_ADDR_IMM_SCALED
			addr += low * width
		case 5: // DO_REBASE_IMM_TIMES
			times(low, 0)
		case 6: // DO_REBASE_ULEB_TIMES
			times(number(), 0)
		case 7: // DO_REBASE_ADD_ADDR_ULEB
			times(1, number())
		case 8: // DO_REBASE_ULEB_TIMES_SKIPPING_ULEB
			n := number()
			times(n, number())
		default:
			return malformed
		}
	}
	if !ok {
		return malformed
	}
	return nil
}
