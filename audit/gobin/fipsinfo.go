// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
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
	Absent Integrity = "absent" // there is nothing to test: an older toolchain, or not Go's linker; or several places claim to be the sum
)

const fipsMagic = "\xff Go fipsinfo \xff\x00"

// Where the sum and the pointer to itself stand, in bytes from the start.
const sumAt, selfAt = 16, 48

// maxFIPSRange bounds one range, in bytes. The text of v1.0.0 has half a MiB.
const maxFIPSRange = 64 << 20

// maxSums bounds the places that are looked at which claim to be the sum.
const maxSums = 16

// FIPSInfo finds and verifies the module's integrity sum. Copies of it that stand
// elsewhere are told by the pointer to itself, and passed over. It is the one to
// which the module's test refers, where that can be read. Where there is none, or that cannot be told, the state is Absent. An error is of reading the
// file.
func (im *Image) FIPSInfo() (*FIPSInfo, error) {
	var found []*FIPSInfo
	var failed error
	err := im.find(fipsMark, []bool{true, false}, func(addr uint64) bool {
		info, err := im.fipsInfoAt(addr)
		if err != nil {
			failed = err
			return false
		}
		if info != nil {
			found = append(found, info)
		}
		return len(found) < maxSums
	})
	if err = cmp.Or(failed, err); err != nil {
		return nil, err
	}
	found, err = im.tested(found)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return &FIPSInfo{State: Absent}, nil
	}
	return found[0], im.verifyFIPS(found[0])
}

// tested keeps those of some sums to which the module's test refers, also if there
// is but one: the mark of the right one can be spoiled. For processors whose code is
// not read it is the one at the symbol, where there are symbols. Where nothing tells,
// a program without the test included, all are kept.
func (im *Image) tested(found []*FIPSInfo) ([]*FIPSInfo, error) {
	if names := im.nativeTests(); len(names) > 0 && im.understood() {
		var refers map[uint64]bool
		if len(names) == 1 { // else two versions of the module are mixed
			refers, _ = im.referencesOf(names[0])
		}
		return slices.DeleteFunc(found, func(info *FIPSInfo) bool {
			for offset := range uint64(selfAt) { // its first field, or a later one
				if refers[info.Address+offset] {
					return false
				}
			}
			return true
		}), nil
	}
	if im.symbols == nil {
		return found, nil
	}
	addr, err := im.symbols.find("go:fipsinfo")
	if err != nil || addr == 0 {
		return found, err
	}
	return slices.DeleteFunc(found, func(info *FIPSInfo) bool { return info.Address != addr }), nil
}

// nativeTests lists the functions that are the test of a native module.
func (im *Image) nativeTests() []string {
	if im.tests == nil {
		_ = im.Functions(func(_, _ string) {}) // none are known of a table that cannot be read
	}
	return im.tests
}

func isNativeTest(function string) bool {
	return strings.HasPrefix(function, "crypto/internal/fips140/") && strings.HasSuffix(function, "/check.init.0")
}

// fipsInfoAt reads go:fipsinfo at addr; nil if it does not point to itself.
func (im *Image) fipsInfoAt(addr uint64) (*FIPSInfo, error) {
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
	return info, nil
}

// verifyFIPS computes the sum as the program does at its start.
func (im *Image) verifyFIPS(info *FIPSInfo) error {
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
		if im.changes(addressRange{r.Start, r.End}) {
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
	info.Found = hex.EncodeToString(h.Sum(nil))
	if info.Found == info.Sum && info.Sum != strings.Repeat("0", len(info.Sum)) {
		info.State = Intact
	}
	return nil
}
