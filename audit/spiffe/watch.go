// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spiffe

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Watch asks a Workload API for the SVIDs of the workload that asks, and watches what
// becomes of them. A stream that breaks is opened again until the time is over; where there
// is no first answer, Watch returns at once. It returns when ctx ends, and what went wrong
// is in the result.
func Watch(ctx context.Context, a Address, o Options) *Workload {
	o = o.withDefaults()
	w := &watch{Options: o, svids: map[identity]*SVID{}, result: &Workload{Socket: a.String(), Updates: []time.Time{}}}
	w.result.State, w.result.Detail = w.run(ctx, a)
	return w.finish()
}

// watch is what is known while it lasts.
type watch struct {
	Options
	result *Workload
	svids  map[identity]*SVID
	kept   int // bytes

	first time.Time        // when the first answer came
	total int              // answers
	end   <-chan time.Time // of the watch; nil before the first answer
	fails int              // streams without an answer, one after the other
}

// run asks until there is nothing more to ask for.
func (w *watch) run(ctx context.Context, a Address) (State, string) {
	conn, err := grpc.NewClient("passthrough:///workload-api",
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the kernel says who asks and who answers
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return w.DialContext(ctx, a.Network, a.Address)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithMaxHeaderListSize(64<<10),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithNoProxy(),
	)
	if err != nil {
		return Unreachable, printable(err.Error(), maxDetail)
	}
	defer conn.Close()
	client := workload.NewSpiffeWorkloadAPIClient(conn)
	for {
		state, detail := w.stream(ctx, client)
		if !w.repeats(state) {
			return state, detail
		}
		w.result.Gaps = append(w.result.Gaps, Gap{From: w.Now().UTC(), State: state, Detail: detail})
		if len(w.result.Gaps) > w.MaxUpdates {
			return Excessive, "streams"
		}
		w.fails++
		conn.ResetConnectBackoff()
		select {
		case <-ctx.Done():
			return Interrupted, ""
		case <-w.end:
			return state, detail
		case <-w.After(min(time.Duration(w.fails)*time.Second, 30*time.Second)): // as go-spiffe does
		}
	}
}

// repeats reports whether a stream that ended so is opened again: if there was an answer at
// all, and the watch is not over.
func (w *watch) repeats(s State) bool {
	return w.end != nil && s != Answered && s != Interrupted && s != Excessive
}

// answer is what a stream brought.
type answer struct {
	message *workload.X509SVIDResponse
	err     error
}

// stream opens one stream and reads it to its end, or to that of the watch.
func (w *watch) stream(ctx context.Context, client workload.SpiffeWorkloadAPIClient) (State, string) {
	streamCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := receive(streamCtx, client)
	silent := w.After(w.Answer)
	for {
		select {
		case <-ctx.Done():
			return Interrupted, ""
		case <-w.end:
			if silent != nil && len(w.result.Gaps) > 0 { // it was not there again in time
				g := w.result.Gaps[len(w.result.Gaps)-1]
				return g.State, g.Detail
			}
			return Answered, ""
		case <-silent:
			return Silent, w.Answer.String()
		case a := <-answers:
			err := a.err
			if err == nil {
				silent = nil
				err = w.answered(a.message)
			}
			switch {
			case errors.Is(err, errExcessive):
				return Excessive, err.Error()
			case err != nil && a.err == nil:
				return Malformed, err.Error()
			case err != nil && ctx.Err() != nil:
				return Interrupted, ""
			case err != nil:
				return failure(err)
			case w.Watch <= 0:
				return Answered, ""
			case w.total > w.MaxUpdates:
				return Excessive, "answers"
			}
		}
	}
}

// answered takes an answer.
func (w *watch) answered(message *workload.X509SVIDResponse) error {
	now := w.Now().UTC()
	changed, err := w.take(message, now)
	if err != nil {
		return err
	}
	w.fails = 0
	if n := len(w.result.Gaps); n > 0 && w.result.Gaps[n-1].To == nil {
		w.result.Gaps[n-1].To = &now
	}
	if w.total++; w.total == 1 {
		w.first = now
		if w.Watch > 0 {
			w.end = w.After(w.Watch)
		}
	} else {
		w.result.Updates = append(w.result.Updates, now)
		if changed {
			w.result.Changes++
		}
	}
	w.Updated(w.total)
	return nil
}

// receive reads a stream in a goroutine that ends with ctx.
func receive(ctx context.Context, client workload.SpiffeWorkloadAPIClient) <-chan answer {
	answers := make(chan answer)
	go func() {
		// Without this header the API refuses, lest a program be made to ask for somebody
		// else (SPIFFE Workload Endpoint, section 6).
		ctx := metadata.NewOutgoingContext(ctx, metadata.Pairs("workload.spiffe.io", "true"))
		stream, err := client.FetchX509SVID(ctx, &workload.X509SVIDRequest{})
		for {
			var a answer
			if err == nil {
				a.message, err = stream.Recv()
			}
			a.err = err
			select {
			case answers <- a:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return answers
}

// failure says what an error of a stream means.
func failure(err error) (State, string) {
	if errors.Is(err, io.EOF) {
		return Unreachable, "the stream was closed"
	}
	s := status.Convert(err)
	detail := printable(s.Message(), maxDetail)
	switch s.Code() {
	case codes.PermissionDenied:
		return Denied, detail
	case codes.Unavailable:
		if _, cause, ok := strings.Cut(s.Message(), `desc = "`); ok { // of grpc's connections
			cause = strings.TrimPrefix(strings.TrimSuffix(cause, `"`), "transport: Error while dialing: ")
			detail = printable(cause, maxDetail)
		}
		return Unreachable, detail
	case codes.DeadlineExceeded:
		return Silent, detail
	case codes.ResourceExhausted:
		if strings.HasPrefix(s.Message(), "grpc: received message") {
			return Excessive, detail
		}
	case codes.Internal:
		if strings.HasPrefix(s.Message(), "grpc: ") { // it could not be decoded
			return Malformed, detail
		}
	}
	return Refused, strings.TrimSpace(s.Code().String() + " " + detail)
}

// finish gives what is known its order.
func (w *watch) finish() *Workload {
	r := w.result
	r.Ended = w.Now().UTC()
	if w.total > 0 {
		r.Watched = r.Ended.Sub(w.first).Seconds()
	}
	keys := make([]identity, 0, len(w.svids))
	for k := range w.svids {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b identity) int {
		return cmp.Or(strings.Compare(a.id, b.id), strings.Compare(a.hint, b.hint), a.nth-b.nth)
	})
	for _, k := range keys {
		r.SVIDs = append(r.SVIDs, w.svids[k])
	}
	return r
}
