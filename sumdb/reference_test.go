// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import "golang.org/x/mod/sumdb"

// referenceClient is the protocol's reference client, which the go command uses.
type referenceClient = sumdb.Client

func newReference(ops *referenceOps) *referenceClient { return sumdb.NewClient(ops) }
