// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit/redact"
)

// A Client asks the proxies of a chain what the go command would ask them, in
// the same order. It does not go to version control systems: a request that
// comes to a direct step of its route ends in [ErrDirect].
//
// Its methods return errors that wrap [*StatusError], [*RequestError],
// [*InvalidError], [ErrDirect] or [ErrOff].
type Client struct {
	Transport http.RoundTripper
	Chain     Chain
	NoProxy   string // GONOPROXY as `go env` prints it

	// Cache, if not nil, is the folder cache/download of GOMODCACHE. It is
	// asked first for go.mod files, which never change, and for nothing else.
	Cache fs.FS

	// Progress, if not nil, is told how many modules of a call to Status are
	// done. It is called by several goroutines.
	Progress func(done, total int)
}

var (
	// ErrDirect is a module whose route comes to its version control system.
	ErrDirect = errors.New("the module comes directly from version control")

	// ErrOff is a module that GOPROXY=off keeps from being looked up.
	ErrOff = errors.New("module lookup disabled by GOPROXY=off")
)

// An InvalidError is an answer with status 200 that the protocol does not allow.
type InvalidError struct {
	URL string // without secrets
	Err error  // ErrHTML, or what is wrong
}

func (e *InvalidError) Error() string { return "get " + e.URL + ": " + e.Err.Error() }

func (e *InvalidError) Unwrap() error { return e.Err }

// Versions returns the versions of the module that have a tag, in semantic
// version order: those of the first proxy that answers.
func (c *Client) Versions(ctx context.Context, modulePath string) ([]string, error) {
	var versions []string
	err := c.try(modulePath, func(r repo) (err error) {
		list, err := r.list(ctx)
		versions = list.tagged
		return err
	})
	return versions, err
}

// Latest returns the version that the query "latest" selects, with no regard
// to retractions and exclusions: the highest release, else the highest
// prerelease, else what the proxy's @latest says. Versions marked
// +incompatible count only if the highest other version has no go.mod file
// (queryProxy and filterVersions in cmd/go/internal/modload/query.go).
func (c *Client) Latest(ctx context.Context, modulePath string) (string, error) {
	var latest string
	err := c.try(modulePath, func(r repo) (err error) {
		latest, err = r.latest(ctx, func(version string) (bool, error) {
			data, err := c.GoMod(ctx, modulePath, version)
			return err == nil && string(data) != legacyGoMod(modulePath), err
		})
		return err
	})
	return latest, err
}

// GoMod returns the go.mod file of a version, from the module cache or the
// first proxy that answers. What a proxy answers is not checked against the
// checksum database here.
func (c *Client) GoMod(ctx context.Context, modulePath, version string) ([]byte, error) {
	if data, ok := c.cached(modulePath, version); ok {
		return data, nil
	}
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return nil, err
	}
	var data []byte
	err = c.try(modulePath, func(r repo) (err error) {
		data, err = r.get(ctx, "@v/"+escaped+".mod")
		return err
	})
	return data, err
}

// legacyGoMod is the file that stands for a missing go.mod
// (modfetch.LegacyGoMod).
func legacyGoMod(modulePath string) string {
	return fmt.Sprintf("module %s\n", modfile.AutoQuote(modulePath))
}

func (c *Client) cached(modulePath, version string) ([]byte, bool) {
	if c.Cache == nil {
		return nil, false
	}
	p, err1 := module.EscapePath(modulePath)
	v, err2 := module.EscapeVersion(version)
	if err1 != nil || err2 != nil {
		return nil, false
	}
	f, err := c.Cache.Open(p + "/@v/" + v + ".mod")
	if err != nil {
		return nil, false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, false
	}
	data, err := readText(f)
	return data, err == nil
}

// try is modfetch.TryProxies: it calls f for each proxy of the module's route
// until one answers, or fails in a way that its fallback does not cover, and
// returns the most telling error.
func (c *Client) try(modulePath string, f func(repo) error) error {
	escaped, err := module.EscapePath(modulePath)
	if err != nil {
		return err
	}
	var best error
	for _, s := range c.Chain.Route(modulePath, c.NoProxy).Steps {
		switch s.Kind {
		case Direct:
			if best != nil {
				return fmt.Errorf("%w, after: %w", ErrDirect, best)
			}
			return ErrDirect
		case Off:
			if best == nil {
				best = ErrOff
			}
			return best
		}
		e := c.Chain.Entries[s.Entry]
		err := f(repo{c.Transport, moduleURL(e.base, escaped), modulePath})
		if err == nil {
			return nil
		}
		missing := errors.Is(err, fs.ErrNotExist)
		if best == nil || !missing {
			best = err
		}
		if !missing && e.Fallback != OnAnyError {
			break
		}
	}
	return best
}

