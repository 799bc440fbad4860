// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
)

// images reads the files of all images in a store, and returns which files of the
// store are their layers.
func (w *walk) images(at place, s store) (layers map[string]bool, err error) {
	list := findImages(s)
	layers = map[string]bool{}
	for _, im := range list {
		for _, l := range im.layers {
			layers[l.file] = true
		}
	}
	return layers, w.readImages(at, s, list)
}

// readImages reads the layers twice: first the names in all of them, which tell
// what a container would see, and then of that the content.
func (w *walk) readImages(at place, s store, list []*foundImage) error {
	if len(list) > maxImages {
		return w.failed(at, fmt.Errorf("%w: more than %d images", ErrTooLarge, maxImages))
	}
	lists, err := w.listLayers(at, s, list)
	defer func() {
		for _, l := range lists {
			at.budget.give(l.taken)
		}
	}()
	if err != nil {
		return err
	}
	content := wantedContent{}
	for _, im := range list {
		in := at
		in.root, in.image = false, &im.Image
		if len(list) > 1 {
			in.path += "!" + printable(im.Name)
		}
		if err := w.see(in, im, lists, content); err != nil {
			return err
		}
	}
	return s.each(slices.Sorted(maps.Keys(content)), func(file string, r io.Reader) error {
		return w.readLayer(at, r, content[file])
	})
}

// listLayers reads the names in the layers of all images, by the layers' files.
func (w *walk) listLayers(at place, s store, list []*foundImage) (map[string]*layer, error) {
	lists := map[string]*layer{}
	for _, im := range list {
		if len(im.layers) > maxLayers {
			im.fail(fmt.Errorf("%w: more than %d layers", ErrTooLarge, maxLayers))
			im.layers = nil
		}
		for _, l := range im.layers {
			if l.file != "" {
				lists[l.file] = &layer{}
			}
		}
	}
	err := s.each(slices.Sorted(maps.Keys(lists)), func(file string, r io.Reader) error {
		l := lists[file]
		l.err = l.list(w, at.budget, r)
		return w.ended(l.err)
	})
	return lists, err
}

// ended returns an error that ends the walk.
func (w *walk) ended(err error) error {
	if errors.Is(err, ErrTooMany) {
		return err
	}
	return w.ctx.Err()
}

// see applies the layers of an image on each other, reports what is wrong with it,
// and adds what of it is to be read.
func (w *walk) see(at place, im *foundImage, lists map[string]*layer, content wantedContent) error {
	errs := map[place][]error{at: im.errs}
	fail := func(name string, err error) { errs[at.in(name)] = append(errs[at.in(name)], err) }
	root := &node{children: map[string]*node{}}
	for i, l := range im.layers {
		if l.file == "" { // which is among im.errs
			continue
		}
		list := lists[l.file]
		switch {
		case list.digest == "": // as it was not read to the end
			fail(l.file, list.err)
		case l.digest != "" && l.digest != list.digest:
			fail(l.file, fmt.Errorf("%w: %s is %s", ErrDigest, l.digest, list.digest))
		case l.diffID != "" && l.diffID != list.diffID:
			fail(l.file, fmt.Errorf("%w: %s of the configuration is %s", ErrDigest, l.diffID, list.diffID))
		case list.err != nil:
			fail(l.file, list.err)
		}
		list.apply(root, i, fail)
	}
	for _, in := range slices.SortedFunc(maps.Keys(errs), func(a, b place) int { return strings.Compare(a.path, b.path) }) {
		for _, err := range errs[in] {
			if err := w.failed(in, err); err != nil {
				return err
			}
		}
	}
	for of, name := range root.visible() {
		content.add(im.layers[of.layer].file, of.entry, at.in(name))
	}
	return nil
}

// wantedContent says at which places an entry of a layer is to be reported, by
// the layer's file and the number of the entry.
type wantedContent map[string]map[int][]place

func (c wantedContent) add(file string, entry int, at place) {
	if c[file] == nil {
		c[file] = map[int][]place{}
	}
	c[file][entry] = append(c[file][entry], at)
}

// readLayer reads the content of entries of a layer. What is wrong with the layer
// was reported when its names were read.
func (w *walk) readLayer(at place, r io.Reader, entries map[int][]place) error {
	var ended error
	tarErr := eachOfLayer(at.budget, r, nil, func(i int, h *tar.Header, r io.Reader) error {
		if places := entries[i]; places != nil {
			delete(entries, i)
			ended = w.load(places, r, h.Size)
		}
		if len(entries) == 0 && ended == nil {
			return errEnough
		}
		return ended
	})
	if ended != nil {
		return ended
	}
	// A file of the file system may have changed since.
	for _, places := range entries {
		for _, in := range places {
			if err := w.failed(in, malformed(cmp.Or(tarErr, io.ErrUnexpectedEOF))); err != nil {
				return err
			}
		}
	}
	return w.ctx.Err()
}

