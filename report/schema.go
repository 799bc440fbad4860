// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import _ "embed"

//go:embed schema/report.v1.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the format [JSON]. It is
// strict: what it does not name, a report does not hold. Facts are the
// exception: they are the instruments' own, and grow with them.
func Schema() []byte { return append([]byte(nil), schema...) }
