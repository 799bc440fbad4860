// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprofile

import (
	_ "embed"
	"slices"
)

//go:embed profile.schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of a profile, for editors and for checks
// outside of assay. [Parse] accepts nothing that it refuses. That names are in a registry,
// and that clauses differ, only Parse itself can tell.
func Schema() []byte { return slices.Clone(schema) }
