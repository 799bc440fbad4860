// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
)

// inlined is a function table in memory: names, values by program counter, functions,
// and inline trees.
type inlined struct {
	names, pctab, functab, trees []byte
	functions                    int64
	magic                        uint32
}

func (x inlined) code() ([]string, error) {
	table := slices.Concat(x.names, x.pctab, x.functab)
	im := &Image{order: binary.LittleEndian, ptr: 8}
	c, err := im.newCode(functionTable{
		magic: x.magic, r: io.NewSectionReader(bytes.NewReader(table), 0, int64(len(table))), functions: x.functions,
		units: int64(len(x.names)), filesEnd: int64(len(x.names)), functab: int64(len(x.names) + len(x.pctab)),
	})
	if err != nil {
		return nil, err
	}
	if err := c.read(io.NewSectionReader(bytes.NewReader(x.trees), 0, int64(len(x.trees)))); err != nil {
		return nil, err
	}
	var names []string
	c.each(func(_, name string) { names = append(names, name) })
	return names, nil
}

// oneFunction is a table of one function, a.F, into which calls of a.G and a.H are
// inlined, as Go 1.20 and later write it. table and tree are where its lists point to.
func oneFunction(table, tree, calls uint32) inlined {
	u32 := func(v ...uint32) (out []byte) {
		for _, x := range v {
			out = binary.LittleEndian.AppendUint32(out, x)
		}
		return out
	}
	var pctab []byte
	pctab = append(pctab, 0)      // none has offset 0
	pctab = append(pctab, 2, 1)   // index 0
	for range max(calls, 1) - 1 { // the next ones
		pctab = append(pctab, 2, 1)
	}
	pctab = append(pctab, 0)
	return inlined{
		magic: magic120, functions: 1, names: []byte("a.F\x00a.G\x00a.H\x00a.I\x00"), pctab: pctab,
		functab: slices.Concat(u32(0, 12, 100), // functab: the function, the end
			u32(0, 0, 0, 0, 0, 0, 0, 3, 0, 1), []byte{0, 0, 0, 4}, u32(0, 0, table), u32(0, 0, 0, tree)),
		trees: slices.Concat(u32(0, 4, 0, 1), u32(0, 8, 0, 1), u32(0, 5, 0, 1)),
	}
}

func TestInlineTree(t *testing.T) {
	for name, test := range map[string]struct {
		table inlined
		want  []string
	}{
		"two calls":                {oneFunction(1, 0, 2), []string{"a.F", "a.G", "a.H"}},
		"one call":                 {oneFunction(1, 0, 1), []string{"a.F", "a.G"}},
		"another tree":             {oneFunction(1, 16, 1), []string{"a.F", "a.H"}},
		"no table":                 {oneFunction(0, 0, 2), []string{"a.F"}},
		"no tree":                  {oneFunction(1, 1<<32-1, 2), []string{"a.F"}},
		"within a name":            {oneFunction(1, 0, 3), nil},
		"longer than the trees":    {oneFunction(1, 0, 4), nil},
		"behind the trees":         {oneFunction(1, 1000, 1), nil},
		"behind the tables":        {oneFunction(1000, 0, 1), nil},
		"as large as can be":       {oneFunction(1, 1<<32-2, 1), nil},
		"more functions than told": {inlined{magic: magic120, functions: 5, names: []byte("a.F\x00"), functab: []byte{1}}, nil},
	} {
		got, err := test.table.code()
		if !slices.Equal(got, test.want) || (err == nil) != (test.want != nil) || err != nil && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	cut := oneFunction(1, 0, 2)
	cut.pctab = cut.pctab[:4]
	if got, err := cut.code(); !errors.Is(err, ErrMalformed) {
		t.Errorf("table without an end: %q, %v", got, err)
	}
	cut.pctab = []byte{0, 0x80, 0x80, 0x80, 0x80, 0x80, 0}
	if got, err := cut.code(); !errors.Is(err, ErrMalformed) {
		t.Errorf("endless number: %q, %v", got, err)
	}
}

// Tables that begin within each other cost no more than those that do not.
func TestInlineTreeShared(t *testing.T) {
	x := oneFunction(1, 0, 1)
	const many = 2000
	x.pctab = append(bytes.Repeat([]byte{2, 1, 1, 1}, 1<<16), 0)
	one := x.functab[12:]
	x.functab = nil
	for i := range uint32(many + 1) {
		x.functab = binary.LittleEndian.AppendUint32(x.functab, i)
		x.functab = binary.LittleEndian.AppendUint32(x.functab, 8*(many+1)+i*uint32(len(one)))
	}
	for i := range uint32(many) {
		f := bytes.Clone(one)
		binary.LittleEndian.PutUint32(f[44+8:], 4*i+4)
		x.functab = append(x.functab, f...)
	}
	x.functions = many
	if _, err := x.code(); !errors.Is(err, ErrMalformed) {
		t.Error(err)
	}
}

func FuzzInlineTree(f *testing.F) {
	x := oneFunction(1, 0, 2)
	f.Add(x.names, x.pctab, x.functab, x.trees, int64(1), false)
	f.Fuzz(func(t *testing.T, names, pctab, functab, trees []byte, functions int64, old bool) {
		if len(names) == 0 || functions < 0 {
			return
		}
		x := inlined{names, pctab, functab, trees, min(functions, int64(len(functab)/8)), magic120}
		if old {
			x.magic = magic118
		}
		x.code()
	})
}
