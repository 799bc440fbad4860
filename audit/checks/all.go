// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import "github.com/goassay/assay/audit"

// All lists all checks.
func All() []*audit.Check {
	return []*audit.Check{Allowlist, Binary, BOM, Env, FIPS, FIPSHost, FIPSSelftest, Graph, SBOM, SumDB, SVID, TLS, Toolchain, Unit, Vuln}
}
