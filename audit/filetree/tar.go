// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// clean is the name of an archive's member, as a way below its root.
func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// nextHeader returns the next header of a tar archive. What a global extended
// header says is of no file.
func nextHeader(tr *tar.Reader) (*tar.Header, error) {
	for {
		h, err := tr.Next()
		if errors.Is(err, tar.ErrInsecurePath) {
			err = nil // GODEBUG=tarinsecurepath=0; nothing is written
		}
		if err != nil || h.Typeflag != tar.TypeXGlobalHeader {
			return h, err
		}
	}
}

// errBehind is what tar(1) reads with --ignore-zeros, and nobody else.
var errBehind = fmt.Errorf("%w: what stands behind its end is not read", ErrMalformed)

// behindEnd reads what stands behind the end of an archive, to the checksum of what
// compressed it. Zeros fill the last record (POSIX, pax, "ustar Interchange Format").
func behindEnd(r io.Reader) error {
	var found error
	block := make([]byte, 32<<10)
	for {
		n, err := r.Read(block)
		if len(bytes.TrimLeft(block[:n], "\x00")) > 0 {
			found = errBehind
		}
		switch {
		case err == io.EOF:
			return found
		case err != nil:
			return err
		}
	}
}

// isFile reports whether a member has content of its own. Types that are not
// known are regular files: pax(1), "typeflag".
func isFile(h *tar.Header) bool {
	switch h.Typeflag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		return false
	}
	return true
}

// isSparse reports whether holes were left out of a member: what stands in the
// archive is not the file.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// tar reads a tar archive in a file: its members are read where they stand.
func (w *walk) tar(at place, r io.ReaderAt, size int64) error {
	t, err := w.indexTar(at.budget, io.NewSectionReader(r, 0, size))
	defer t.close()
	if err != nil {
		return err
	}
	used := map[string]bool{}
	if isImage(t) {
		if used, err = w.images(at, t); err != nil {
			return err
		}
	}
	for i, m := range t.members {
		if used[m.name] && t.files[m.name] == i || m.sparse || m.content.Size() == 0 {
			continue
		}
		if m.cut {
			err = w.failed(at.in(m.name), malformed(io.ErrUnexpectedEOF))
		} else {
			err = w.open(at.in(m.name), m.content, m.content.Size())
		}
		if err != nil {
			return err
		}
	}
	if err := w.sparse(at, t, used); err != nil {
		return err
	}
	if t.err != nil {
		return w.failed(at, malformed(t.err))
	}
	return nil
}

// sparse reads the members with holes.
func (w *walk) sparse(at place, t *tarIndex, used map[string]bool) error {
	tr := tar.NewReader(io.NewSectionReader(t.r, 0, t.r.Size()))
	for i := 0; i < t.sparse; {
		h, err := nextHeader(tr)
		if err != nil { // which the index tells
			return nil
		}
		if !isFile(h) || !isSparse(h) {
			continue
		}
		i++
		if name := clean(h.Name); !used[name] && h.Size > 0 {
			if err := w.member(at.in(name), tr, h.Size); err != nil {
				return err
			}
		}
	}
	return nil
}

// names are those of the members of a tar archive, for who looks for one.
type names struct {
	files map[string]int    // the last member of that name, which would be left on a disk
	links map[string]string // symbolic and hard links: older versions of "docker save" write a layer once
}

func (n *names) add(h *tar.Header, i int) {
	name := clean(h.Name)
	switch {
	case isFile(h):
		n.files[name] = i
		delete(n.links, name)
		return
	case h.Typeflag == tar.TypeLink:
		n.links[name] = clean(h.Linkname)
	case h.Typeflag == tar.TypeSymlink && !path.IsAbs(h.Linkname):
		n.links[name] = clean(path.Join(path.Dir(name), h.Linkname))
	}
	delete(n.files, name)
}

// resolve follows links.
func (n *names) resolve(name string) (string, bool) {
	for range 8 {
		if _, ok := n.files[name]; ok {
			return name, true
		}
		to, ok := n.links[name]
		if !ok {
			break
		}
		name = to
	}
	return "", false
}

// A tarIndex is where the members of a tar archive stand.
type tarIndex struct {
	names
	r       *io.SectionReader
	members []tarMember
	sparse  int   // how many of them have holes
	err     error // why the list ends too early

	budget *budget
	taken  int64 // of it
}

type tarMember struct {
	name        string
	content     *io.SectionReader
	sparse, cut bool
}

// entryCost is about what it takes to remember an entry, besides its name.
const entryCost = 256

func (t *tarIndex) take(h *tar.Header) error {
	n := int64(entryCost + 2*len(h.Name) + len(h.Linkname))
	if err := t.budget.take(n); err != nil {
		return err
	}
	t.taken += n
	return nil
}

func (t *tarIndex) close() { t.budget.give(t.taken) }

// indexTar lists the members of a tar archive. The error is of the walk.
func (w *walk) indexTar(b *budget, r *io.SectionReader) (*tarIndex, error) {
	t := &tarIndex{names: names{map[string]int{}, map[string]string{}}, r: r, budget: b}
	tr := tar.NewReader(r)
	for {
		h, err := nextHeader(tr)
		if err == io.EOF {
			t.err = behindEnd(r)
			return t, nil
		}
		if err == nil {
			if err := w.count(); err != nil {
				return t, err
			}
			err = t.take(h)
		}
		offset := int64(0)
		if err == nil {
			offset, err = r.Seek(0, io.SeekCurrent) // the reader reads whole blocks, and is at the content now
		}
		if err != nil {
			t.err = err
			return t, nil
		}
		t.add(h, len(t.members))
		if isFile(h) {
			m := tarMember{name: clean(h.Name), sparse: isSparse(h), cut: h.Size > r.Size()-offset}
			m.content = io.NewSectionReader(r, offset, h.Size)
			t.members = append(t.members, m)
			if m.sparse {
				t.sparse++
			}
		}
	}
}

