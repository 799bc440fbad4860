// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	_ "embed"
	"slices"
)

//go:embed policy.schema.json
var policySchema []byte

// PolicySchema returns the JSON Schema (draft 2020-12) of a policy file, for
// editors and for checks outside of assay. [ParsePolicy] accepts nothing that
// it refuses.
func PolicySchema() []byte { return slices.Clone(policySchema) }
