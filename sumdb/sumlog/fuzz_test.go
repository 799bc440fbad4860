// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A head that is read is one that was signed, byte for byte.
func FuzzHead(f *testing.F) {
	dir, key := newLog(f, 5)
	file, err := os.ReadFile(filepath.Join(dir, headFile))
	if err != nil {
		f.Fatal(err)
	}
	second, err := NewKey(key.Name())
	if err != nil {
		f.Fatal(err)
	}
	w := openWriter(f, dir)
	if err := w.Rotate(second); err != nil {
		f.Fatal(err)
	}
	w.Close()
	both, err := os.ReadFile(filepath.Join(dir, headFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(both)
	f.Fuzz(func(t *testing.T, data []byte) {
		head, err := parseHead(data)
		if err != nil || !slices.Contains(head.Keys, key.Verifier()) {
			return // another key may sign what it likes
		}
		if !bytes.Equal(data, file) && !bytes.Equal(data, both) {
			t.Errorf("%q", data)
		}
	})
}

// A damaged log is refused, and costs no more than its size.
func FuzzOpen(f *testing.F) {
	dir, _ := newLog(f, 5)
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	head, records, hashes := read(headFile), read(recordsFile), read(hashesFile)
	f.Add(records, hashes)
	f.Add(records[:10], hashes)
	f.Add(records, hashes[:100])
	f.Fuzz(func(t *testing.T, r, h []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{headFile: head, recordsFile: r, hashesFile: h} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(dir)
		if err != nil {
			return
		}
		defer s.Close()
		if !bytes.HasPrefix(r, records) || !bytes.HasPrefix(h, hashes) {
			t.Error("another log was opened")
		}
	})
}
