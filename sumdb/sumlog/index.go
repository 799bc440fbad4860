// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"hash/maphash"
	"math"
	"sync"
)

// An index finds records by their module version. It is a table with open
// addressing of 8 bytes a slot, at most three quarters full, that holds no
// names: a part of the name's hash, and the record's number, by which the
// caller looks whether it is the one. With the records' ends that is 19 to 30
// bytes a record. The hash is seeded, for the names come from outside.
type index struct {
	mu    sync.RWMutex
	seed  maphash.Seed
	slots []slot  // a power of two
	ends  []int64 // of the records in their file
}

type slot struct {
	tag uint32
	id  uint32 // plus 1; 0: free
}

// maxSize bounds the records of a log: a slot has 32 bits for them.
const maxSize = math.MaxUint32 - 1

// newIndex makes an index with room for size records.
func newIndex(size int64) *index {
	n := 16
	for int64(n)/4*3 < size {
		n *= 2
	}
	return &index{seed: maphash.MakeSeed(), slots: make([]slot, n), ends: make([]int64, 0, size)}
}

// add adds the next record, named by the beginning of its text.
func (x *index) add(name []byte, end int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ends = append(x.ends, end)
	if len(x.ends) > len(x.slots)/4*3 {
		x.grow()
	}
	x.put(maphash.Bytes(x.seed, name), uint32(len(x.ends)))
}

func (x *index) put(hash uint64, id uint32) {
	for i := hash; ; i++ {
		if s := &x.slots[i&uint64(len(x.slots)-1)]; s.id == 0 {
			*s = slot{uint32(hash >> 32), id}
			return
		}
	}
}
