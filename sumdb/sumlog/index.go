// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"hash/maphash"
	"math"
	"sync"
)

// An index finds records by their module version. It is a table with open
// addressing of 8 bytes a slot, at most three quarters full, that holds no
// names: their hashes, and the records' numbers, by which the caller looks
// whether it is the one. With the records' ends that is 19 to 30
// bytes a record. The hash is seeded, for the names come from outside.
type index struct {
	mu    sync.RWMutex
	seed  maphash.Seed
	slots []slot  // a power of two
	ends  []int64 // of the records in their file
}

type slot struct {
	tag uint32 // hash of the name
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
		old := x.slots
		x.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.id != 0 {
				x.put(s)
			}
		}
	}
	x.put(slot{x.tag(name), uint32(len(x.ends))})
}

func (x *index) tag(name []byte) uint32 { return uint32(maphash.Bytes(x.seed, name)) }

func (x *index) put(s slot) {
	i := int(s.tag) & (len(x.slots) - 1)
	for x.slots[i].id != 0 {
		i = (i + 1) & (len(x.slots) - 1)
	}
	x.slots[i] = s
}

// find returns the records that may have the name, of which there is rarely
// more than the one.
func (x *index) find(name []byte) []int64 {
	tag := x.tag(name)
	x.mu.RLock()
	defer x.mu.RUnlock()
	var ids []int64
	for i := int(tag) & (len(x.slots) - 1); x.slots[i].id != 0; i = (i + 1) & (len(x.slots) - 1) {
		if x.slots[i].tag == tag {
			ids = append(ids, int64(x.slots[i].id)-1)
		}
	}
	return ids
}

// extent returns where the record is in its file.
func (x *index) extent(id int64) (start, end int64) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if id > 0 {
		start = x.ends[id-1]
	}
	return start, x.ends[id]
}
