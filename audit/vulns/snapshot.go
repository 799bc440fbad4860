// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"context"
	_ "embed"
	"strings"
	"sync"
)

// The snapshot is written by internal/vulnsnapshot. Its content is that of the Go
// vulnerability database, by the Go project, under the licence CC-BY-4.0; see
// snapshot/NOTICE.
//
//go:embed snapshot/vulndb.zip
var snapshot string

// SnapshotAttribution names the author and the licence of the data in [Snapshot]. It is
// to be shown where that data is handed on.
const SnapshotAttribution = "Go vulnerability database, CC-BY-4.0"

// Snapshot opens the copy of the Go vulnerability database that is a part of this
// program. It was verified when it was made, and its date is that of the copy.
func Snapshot() (*Database, error) { return openSnapshot() }

var openSnapshot = sync.OnceValues(func() (*Database, error) {
	return readArchive(context.Background(), strings.NewReader(snapshot), int64(len(snapshot)), Source{Kind: SourceSnapshot})
})
