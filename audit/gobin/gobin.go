// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package gobin reads Go executables, in the formats ELF, Mach-O (also
// universal) and PE, without running them. Of those for Plan 9, AIX (XCOFF) and
// WebAssembly it reads the build info alone: see [Format.Shallow].
//
// It tells two kinds of facts apart. What the headers of the file say (format,
// architecture, PIE, executable stack, symbols, needed libraries) is how the
// loader will treat it. What its build info says (toolchain, settings, modules,
// version control) is a claim of whoever linked it, and can be forged.
//
// Where a fact cannot be determined it is [Unknown] or absent, never a default.
// Files are read in parts, and at most [MaxRead] bytes of each: an answer costs
// milliseconds whatever the size of the file.
package gobin

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/goassay/assay/audit/filetree"
)

// Errors of [Open] and [New], for callers that tell them apart. Errors of the
// file system, such as fs.ErrNotExist, are wrapped as they are.
var (
	ErrNotRegular    = filetree.ErrNotRegular
	ErrNotExecutable = errors.New("not an ELF, Mach-O, PE, XCOFF, Plan 9 or WebAssembly executable")
	ErrNotGo         = errors.New("no sign of the Go toolchain")
	ErrMalformed     = errors.New("malformed executable")
	ErrTooLarge      = errors.New("headers and build info larger than the limit")
	ErrPacked        = errors.New("packed, as UPX does: contents are not readable")
)

// A File is one executable. Of a universal Mach-O file it is the whole, and
// the architectures stand in Members.
type File struct {
	Path   string `json:"path"`             // as given to Open, of a member followed by "!" and its architecture
	Size   int64  `json:"size"`             // in bytes
	SHA256 string `json:"sha256,omitempty"` // of the whole file, "sha256:" and hexadecimal, if Walk found it
	State  State  `json:"state"`            // how much is known
	Reason string `json:"reason,omitempty"` // why it is not more: an error's text
	Format Format `json:"format,omitempty"`
	OS     string `json:"os,omitempty"`   // in GOOS words: by the headers, or else as the build info claims
	Arch   string `json:"arch,omitempty"` // in GOARCH words, by the headers

	// What the headers say.

	Library   bool     `json:"library,omitempty"`   // a shared library or plugin, not a program
	BuildID   string   `json:"build_id,omitempty"`  // Go's build ID: action/content hashes
	Libraries []string `json:"libraries,omitempty"` // shared libraries it asks the loader for, sorted
	Static    Ternary  `json:"static"`              // needs neither loader nor shared libraries
	PIE       Ternary  `json:"pie"`                 // position-independent: the address can be random
	NX        Ternary  `json:"nx"`                  // the stack is not executable
	WX        Ternary  `json:"wx"`                  // memory that is writable and executable at once is asked for
	RELRO     RELRO    `json:"relro,omitempty"`     // of ELF files
	Stripped  Stripped `json:"stripped"`

	// What the build info claims. Nil or Unknown where State is not StateRead, but for
	// the part of the build info that could be read.

	Build    *Build  `json:"build,omitempty"`
	CGO      Ternary `json:"cgo"`      // built with CGO_ENABLED=1
	Trimpath Ternary `json:"trimpath"` // built with -trimpath
	VCS      *VCS    `json:"vcs,omitempty"`

	// Credentials names the settings, and in linker flags the variables, whose
	// values looked like credentials. The values are nowhere in the File.
	Credentials []string `json:"credentials,omitempty"`

	// Members holds the architectures of a universal Mach-O file, those
	// that are not Go or not readable too.
	Members []*File `json:"members,omitempty"`

	// Err is the error behind a State other than StateRead; nil otherwise.
	Err error `json:"-"`

	// Where Walk found it.

	Root    bool              `json:"-"` // it is one of the roots, or in a universal file that is
	Outer   string            `json:"-"` // the file of the file system that it is, or is in: an archive
	Within  *filetree.Image   `json:"-"` // the container image that it is in; nil outside
	Package *filetree.Package `json:"-"` // the Debian package that it is in; nil outside

	closer  io.Closer
	reader  *budget           // of one architecture; nil if the file is universal, or was released
	headers any               // *elf.File, *macho.File or *pe.File; nil once there is an image
	image   *Image            // once it was asked for
	whole   *io.SectionReader // of the file, also of a member; nil once released
	first   *firstCopy        // of the build info; nil if there is none
	places  places            // of marks; nil if the file was not searched
}

// State says how much is known of a file.
type State string

