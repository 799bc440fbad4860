// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"
)

// Two words are read of what LDP loads right behind the ADD that makes its address,
// and of nothing else.
func TestARM64References(t *testing.T) {
	const (
		adrp  = 0xb000001b // ADRP 1 page, R27
		add   = 0x9100837b // ADD $32, R27, R27
		ldr   = 0xf9401360 // MOVD 32(R27), R0
		ldr2  = 0xf9401761 // MOVD 40(R27), R1
		ldp   = 0xa9400760 // LDP (R27), (R0, R1)
		ldp16 = 0xa9410760 // LDP 16(R27), (R0, R1)
		ldp26 = 0xa9400740 // LDP (R26), (R0, R1)
		stp   = 0xa9000760 // STP (R0, R1), (R27)
		ldpw  = 0x29400760 // LDPW (R27), (R0, R1)
		nop   = 0xd503201f
	)
	const word = 0x11000 + 32
	for name, test := range map[string]struct {
		code []uint32
		want []uint64
	}{
		"two loads":         {[]uint32{adrp, ldr, adrp, ldr2}, []uint64{word, word + 8}},
		"a pair":            {[]uint32{adrp, add, ldp}, []uint64{word, word + 8}},
		"not right behind":  {[]uint32{adrp, add, nop, ldp}, []uint64{word}},
		"twice":             {[]uint32{adrp, add, ldp, ldp}, []uint64{word, word + 8}},
		"another register":  {[]uint32{adrp, add, ldp26}, []uint64{word}},
		"with an offset":    {[]uint32{adrp, add, ldp16}, []uint64{word}},
		"of 32 bits":        {[]uint32{adrp, add, ldpw}, []uint64{word}},
		"a store":           {[]uint32{adrp, add, stp}, []uint64{word}},
		"of the page alone": {[]uint32{adrp, ldp}, nil},
		"no page":           {[]uint32{add, ldp}, nil},
	} {
		var code []byte
		for _, in := range test.code {
			code = binary.LittleEndian.AppendUint32(code, in)
		}
		got := map[uint64]bool{}
		arm64References(code, 0x10000, func(addr uint64) { got[addr] = true })
		if found := slices.Sorted(maps.Keys(got)); !slices.Equal(found, test.want) {
			t.Errorf("%s: %#x, want %#x", name, found, test.want)
		}
	}
}
