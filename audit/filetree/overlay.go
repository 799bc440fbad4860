// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"fmt"
	"path"
	"strings"
)

// A node is a name in an image.
type node struct {
	children map[string]*node // of a directory; nil: it is none
	link     string           // where a symbolic link leads
	file     bool             // it is to be read
	origin   origin           // of its content
	by       int              // the layer that put it
}

// An origin is an entry of a layer.
type origin struct{ layer, entry int }

func newDir(by int) *node { return &node{children: map[string]*node{}, by: by} }

// maxLinks bounds the symbolic links on the way to one file.
const maxLinks = 16

// dir returns the directory of a name, following symbolic links, as if it were the
// root of a file system. It makes what is missing, if a layer is given, else it
// returns nil. It also returns nil if the way is too long.
func (n *node) dir(name string, by int) *node {
	way := split(name)
	for range maxLinks {
		if len(way) > MaxDepth {
			return nil
		}
		d, rest := n.descend(way, by)
		if rest == nil {
			return d
		}
		way = rest
	}
	return nil
}

// lookOnly is no layer: nothing is made.
const lookOnly = -1

// descend goes down until a symbolic link, and then returns the way that is to be
// gone instead.
func (n *node) descend(way []string, by int) (*node, []string) {
	for i, part := range way {
		next := n.children[part]
		if next != nil && next.link != "" {
			to := next.link
			if !path.IsAbs(to) {
				to = path.Join(path.Join(way[:i]...), to)
			}
			return nil, append(split(clean(to)), way[i+1:]...)
		}
		if next == nil || next.children == nil {
			if by == lookOnly {
				return nil, nil
			}
			next = newDir(by)
			n.children[part] = next
		}
		n = next
	}
	return n, nil
}

func split(name string) []string {
	if name == "" || name == "." {
		return []string{}
	}
	return strings.Split(name, "/")
}

// find returns what stands at a name, which may be a symbolic link; nil if nothing.
func (n *node) find(name string) *node {
	dir, base := path.Split(name)
	if d := n.dir(strings.TrimSuffix(dir, "/"), lookOnly); d != nil {
		return d.children[base]
	}
	return nil
}

// apply changes what the layers below made, as containerd does. Whiteouts are of
// what is below alone, wherever in the layer they stand. A hard link is to what
// the layer has put by then, or else to what is below, also if that is hidden.
func (l *layer) apply(root *node, by int, fail func(name string, err error)) {
	below := map[int]*node{}
	for i, c := range l.changes {
		if c.kind == putLink {
			below[i] = root.find(c.to)
		}
	}
	for _, c := range l.changes {
		switch c.kind {
		case whiteout:
			dir, base := path.Split(c.name)
			if d := root.dir(strings.TrimSuffix(dir, "/"), lookOnly); d != nil {
				delete(d.children, base)
			}
		case opaque:
			if d := root.dir(c.name, lookOnly); d != nil {
				clear(d.children)
			}
		}
	}
	for i, c := range l.changes {
		if c.kind == whiteout || c.kind == opaque {
			continue
		}
		if err := c.put(root, by, below[i]); err != nil {
			fail(c.name, err)
		}
	}
}

// put puts the entry in its place. Below is what a hard link leads to in the
// layers below.
func (c change) put(root *node, by int, below *node) error {
	dir, base := path.Split(c.name)
	d := root.dir(strings.TrimSuffix(dir, "/"), by)
	if d == nil {
		return fmt.Errorf("%w: more than %d directories deep, or %d symbolic links", ErrTooLarge, MaxDepth, maxLinks)
	}
	switch c.kind {
	case putDir:
		if old := d.children[base]; old == nil || old.children == nil {
			d.children[base] = newDir(by)
		}
	case putFile:
		d.children[base] = &node{file: true, origin: origin{by, c.entry}, by: by}
	case putLink:
		to := root.find(c.to)
		if to == nil || to.by != by {
			to = below
		}
		if to == nil {
			delete(d.children, base)
			return fmt.Errorf("%w: hard link to what is not there: %s", ErrMalformed, printable(c.to))
		}
		d.children[base] = &node{file: to.file, origin: to.origin, by: by}
	default:
		d.children[base] = &node{link: c.to, by: by}
	}
	return nil
}

// visible returns the files that are to be read, each by the first of its names.
func (n *node) visible() map[origin]string {
	out := map[origin]string{}
	n.collect("", out)
	return out
}

func (n *node) collect(at string, out map[origin]string) {
	for base, c := range n.children {
		name := path.Join(at, base)
		if old, ok := out[c.origin]; c.file && (!ok || name < old) {
			out[c.origin] = name
		}
		c.collect(name, out)
	}
}
