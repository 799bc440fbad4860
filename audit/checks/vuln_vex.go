// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/goassay/assay/audit/vulns"
)

// VulnVEXDocument writes the facts of [Vuln] as an OpenVEX document: one
// statement for each vulnerability of each target. A target without a package
// URL has no name that a statement could be about: that is an error.
func VulnVEXDocument(facts *VulnFacts, author string, at time.Time) ([]byte, error) {
	var doc *vulns.VEX
	for i, t := range facts.Targets {
		if t.Product == "" {
			return nil, fmt.Errorf("%s: no package URL is known of it", t.Name)
		}
		a := &vulns.Assessment{Basis: t.Basis, Level: t.Level}
		if len(t.Packages) > 0 { // the statements are about all of the product
			a.Level = vulns.LevelModule
		}
		for _, v := range facts.Vulnerabilities {
			if v.Target == i {
				a.Vulnerabilities = append(a.Vulnerabilities, v.Vulnerability)
			}
		}
		for _, n := range facts.NotAssessed {
			if n.Target == i {
				a.NotAssessed = append(a.NotAssessed, n.NotAssessed)
			}
		}
		d := vulns.NewVEX(author, author, t.Product, at, a)
		if doc == nil {
			doc = d
		} else {
			doc.Statements = append(doc.Statements, d.Statements...)
			sum := sha256.Sum256([]byte(doc.ID + d.ID))
			doc.ID = "https://openvex.dev/docs/public/vex-" + hex.EncodeToString(sum[:])
		}
	}
	if doc == nil {
		doc = vulns.NewVEX(author, author, "", at, new(vulns.Assessment))
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	return append(data, '\n'), err
}
