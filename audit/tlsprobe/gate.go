// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// errBudget is a connection too many.
var errBudget = errors.New("no connections left")

// A gate lets connections to one endpoint through: not more than a number, not too many
// at once, and not faster than the server bears.
type gate struct {
	dial func(context.Context) (net.Conn, error)

	slots    chan struct{} // a token for each connection at once
	interval time.Duration // between connections; 0: none

	mu       sync.Mutex
	far      bool          // it takes long to connect
	spares   []*spare      // made ahead, the oldest first
	left     int           // connections
	made     int           // or tried
	next     time.Time     // before which no connection is made
	pause    time.Duration // that the next sign of overload costs
	patience time.Duration // what is left of it
	total    time.Duration // what there was
	shut     error         // why no connection is of use any more
}

func newGate(o Options, dial func(context.Context) (net.Conn, error)) *gate {
	g := &gate{dial: dial, slots: make(chan struct{}, o.Parallel), left: o.MaxConnections, pause: firstPause, patience: o.Patience, total: o.Patience}
	if o.Rate > 0 {
		g.interval = time.Duration(float64(time.Second) / o.Rate)
	}
	return g
}

// firstPause is for how long an overloaded server is left alone at first. The pauses
// double, and connections come one after the other from then on.
const firstPause = 250 * time.Millisecond

const maxPause = 5 * time.Second

// connect makes a connection. The caller calls release when it is closed.
func (g *gate) connect(ctx context.Context) (conn net.Conn, release func(), err error) {
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	release = func() { <-g.slots }
	if err := g.reasonShut(); err != nil {
		release()
		return nil, nil, err
	}
	if conn := g.spare(); conn != nil {
		g.dialAhead(ctx)
		return conn, release, nil
	}
	wait, ok := g.turn()
	if !ok {
		release()
		return nil, nil, errBudget
	}
	if err := sleep(ctx, wait); err != nil {
		release()
		return nil, nil, err
	}
	began := time.Now()
	conn, err = g.dial(ctx)
	if err != nil {
		release()
		return nil, nil, err
	}
	g.mu.Lock()
	g.far = g.far || time.Since(began) > farAway
	g.mu.Unlock()
	g.dialAhead(ctx)
	return conn, release, nil
}

// farAway is how long it takes at least to connect to a server that is far away, where
// it pays to make the next connection while an answer is awaited.
const farAway = 10 * time.Millisecond

// maxIdle is for how long a connection that was made ahead is good: servers do not wait
// for a hello for ever.
const maxIdle = time.Second

// A spare is a connection that is made ahead.
type spare struct {
	made time.Time
	conn net.Conn // nil if it failed
	done chan struct{}
}

// dialAhead makes a connection that is used for the next hello, if the server is far
// away and shows no sign of overload. It counts like every other.
func (g *gate) dialAhead(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.far || g.interval > 0 || g.left == 0 || len(g.slots)+len(g.spares) >= cap(g.slots) {
		return
	}
	g.left--
	g.made++
	s := &spare{made: time.Now(), done: make(chan struct{})}
	g.spares = append(g.spares, s)
	go func() {
		defer close(s.done)
		s.conn, _ = g.dial(ctx)
	}()
}

// spare returns a connection that was made ahead, nil if there is none.
func (g *gate) spare() net.Conn {
	for {
		g.mu.Lock()
		if len(g.spares) == 0 {
			g.mu.Unlock()
			return nil
		}
		s := g.spares[0]
		g.spares = g.spares[1:]
		g.mu.Unlock()
		<-s.done
		switch {
		case s.conn == nil:
		case time.Since(s.made) > maxIdle:
			s.conn.Close()
		default:
			return s.conn
		}
	}
}

// close closes the connections that were made ahead, and are of no more use.
func (g *gate) close() {
	for conn := g.spare(); conn != nil; conn = g.spare() {
		conn.Close()
	}
}

// shutFor lets no connection through from now on.
func (g *gate) shutFor(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = err
}

func (g *gate) reasonShut() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shut
}

// turn takes a connection from those left, and tells how long to wait before it.
func (g *gate) turn() (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left == 0 {
		return 0, false
	}
	g.left--
	g.made++
	now := time.Now()
	wait := max(0, g.next.Sub(now))
	g.next = now.Add(wait + g.interval)
	return wait, true
}

// liveness is what an endpoint is known to do.
type liveness int

const (
	silent    liveness = iota // nothing
	listening                 // it ends connections
	alive                     // it takes hellos
)

// overloaded says that the server showed a sign of it. It reports whether there is
// patience left to ask again: a part of it, if the server took nothing yet, and none, if
// there seems to be no server.
func (g *gate) overloaded(l liveness) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	floor := time.Duration(0)
	switch l {
	case silent:
		return false
	case listening:
		floor = g.total - g.total/4
	}
	if g.patience <= floor || g.left == 0 {
		return false
	}
	pause := min(g.pause, g.patience-floor)
	g.patience -= pause
	g.pause = min(2*g.pause, maxPause)
	g.interval = max(g.interval, firstPause)
	if until := time.Now().Add(pause); until.After(g.next) {
		g.next = until
	}
	return true
}

// strained reports whether the server showed a sign of overload.
func (g *gate) strained() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.patience < g.total
}

// connections is how many were made or tried.
func (g *gate) connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.made
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
