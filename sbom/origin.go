// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/sbom/license"
)

// An Origin is what the zip file of a module version says of it.
type Origin struct {
	Size    int64          `json:"size"`   // of the zip file, bytes
	SHA256  string         `json:"sha256"` // of the zip file, hexadecimal
	SHA512  string         `json:"sha512"`
	H1      string         `json:"h1"` // of what is in it: the hash that go.sum and the checksum database have
	License license.Result `json:"license"`
}

// Origins reads the zip files of modules, as the proxy serves them.
type Origins struct {
	// ModCache is the go command's module cache (GOMODCACHE), "" for none.
	ModCache string

	// Store is a folder in which results are kept by the SHA-256 hash of the zip file,
	// which is computed again each time. "" for none.
	Store string

	// Download writes the zip file of a version that ModCache lacks. Nil
	// where nothing may be downloaded.
	Download func(ctx context.Context, m module.Version, w io.Writer) error
}

// ErrNoZip is a module version whose zip file is not in the module cache and
// may not be downloaded.
var ErrNoZip = errors.New("not in the module cache")

// Read reads the zip files of modules, several at once, and returns an Origin
// or an error for each. Whether a hash is the one that go.sum asks for, the
// caller compares.
func (o *Origins) Read(ctx context.Context, modules []module.Version) ([]*Origin, []error) {
	origins := make([]*Origin, len(modules))
	errs := make([]error, len(modules))
	queue := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			h := newZipHasher()
			for i := range queue {
				if origins[i], errs[i] = o.read(ctx, h, modules[i]); errs[i] != nil {
					errs[i] = fmt.Errorf("%s: %w", modules[i], errs[i])
				}
			}
		})
	}
	for i := range modules {
		queue <- i
	}
	close(queue)
	wg.Wait()
	return origins, errs
}

func (o *Origins) read(ctx context.Context, h *zipHasher, m module.Version) (*Origin, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, done, err := o.open(ctx, m)
	if err != nil {
		return nil, err
	}
	defer done()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > modzip.MaxZipFile {
		return nil, fmt.Errorf("not a regular file of at most %d bytes", modzip.MaxZipFile)
	}
	sum, err := hashOf(f, info.Size(), sha256.New(), h.buf)
	if err != nil {
		return nil, err
	}
	if known := o.stored(sum); known != nil {
		return known, nil
	}
	or := &Origin{Size: info.Size(), SHA256: sum}
	if or.SHA512, err = hashOf(f, info.Size(), sha512.New(), h.buf); err != nil {
		return nil, err
	}
	if err := or.readZip(h, f, m); err != nil {
		return nil, err
	}
	o.store(or)
	return or, nil
}

// open opens the zip file of a version.
func (o *Origins) open(ctx context.Context, m module.Version) (f *os.File, done func(), err error) {
	path, err := module.EscapePath(m.Path)
	if err != nil {
		return nil, nil, err
	}
	version, err := module.EscapeVersion(m.Version)
	if err != nil {
		return nil, nil, err
	}
	if o.ModCache != "" {
		name := filepath.Join(o.ModCache, "cache", "download", filepath.FromSlash(path), "@v", version+".zip")
		info, err := os.Stat(name) // before it is opened: a named pipe would not open
		if err == nil && info.Mode().IsRegular() {
			f, err = os.Open(name)
		}
		if err == nil && f != nil {
			return f, func() { f.Close() }, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	if o.Download == nil {
		return nil, nil, ErrNoZip
	}
	if f, err = os.CreateTemp("", "assay-*.zip"); err != nil {
		return nil, nil, err
	}
	done = func() {
		f.Close()
		os.Remove(f.Name())
	}
	if err := o.Download(ctx, m, f); err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

func hashOf(r io.ReaderAt, size int64, h hash.Hash, buf []byte) (string, error) {
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{io.NewSectionReader(r, 0, size)}, buf); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// readZip reads what is in the zip file: the module's hash and its licences.
func (or *Origin) readZip(h *zipHasher, r io.ReaderAt, m module.Version) error {
	z, err := zip.NewReader(r, or.Size)
	if err != nil {
		return err
	}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	if or.H1, err = h.hash1(r, z.File); err != nil {
		return err
	}
	found, err := license.ScanZip(z, m.String(), license.Options{})
	if err != nil {
		return fmt.Errorf("licences: %w", err)
	}
	or.License = *found
	return nil
}

// storeName names the file in which a result is kept.
func (o *Origins) storeName(sha256 string) string {
	return filepath.Join(o.Store, "modules-v"+license.Version, sha256[:2], sha256+".json")
}

// maxStored bounds what is read back, in bytes.
const maxStored = 8 << 20

// stored returns the result for a zip file with this hash, or nil.
func (o *Origins) stored(sha256 string) *Origin {
	if o.Store == "" {
		return nil
	}
	f, err := os.Open(o.storeName(sha256))
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxStored))
	or := new(Origin)
	if err != nil || json.Unmarshal(data, or) != nil || or.SHA256 != sha256 || len(or.SHA512) != 2*sha512.Size || or.H1 == "" ||
		or.License.Concluded != "" && or.License.Parts == nil {
		return nil // to be made again
	}
	return or
}

// store keeps a result. That it could not be kept costs the next run its time.
func (o *Origins) store(or *Origin) {
	if o.Store == "" {
		return
	}
	data, err := json.Marshal(or)
	if err != nil || len(data) > maxStored {
		return
	}
	name := o.storeName(or.SHA256)
	if os.MkdirAll(filepath.Dir(name), 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if errors.Join(err, f.Close()) != nil || os.Rename(f.Name(), name) != nil {
		os.Remove(f.Name())
	}
}
