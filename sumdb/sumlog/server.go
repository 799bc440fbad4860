// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"golang.org/x/mod/module"
	xsumdb "golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb"
)

// Handler serves a log as the go command asks for it: below the root of a URL,
// which GOSUMDB may name, and below /sumdb/<name>/, as a proxy passes a
// database on. It answers GET and HEAD requests for /supported, /latest,
// /lookup/ and /tile/8/, and no others. Of what is not in the log it says 404:
// the go command then refuses the module.
//
// Failed, if not nil, is told what keeps the log from being served, such as a
// [*DamageError]; clients learn only that something does. It is called by
// several goroutines.
func Handler(s *Store, failed func(error)) http.Handler {
	if failed == nil {
		failed = func(error) {}
	}
	return &handler{store: s, failed: failed, protocol: xsumdb.NewServer(serverOps{s, failed})}
}

type handler struct {
	store    *Store
	failed   func(error)
	protocol http.Handler // the protocol's reference server
}

// maxPath bounds a request's path, in bytes: escaped, a module path and a
// version have less than twice their length.
const maxPath = 4 << 10

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	head, err := h.store.Head()
	if err != nil {
		h.failed(err)
		// Nothing may be said of a log that is damaged, to nobody.
		http.Error(w, "the log cannot be read", http.StatusInternalServerError)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/sumdb/"+head.Name)
	full := strings.HasPrefix(path, "/tile/") && !strings.Contains(path, ".p/")
	switch {
	case len(path) > maxPath:
		http.Error(w, "not found: the path is too long", http.StatusNotFound)
		return
	case path == "/supported":
		w.WriteHeader(http.StatusOK)
		return
	case path == "/latest":
		w.Header().Set("Cache-Control", "no-store")
	case strings.HasPrefix(path, "/lookup/"):
		// The reference server says 500 of a name that is not escaped as it must.
		if !isEscaped(strings.TrimPrefix(path, "/lookup/")) {
			http.Error(w, "not found: not a module version", http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
	case strings.HasPrefix(path, "/tile/"):
		// The reference server takes heights up to 30, and memory for them.
		t, err := tlog.ParseTilePath(path[1:])
		if err != nil || t.H != tileHeight {
			http.Error(w, "not found: not a tile of this log", http.StatusNotFound)
			return
		}
	default:
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	url := *r.URL
	url.Path, url.RawPath = path, ""
	inner := *r
	inner.URL = &url
	h.protocol.ServeHTTP(&cachingWriter{ResponseWriter: w, immutable: full}, &inner)
}

// isEscaped reports whether name is an escaped path@version.
func isEscaped(name string) bool {
	path, version, ok := strings.Cut(name, "@")
	if !ok {
		return false
	}
	_, err1 := module.UnescapePath(path)
	_, err2 := module.UnescapeVersion(version)
	return err1 == nil && err2 == nil
}

// cachingWriter marks full tiles, which never change, once they are found.
type cachingWriter struct {
	http.ResponseWriter
	immutable bool
	done      bool
}

func (w *cachingWriter) WriteHeader(code int) {
	if w.immutable && !w.done && code == http.StatusOK {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.done = true
	w.ResponseWriter.WriteHeader(code)
}

func (w *cachingWriter) Write(data []byte) (int, error) {
	if !w.done {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(data)
}

// serverOps implements the interface of the reference server.
type serverOps struct {
	store  *Store
	failed func(error)
}

// Signed returns the newest head.
func (o serverOps) Signed(context.Context) ([]byte, error) {
	head, err := o.store.Head()
	return head.Signed, o.public(err)
}

// ReadRecords returns the texts of n records.
func (o serverOps) ReadRecords(_ context.Context, id, n int64) ([][]byte, error) {
	if n < 0 || n > 1<<tileHeight {
		return nil, fs.ErrNotExist
	}
	out := make([][]byte, 0, n)
	for i := range n {
		text, err := o.store.Text(id + i)
		if err != nil {
			return nil, o.public(err)
		}
		out = append(out, text)
	}
	return out, nil
}

// Lookup returns the number of the record of m.
func (o serverOps) Lookup(_ context.Context, m module.Version) (int64, error) {
	id, err := o.store.Lookup(m)
	if errors.Is(err, sumdb.ErrNotLogged) {
		return 0, fs.ErrNotExist
	}
	return id, o.public(err)
}

// ReadTileData returns the hashes of a tile.
func (o serverOps) ReadTileData(_ context.Context, t tlog.Tile) ([]byte, error) {
	data, err := o.store.Tile(t)
	return data, o.public(err)
}

// errInternal is all that the world is told of what is wrong on this machine:
// the error names files.
var errInternal = errors.New("internal error")

func (o serverOps) public(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	o.failed(err)
	return errInternal
}

// NewServer returns a server for a [Handler], with bounds on time and headers.
func NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}
