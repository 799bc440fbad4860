// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// ErrNoTable is an image in which no function table of Go 1.18 or later was
// found.
var ErrNoTable = errors.New("no function table of the Go runtime")

// maxNames bounds the table of function names, in bytes. That of Kubernetes has
// 5 MiB.
const maxNames = 128 << 20

// maxName bounds one function name, in bytes. Instances of generic functions
// have the longest, of some KiB.
const maxName = 64 << 10

// Functions calls fn with the name of each function that the runtime's table
// names, those that were inlined everywhere too, in the table's order, and with its
// package (see [PackageOf]). The table is left in stripped files. See
// runtime.pcHeader; it has had this form since Go 1.18, with another magic number
// since Go 1.20.
//
// Both are parts of larger texts: clone what is to be kept.
func (im *Image) Functions(fn func(pkg, name string)) error {
	t, err := im.functionTable()
	if err != nil {
		return err
	}
	tests := []string{}
	prefix := ""
	err = eachName(io.NewSectionReader(t.r, t.names, t.units-t.names), func(name string) {
		// A package's functions mostly stand together, and where no slash follows its
		// dot that is not one within a longer path.
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || prefix == "" || rest == "" || rest[0] != '.' || strings.IndexByte(rest, '/') >= 0 {
			prefix = packagePrefix(name)
		}
		if isNativeTest(name) {
			tests = append(tests, strings.Clone(name))
		}
		fn(decodePrefix(prefix), name)
	})
	if err == nil {
		im.tests = tests
	}
	return err
}

// eachName calls fn with each name of a table in which they end in zero.
func eachName(r io.Reader, fn func(string)) error {
	buf := make([]byte, maxName)
	for kept := 0; ; {
		n, err := io.ReadFull(r, buf[kept:])
		names := string(buf[:kept+n]) // once for many
		for {
			end := strings.IndexByte(names, 0)
			if end < 0 {
				break
			}
			if end > 0 {
				fn(names[:end])
			}
			names = names[end+1:]
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return nil
		case err != nil:
			return err
		case len(names) == maxName:
			return fmt.Errorf("%w: name of more than %d bytes", ErrMalformed, maxName)
		}
		kept = copy(buf, names)
	}
}

// What the runtime's function table begins with since these releases of Go.
const (
	magic118 uint32 = 0xfffffff0
	magic120 uint32 = 0xfffffff1
)

// A functionTable is where the parts of the runtime's table stand.
type functionTable struct {
	addr         uint64
	magic        uint32
	r            *io.SectionReader // from its header to the end of the segment
	functions    int64
	names, units int64 // where the names begin and end
	functab      int64

	files, filesEnd int64 // where the names of source files begin and end
}

// findFunctionTable finds the table where section headers say that it is, or by its
// first bytes.
func (im *Image) findFunctionTable() (functionTable, error) {
	for _, t := range im.tables {
		if found, ok := im.functionTableAt(t.start); ok {
			return found, nil
		}
	}
	var found functionTable
	for _, magic := range []uint32{magic120, magic118} {
		text := make([]byte, 6) // the magic number, and two bytes of zero
		im.order.PutUint32(text, magic)
		for _, write := range []bool{false, true} {
			err := im.scan(write, len(text)-1, func(addr uint64, part []byte) bool {
				for from := 0; ; {
					i := bytes.Index(part[from:], text)
					if i < 0 {
						return true
					}
					at := addr + uint64(from+i)
					if at%uint64(im.ptr) == 0 {
						if t, ok := im.functionTableAt(at); ok {
							found = t
							return false
						}
					}
					from += i + 1
				}
			})
			if err != nil || found.r != nil {
				return found, err
			}
		}
	}
	return functionTable{}, ErrNoTable
}

