// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"io"
	"net/http"
	"path"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/redact"
)

// Download writes the zip file of a version to w, whole, as the first proxy of
// its route serves it. Nothing of it is checked but its size. Errors are those
// of the other methods; after one, w may hold a part of the file.
func (c *Client) Download(ctx context.Context, m module.Version, w io.Writer) error {
	escaped, err := module.EscapeVersion(m.Version)
	if err != nil {
		return err
	}
	begun := false
	var failed error
	err = c.try(m.Path, func(r repo) error {
		if begun { // a part of another proxy's file is in w
			return failed
		}
		failed = r.download(ctx, "@v/"+escaped+".zip", w, &begun)
		return failed
	})
	if begun && failed != nil {
		return failed
	}
	return err
}

func (r repo) download(ctx context.Context, name string, w io.Writer, begun *bool) error {
	u := *r.base
	u.Path = path.Join(u.Path, name)
	u.RawPath = path.Join(u.RawPath, pathEscape(name))
	z := &Zip{ctx: ctx, url: &u, client: &http.Client{Transport: r.transport, CheckRedirect: checkRedirect}}
	if u.Scheme == "file" {
		if err := z.open(); err != nil {
			return err
		}
		defer z.Close()
		*begun = true
		return z.copy(w, z.file)
	}
	if u.Scheme != "https" && u.User != nil {
		return z.fail(ErrInsecureCredentials)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return z.fail(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := z.client.Do(req)
	if err != nil {
		return z.fail(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &StatusError{Code: resp.StatusCode, URL: redact.URL(u.String()), Body: firstLine(resp)}
	}
	*begun = true
	return z.copy(w, resp.Body)
}

// copy copies a zip file of at most the size that the go command accepts.
func (z *Zip) copy(w io.Writer, from io.Reader) error {
	n, err := io.Copy(w, io.LimitReader(from, modzip.MaxZipFile+1))
	if err == nil && n > modzip.MaxZipFile {
		err = ErrTooLarge
	}
	if err != nil {
		return z.fail(err)
	}
	return nil
}
