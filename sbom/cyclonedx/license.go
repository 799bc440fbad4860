// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/goassay/assay/sbom"
)

// Properties of a licence under evidence.licenses, from 1.5 on: where it was found.
const (
	propertyFile       = "assay:license:file"
	propertyHash       = "assay:license:hash" // SHA-256:0123…
	propertyConfidence = "assay:license:confidence"
	propertyLines      = "assay:license:lines"
)

// none is the expression of SPDX for a component without a licence.
const none = "NONE"

// simple is an expression of one identifier.
var simple = regexp.MustCompile(`^[A-Za-z0-9.+:-]+$`)

// licenses writes licences. Until 1.6 a list has either one expression or any
// number of single licences, and before that nothing says whether one is
// declared or concluded: then the concluded one is written, which rests on the
// files.
func (w *writer) licenses(l sbom.License, acknowledge bool) *cdx.Licenses {
	acknowledge = acknowledge && w.version >= V1_6
	var all cdx.Licenses
	add := func(expression string, a cdx.LicenseAcknowledgement) {
		if expression == "" {
			return
		}
		if !acknowledge {
			a = ""
		}
		if all = append(all, w.choice(expression)); all[len(all)-1].License != nil {
			all[len(all)-1].License.Acknowledgement = a
		} else if a != "" {
			all[len(all)-1].Acknowledgement = &a
		}
	}
	switch {
	case w.version >= V1_7 || w.version >= V1_6 && simple.MatchString(l.Declared) && simple.MatchString(l.Concluded):
		add(l.Declared, cdx.LicenseAcknowledgementDeclared)
		add(l.Concluded, cdx.LicenseAcknowledgementConcluded)
	case l.Concluded != "":
		add(l.Concluded, cdx.LicenseAcknowledgementConcluded)
	default:
		add(l.Declared, cdx.LicenseAcknowledgementDeclared)
	}
	if len(l.Named) > 0 && w.version < V1_7 {
		all = slices.DeleteFunc(all, func(c cdx.LicenseChoice) bool { return c.License == nil })
	}
	for _, n := range l.Named {
		if n != "" {
			all = append(all, cdx.LicenseChoice{License: &cdx.License{Name: n}})
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &all
}

// choice is an expression in the simplest form that the schema allows.
func (w *writer) choice(expression string) cdx.LicenseChoice {
	switch {
	case w.schema.licenses[expression]:
		return cdx.LicenseChoice{License: &cdx.License{ID: expression}}
	case simple.MatchString(expression):
		return cdx.LicenseChoice{License: &cdx.License{Name: expression}}
	}
	return cdx.LicenseChoice{Expression: expression}
}

// evidence writes what a component's licence and copyright rest on. Licences
// stand in a list of single ones, for an expression could be only one.
func (w *writer) evidence(c *sbom.Component) *cdx.Evidence {
	var found cdx.Licenses
	for _, e := range c.License.Evidence {
		if w.version < V1_5 || e.Expression == "" { // no properties
			continue
		}
		choice := w.choice(e.Expression)
		if choice.License == nil {
			choice = cdx.LicenseChoice{License: &cdx.License{Name: e.Expression}}
		}
		var props []sbom.Property
		add := func(name, value string) {
			if value != "" {
				props = append(props, sbom.Property{Name: name, Value: value})
			}
		}
		add(propertyFile, e.File)
		if e.Hash.Algorithm != "" {
			add(propertyHash, e.Hash.Algorithm+":"+e.Hash.Value)
		}
		if e.Confidence != 0 {
			add(propertyConfidence, strconv.FormatFloat(e.Confidence, 'g', -1, 64))
		}
		add(propertyLines, e.Lines)
		choice.License.Properties = properties(props)
		found = append(found, choice)
	}
	for _, id := range slices.Sorted(maps.Keys(c.License.Texts)) {
		if id != "" {
			text := &cdx.AttachedText{Content: c.License.Texts[id]}
			found = append(found, cdx.LicenseChoice{License: &cdx.License{Name: id, Text: text}})
		}
	}
	var lines []cdx.Copyright
	for line := range strings.SplitSeq(c.Copyright, "\n") {
		if line != "" {
			lines = append(lines, cdx.Copyright{Text: line})
		}
	}
	if len(found) == 0 && len(lines) == 0 {
		return nil
	}
	e := &cdx.Evidence{Copyright: list(lines)}
	if len(found) > 0 {
		e.Licenses = &found
	}
	return e
}

// readLicenses reads licences. A list of several ones does not say how they go
// together: all are taken to hold. One that is not said to be concluded is
// what the document declares.
func readLicenses(all *cdx.Licenses) sbom.License {
	var l sbom.License
	if all == nil {
		return l
	}
	var declared, concluded []string
	for _, c := range *all {
		expression, acknowledgement := c.Expression, cdx.LicenseAcknowledgement("")
		if c.Acknowledgement != nil {
			acknowledgement = *c.Acknowledgement
		}
		if c.License != nil {
			acknowledgement = c.License.Acknowledgement
			expression = c.License.ID
			if n := c.License.Name; expression == "" && isReference(n) {
				expression = n
			} else if expression == "" && n != "" {
				l.Named = append(l.Named, n)
			}
		}
		if expression == "" {
			continue
		}
		if acknowledgement == cdx.LicenseAcknowledgementConcluded {
			concluded = append(concluded, expression)
		} else {
			declared = append(declared, expression)
		}
	}
	l.Declared, l.Concluded = conjunction(declared), conjunction(concluded)
	return l
}

// isReference reports whether a name is an expression that has no place among
// the identifiers of the schema.
func isReference(name string) bool {
	return simple.MatchString(name) &&
		(name == none || strings.HasPrefix(name, "LicenseRef-") || strings.HasPrefix(name, "DocumentRef-"))
}

func conjunction(all []string) string {
	var distinct []string
	for _, e := range all {
		if !slices.Contains(distinct, e) {
			distinct = append(distinct, e)
		}
	}
	if len(distinct) < 2 {
		return strings.Join(distinct, "")
	}
	for i, e := range distinct {
		if !simple.MatchString(e) {
			distinct[i] = "(" + e + ")"
		}
	}
	return strings.Join(distinct, " AND ")
}

// readEvidence reads what a component's licence and copyright rest on.
func readEvidence(e *cdx.Evidence, c *sbom.Component) {
	if e == nil {
		return
	}
	if c.Copyright == "" {
		var lines []string
		for _, l := range items(e.Copyright) {
			lines = append(lines, l.Text)
		}
		c.Copyright = strings.Join(lines, "\n")
	}
	if e.Licenses == nil {
		return
	}
	for _, choice := range *e.Licenses {
		found := sbom.LicenseEvidence{Expression: choice.Expression}
		if l := choice.License; l != nil {
			found.Expression = l.ID
			if l.ID == "" {
				found.Expression = l.Name
			}
			if l.Text != nil && l.Properties == nil && isReference(l.Name) {
				if c.License.Texts == nil {
					c.License.Texts = make(map[string]string)
				}
				c.License.Texts[l.Name] = l.Text.Content
				continue
			}
			readFound(items(l.Properties), &found)
		}
		if found.Expression != "" {
			c.License.Evidence = append(c.License.Evidence, found)
		}
	}
}

func readFound(properties []cdx.Property, found *sbom.LicenseEvidence) {
	for _, p := range properties {
		switch p.Name {
		case propertyFile:
			found.File = p.Value
		case propertyHash:
			found.Hash.Algorithm, found.Hash.Value, _ = strings.Cut(p.Value, ":")
		case propertyConfidence:
			if f, err := strconv.ParseFloat(p.Value, 64); err == nil && f >= 0 && f <= 1 {
				found.Confidence = f
			}
		case propertyLines:
			found.Lines = p.Value
		}
	}
}
