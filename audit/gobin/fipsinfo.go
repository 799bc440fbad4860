// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// FIPSInfo is what an executable says for the integrity test of the native
// FIPS 140 module, and what the test would find. The linker writes it into every
// program of Go 1.24 and later, whether the module is used or not. See
// crypto/internal/fips140/check and cmd/link/internal/ld/fips140.go.
type FIPSInfo struct {
	Address uint64    `json:"address"`          // of go:fipsinfo
	Ranges  [4]Range  `json:"ranges"`           // text, rodata, noptrdata, data of the module
	Sum     string    `json:"sum"`              // HMAC-SHA-256 as it stands in the file, hexadecimal
	Found   string    `json:"found,omitempty"`  // the one that was computed; empty if a range is not in the file
	State   Integrity `json:"state"`            // what the test would find
	Detail  string    `json:"detail,omitempty"` // for Broken: why, if it is not the sum
}

// A Range is a part of the program in memory; its end is not included.
type Range struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

// Integrity is the result of the integrity test.
type Integrity string

// The results. The key is public (32 zero bytes), so that Intact excludes
// accidents, packers and careless changes, and not somebody who seals again.
const (
	Intact Integrity = "intact" // unkeyed
	Broken Integrity = "broken" // the program would panic at its start, were FIPS mode on
	Absent Integrity = "absent" // there is nothing to test: an older toolchain, or not Go's linker
)

const fipsMagic = "\xff Go fipsinfo \xff\x00"

// maxFIPSRange bounds one range, in bytes. The text of v1.0.0 has half a MiB.
const maxFIPSRange = 64 << 20

// FIPSInfo finds and verifies the module's integrity sum. Copies of it that
// stand elsewhere are told by the pointer to itself, and passed over. Where there
// is none the state is Absent. An error is of reading the file.
func (im *Image) FIPSInfo() (*FIPSInfo, error) {
	info := &FIPSInfo{State: Absent}
	var failed error
	err := im.find([]byte(fipsMagic), func(addr uint64) bool {
		found, err := im.fipsInfoAt(addr)
		if err != nil {
			failed = err
			return false
		}
		if found == nil {
			return true
		}
		info = found
		return false
	})
	if failed != nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	return info, nil
}

// fipsInfoAt reads go:fipsinfo at addr; nil if it does not point to itself.
func (im *Image) fipsInfoAt(addr uint64) (*FIPSInfo, error) {
	const sumAt, selfAt = 16, 48
	raw := make([]byte, selfAt+9*im.ptr)
	if err := im.read(raw, addr); err == errAddress {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	pointer := func(i int) uint64 {
		at := selfAt + i*im.ptr
		return im.pointer(addr+uint64(at), raw[at:])
	}
	if pointer(0) != addr {
		return nil, nil
	}
	info := &FIPSInfo{Address: addr, Sum: hex.EncodeToString(raw[sumAt:selfAt])}
	for i := range info.Ranges {
		info.Ranges[i] = Range{pointer(1 + 2*i), pointer(2 + 2*i)}
	}
	return info, im.verifyFIPS(info, [32]byte(raw[sumAt:selfAt]))
}

// verifyFIPS computes the sum as the program does at its start.
func (im *Image) verifyFIPS(info *FIPSInfo, want [32]byte) error {
	info.State = Broken
	h := hmac.New(sha256.New, make([]byte, 32))
	io.WriteString(h, "go fips object v1\n")
	for i, r := range info.Ranges {
		name := [...]string{"text", "rodata", "noptrdata", "data"}[i]
		size := r.End - r.Start
		section, ok := im.section(r.Start)
		if r.End < r.Start || size > maxFIPSRange || !ok && size > 0 || ok && uint64(section.Size()) < size {
			info.Detail = name + " is not in the file"
			return nil
		}
		if im.relocs.inside(addressRange{r.Start, r.End}) {
			info.Detail = name + " is changed by the loader"
			return nil
		}
		h.Write(binary.BigEndian.AppendUint64(nil, size))
		if size == 0 {
			continue
		}
		if _, err := io.CopyN(h, section, int64(size)); err != nil {
			return fmt.Errorf("read the module's %s: %w", name, err)
		}
	}
	sum := h.Sum(nil)
	info.Found = hex.EncodeToString(sum)
	if hmac.Equal(sum, want[:]) && want != [32]byte{} {
		info.State = Intact
	}
	return nil
}
