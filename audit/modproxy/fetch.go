// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/goassay/assay/audit/redact"
)

// A SumDB fetches what stands below the URL of a checksum database, wherever
// the chain leads to it. Its methods may be called concurrently.
type SumDB struct {
	Transport http.RoundTripper
	Chain     Chain
	Name      string // of the database
	DirectURL string // where it stands itself
	URL       string // set by GOSUMDB: bypasses the chain; else ""

	// Hint is the base URL, without secrets, that an earlier [SumDB.Base] led
	// to; "" if unknown. Where a live proxy of the chain stands behind it, it
	// is asked at once, and /supported only if it does not know the database
	// any more. The caller must not keep hints from one chain for another.
	Hint string

	once     sync.Once
	base     string
	latest   atomic.Pointer[[]byte] // got on the way of the hint, and given once
	attempts []Attempt
	err      error
	timeouts atomic.Int32
}

// retries are the waits before a request is made again that failed for a
// reason that passes: 429, 502, 503, 504, or a body that broke off.
var retries = []time.Duration{200 * time.Millisecond, time.Second}

// requestTimeout bounds one request from the connection to the last byte of
// the answer, of which there are a few KiB: a server that sends them one by one
// would otherwise hold up the audit for hours. After maxTimeouts such answers
// no more are waited for.
var requestTimeout = 30 * time.Second

const maxTimeouts = 100

var errTimeout = errors.New("the answer took too long")

// Fetch returns what stands at path below the database's URL, of at most limit
// bytes. Errors wrap [*StatusError] and [*RequestError].
func (s *SumDB) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	s.once.Do(func() { s.find(ctx) })
	if s.err != nil {
		return nil, s.err
	}
	if path == "latest" {
		if data := s.latest.Swap(nil); data != nil && int64(len(*data)) <= limit {
			return *data, nil
		}
	}
	base, err := url.Parse(s.base)
	if err != nil {
		return nil, &RequestError{URL: redact.URL(s.base), Err: errors.New("malformed URL")}
	}
	u := join(base, path)
	if s.timeouts.Load() >= maxTimeouts {
		return nil, &RequestError{URL: redact.URL(u.String()), Err: fmt.Errorf("not asked: %d times %w", maxTimeouts, errTimeout)}
	}
	rt := boundTransport{s.Transport, limit}
	for try := 0; ; try++ {
		data, err := get(ctx, rt, u)
		switch {
		case err != nil:
		case isPage(data):
			err = &RequestError{URL: redact.URL(u.String()), Err: ErrHTML}
		case int64(len(data)) > limit: // a file
			err = &RequestError{URL: redact.URL(u.String()), Err: ErrTooLarge}
		}
		if err == nil {
			return data, nil
		}
		if errors.Is(err, errTimeout) {
			s.timeouts.Add(1)
		}
		if try == len(retries) || !passing(err) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(retries[try]):
		}
	}
}

// Base returns the base URL that Fetch uses, without secrets, and how it was
// found; no attempts if a hint served.
func (s *SumDB) Base() (string, []Attempt) {
	return redact.URL(s.base), s.attempts
}

func (s *SumDB) find(ctx context.Context) {
	if s.URL != "" {
		s.base = s.URL
		return
	}
	if s.Hint != "" {
		for _, e := range s.Chain.Live() {
			if e.Kind != Proxy {
				break
			}
			u := join(e.base, "sumdb/"+s.Name)
			if redact.URL(u.String()) != s.Hint {
				continue
			}
			rt := boundTransport{s.Transport, MaxText}
			if data, err := get(ctx, rt, join(u, "latest")); err == nil && !isPage(data) {
				s.base = u.String()
				s.latest.Store(&data)
				return
			}
			break
		}
	}
	s.base, s.attempts, s.err = FindSumDB(ctx, boundTransport{s.Transport, MaxText}, s.Chain, s.Name, s.DirectURL)
}

// isPage reports whether data begins as web pages do. It looks at more than
// isHTML does, because one in some hundred tiles begins with "<" by chance.
func isPage(data []byte) bool {
	data = bytes.ToLower(data[:min(len(data), 256)])
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	for _, begin := range []string{"<!doctype html", "<html", "<head", "<!--", "<?xml"} {
		if bytes.HasPrefix(data, []byte(begin)) {
			return true
		}
	}
	return false
}

// passing reports whether a request that failed with err may succeed when it
// is made again.
func passing(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		switch status.Code {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
	}
	return errors.Is(err, io.ErrUnexpectedEOF)
}

// boundTransport refuses answers over a limit of bytes, and over
// requestTimeout.
type boundTransport struct {
	http.RoundTripper
	limit int64
}

func (t boundTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), requestTimeout, errTimeout)
	resp, err := t.RoundTripper.RoundTrip(req.WithContext(ctx))
	if err != nil {
		if context.Cause(ctx) == errTimeout {
			err = errTimeout
		}
		cancel()
		return nil, err
	}
	resp.Body = &boundBody{ReadCloser: resp.Body, left: t.limit, ctx: ctx, cancel: cancel}
	return resp, nil
}

// boundBody fails once more than left bytes were read, or its time is over.
type boundBody struct {
	io.ReadCloser
	left   int64
	ctx    context.Context
	cancel context.CancelFunc
}

func (b *boundBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	// When a request is given up, a server that waits for that ends its answer as
	// if it were whole, and the end may be read before the connection is closed.
	if cause := context.Cause(b.ctx); err != nil && cause != nil {
		err = cause
	}
	return n, err
}

func (b *boundBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// A Head is what one proxy of the chain calls a database's latest tree head.
type Head struct {
	URL    string // of the database at this proxy, without secrets
	Signed []byte // as served, not verified
	Err    error  // why there is none; wraps [*StatusError] or [*RequestError]
}

// Heads asks every live proxy of the chain for the database's latest tree head,
// all at once, whichever of them Fetch uses: a proxy that shows some clients an
// older tree than others can be told only by comparing. There are none where
// GOSUMDB has a URL of its own, and a proxy that does not pass the database on
// has an error that is [fs.ErrNotExist].
func (s *SumDB) Heads(ctx context.Context) []Head {
	if s.URL != "" {
		return nil
	}
	var wg sync.WaitGroup
	live := s.Chain.Live()
	heads := make([]Head, 0, len(live)) // never grows: each is filled in its place
	for _, e := range live {
		if e.Kind != Proxy {
			break
		}
		heads = append(heads, Head{})
		h := &heads[len(heads)-1]
		u := join(e.base, "sumdb/"+s.Name+"/latest")
		wg.Go(func() {
			h.URL = redact.URL(join(e.base, "sumdb/"+s.Name).String())
			h.Signed, h.Err = get(ctx, boundTransport{s.Transport, maxHead}, u)
			if h.Err == nil && isPage(h.Signed) {
				h.Signed, h.Err = nil, &RequestError{URL: redact.URL(u.String()), Err: ErrHTML}
			}
			if errors.Is(h.Err, fs.ErrNotExist) { // it has no head, or does not pass the database on
				supported := join(e.base, "sumdb/"+s.Name+"/supported")
				if _, err := get(ctx, boundTransport{s.Transport, maxHead}, supported); err == nil {
					h.Err = &RequestError{URL: redact.URL(u.String()), Err: errNoHead}
				}
			}
		})
	}
	wg.Wait()
	return heads
}

// errNoHead is a proxy that says that it passes a database on, and has no head of
// it.
var errNoHead = errors.New("no tree head, although the proxy says that it passes the database on")

// maxHead bounds a tree head, in bytes.
const maxHead = 64 << 10