// functionTableAt reads the header of a function table, if there is one at addr.
func (im *Image) functionTableAt(addr uint64) (t functionTable, ok bool) {
	head := make([]byte, 8+8*im.ptr)
	if im.read(head, addr) != nil {
		return t, false
	}
	magic, quantum := im.order.Uint32(head), head[6]
	if magic != magic120 && magic != magic118 || head[4] != 0 || head[5] != 0 ||
		quantum != 1 && quantum != 2 && quantum != 4 || int(head[7]) != im.ptr {
		return t, false
	}
	field := func(i int) uint64 { return im.word(head[8+i*im.ptr:]) }
	functions, names, units, functab := field(0), field(3), field(4), field(7)
	r, ok := im.section(addr)
	if !ok || functions == 0 || names < uint64(len(head)) || units <= names || units-names > maxNames || units > uint64(r.Size()) {
		return t, false
	}
	size := uint64(r.Size())
	t = functionTable{addr: addr, magic: magic, r: r, functions: int64(min(functions, size/8)), names: int64(names), units: int64(units), functab: int64(min(functab, size))}
	if files, end := field(5), field(6); files < end && end <= size && end-files <= maxNames {
		t.files, t.filesEnd = int64(files), int64(end)
	}
	return t, true
}

// maxRoots bounds what SourceRoots lists.
const maxRoots = 10

// SourceRoots lists where the source was on the machine that built the program:
// the first elements, up to three, of the absolute paths in the runtime's table of
// files, sorted. There are none in what was built with -trimpath, but where C code
// or a generator named others.
func (im *Image) SourceRoots() ([]string, error) {
	t, err := im.functionTable()
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	last := ""
	err = eachName(io.NewSectionReader(t.r, t.files, t.filesEnd-t.files), func(name string) {
		if root := sourceRoot(name); root != "" && root != last && len(seen) < maxRoots {
			last = root
			seen[printable(root)] = true
		}
	})
	return slices.Sorted(maps.Keys(seen)), err
}

// sourceRoot is the beginning of an absolute path, of this system or of Windows.
func sourceRoot(name string) string {
	rest := name
	if len(name) > 2 && name[1] == ':' && ('a' <= name[0]|0x20 && name[0]|0x20 <= 'z') && (name[2] == '/' || name[2] == '\\') {
		rest = name[2:]
	}
	if !strings.HasPrefix(rest, "/") && !(len(rest) < len(name)) {
		return ""
	}
	parts := make([]string, 0, 4) // the first ones
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return r == '/' || r == '\\' }) {
		if parts = append(parts, part); len(parts) == cap(parts) {
			break
		}
	}
	if len(parts) < 2 { // a file of the root directory says nothing
		return ""
	}
	return name[:len(name)-len(rest)] + "/" + strings.Join(parts[:min(3, len(parts)-1)], "/")
}

// Packages lists the import paths of the packages that have functions in the
// program, sorted. A package none of whose functions are left is not in it.
func (im *Image) Packages() ([]string, error) {
	seen := map[string]bool{}
	last := ""
	err := im.Functions(func(p, _ string) {
		if p != "" && p != last {
			last = p
			seen[strings.Clone(p)] = true
		}
	})
	if err != nil {
		return nil, err
	}
	var out []string
	for p := range seen {
		out = append(out, printable(p))
	}
	slices.Sort(out)
	return out, nil
}

// PackageOf returns the import path of the package of a function, by the name
// that the linker gives it: up to the first dot after the last slash, without
// type arguments, "%2e" and the like decoded (cmd/internal/objabi.PathToPrefix).
// It is "" for functions that belong to no package.
func PackageOf(function string) string { return decodePrefix(packagePrefix(function)) }

func packagePrefix(function string) string {
	if strings.HasPrefix(function, "type:") || strings.HasPrefix(function, "go:") || strings.HasPrefix(function, "_cgo") {
		return ""
	}
	path := function
	if i := strings.IndexByte(path, '['); i >= 0 {
		path = path[:i]
	}
	slash := strings.LastIndexByte(path, '/') + 1
	dot := strings.IndexByte(path[slash:], '.')
	if dot <= 0 {
		return ""
	}
	return path[:slash+dot]
}

func decodePrefix(path string) string {
	if strings.IndexByte(path, '%') >= 0 {
		if decoded, err := url.PathUnescape(path); err == nil {
			return decoded
		}
	}
	return path
}
