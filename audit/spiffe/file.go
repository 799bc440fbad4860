// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/goassay/assay/audit/tlsprobe"
)

// maxFile bounds a file of certificates, in bytes.
const maxFile = 1 << 20

// A FileError is why a file holds no chain.
type FileError string

// The reasons.
const (
	FileMissing       FileError = "missing"
	FileForbidden     FileError = "forbidden"
	FileNotRegular    FileError = "not-regular" // a pipe may never end
	FileTooLarge      FileError = "too-large"   // more than 1 MiB
	FileEmpty         FileError = "no-certificate"
	FileNoCertificate FileError = "bad-certificate" // what stands as one is none
)

// Error gives the reason in words.
func (e FileError) Error() string {
	return map[FileError]string{
		FileMissing: "no such file", FileForbidden: "permission denied", FileNotRegular: "not a regular file", FileTooLarge: "larger than 1 MiB",
		FileEmpty: "it holds no certificate", FileNoCertificate: "what stands as a certificate is none",
	}[e]
}

// ReadFile reads the certificates in a file, DER, the leaf of an SVID first: PEM, in which
// private keys may stand, which are not read, or concatenated DER. Errors are a [FileError], or
// those of the system; they do not repeat the name.
func ReadFile(name string) ([][]byte, error) {
	data, err := readRegular(name)
	if err != nil {
		return nil, err
	}
	return parseFile(data)
}

// parseFile is ReadFile for the content of a file.
func parseFile(data []byte) ([][]byte, error) {
	list, err := tlsprobe.ParseSVIDFile(data)
	if err != nil { // it is not too large
		return nil, FileEmpty
	}
	for _, der := range list {
		if !isCertificate(der) { // what it is instead may be a secret
			return nil, FileNoCertificate
		}
	}
	return list, nil
}

// readRegular reads a file.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case !info.Mode().IsRegular():
		return nil, FileNotRegular
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case len(data) > maxFile:
		return nil, FileTooLarge
	}
	return data, nil
}

func withoutPath(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return FileMissing
	case errors.Is(err, fs.ErrPermission):
		return FileForbidden
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
