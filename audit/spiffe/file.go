// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/goassay/assay/audit/tlsprobe"
)

// maxFile bounds a file of certificates, in bytes.
const maxFile = 1 << 20

// ReadFile reads the certificates in a file, DER, the leaf of an SVID first: PEM, in which
// private keys may stand, which are not read, or concatenated DER. Errors do not repeat the
// name.
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
	if err != nil {
		return nil, err
	}
	for i, der := range list {
		if !isCertificate(der) { // what it is instead may be a secret
			return nil, fmt.Errorf("what stands as certificate %d is none", i+1)
		}
	}
	return list, nil
}

// readRegular reads a file. A pipe may never end.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
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
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, nil
}

func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
