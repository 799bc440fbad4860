// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/package-url/packageurl-go"
)

// Statements are what VEX documents are made of: what is stated of the vulnerabilities of
// some products, and what could not be determined.
type Statements struct {
	Tool     string // name and version: what found what nobody else states
	Author   string // who issues the documents; "": Tool
	At       time.Time
	Database Source // that was asked
	Subjects []Subject
	Unread   []string // what could not be looked at at all, and why
}

// A Subject is one product with its claims.
type Subject struct {
	Product
	Name       string // for people
	Version    string
	Link       string // BOM-Link of its component in a bill of materials, or of the bill itself; "" if there is none
	Claims     []Claim
	Unassessed []string // what could not be determined of it, and why
}

// A Claim is what is stated of one vulnerability of a product.
type Claim struct {
	Vulnerability
	Link          string // BOM-Link of the module's component in a bill of materials
	Status        Status
	Justification Justification
	Impact        string
	Action        string
	Notes         string  // how the status was determined
	Stated        *Stated // by whom; nil: by the program, of what it found
}

// Stated is what somebody states in a VEX document, and who that is.
type Stated struct {
	Author        string        `json:"author"`
	Role          string        `json:"role,omitempty"`
	Document      string        `json:"document"` // ID
	At            time.Time     `json:"at"`
	Status        Status        `json:"status"`
	Justification Justification `json:"justification,omitempty"`
	Impact        string        `json:"impact_statement,omitempty"`
	Action        string        `json:"action_statement,omitempty"`
	Notes         string        `json:"status_notes,omitempty"`
	Supplier      string        `json:"supplier,omitempty"`
}

// Stated returns what a statement of the document states, and who.
func (v *VEX) Stated(s *Statement) *Stated {
	return &Stated{
		Author: v.Author, Role: v.Role, Document: v.ID, At: v.time(s).UTC(), Status: s.Status, Justification: s.Justification,
		Impact: s.Impact, Action: s.Action, Notes: s.Notes, Supplier: s.Supplier,
	}
}

// FilePURL returns a package URL of a file that is no published module: of the type
// generic, with the name and the checksum, SHA-256, hexadecimal.
func FilePURL(name, sum string) string {
	var q packageurl.Qualifiers
	if sum != "" {
		q = packageurl.Qualifiers{{Key: "checksum", Value: "sha256:" + sum}}
	}
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", cmp.Or(name, "unnamed"), "", q, "").ToString()
}

// Claims states of each vulnerability of an assessment, but those withdrawn, whether it
// affects the product. That it does not is stated only of what the functions show: that
// nothing calls them, in source; that there is no code of them, in an executable; and only
// of the whole product, not of some packages of it. What could not be assessed is under
// investigation, for each entry of the database that may affect it.
func (a *Assessment) Claims(whole bool) []Claim {
	var out []Claim
	known := map[[2]string]bool{}
	for _, found := range a.Vulnerabilities {
		known[[2]string{found.ID, found.Module}] = true
		if !found.Withdrawn.IsZero() {
			continue
		}
		c := Claim{Vulnerability: found, Notes: a.because(found)}
		c.Status, c.Justification = a.status(found)
		if c.Status == NotAffected && a.passedOver(found) {
			c.Status, c.Justification, c.Notes = UnderInvestigation, "", "What is called was not analysed."
		}
		if c.Status == NotAffected && !whole {
			c.Status, c.Justification, c.Notes = UnderInvestigation, "", "Some packages of the product were looked at, not all. "+c.Notes
		}
		if a.Basis == BasisSource && a.Platform.OS != "" {
			c.Notes += " Looked at for " + a.Platform.OS + "/" + a.Platform.Arch + "."
		}
		if c.Status == IsAffected {
			c.Action = cmp.Or(found.fix(), "No fixed version is known.")
		}
		out = append(out, c)
	}
	for _, n := range a.NotAssessed {
		for _, id := range n.IDs {
			if key := [2]string{id, n.Module}; !known[key] {
				known[key] = true
				out = append(out, Claim{
					Vulnerability: Vulnerability{ID: id, Module: n.Module, Version: n.Version}, Status: UnderInvestigation,
					Notes: "Not assessed: " + n.text() + ".",
				})
			}
		}
	}
	return out
}

// passedOver reports whether the analysis of calls passed over a vulnerability.
func (a *Assessment) passedOver(found Vulnerability) bool {
	return slices.ContainsFunc(a.NotAssessed, func(n NotAssessed) bool { return n.Reason == NotAnalysed && slices.Contains(n.IDs, found.ID) })
}

// aliases are the other identifiers of a vulnerability, each once.
func (v *Vulnerability) aliases() []string {
	all := slices.Compact(slices.Sorted(slices.Values(v.Aliases)))
	return slices.DeleteFunc(all, func(id string) bool { return id == "" })
}

// fix says what to do against a vulnerability, or "" if no fixed version is known.
func (v *Vulnerability) fix() string {
	switch {
	case v.Fixed == "":
		return ""
	case v.Module == Stdlib || v.Module == Toolchain:
		return "Build with " + v.Fixed + "."
	}
	return "Update " + v.Module + " to " + v.Fixed + "."
}

