// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/license"
)

// judgeLicenses judges the licences of a document's components by the policy.
// Those of a main module are the owner's affair.
func (r *sbomRun) judgeLicenses(d *sbom.Document) {
	if !r.Policy.Licenses.Demands() {
		return
	}
	policy := license.Policy{Allow: r.Policy.Licenses.Allow, Deny: r.Policy.Licenses.Deny, Review: r.Policy.Licenses.Review}
	ways := waysTo(d)
	for _, c := range d.Components {
		if slices.Contains(d.Roots, c.Ref) || c.Kind != sbom.KindLibrary || isPackage(c) || r.isMain(c.Ref) || c.Property(sbom.PropertyUse) != "" {
			continue
		}
		expression := c.License.Concluded
		rule := ""
		j := license.Judge(expression, policy)
		switch {
		case expression == "":
			rule = "sbom/license-unknown"
		case j.Verdict == license.Denied:
			rule = "sbom/license-denied"
		case j.Verdict == license.Review, j.Verdict == license.Unknown && len(policy.Allow) > 0:
			rule = "sbom/license-review"
		default:
			continue
		}
		name := strings.TrimSuffix(c.Name+"@"+c.Version, "@")
		r.Report(audit.Finding{
			Rule: rule, Subject: audit.Subject{Kind: "module", Name: name},
			Args:     audit.Args{"component": name, "license": expression, "decisive": append([]string{}, j.Reason...), "way": append([]string{}, ways[c.Ref]...)},
			Location: modFileLocation(r.Target),
		})
	}
}

// waysTo returns for each component by which others a root comes to need it:
// a shortest way in the dependency graph, the root first.
func waysTo(d *sbom.Document) map[string][]string {
	byRef := make(map[string]*sbom.Component, len(d.Components))
	for _, c := range d.Components {
		byRef[c.Ref] = c
	}
	ways := make(map[string][]string)
	queue := slices.Clone(d.Roots)
	for _, ref := range queue {
		ways[ref] = []string{ref}
	}
	for i := 0; i < len(queue); i++ {
		c := byRef[queue[i]]
		if c == nil {
			continue
		}
		for _, to := range c.DependsOn {
			if ways[to] == nil {
				ways[to] = append(slices.Clone(ways[c.Ref]), to)
				queue = append(queue, to)
			}
		}
	}
	return ways
}