// moduleURL is the URL of a module on a proxy, as newProxyRepo makes it.
func moduleURL(base *url.URL, escapedPath string) *url.URL {
	u := join(base, escapedPath)
	u.RawPath = strings.TrimSuffix(base.RawPath, "/") + "/" + pathEscape(escapedPath)
	return u
}

// A repo is one module on one proxy.
type repo struct {
	transport http.RoundTripper
	base      *url.URL // with credentials
	module    string
}

// get fetches one of the module's files as proxyRepo.getBytes does.
func (r repo) get(ctx context.Context, name string) ([]byte, error) {
	u := *r.base
	u.Path = path.Join(u.Path, name)
	u.RawPath = path.Join(u.RawPath, pathEscape(name))
	data, err := get(ctx, r.transport, &u)
	if err == nil && isHTML(data) {
		return nil, r.invalid(name, ErrHTML)
	}
	return data, err
}

func pathEscape(s string) string { return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") }

func (r repo) invalid(name string, err error) error {
	return &InvalidError{URL: redact.URL(join(r.base, name).String()), Err: err}
}

// A versionList is the answer to @v/list.
type versionList struct {
	tagged []string // in semantic version order, without pseudo-versions
	newest string   // the pseudo-version, or version with a time behind it, that is the latest in time
}

func (r repo) list(ctx context.Context) (versionList, error) {
	data, err := r.get(ctx, "@v/list")
	if err != nil {
		return versionList{}, err
	}
	var l versionList
	var newest time.Time
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 || !semver.IsValid(f[0]) || module.Check(r.module, f[0]) != nil {
			continue
		}
		pseudo := module.IsPseudoVersion(f[0])
		if !pseudo {
			l.tagged = append(l.tagged, f[0])
		}
		var t time.Time
		if len(f) >= 2 {
			t, _ = time.Parse(time.RFC3339, f[1])
		} else if pseudo {
			t, _ = module.PseudoVersionTime(f[0])
		}
		if newest.Before(t) {
			newest, l.newest = t, f[0]
		}
	}
	semver.Sort(l.tagged)
	return l, nil
}

var errNoVersions = errors.New("the proxy knows no version of the module")

// latest is the query "latest" on one proxy. Unlike the go command it does
// not ask for the .info file of the version, of which it needs nothing.
func (r repo) latest(ctx context.Context, hasGoMod func(version string) (bool, error)) (string, error) {
	list, err := r.list(ctx)
	if err != nil {
		return "", err
	}
	version, err := highest(list.tagged, hasGoMod)
	if version != "" || err != nil {
		return version, err
	}
	data, err := r.get(ctx, "@latest")
	if errors.Is(err, fs.ErrNotExist) {
		if list.newest == "" {
			return "", r.invalid("@v/list", errNoVersions)
		}
		return list.newest, nil
	}
	if err != nil {
		return "", err
	}
	var info struct{ Version string }
	if err := json.Unmarshal(data, &info); err != nil {
		return "", r.invalid("@latest", fmt.Errorf("not JSON: %w", err))
	}
	if err := module.Check(r.module, info.Version); err != nil {
		return "", r.invalid("@latest", err)
	}
	return info.Version, nil
}

// highest returns the highest release of sorted versions, else the highest
// prerelease, else "".
func highest(versions []string, hasGoMod func(version string) (bool, error)) (string, error) {
	var release, prerelease, compatible string
	decided := false // whether +incompatible versions count: they do
	for _, v := range versions {
		if !strings.HasSuffix(v, "+incompatible") {
			compatible = v
		} else if compatible != "" && !decided {
			ok, err := hasGoMod(compatible)
			if err != nil {
				return "", err
			}
			if ok {
				break // all that follow are +incompatible too
			}
			decided = true
		}
		if semver.Prerelease(v) != "" {
			prerelease = v
		} else {
			release = v
		}
	}
	if release != "" {
		return release, nil
	}
	return prerelease, nil
}