// text says what is not assessed, and why.
func (n NotAssessed) text() string {
	return string(n.Reason) + ": " + strings.TrimSpace(strings.Join([]string{strings.TrimSuffix(n.Module+"@"+n.Version, "@"), n.Detail}, " "))
}

// status is what can be stated of a vulnerability. What the toolchain makes of a program
// its functions do not show.
func (a *Assessment) status(found Vulnerability) (Status, Justification) {
	switch {
	case found.Reach == Called || found.Reach == Present:
		return IsAffected, ""
	case a.Level != LevelSymbol || a.Basis == BasisModules || found.Module == Toolchain:
		return UnderInvestigation, ""
	case a.Basis == BasisExecutable || found.Reach == Required: // nor is the package linked
		return NotAffected, VulnerableCodeNotPresent
	}
	return NotAffected, NotInExecutePath
}

// because says what a status rests on.
func (a *Assessment) because(found Vulnerability) string {
	switch {
	case found.Reach == Called:
		return "In the source, calls lead to " + found.symbols() + "."
	case found.Reach == Present:
		return "The executable has code of " + found.symbols() + "; whether it is called is not known."
	case found.Module == Toolchain:
		return "The toolchain builds the product and is no part of it; what it makes of the source was not examined."
	case a.Level == LevelModule || a.Basis == BasisModules:
		return "Versions of modules were compared, and nothing else."
	case found.Reach == Required:
		return "No vulnerable package is linked."
	case a.Level == LevelPackage:
		return "A vulnerable package is linked; what is called was not examined."
	case a.Basis == BasisExecutable:
		return "The executable has no code of a vulnerable function."
	}
	return "In the source, no call to a vulnerable function was found."
}

// symbols names the functions that are called or present, or else the packages, not all
// if they are many.
func (v *Vulnerability) symbols() string {
	const most = 10
	var names []string
	for _, s := range v.Symbols {
		names = append(names, s.Package+"."+s.Name)
	}
	if names == nil {
		names = slices.Clone(v.Packages)
	}
	if n := len(names) - most; n > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", n))
	}
	return cmp.Or(strings.Join(names, ", "), v.Module)
}

// Adopt makes the claim that of somebody who states otherwise, or the same: it says who,
// and what was found.
func (c *Claim) Adopt(s *Stated) {
	if s == nil {
		return
	}
	by := s.Author
	if s.Role != "" {
		by += " (" + s.Role + ")"
	}
	notes := "Stated by " + by + " in " + cmp.Or(s.Document, "a document without an ID") + "."
	if s.Notes != "" {
		notes += " " + s.Notes
	}
	c.Notes = notes + " Found by this program: " + c.Notes
	c.Status, c.Justification, c.Impact, c.Action, c.Stated = s.Status, s.Justification, s.Impact, s.Action, s
	if c.Status == IsAffected && c.Action == "" { // there must be one
		c.Action = "The statement names no action."
	}
}

// OpenVEX writes the claims as a document in the format OpenVEX v0.2.0. Without any there
// is none: that is nil, because a document has at least one statement.
func (s *Statements) OpenVEX() *VEX {
	v := &VEX{Context: vexContext + "/v0.2.0", Author: cmp.Or(s.Author, s.Tool), Tooling: s.Tool, Timestamp: s.At.UTC().Truncate(time.Second), Version: 1}
	// Of two about the same, such as of the architectures of one file, the one counts that
	// hides less.
	hiding := []Status{IsAffected, UnderInvestigation, NotAffected, IsFixed}
	made := map[[5]string]int{}
	for i := range s.Subjects {
		subject := &s.Subjects[i]
		for j := range subject.Claims {
			c := &subject.Claims[j]
			key := [5]string{subject.PURL, subject.SHA256, c.ID, c.Module, c.Version}
			switch at, twice := made[key]; {
			case !twice:
				made[key] = len(v.Statements)
				v.Statements = append(v.Statements, subject.statement(c))
			case slices.Index(hiding, c.Status) < slices.Index(hiding, v.Statements[at].Status):
				v.Statements[at] = subject.statement(c)
			}
		}
	}
	if len(v.Statements) == 0 {
		return nil
	}
	if content, err := json.Marshal(v); err == nil {
		sum := sha256.Sum256(content)
		v.ID = "https://openvex.dev/docs/public/vex-" + hex.EncodeToString(sum[:])
	}
	return v
}

func (s *Subject) statement(c *Claim) Statement {
	p := vexProduct(s.PURL)
	if hides := c.Status == NotAffected || c.Status == IsFixed; hides { // elsewhere it may be otherwise
		p = vexProduct(s.onPlatform())
	}
	if s.SHA256 != "" {
		p.Hashes = map[string]string{sha256Name: s.SHA256}
	}
	p.Subcomponents = []VEXProduct{vexProduct(PURL(c.Module, c.Version))}
	out := Statement{
		Vulnerability: VEXVulnerability{ID: c.URL, Name: c.ID, Aliases: c.aliases()}, Products: []VEXProduct{p},
		Status: c.Status, Justification: c.Justification, Impact: c.Impact, Action: c.Action, Notes: c.Notes,
	}
	if c.Stated != nil {
		out.Timestamp, out.Supplier = c.Stated.At, c.Stated.Supplier
	}
	return out
}

func vexProduct(purl string) VEXProduct {
	p := VEXProduct{ID: purl}
	p.Identifiers.PURL = purl
	return p
}
