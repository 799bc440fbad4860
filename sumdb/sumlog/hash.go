// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/modproxy"
)

// HashZip makes the record of m out of its zip file, as a proxy serves it. The
// file must be a valid module zip of that version, and its go.mod file, if it
// has one, must be that of the module.
func HashZip(m module.Version, file string) (Record, error) {
	if err := CheckModule(m); err != nil {
		return Record{}, err
	}
	checked, err := modzip.CheckZip(m, file)
	if err == nil {
		err = checked.Err()
	}
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", m, err)
	}
	mod, err := goModOf(m, file)
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", m, err)
	}
	r := Record{Module: m}
	if r.Zip, err = dirhash.HashZip(file, dirhash.Hash1); err != nil {
		return Record{}, err
	}
	r.GoMod, err = dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(mod))), nil
	})
	return r, err
}

// goModOf returns the go.mod file of a module's zip file, or the one that the
// go command puts in the place of none (modfetch.LegacyGoMod).
func goModOf(m module.Version, file string) ([]byte, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	for _, f := range z.File {
		if f.Name != m.String()+"/go.mod" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, modzip.MaxGoMod))
		if err != nil {
			return nil, err
		}
		if path := modfile.ModulePath(data); path != m.Path {
			return nil, fmt.Errorf("its go.mod is that of %q", path)
		}
		return data, nil
	}
	return fmt.Appendf(nil, "module %s\n", modfile.AutoQuote(m.Path)), nil
}

// HashDir makes the record of m out of a folder of its source.
//
// In a git checkout it is that of the commit that is checked out, as the go
// command makes it (GOPROXY=direct): without what git ignores, with the LICENSE
// file of the root. The error is a [*CheckoutError] where the folder is not as it
// was committed, where the version's tag is at another commit, and in a checkout
// of another system. It returns the commit.
//
// Elsewhere every file of the folder is in it but version control's own, vendored
// packages, and other modules (golang.org/x/mod/zip.CreateFromDir), and the commit
// is "". A proxy that makes its zip files otherwise has another hash.
func HashDir(ctx context.Context, m module.Version, dir string) (r Record, commit string, err error) {
	if err := CheckModule(m); err != nil {
		return r, "", err
	}
	c, err := openCheckout(ctx, dir)
	if err != nil {
		return r, "", fmt.Errorf("%s: %w", m, err)
	}
	pack := func(w io.Writer) error { return modzip.CreateFromDir(w, m, dir) }
	if c != nil {
		if err := c.check(m); err != nil {
			return r, "", fmt.Errorf("%s: %w", m, err)
		}
		commit = c.commit
		pack = func(w io.Writer) error { return c.zip(w, m) }
	}
	f, err := os.CreateTemp("", "sumlog-*.zip")
	if err != nil {
		return r, "", err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	if err := errors.Join(pack(f), f.Close()); err != nil {
		return r, "", fmt.Errorf("%s: %w", m, err)
	}
	r, err = HashZip(m, f.Name())
	return r, commit, err
}

// HashServed makes the record of a module version as the proxies serve it. The
// go.mod file that they serve by itself must be the one in the zip file: the go
// command compares both with the record. Errors of the proxies are those of
// [modproxy.Client].
func HashServed(ctx context.Context, client *modproxy.Client, m module.Version) (r Record, err error) {
	if err := CheckModule(m); err != nil {
		return r, err
	}
	f, err := os.CreateTemp("", "assay-*.zip")
	if err != nil {
		return r, err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(client.Download(ctx, m, f), f.Close()); err != nil {
		return r, fmt.Errorf("%s: %w", m, err)
	}
	if r, err = HashZip(m, f.Name()); err != nil {
		return r, err
	}
	mod, err := client.GoMod(ctx, m.Path, m.Version)
	if err != nil {
		return r, fmt.Errorf("%s: %w", m, err)
	}
	served, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(mod)), nil })
	if err == nil && served != r.GoMod {
		err = fmt.Errorf("%s: the go.mod file that is served is not the one in the zip file", m)
	}
	return r, err
}
