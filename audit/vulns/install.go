// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
)

// ErrOlder is a database that is older than the installed one.
var ErrOlder = errors.New("older than the installed vulnerability database")

// installedFile is the name of the database in a directory.
const installedFile = "vulndb.zip"

// Install verifies a database and puts it into a directory, which is made if it is not
// there, in the place of the one that is. Who opens it meanwhile gets the old or the new
// one, never a part. One that is older is refused with [ErrOlder], unless older is set.
func Install(ctx context.Context, dir string, db *Database, older bool) (Source, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Source{}, fmt.Errorf("install vulnerability database: %w", err)
	}
	if old, err := Installed(ctx, dir); err == nil && db.Modified.Before(old.Modified) && !older {
		return Source{}, fmt.Errorf("%w: %s, installed is %s", ErrOlder, db.Modified, old.Modified)
	}
	var b bytes.Buffer
	if err := db.WritePack(ctx, &b); err != nil {
		return Source{}, err
	}
	file := filepath.Join(dir, installedFile)
	written, err := readArchive(ctx, bytes.NewReader(b.Bytes()), int64(b.Len()), Source{Kind: SourceArchive, Location: file})
	if err == nil {
		err = written.Verify(ctx)
	}
	if err == nil {
		err = replaceFile(file, b.Bytes())
	}
	if err != nil {
		return Source{}, fmt.Errorf("install vulnerability database: %w", err)
	}
	return written.Source, nil
}

// Installed opens the database that [Install] put into a directory. The error is
// fs.ErrNotExist if there is none, as it is of the directory "".
func Installed(ctx context.Context, dir string) (*Database, error) {
	if dir == "" {
		return nil, fmt.Errorf("open vulnerability database: %w", fs.ErrNotExist)
	}
	file := filepath.Join(dir, installedFile)
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open vulnerability database: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open vulnerability database: %w", err)
	}
	return readArchive(ctx, f, stat.Size(), Source{Kind: SourceArchive, Location: file})
}

// Newest opens the newer of the database that is installed in a directory and the
// snapshot in this program. The directory "" has none. One that is installed and cannot be read is an error: it was
// installed to be used.
func Newest(ctx context.Context, dir string) (*Database, error) {
	db, err := Snapshot()
	if err != nil {
		return nil, err
	}
	installed, err := Installed(ctx, dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return db, nil
	case err != nil:
		return nil, err
	case installed.Modified.Before(db.Modified):
		return db, nil
	}
	return installed, nil
}

// replaceFile writes a file under another name, and then gives it its own.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Fetch downloads the whole database of a server, and verifies it: as one archive, which
// the Go project's has, or entry by entry.
func Fetch(ctx context.Context, location string, rt http.RoundTripper) (*Database, error) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("fetch vulnerability database: not an http or https URL")
	}
	server := newHTTPStore(u, rt)
	remote, err := Open(ctx, location, rt)
	if err != nil {
		return nil, err
	}
	body, status, err := server.get(ctx, "vulndb.zip", maxPack)
	if err != nil {
		return nil, remote.failed(err)
	}
	if status == http.StatusOK {
		db, err := readArchive(ctx, bytes.NewReader(body), int64(len(body)), remote.Source)
		if err == nil {
			err = db.Verify(ctx)
		}
		if err == nil && db.Modified.Before(remote.Modified) {
			err = remote.failed(fmt.Errorf("%w: its archive is older than its indexes", ErrInvalid))
		}
		return db, err
	}
	files := memStore{}
	for _, name := range []string{dbIndex, modulesIndex, vulnsIndex} {
		if files[name], err = server.read(ctx, name, maxIndex); err != nil {
			return nil, remote.failed(err)
		}
	}
	total := 0
	err = remote.read(ctx, remote.all(), func(e *entry, raw []byte) error {
		files[entryFile(e.ID)] = raw
		if total += len(raw); total > maxTotal {
			return fmt.Errorf("%w: more than %d bytes", ErrInvalid, maxTotal)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, files, remote.Source)
	if err == nil { // the indexes may have changed since they were read first
		err = db.Verify(ctx)
	}
	return db, err
}

// Export writes a database as a zip archive in the layout v1, as other programs
// understand it once it is unpacked. All entries are verified.
func (db *Database) Export(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	err := db.eachFile(ctx, db.all(), func(name string, raw []byte) error {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write(raw)
		}
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}

// ExportDir writes a database into a new directory, in the layout v1, as other programs
// understand it. All entries are verified. The directory must not be there; it is there
// when it is complete.
func (db *Database) ExportDir(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("export vulnerability database: %w", &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist})
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".*")
	if err != nil {
		return fmt.Errorf("export vulnerability database: %w", err)
	}
	err = db.writeDir(ctx, temporary, db.all())
	if err == nil {
		err = os.Chmod(temporary, 0o755)
	}
	if err == nil {
		err = os.Rename(temporary, dir)
	}
	if err != nil {
		os.RemoveAll(temporary)
		return fmt.Errorf("export vulnerability database: %w", err)
	}
	return nil
}

// writeDir writes the indexes and some entries into a directory.
func (db *Database) writeDir(ctx context.Context, dir string, ids []string) error {
	for _, sub := range []string{"index", "ID"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	return db.eachFile(ctx, ids, func(name string, raw []byte) error {
		return os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), raw, 0o644)
	})
}

// eachFile calls fn with the indexes and some entries.
func (db *Database) eachFile(ctx context.Context, ids []string, fn func(name string, raw []byte) error) error {
	for _, name := range []string{dbIndex, modulesIndex, vulnsIndex} {
		raw, err := db.files.read(ctx, name, maxIndex)
		if err == nil {
			err = fn(name, raw)
		}
		if err != nil {
			return db.failed(err)
		}
	}
	return db.read(ctx, ids, func(e *entry, raw []byte) error { return fn(entryFile(e.ID), raw) })
}