// The states of a file.
const (
	StateRead          State = "read"           // a Go executable with the settings it was built with
	StateUnknown       State = "unknown"        // a Go executable whose build info is missing, incomplete or unreadable
	StateNotGo         State = "not-go"         // an executable with no sign of the Go toolchain
	StateNotExecutable State = "not-executable" // another kind of file
	StateUnreadable    State = "unreadable"     // could not be opened, is damaged, packed, or no regular file
)

// Format is a format of executables.
type Format string

// The formats.
const (
	ELF       Format = "elf"
	MachO     Format = "macho"
	Universal Format = "macho-universal"
	PE        Format = "pe"
)

// Ternary is a fact that may be unknown.
type Ternary string

// The values of a Ternary.
const (
	Yes     Ternary = "yes"
	No      Ternary = "no"
	Unknown Ternary = "unknown"
)

func ternary(b bool) Ternary {
	if b {
		return Yes
	}
	return No
}

// RELRO says what the loader makes read-only once it has filled in addresses. A
// program that needs no loader has no addresses to be filled in, but for those of a
// PIE, which fills them in itself.
type RELRO string

// The values of RELRO.
const (
	NoRELRO      RELRO = "none"
	PartialRELRO RELRO = "partial" // not the addresses of functions, which are filled in when they are called
	FullRELRO    RELRO = "full"
)

// Stripped tells what was removed. The function table of the Go runtime stays
// in any case, so stripping hides no package.
type Stripped struct {
	Symbols Ternary `json:"symbols"` // the symbol table
	DWARF   Ternary `json:"dwarf"`   // the debugging information
}

// VCS is the state of the source as the go command stamped it.
type VCS struct {
	System   string    `json:"system,omitempty"` // such as git
	Revision string    `json:"revision,omitempty"`
	Time     time.Time `json:"time,omitzero"` // of the revision, UTC
	Modified Ternary   `json:"modified"`      // there were uncommitted changes
}

// Open reads the executable at path, following symbolic links. The caller
// closes the File. A universal Mach-O file is opened if one member is Go.
func Open(path string) (*File, error) {
	r, size, err := filetree.Open(path)
	if err != nil {
		return nil, err
	}
	f, err := New(r, size)
	if err != nil {
		r.Close()
		return nil, &os.PathError{Op: "read", Path: path, Err: err}
	}
	f.place(path)
	f.closer = r
	return f, nil
}

// Close closes the underlying file, if Open opened it. The facts stay.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// release forgets what only tells something while the content can be read: that of
// a large program has many MiB.
func (f *File) release() {
	f.whole = nil
	f.reader, f.headers, f.image, f.places = nil, nil, nil, nil
}

// ErrReleased is a file whose content can no longer be read.
var ErrReleased = errors.New("the content is not at hand")

// WriteTo writes the content of the file to w, of a universal file the whole.
// That can be done where [Walk] gave the file, until fn returns.
func (f *File) WriteTo(w io.Writer) (int64, error) {
	if f.whole == nil {
		return 0, ErrReleased
	}
	return io.CopyBuffer(struct{ io.Writer }{w}, io.NewSectionReader(f.whole, 0, f.whole.Size()), make([]byte, 64<<10))
}

// Executables returns the file itself or, if it is universal, its members.
func (f *File) Executables() []*File {
	if f.Format == Universal {
		return f.Members
	}
	return []*File{f}
}

// New reads the executable of size bytes in r. The error wraps one of this
// package's errors, or is of r. A Go executable whose build info is missing or
// unreadable is no error: its State says so.
func New(r io.ReaderAt, size int64) (*File, error) {
	ident := make([]byte, 8)
	if n, err := r.ReadAt(ident, 0); n < len(ident) {
		if err == io.EOF {
			return nil, ErrNotExecutable
		}
		return nil, err
	}
	if bytes.HasPrefix(ident, []byte("\xCA\xFE\xBA\xBE")) || bytes.HasPrefix(ident, []byte("\xCA\xFE\xBA\xBF")) {
		return newUniversal(r, size)
	}
	return newFile(r, size, ident)
}

