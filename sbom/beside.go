// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/goassay/assay/sbom/internal/bound"
)

// ReadBeside reads a file that a document names: a regular file of at most the
// size of a document, in the folder of the document or beneath it. The name comes
// from somebody else, and so may the folder: a link that leads out of it is not
// followed, or a document could make a secret of its reader part of a report.
func ReadBeside(document, name string) ([]byte, error) {
	var data []byte
	err := openBeside(document, name, func(f *os.File) (err error) {
		if data, err = io.ReadAll(io.LimitReader(f, bound.MaxSize+1)); err == nil {
			err = bound.Size(data)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// HashBeside hashes a file that a document names, under the conditions of
// [ReadBeside], of any size.
func HashBeside(document, name string) ([]Hash, error) {
	short, long := sha256.New(), sha512.New()
	err := openBeside(document, name, func(f *os.File) error {
		_, err := io.Copy(io.MultiWriter(short, long), f)
		return err
	})
	if err != nil {
		return nil, err
	}
	return []Hash{{"SHA-256", hex.EncodeToString(short.Sum(nil))}, {"SHA-512", hex.EncodeToString(long.Sum(nil))}}, nil
}

func openBeside(document, name string, read func(*os.File) error) error {
	root, err := os.OpenRoot(filepath.Dir(document))
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(name) // before it is opened: a named pipe would not open
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return err
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(f)
}
