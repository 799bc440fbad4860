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
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goassay/assay/audit/redact"
)

// MaxText bounds the answer to any request but a zip file, in bytes. It is the
// go command's own limit for go.mod files (modfetch/codehost.MaxGoMod); the
// longest version lists are under 1 MiB.
const MaxText = 16 << 20

// A StatusError is an answer other than 200. It is [fs.ErrNotExist] for 404
// and 410, which alone send the go command past a comma of GOPROXY. A missing
// file of a file:// proxy is 404, an unreadable one 403, as in the go command.
type StatusError struct {
	Code int
	URL  string // without secrets
	Body string // the first line of a text/plain answer, at most 200 bytes; else ""
}

func (e *StatusError) Error() string {
	msg := fmt.Sprintf("get %s: %d %s", e.URL, e.Code, strings.ToLower(http.StatusText(e.Code)))
	if e.Body != "" {
		msg += ": " + e.Body
	}
	return msg
}

func (e *StatusError) Is(target error) bool {
	return target == fs.ErrNotExist && (e.Code == http.StatusNotFound || e.Code == http.StatusGone)
}

// A RequestError is a request that got no answer, or none that can be used:
// the network failed, a redirect was refused, the body broke off.
type RequestError struct {
	URL string // without secrets
	Err error  // one of the errors below, a network error, or the context's
}

func (e *RequestError) Error() string { return "get " + e.URL + ": " + e.Err.Error() }

func (e *RequestError) Unwrap() error { return e.Err }

var (
	// ErrHTML is a web page with status 200 where the protocol has none: a
	// login page, a captive portal, a repository manager's front page.
	ErrHTML = errors.New("the answer is a web page")

	ErrTooLarge = errors.New("the answer is too large")

	// ErrInsecureRedirect is a redirect from https to anything else.
	ErrInsecureRedirect = errors.New("redirected from https to an insecure URL")

	// ErrInsecureCredentials is a proxy URL of scheme http with a user name:
	// the go command does not send credentials in the clear, so it cannot use
	// such a proxy at all.
	ErrInsecureCredentials = errors.New("credentials are not sent to an insecure URL")
)

const maxRedirects = 10

// get fetches u as cmd/go/internal/web.Get with DefaultSecurity does, except
// that GOAUTH is not asked for credentials: only those of the URL are sent.
func get(ctx context.Context, rt http.RoundTripper, u *url.URL) ([]byte, error) {
	if u.Scheme == "file" {
		return getFile(u)
	}
	fail := func(err error) ([]byte, error) {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // ue repeats the URL
		}
		return nil, &RequestError{URL: redact.URL(u.String()), Err: err}
	}
	if u.Scheme != "https" && u.User != nil {
		return fail(ErrInsecureCredentials)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fail(err)
	}
	client := &http.Client{Transport: rt, CheckRedirect: checkRedirect}
	resp, err := client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &StatusError{Code: resp.StatusCode, URL: redact.URL(u.String()), Body: firstLine(resp)}
	}
	data, err := readText(resp.Body)
	if err == nil {
		err = ctx.Err() // see boundBody.Read
	}
	if err != nil {
		return fail(err)
	}
	return data, nil
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return ErrInsecureRedirect
	}
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	return nil
}

func readText(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxText+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxText {
		return nil, ErrTooLarge
	}
	return data, nil
}

// firstLine is the server's own explanation, if it is fit to be printed.
func firstLine(resp *http.Response) string {
	if t, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); strings.TrimSpace(strings.ToLower(t)) != "text/plain" {
		return ""
	}
	const limit = 200
	buf, _ := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	line, _, whole := bytes.Cut(buf, []byte("\n"))
	if !whole && len(buf) > limit {
		line = line[:limit]
		for len(line) > 0 && !utf8.Valid(line) && limit-len(line) < utf8.UTFMax {
			line = line[:len(line)-1] // a character cut in two
		}
	}
	s := strings.TrimSpace(string(line))
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return ""
	}
	return s
}

func getFile(u *url.URL) ([]byte, error) {
	name := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" {
		name = strings.TrimPrefix(name, `\`) // file:///C:/proxy
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &StatusError{Code: http.StatusNotFound, URL: redact.URL(u.String())}
	case errors.Is(err, fs.ErrPermission):
		return nil, &StatusError{Code: http.StatusForbidden, URL: redact.URL(u.String())}
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, &RequestError{URL: redact.URL(u.String()), Err: err}
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrPermission) {
		return nil, &StatusError{Code: http.StatusForbidden, URL: redact.URL(u.String())}
	}
	if err != nil {
		return nil, &RequestError{URL: redact.URL(u.String()), Err: err}
	}
	defer f.Close()
	data, err := readText(f)
	if err != nil {
		return nil, &RequestError{URL: redact.URL(u.String()), Err: err}
	}
	return data, nil
}

// isHTML reports whether data, an answer with status 200, is a web page.
// Nothing in the protocol begins with "<", so this is decided by the content
// and not by a header that badly set up servers put on everything.
func isHTML(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("<"))
}
