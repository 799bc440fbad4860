// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/goassay/assay/audit/redact"
)

// dirStore is a directory.
type dirStore struct{ fs fs.FS }

func newDirStore(fsys fs.FS) dirStore { return dirStore{fsys} }

func (s dirStore) read(_ context.Context, name string, limit int64) ([]byte, error) {
	f, err := s.fs.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no such file", ErrInvalid)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if stat, err := f.Stat(); err != nil || !stat.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", ErrInvalid)
	}
	return readAll(f, limit)
}

func (s dirStore) entries(ctx context.Context, ids []string, fn func(string, []byte) error) error {
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := s.read(ctx, entryFile(id), maxEntry)
		if err != nil {
			return fmt.Errorf("entry %s: %w", id, err)
		}
		if err := fn(id, raw); err != nil {
			return err
		}
	}
	return nil
}

func (s dirStore) list() ([]string, error) {
	d, err := s.fs.Open("ID")
	if err != nil {
		return nil, fmt.Errorf("%w: no entries", ErrInvalid)
	}
	defer d.Close()
	dir, ok := d.(fs.ReadDirFile)
	if !ok {
		return nil, fmt.Errorf("%w: no entries", ErrInvalid)
	}
	ids := []string{}
	for {
		part, err := dir.ReadDir(1000)
		for _, e := range part {
			// Beside an entry stands its compressed form, and in a copy of the server's
			// also a list of all in HTML.
			if id, ok := strings.CutSuffix(e.Name(), ".json"); ok && id != "index" {
				ids = append(ids, id)
			}
		}
		if len(ids) > maxEntries {
			return nil, fmt.Errorf("%w: more than %d entries", ErrInvalid, maxEntries)
		}
		if err == io.EOF {
			return ids, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// memStore holds the files in memory: those of an archive.
type memStore map[string][]byte

func (s memStore) read(_ context.Context, name string, limit int64) ([]byte, error) {
	raw, ok := s[name]
	if !ok || int64(len(raw)) > limit {
		return nil, fmt.Errorf("%w: no such file, or one of more than %d bytes", ErrInvalid, limit)
	}
	return raw, nil
}

func (s memStore) entries(ctx context.Context, ids []string, fn func(string, []byte) error) error {
	for _, id := range ids {
		raw, err := s.read(ctx, entryFile(id), maxEntry)
		if err != nil {
			return fmt.Errorf("entry %s: %w", id, err)
		}
		if err := fn(id, raw); err != nil {
			return err
		}
	}
	return nil
}

func (s memStore) list() ([]string, error) {
	ids := []string{}
	for name := range s {
		if id, ok := strings.CutPrefix(name, "ID/"); ok {
			ids = append(ids, strings.TrimSuffix(id, ".json"))
		}
	}
	return ids, nil
}

// httpStore is a server, which has each file in a compressed form
// (https://go.dev/doc/security/vuln/database#api), and may have it in plain.
type httpStore struct {
	base   *url.URL
	client *http.Client
	pace   pace
}

func newHTTPStore(u *url.URL, rt http.RoundTripper) *httpStore {
	base := *u
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = strings.TrimRight(base.RawPath, "/")
	return &httpStore{&base, &http.Client{Transport: rt, CheckRedirect: checkRedirect}, minPace}
}

// parallel is how many requests are made at once.
const parallel = 10

func (s *httpStore) read(ctx context.Context, name string, limit int64) ([]byte, error) {
	body, status, err := s.get(ctx, name+".gz", limit)
	if status == http.StatusNotFound || status == http.StatusGone {
		body, status, err = s.get(ctx, name, limit)
	}
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNotFound || status == http.StatusGone:
		return nil, fmt.Errorf("%w: no such file", ErrInvalid)
	case status != http.StatusOK:
		return nil, fmt.Errorf("%w: status %d", ErrUnreachable, status)
	}
	if !bytes.HasPrefix(body, []byte("\x1f\x8b")) { // decompressed on its way
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return readAll(z, limit)
}

// get makes a request. The body is nil unless the status is 200.
func (s *httpStore) get(ctx context.Context, name string, limit int64) ([]byte, int, error) {
	paced, clock, end := s.pace.begin(ctx)
	defer end()
	req, err := http.NewRequestWithContext(paced, http.MethodGet, s.base.JoinPath(name).String(), nil)
	if err != nil {
		return nil, 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, 0, unreachable(ctx, paced, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, resp.StatusCode, nil
	}
	clock.body = resp.Body
	body, err := io.ReadAll(io.LimitReader(clock, limit+1))
	if err != nil {
		return nil, 0, unreachable(ctx, paced, err)
	}
	if int64(len(body)) > limit {
		return nil, 0, fmt.Errorf("%w: more than %d bytes", ErrInvalid, limit)
	}
	return body, resp.StatusCode, nil
}

// unreachable is the error of a request, whose URL may hold credentials, as may one that
// it was redirected to. paced is the context of the request itself.
func unreachable(ctx, paced context.Context, err error) error {
	var elsewhere *url.Error
	switch slow := context.Cause(paced); {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(slow, errSlow):
		return fmt.Errorf("%w: %w", ErrUnreachable, slow)
	case errors.Is(err, ErrRedirect) && errors.As(err, &elsewhere):
		return elsewhere.Err // without the URLs
	}
	return fmt.Errorf("%w: %s", ErrUnreachable, redact.Text(err.Error()))
}

func (s *httpStore) entries(ctx context.Context, ids []string, fn func(string, []byte) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	var mu sync.Mutex
	for _, id := range ids {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			raw, err := s.read(ctx, entryFile(id), maxEntry)
			if err != nil {
				return fmt.Errorf("entry %s: %w", id, err)
			}
			mu.Lock()
			defer mu.Unlock()
			return fn(id, raw)
		})
	}
	return g.Wait()
}

func (s *httpStore) list() ([]string, error) { return nil, nil }

// readAll reads to the end, which must come within limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrInvalid, limit)
	}
	return slices.Clip(raw), nil
}
