// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Vulnsnapshot renews the copy of the Go vulnerability database that is a part of assay:
//
//	go run ./internal/vulnsnapshot LOCATION
//
// LOCATION is a URL, such as https://vuln.go.dev, a directory, or an archive. Run it in
// the root of the repository, at each release.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goassay/assay/audit/vulns"
)

const dir = "audit/vulns/snapshot"

const notice = `vulndb.zip holds the data of the Go vulnerability database (https://vuln.go.dev) as of
%s: %d entries, last modified %s.

Go vulnerability database, by the Go project and its contributors, is licensed under
CC-BY-4.0 (https://creativecommons.org/licenses/by/4.0/). The entries are unchanged; they
are stored in compressed blocks. "assay vuln db export" writes them as they were published.
`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/vulnsnapshot LOCATION")
		os.Exit(2)
	}
	if err := renew(context.Background(), os.Args[1], dir); err != nil {
		fmt.Fprintln(os.Stderr, "vulnsnapshot:", err)
		os.Exit(1)
	}
}

// renew writes the database at a location, and whose it is, into a directory.
func renew(ctx context.Context, location, dir string) error {
	if location == "" {
		return errors.New("no location")
	}
	open := vulns.Open
	if strings.HasPrefix(location, "http") {
		open = vulns.Fetch
	}
	db, err := open(ctx, location, http.DefaultTransport)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := db.WritePack(ctx, &b); err != nil {
		return err
	}
	modified := db.Modified.UTC()
	text := fmt.Sprintf(notice, modified.Format(time.DateOnly), db.Entries, modified.Format(time.RFC3339))
	for name, content := range map[string][]byte{"vulndb.zip": b.Bytes(), "NOTICE": []byte(text)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
