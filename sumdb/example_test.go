// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"

	"golang.org/x/mod/module"
	xsumdb "golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/sumdb"
)

// webFetcher gets what stands below a URL. A program that should go the go
// command's own way, through GOPROXY, finds one in package audit/modproxy.
type webFetcher string

func (f webFetcher) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", string(f)+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return io.ReadAll(io.LimitReader(resp.Body, limit+1))
	case http.StatusNotFound, http.StatusGone:
		return nil, fs.ErrNotExist
	}
	return nil, fmt.Errorf("%s: %s", path, resp.Status)
}

// exampleLog starts a log of one record, in place of sum.golang.org.
func exampleLog() (gosumdb, url string, stop func()) {
	signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example.com")
	if err != nil {
		panic(err)
	}
	ops := xsumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
		return fmt.Appendf(nil, "%s %s h1:2jzu1RKKLWbHYGYMIiHmpYrt9nRpsxHLuS7OE1qOXFo=\n", path, version), nil
	})
	server := httptest.NewServer(xsumdb.NewServer(ops))
	if _, err := ops.Lookup(context.Background(), module.Version{Path: "example.com/m", Version: "v1.2.3"}); err != nil {
		panic(err)
	}
	return verifier + " " + server.URL, server.URL, server.Close
}

// Look up a module version, prove what the log says of it, and let somebody
// else check the proof who has the log's key and no network.
func Example() {
	gosumdb, url, stop := exampleLog()
	defer stop()
	log, err := sumdb.ParseLog(gosumdb)
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	m := module.Version{Path: "example.com/m", Version: "v1.2.3"}
	v := &sumdb.Verifier{Log: log, Fetcher: webFetcher(url), Cache: sumdb.DirCache(dir)}
	res, err := v.Verify(context.Background(), []module.Version{m})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := res.Answers[0]
	if answer.Record == nil {
		fmt.Println("not proven:", answer.Err) // which is not the same as wrong
		return
	}
	hash, _ := answer.Record.Hash(m, false)
	fmt.Println("logged:", hash)

	evidence, err := answer.Record.Proof.MarshalText()
	if err != nil {
		fmt.Println(err)
		return
	}
	var proof sumdb.Proof
	if err := proof.UnmarshalText(evidence); err != nil {
		fmt.Println(err)
		return
	}
	record, head, err := proof.Verify(log, m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("proven: record %d of a tree of %d\n", record.ID, head.Size)
	// Output:
	// logged: h1:2jzu1RKKLWbHYGYMIiHmpYrt9nRpsxHLuS7OE1qOXFo=
	// proven: record 0 of a tree of 1
}
