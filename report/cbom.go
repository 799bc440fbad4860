// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/cbom"
)

// ErrNoCryptography reports a report of an audit that looked at no cryptography.
var ErrNoCryptography = errors.New("neither endpoints nor the FIPS 140 state of executables were audited")

// CBOM is the bill of materials of the cryptography that an audit found in
// endpoints and executables. Its time is that at which the audit ended. What could not
// be assessed stands among its properties.
func CBOM(rep *audit.Report) (*sbom.Document, error) {
	var tls struct {
		Endpoints []cbom.Endpoint `json:"endpoints"`
	}
	var fips struct {
		Files []cbom.Executable `json:"files"`
	}
	for check, facts := range map[string]any{"tls": &tls, "fips": &fips} {
		if raw, ok := rep.Facts[check]; ok {
			if err := json.Unmarshal(raw, facts); err != nil {
				return nil, fmt.Errorf("facts of %s: %w", check, err)
			}
		}
	}
	for _, e := range tls.Endpoints {
		if e.Result == nil || e.Address == "" {
			return nil, errors.New("facts of tls: an endpoint without an address")
		}
	}
	meta := cbom.Metadata{Time: rep.Finished, ToolVersion: rep.Tool.Version}
	looked := false
	for _, c := range rep.Checks {
		if c.ID != "tls" && c.ID != "fips" || c.Outcome == audit.NotApplicable {
			continue
		}
		looked = true
		if c.Outcome == audit.Unassessed || c.Outcome == audit.Errored {
			meta.Unassessed = append(meta.Unassessed, cmp.Or(c.ReasonID, c.ID+": "+string(c.Outcome)))
		}
	}
	if !looked {
		return nil, ErrNoCryptography
	}
	return cbom.Document(tls.Endpoints, fips.Files, meta), nil
}