// has returns the name of the member whose content a name leads to.
func (t *tarIndex) has(name string) (string, bool) { return t.resolve(name) }

func (t *tarIndex) each(files []string, fn func(name string, r io.Reader) error) error {
	for _, name := range files {
		m := t.members[t.files[name]]
		var r io.Reader = io.NewSectionReader(m.content, 0, m.content.Size()) // of a cut one, the reader finds that
		if m.sparse {
			r = failing{fmt.Errorf("%w: sparse member", ErrMalformed)}
		}
		if err := fn(name, r); err != nil {
			return err
		}
	}
	return nil
}

// tarStream reads a compressed tar archive.
func (w *walk) tarStream(at place, u *unpacker, open func() *unpacker) error {
	looked := false
	tr := tar.NewReader(u)
	for i := 0; ; i++ {
		h, err := nextHeader(tr)
		if err == io.EOF {
			if err = behindEnd(u); err == nil {
				return nil
			}
		}
		if err != nil {
			return w.failed(at, malformed(err))
		}
		if err := w.count(); err != nil {
			return err
		}
		if !isFile(h) || h.Size == 0 {
			continue
		}
		name := clean(h.Name)
		in := at.in(name)
		head, err := readHead(tr, h.Size)
		if err != nil {
			if err := w.failed(in, malformed(err)); err != nil {
				return err
			}
			continue
		}
		archive := sniff(head) != other
		if !looked && (archive || name == "manifest.json" || name == "index.json") {
			// It may be an image, which the names tell. No layer was read as an
			// archive by itself so far.
			looked = true
			t := &packedTar{open: open}
			err := t.index(at.budget)
			if err == nil && isImage(t) {
				u.close()
				return w.packedImages(at, t, i)
			}
			t.close()
			if w.ctx.Err() != nil {
				return w.ctx.Err()
			}
		}
		if !w.mayHold(head) {
			continue
		}
		if err := w.load([]place{in}, io.MultiReader(bytes.NewReader(head), tr), h.Size); err != nil {
			return err
		}
	}
}

// packedImages reads the images in a compressed tar archive, and of its other
// members those from the one with number from: those before it were read.
func (w *walk) packedImages(at place, t *packedTar, from int) error {
	defer t.close()
	used, err := w.images(at, t)
	if err != nil {
		return err
	}
	var ended error
	err = t.all(func(i int, h *tar.Header, r io.Reader) error {
		if name := clean(h.Name); i >= from && isFile(h) && h.Size > 0 && !(used[name] && t.files[name] == i) {
			ended = w.member(at.in(name), r, h.Size)
		}
		return ended
	})
	if ended == nil && err != nil {
		ended = w.failed(at, malformed(err))
	}
	return ended
}

// packedTar is a compressed tar archive, in which a member is found by reading
// what stands before it.
type packedTar struct {
	tarIndex
	open func() *unpacker
	kept map[string][]byte // members that may be manifests
}

// all calls fn for each member, until it returns an error.
func (t *packedTar) all(fn func(i int, h *tar.Header, r io.Reader) error) error {
	u := t.open()
	defer u.close()
	return eachEntry(u, fn)
}

// maxKept bounds the manifests that are kept in memory, in bytes.
const maxKept = 32 << 20

func (t *packedTar) index(b *budget) error {
	t.names, t.budget, t.kept = names{map[string]int{}, map[string]string{}}, b, map[string][]byte{}
	kept := int64(0)
	err := t.all(func(i int, h *tar.Header, r io.Reader) error {
		if err := t.take(h); err != nil {
			return err
		}
		t.add(h, i)
		if !isFile(h) || h.Size > maxManifest || kept+h.Size > maxKept {
			return nil
		}
		head, err := readHead(r, h.Size)
		if err != nil || len(head) == 0 || head[0] != '{' && head[0] != '[' {
			return err
		}
		rest, err := io.ReadAll(r)
		t.kept[clean(h.Name)] = append(head, rest...)
		kept += h.Size
		return err
	})
	if err == errBehind { // which is told when its files are read
		return nil
	}
	return err
}

// each reads all that are asked for in one go.
func (t *packedTar) each(files []string, fn func(name string, r io.Reader) error) error {
	asked := map[int]string{}
	for _, name := range files {
		if data, ok := t.kept[name]; ok {
			if err := fn(name, bytes.NewReader(data)); err != nil {
				return err
			}
		} else {
			asked[t.files[name]] = name
		}
	}
	if len(asked) == 0 {
		return nil
	}
	var ended error
	err := t.all(func(i int, _ *tar.Header, r io.Reader) error {
		if name, ok := asked[i]; ok {
			delete(asked, i)
			ended = fn(name, r)
		}
		return ended
	})
	if ended != nil {
		return ended
	}
	for _, name := range slices.Sorted(maps.Values(asked)) {
		if err := fn(name, failing{cmp.Or(err, io.ErrUnexpectedEOF)}); err != nil {
			return err
		}
	}
	return nil
}
