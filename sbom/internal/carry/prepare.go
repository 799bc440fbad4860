// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package carry

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/sbom"
)

// Prepare returns a copy of a document as encoders take it: sorted, with
// [sbom.Unidentified] for an ID that is not known. Refs name one component
// each, what roots, parts and dependencies name is there, and the parts are
// trees. Properties whose names [Lost] takes are not written.
func Prepare(doc *sbom.Document) (*sbom.Document, error) {
	copied := *doc
	if copied.ID == "" {
		if strings.Contains(text(doc), sbom.Unidentified) { // would become the ID
			return nil, fmt.Errorf("bill of materials: its content has %s", sbom.Unidentified)
		}
		copied.ID = sbom.Unidentified
	}
	copied.Properties = reserved(ofDocument, doc.Properties)
	copied.Components = make([]*sbom.Component, len(doc.Components))
	refs := make(map[string]bool, len(doc.Components))
	for i, c := range doc.Components {
		if c.Ref == "" || refs[c.Ref] {
			return nil, fmt.Errorf("bill of materials: component %q: no ref, or one that another has: %q", c.Name, c.Ref)
		}
		refs[c.Ref] = true
		with := *c
		with.DependsOn, with.Parts = slices.Clone(c.DependsOn), slices.Clone(c.Parts)
		with.Properties = reserved(ofComponent, c.Properties)
		with.Hashes, with.References = slices.Clone(c.Hashes), slices.Clone(c.References)
		copied.Components[i] = &with
	}
	copied.Sort()
	for _, r := range copied.Roots {
		if !refs[r] {
			return nil, fmt.Errorf("bill of materials: root %q: no such component", r)
		}
	}
	whole := make(map[string]string)
	for _, c := range copied.Components {
		c.Depends = c.Depends || len(c.DependsOn) > 0
		for _, r := range slices.Concat(c.DependsOn, c.Parts) {
			if !refs[r] {
				return nil, fmt.Errorf("bill of materials: %s needs or contains %q: no such component", c.Ref, r)
			}
		}
		for _, p := range c.Parts {
			if w, ok := whole[p]; ok {
				return nil, fmt.Errorf("bill of materials: %s is part of %s and of %s", p, w, c.Ref)
			}
			whole[p] = c.Ref
		}
	}
	return &copied, acyclic(&copied, whole)
}

// acyclic checks that no component is part of itself, or nested too deep.
// Each is part of one at most.
func acyclic(doc *sbom.Document, whole map[string]string) error {
	depths := make(map[string]int)
	for _, c := range doc.Components {
		var path []string
		r := c.Ref
		for ; r != "" && depths[r] == 0; r = whole[r] {
			if slices.Contains(path, r) {
				return fmt.Errorf("bill of materials: %s is part of itself", r)
			}
			if path = append(path, r); len(path) > maxNesting {
				return errDeep
			}
		}
		depth := depths[r]
		for _, r := range slices.Backward(path) {
			if depth++; depth > maxNesting {
				return errDeep
			}
			depths[r] = depth
		}
	}
	return nil
}

var errDeep = errors.New("bill of materials: parts of parts are nested too deep")

// maxNesting is how deep components stand in each other at most, so that what
// is written can be read: there are two levels of objects to each.
const maxNesting = 40