var errEnough = errors.New("enough")

// eachOfLayer calls fn for each entry of a layer's archive, which may be
// compressed, until fn returns an error, and then reads what stands behind. All
// that comes out of the compressed file is written to sum, which may be nil.
func eachOfLayer(b *budget, r io.Reader, sum hash.Hash, fn func(i int, h *tar.Header, r io.Reader) error) error {
	head := make([]byte, HeadSize)
	n, err := fill(head, r)
	if err != nil && err != io.EOF {
		return err
	}
	r = io.MultiReader(bytes.NewReader(head[:n]), r)
	if f := sniff(head[:n]); f.compressed() {
		u := unpack(b, f, r)
		defer u.close()
		r = u
	}
	if sum != nil {
		r = io.TeeReader(r, sum)
	}
	return eachEntry(r, fn)
}

// eachEntry calls fn for each entry of a tar archive until it returns an error,
// and then reads what stands behind the archive's end: the checksum of what
// compressed it, and nothing else, or the error is errBehind.
func eachEntry(r io.Reader, fn func(i int, h *tar.Header, r io.Reader) error) error {
	tr := tar.NewReader(r)
	for i := 0; ; i++ {
		h, err := nextHeader(tr)
		if err == io.EOF {
			return behindEnd(r)
		}
		if err != nil {
			return err
		}
		if err := fn(i, h, tr); err != nil {
			return err
		}
	}
}

// A layer is the names in one layer, in the order in which they stand there.
type layer struct {
	changes        []change
	digest, diffID string // that it has
	err            error  // why the list ends too early
	taken          int64  // of the budget
}

// A change is one entry of a layer. See "Changesets" in layer.md of the OCI image
// specification.
type change struct {
	name  string
	kind  changeKind
	to    string // of a link
	entry int
}

type changeKind int

const (
	putDir     changeKind = iota
	putFile               // that is to be read
	putOther              // a file that is not, a device
	putSymlink            // to "to", as it is
	putLink               // hard, to "to"
	whiteout              // the name is not seen any more, nor what is below it
	opaque                // what is below the name is not seen any more
)

// list reads the names in a layer, and computes its digests. The error is of the
// layer, or ends the walk.
func (l *layer) list(w *walk, b *budget, r io.Reader) error {
	packed, unpacked := sha256.New(), sha256.New()
	r = io.TeeReader(r, packed)
	err := eachOfLayer(b, r, unpacked, func(i int, h *tar.Header, r io.Reader) error {
		if err := w.count(); err != nil {
			return err
		}
		c, err := newChange(w, i, h, r)
		if err != nil || c.name == "" {
			return err
		}
		cost := int64(entryCost + len(c.name) + len(c.to))
		if err := b.take(cost); err != nil {
			return err
		}
		l.taken += cost
		l.changes = append(l.changes, c)
		return nil
	})
	var behind error
	if err == errBehind { // which keeps no digest from being computed
		err, behind = nil, err
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return malformed(err)
	}
	l.digest, l.diffID = "sha256:"+hex.EncodeToString(packed.Sum(nil)), "sha256:"+hex.EncodeToString(unpacked.Sum(nil))
	return behind
}

// newChange reads one entry; its name is "" if it changes nothing.
func newChange(w *walk, i int, h *tar.Header, r io.Reader) (change, error) {
	c := change{name: clean(h.Name), entry: i}
	dir, base := path.Split(c.name)
	dir = strings.TrimSuffix(dir, "/")
	hidden, isWhiteout := strings.CutPrefix(base, ".wh.")
	switch {
	case base == ".wh..wh..opq":
		c.name, c.kind = dir, opaque
		if dir == "" {
			c.name = "."
		}
	case isWhiteout && (hidden == "" || hidden == "." || hidden == ".." || strings.HasPrefix(hidden, ".wh.")): // of no name, or of AUFS itself
		c.name = ""
	case isWhiteout:
		c.name, c.kind = path.Join(dir, hidden), whiteout
	case h.Typeflag == tar.TypeDir:
		c.kind = putDir
	case h.Typeflag == tar.TypeSymlink:
		c.kind, c.to = putSymlink, h.Linkname
	case h.Typeflag == tar.TypeLink:
		c.kind, c.to = putLink, clean(h.Linkname)
	case !isFile(h) || h.Size == 0:
		c.kind = putOther
	default:
		head, err := readHead(r, h.Size)
		if err != nil {
			return c, err
		}
		c.kind = putOther
		if w.mayHold(head) {
			c.kind = putFile
		}
	}
	return c, nil
}
