// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bufio"
	"cmp"
	"debug/pe"
	"fmt"
	"io"
)

// readBaseRelocations reads the places of a PE file to which the loader adds how far
// from base it loads it: blocks of a page each (PE Format, "The .reloc Section").
func (im *Image) readBaseRelocations(base uint64, d pe.DataDirectory) error {
	if d.Size == 0 {
		return nil
	}
	const head, absolute, highLow, dir64 = 8, 0, 3, 10
	malformed := fmt.Errorf("%w: base relocations", ErrMalformed)
	im.arrangeEarly()
	r, ok := im.section(base + uint64(d.VirtualAddress))
	if !ok || r.Size() < int64(d.Size) {
		return malformed
	}
	in := bufio.NewReaderSize(io.NewSectionReader(r, 0, int64(d.Size)), 64<<10)
	raw := make([]byte, head)
	for left := int64(d.Size); left >= head; {
		if _, err := io.ReadFull(in, raw); err != nil {
			return err
		}
		page, size := uint64(im.order.Uint32(raw)), int64(im.order.Uint32(raw[4:]))
		if size == 0 { // as far as the loader goes
			break
		}
		if size < head || size > left {
			return malformed
		}
		left -= size
		for range (size - head) / 2 {
			if _, err := io.ReadFull(in, raw[:2]); err != nil {
				return err
			}
			entry := im.order.Uint16(raw)
			x := relocation{addr: base + page + uint64(entry&0xfff), kind: foreign}
			switch kind := entry >> 12; {
			case kind == absolute: // it fills up a block
				continue
			case kind == dir64 && im.ptr == 8, kind == highLow && im.ptr == 4:
				x.kind = implicit
			}
			im.relocs = append(im.relocs, x)
		}
		if size%2 != 0 || len(im.relocs) > maxRelocations {
			return malformed
		}
	}
	im.sortRelocations()
	return nil
}

// readImports reads the places of a PE file into which the loader writes the
// addresses of what is imported (PE Format, "The .idata Section"): for each library
// as many words as names stand in a list, up to one that is zero. How long the
// directory says that it is the loader does not ask.
func (im *Image) readImports(base uint64, d pe.DataDirectory) error {
	if d.VirtualAddress == 0 {
		return nil
	}
	const size, names, library, addresses = 20, 0, 12, 16
	malformed := fmt.Errorf("%w: imports", ErrMalformed)
	at := func(rva uint32) *bufio.Reader {
		r, ok := im.section(base + uint64(rva))
		if !ok {
			r = io.NewSectionReader(im.r, 0, 0)
		}
		return bufio.NewReaderSize(r, 512)
	}
	descriptors, entry, word := at(d.VirtualAddress), make([]byte, size), make([]byte, im.ptr)
	for left := maxImports; ; left-- {
		if _, err := io.ReadFull(descriptors, entry); err != nil {
			return malformed
		}
		field := func(i int) uint32 { return im.order.Uint32(entry[i:]) }
		if field(library) == 0 || field(addresses) == 0 { // the end
			return nil
		}
		list := at(cmp.Or(field(names), field(addresses)))
		start := base + uint64(field(addresses))
		end := start
		for ; ; left-- {
			if _, err := io.ReadFull(list, word); err != nil || left <= 0 {
				return malformed
			}
			if im.word(word) == 0 {
				break
			}
			end += uint64(im.ptr)
		}
		if end > start {
			im.wide = append(im.wide, addressRange{start, end})
		}
	}
}
