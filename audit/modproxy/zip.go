// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/redact"
)

// A Zip is the zip file of a module version on a proxy, of which only the parts
// that are asked for are fetched, by ranges (RFC 9110, section 14). What it
// holds is the proxy's word. It is not safe for concurrent use.
type Zip struct {
	Size     int64
	Requests int
	Bytes    int64 // fetched

	ctx    context.Context
	client *http.Client
	url    *url.URL
	etag   string
	chunk  []byte // the last one fetched
	at     int64  // where it begins
	file   *os.File
}

// ErrNoRanges is a proxy that does not answer requests for parts of a file.
var ErrNoRanges = errors.New("the proxy does not serve parts of files")

// errChanged is a file that is another than at the first request.
var errChanged = errors.New("the file changed while it was read")

const (
	chunkSize = 512 << 10
	maxFetch  = 256 << 20 // of one zip file, in bytes
)

// Zip opens the zip file of a version at the first proxy of its route that
// answers. Errors are those of the other methods, and [ErrNoRanges].
func (c *Client) Zip(ctx context.Context, m module.Version) (*Zip, error) {
	escaped, err := module.EscapeVersion(m.Version)
	if err != nil {
		return nil, err
	}
	var z *Zip
	err = c.try(m.Path, func(r repo) (err error) {
		z, err = r.zip(ctx, "@v/"+escaped+".zip")
		return err
	})
	return z, err
}

func (r repo) zip(ctx context.Context, name string) (*Zip, error) {
	u := *r.base
	u.Path = path.Join(u.Path, name)
	u.RawPath = path.Join(u.RawPath, pathEscape(name))
	z := &Zip{ctx: ctx, url: &u, client: &http.Client{Transport: r.transport, CheckRedirect: checkRedirect}}
	if u.Scheme == "file" {
		return z, z.open()
	}
	if u.Scheme != "https" && u.User != nil {
		return nil, z.fail(ErrInsecureCredentials)
	}
	_, err := z.fetch(0, 1)
	return z, err
}

// open opens the file of a file:// proxy.
func (z *Zip) open() error {
	name := filepath.FromSlash(z.url.Path)
	if runtime.GOOS == "windows" {
		name = strings.TrimPrefix(name, `\`) // file:///C:/proxy
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &StatusError{Code: http.StatusNotFound, URL: redact.URL(z.url.String())}
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("not a regular file")
	}
	if err == nil {
		z.Size = info.Size()
		z.file, err = os.Open(name)
	}
	if err != nil {
		return z.fail(err)
	}
	return nil
}

// Close ends the use of the file.
func (z *Zip) Close() error {
	if z.file != nil {
		return z.file.Close()
	}
	return nil
}

func (z *Zip) fail(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err // ue repeats the URL
	}
	return &RequestError{URL: redact.URL(z.url.String()), Err: err}
}

// ReadAt implements [io.ReaderAt].
func (z *Zip) ReadAt(p []byte, off int64) (int, error) {
	if z.file != nil {
		return z.file.ReadAt(p, off)
	}
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at >= z.Size {
			return n, io.EOF
		}
		if at < z.at || at >= z.at+int64(len(z.chunk)) {
			begin := at / chunkSize * chunkSize
			chunk, err := z.fetch(begin, min(max(chunkSize, int64(len(p)-n)), z.Size-begin))
			if err != nil {
				return n, err
			}
			z.chunk, z.at = chunk, begin
		}
		n += copy(p[n:], z.chunk[at-z.at:])
	}
	return n, nil
}

// fetch gets n bytes from off on.
func (z *Zip) fetch(off, n int64) ([]byte, error) {
	if z.Bytes += n; z.Bytes > maxFetch {
		return nil, z.fail(ErrTooLarge)
	}
	z.Requests++
	req, err := http.NewRequestWithContext(z.ctx, http.MethodGet, z.url.String(), nil)
	if err != nil {
		return nil, z.fail(err)
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
	req.Header.Set("Accept-Encoding", "identity")
	if z.etag != "" {
		req.Header.Set("If-Match", z.etag)
	}
	resp, err := z.client.Do(req)
	if err != nil {
		return nil, z.fail(err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		return nil, z.fail(ErrNoRanges)
	case http.StatusPreconditionFailed:
		return nil, z.fail(errChanged)
	default:
		return nil, &StatusError{Code: resp.StatusCode, URL: redact.URL(z.url.String()), Body: firstLine(resp)}
	}
	size, ok := rangeSize(resp.Header.Get("Content-Range"), off, n)
	etag := resp.Header.Get("ETag")
	switch {
	case !ok || size > modzip.MaxZipFile || resp.Header.Get("Content-Encoding") != "":
		return nil, z.fail(ErrNoRanges)
	case z.Size != 0 && (size != z.Size || z.etag != "" && etag != z.etag):
		return nil, z.fail(errChanged)
	}
	z.Size = size
	if !strings.HasPrefix(etag, "W/") { // a weak one matches nothing (RFC 9110, section 13.1.1)
		z.etag = etag
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(resp.Body, data); err != nil {
		return nil, z.fail(err)
	}
	return data, nil
}

// rangeSize reads "bytes 0-99/1234" and returns the size of the whole file, if
// the range is the one that was asked for.
func rangeSize(header string, off, n int64) (int64, bool) {
	rest, ok := strings.CutPrefix(header, fmt.Sprintf("bytes %d-%d/", off, off+n-1))
	size, err := strconv.ParseInt(rest, 10, 64)
	return size, ok && err == nil && size >= off+n
}
