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
	ways := waysOf(d)
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
			Args:     audit.Args{"component": name, "license": expression, "decisive": append([]string{}, j.Reason...), "way": ways.to(c.Ref)},
			Location: modFileLocation(r.Target),
		})
	}
}

// maxWay is how many components of a way are told.
const maxWay = 50

// A ways says of each component which other one a root comes to need it by: a
// shortest way in the dependency graph.
type ways map[string]string

// waysOf finds the ways from the roots of a document.
func waysOf(d *sbom.Document) ways {
	byRef := make(map[string]*sbom.Component, len(d.Components))
	for _, c := range d.Components {
		byRef[c.Ref] = c
	}
	w := make(ways, len(d.Components))
	queue := slices.Clone(d.Roots)
	for _, ref := range queue {
		w[ref] = ""
	}
	for i := 0; i < len(queue); i++ {
		c := byRef[queue[i]]
		if c == nil {
			continue
		}
		for _, to := range c.DependsOn {
			if _, seen := w[to]; !seen {
				w[to] = c.Ref
				queue = append(queue, to)
			}
		}
	}
	return w
}

// to returns the way to a component, the root first: of a long one the last
// maxWay, after "…". It is empty if no root needs the component.
func (w ways) to(ref string) []string {
	way := []string{}
	for at, seen := w[ref]; seen; at, seen = w[at] {
		if len(way) == maxWay {
			way = append(way, "…")
			break
		}
		way = append(way, ref)
		ref = at
	}
	slices.Reverse(way)
	return way
}
