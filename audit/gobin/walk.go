// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/goassay/assay/audit/filetree"
)

// Walk calls fn for each executable under roots, which are files, directories,
// archives and container images: see [filetree.Walk]. Of a universal Mach-O file
// fn gets each member.
//
// A root that is a file is reported whatever it is. Below roots, what is no
// executable is passed over in silence; executables that are not Go, damaged files
// and what could not be read are reported, with their State. The digest is computed
// of all but what is not Go and was not named.
//
// fn is called from several goroutines at once, and in no order. What the File
// shows can be asked until fn returns; its facts stay. Walk ends with the error of
// fn, of ctx, or [filetree.ErrTooMany].
func Walk(ctx context.Context, roots []string, fn func(*File) error) error {
	return filetree.Walk(ctx, roots, IsExecutable, func(found *filetree.File) error {
		f, err := read(found)
		if err != nil {
			f = failed(found.Path, err)
			f.Size = found.Size
			if f.State == StateNotExecutable && !found.Root {
				return nil
			}
		}
		if found.Err == nil && (f.State != StateNotGo || found.Root) {
			sum, places, err := search(ctx, found)
			if err != nil {
				f = failed(found.Path, err)
			}
			f.SHA256, f.places = sum, places
		}
		for _, x := range f.Executables() {
			x.SHA256, x.Root, x.Outer, x.Within, x.Package = f.SHA256, found.Root, found.Outer, found.Image, found.Package
			if found.Err == nil {
				x.whole = io.NewSectionReader(found, 0, found.Size)
			}
			err := fn(x)
			x.release()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// read reads what was found.
func read(found *filetree.File) (*File, error) {
	if found.Err != nil {
		return nil, found.Err
	}
	f, err := New(found, found.Size)
	if err != nil {
		return nil, err
	}
	f.place(found.Path)
	return f, nil
}

// place says where the file stands.
func (f *File) place(path string) {
	f.Path = path
	for _, m := range f.Members {
		m.Path = path + "!" + m.Arch
	}
}

// failed returns what is known of a file that could not be read, or is none.
func failed(path string, err error) *File {
	f := &File{Path: path, State: StateUnreadable, Err: err,
		Static: Unknown, PIE: Unknown, NX: Unknown, WX: Unknown,
		Stripped: Stripped{Unknown, Unknown}, CGO: Unknown, Trimpath: Unknown}
	switch {
	case errors.Is(err, ErrNotGo):
		f.State = StateNotGo
	case errors.Is(err, ErrNotExecutable):
		f.State = StateNotExecutable
	}
	if pe, ok := errors.AsType[*os.PathError](err); ok {
		err = pe.Err // the path stands beside it
	}
	f.Reason = printable(err.Error())
	return f
}
