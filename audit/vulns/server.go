// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrRedirect is a server that sends who asks it to another host, or from https to http.
// The Go project's does not: somebody else answers in its place, or it was moved. No other
// database is taken for it, as for one that is [ErrUnreachable], for that would hide it.
var ErrRedirect = errors.New("vulnerability database redirects elsewhere")

// errSlow is a server that sends less than it has to.
var errSlow = errors.New("the server is too slow")

// A pace is what a server has to keep in each request, or counts as [ErrUnreachable].
type pace struct {
	grace time.Duration // until the end of an answer without content
	rate  int64         // bytes a second that prolong it
}

// minPace lets a modem keep up, and ends within 70 minutes for the largest index.
var minPace = pace{time.Minute, 16 << 10}

// A clocked is a request that is given up when it falls behind the pace.
type clocked struct {
	pace
	begun time.Time
	timer *time.Timer
	body  io.Reader
	read  int64
}

// begin returns a context for a request, of which [context.Cause] is errSlow once it has
// fallen behind. The caller calls end.
func (p pace) begin(ctx context.Context) (_ context.Context, c *clocked, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c = &clocked{pace: p, begun: time.Now(), timer: time.AfterFunc(p.grace, func() {
		cancel(fmt.Errorf("%w: less than %d bytes a second after %s", errSlow, p.rate, p.grace))
	})}
	return ctx, c, func() { c.timer.Stop(); cancel(nil) }
}

// Read reads the content of the answer.
func (c *clocked) Read(p []byte) (int, error) {
	n, err := c.body.Read(p)
	c.read += int64(n)
	earned := time.Duration(float64(c.read) / float64(c.rate) * float64(time.Second))
	c.timer.Reset(time.Until(c.begun.Add(c.grace + earned)))
	return n, err
}

// maxRedirects bounds the redirects on one host.
const maxRedirects = 10

// checkRedirect is for [http.Client]: it goes on where the host and the scheme are those
// that were asked, or https in place of http on that host.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from, to := via[0].URL, req.URL
	if len(via) > maxRedirects {
		return fmt.Errorf("%w: %s, %d times", ErrRedirect, origin(from), len(via))
	}
	safer := *from
	safer.Scheme = "https"
	if o := origin(to); o != origin(from) && (from.Scheme != "http" || from.Port() != "" || o != origin(&safer)) {
		return fmt.Errorf("%w: from %s to %s", ErrRedirect, origin(from), o)
	}
	return nil
}

// origin names a server: its scheme, host and port, without credentials.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); port != "" && port == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return printable(u.Scheme + "://" + host)
}
