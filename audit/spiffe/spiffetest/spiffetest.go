// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package spiffetest serves SPIFFE Workload APIs for tests, right ones and wrong ones.
package spiffetest

import (
	"bytes"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/goassay/assay/audit/tlsprobe/certtest"
)

// A Stream is one request for X.509-SVIDs.
type Stream = workload.SpiffeWorkloadAPI_FetchX509SVIDServer

// An API is what a Workload API does with the n-th request, from 0.
type API func(n int, s Stream) error

// Serve serves an API on a Unix socket until the test ends, and returns its address. As
// the standard demands, it refuses requests without the header workload.spiffe.io.
func Serve(t testing.TB, api API) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "spiffe") // t.TempDir has paths that are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "api.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ServeListener(l, api))
	return "unix://" + socket
}

// ServeListener is Serve for a listener. The function that it returns ends it.
func ServeListener(l net.Listener, api API) (stop func()) {
	s := grpc.NewServer()
	requests := make(chan int, 1)
	requests <- 0
	workload.RegisterSpiffeWorkloadAPIServer(s, &server{api: api, requests: requests})
	go s.Serve(l)
	return s.Stop
}

type server struct {
	workload.UnimplementedSpiffeWorkloadAPIServer
	api      API
	requests chan int
}

func (s *server) FetchX509SVID(_ *workload.X509SVIDRequest, stream Stream) error {
	if md, _ := metadata.FromIncomingContext(stream.Context()); len(md.Get("workload.spiffe.io")) != 1 || md.Get("workload.spiffe.io")[0] != "true" {
		return status.Error(codes.InvalidArgument, "security header missing from request")
	}
	n := <-s.requests
	s.requests <- n + 1
	return s.api(n, stream)
}

// Answers is an API that gives answers, one after the other and no pause between, and
// then is silent until whoever asks has gone.
func Answers(list ...*workload.X509SVIDResponse) API {
	return func(_ int, s Stream) error {
		for _, r := range list {
			if err := s.Send(r); err != nil {
				return err
			}
		}
		<-s.Context().Done()
		return nil
	}
}

// Fails is an API that refuses with a status.
func Fails(code codes.Code, message string) API {
	return func(int, Stream) error { return status.Error(code, message) }
}

// Answer is an answer with SVIDs.
func Answer(svids ...*workload.X509SVID) *workload.X509SVIDResponse {
	return &workload.X509SVIDResponse{Svids: svids}
}

// SVID is what an API gives of a certificate: with its chain, its key, and the bundle
// of its root.
func SVID(t testing.TB, root *certtest.Identity, chain ...*certtest.Identity) *workload.X509SVID {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(chain[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	out := &workload.X509SVID{X509SvidKey: key, X509Svid: DER(chain...), Bundle: root.Raw}
	if len(chain[0].URIs) > 0 {
		out.SpiffeId = chain[0].URIs[0].String()
	}
	return out
}

// DER concatenates certificates.
func DER(list ...*certtest.Identity) []byte {
	var all [][]byte
	for _, c := range list {
		all = append(all, c.Raw)
	}
	return bytes.Join(all, nil)
}

// Has makes a certificate have SPIFFE IDs, and the usages of an SVID.
func Has(ids ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.DNSNames, c.URIs = nil, nil
		for _, id := range ids {
			u, err := url.Parse(id)
			if err != nil {
				panic(err)
			}
			c.URIs = append(c.URIs, u)
		}
		if !c.IsCA {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		}
	}
}