// IsExecutable reports whether a file that begins with head may be an executable
// in one of the formats.
func IsExecutable(head []byte) bool {
	for _, magic := range []string{"\x7FELF", "MZ", "\xFE\xED\xFA", "\xCE\xFA\xED\xFE", "\xCF\xFA\xED\xFE", "\xCA\xFE\xBA\xBE", "\xCA\xFE\xBA\xBF"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return isShallow(head)
}

// newFile reads a file of one architecture. The parsers of the standard library
// are not made for hostile input: a panic of theirs is a malformed file.
func newFile(r io.ReaderAt, size int64, ident []byte) (f *File, err error) {
	b := newBudget(r, MaxRead)
	defer func() {
		if v := recover(); v != nil {
			f, err = nil, fmt.Errorf("%w: %v", ErrMalformed, v)
		}
		if err != nil && b.err != nil { // the parsers hide it
			err = b.err
		}
	}()
	bounded := io.NewSectionReader(b, 0, size)
	f = &File{Size: size, reader: b, Static: Unknown, PIE: Unknown, NX: Unknown, WX: Unknown,
		Stripped: Stripped{Unknown, Unknown}, CGO: Unknown, Trimpath: Unknown}
	if err := guard(r, size, ident); err != nil {
		return nil, err
	}
	var sign bool // of the Go toolchain
	info := buildinfo.Read
	switch {
	case bytes.HasPrefix(ident, []byte("\x7FELF")):
		sign, err = f.readELF(bounded)
	case bytes.HasPrefix(ident, []byte("MZ")):
		sign, err = f.readPE(bounded)
	case bytes.HasPrefix(ident, []byte("\xFE\xED\xFA")) || bytes.HasPrefix(ident[1:], []byte("\xFA\xED\xFE")):
		sign, err = f.readMachO(bounded)
	case isShallow(ident):
		sign, info, err = f.readShallow(bounded, ident)
	default:
		return nil, ErrNotExecutable
	}
	if err != nil {
		return nil, err
	}
	f.readBuild(bounded, info)
	if f.State == StateRead || f.Build != nil || sign {
		if b.err != nil && f.State != StateRead {
			f.Err, f.Reason = b.err, b.err.Error()
		}
		return f, nil
	}
	if b.err != nil { // it was not searched to the end
		return nil, b.err
	}
	if f.packed(bounded) {
		return nil, ErrPacked
	}
	return nil, ErrNotGo
}

// findBuildID looks for Go's build ID as the linker writes it at the start of
// the text, where the format has no notes; see cmd/internal/buildid.
func findBuildID(r io.ReaderAt) (string, bool) {
	head := make([]byte, 32<<10)
	n, _ := r.ReadAt(head, 0)
	return cutBuildID(head[:n])
}

func cutBuildID(b []byte) (string, bool) {
	const prefix, end = "\xff Go build ID: \"", "\"\n \xff"
	_, rest, ok := bytes.Cut(b, []byte(prefix))
	if !ok {
		return "", false
	}
	id, _, ok := bytes.Cut(rest, []byte(end))
	if !ok || len(id) > 256 {
		return "", true
	}
	return printable(string(id)), true
}

// MaxRead is how many bytes of one executable are read at most. The search for
// build info in a file without section names reads the first writable segment,
// and that of the largest public Go programs is under 20 MiB.
const MaxRead = 64 << 20

// budget is a reader that ends with ErrTooLarge after so many bytes, and
// remembers the first error other than the end of the file. One goroutine may use it.
type budget struct {
	r    io.ReaderAt
	left int64
	err  error
	near window // of r: debug/pe reads one symbol at a time
}

// nearby is how many bytes are read for who asks for a few.
const nearby = 4 << 10

func newBudget(r io.ReaderAt, left int64) *budget {
	return &budget{r: r, left: left, near: newWindow(r, nearby)}
}

func (b *budget) ReadAt(p []byte, off int64) (int, error) {
	if b.left < int64(len(p)) {
		b.err = ErrTooLarge
	}
	if b.err != nil {
		return 0, b.err
	}
	if len(p) <= nearby/8 {
		if part := b.near.at(off, len(p)); part != nil {
			b.left -= int64(len(p))
			return copy(p, part), nil
		}
	}
	n, err := b.r.ReadAt(p, off)
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// A window is a part of a file in memory, for many small reads that are close to
// each other.
type window struct {
	r      io.ReaderAt
	offset int64
	buf    []byte
}

func newWindow(r io.ReaderAt, size int) window { return window{r: r, buf: make([]byte, 0, size)} }

// at returns n bytes at an offset; nil if they are not there.
func (w *window) at(offset int64, n int) []byte {
	from := offset - w.offset
	if from < 0 || from > int64(len(w.buf)-n) {
		read, _ := w.r.ReadAt(w.buf[:cap(w.buf)], offset)
		w.buf, w.offset, from = w.buf[:read], offset, 0
		if read < n {
			return nil
		}
	}
	return w.buf[from:][:n]
}
