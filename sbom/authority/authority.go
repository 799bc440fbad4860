// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package authority judges bills of materials by what authorities ask of them.
//
// A [Profile] is data: the clauses of a document, each with the name of the
// predicate that judges it. [Profile.Judge] says of each clause whether a bill
// of materials meets it, and what lacks what. What cannot be told is never said
// to be met: a clause on what nobody can see in a document is manual.
//
//	p, err := authority.Find("bsi-2.1")
//	for _, r := range p.Judge(doc, carrier) {
//		fmt.Println(r.Key, r.Outcome, r.Lacking, r.Missing)
//	}
//
// The README beside this file says which field of CycloneDX and SPDX carries
// what BSI TR-03183-2 asks for.
package authority

import (
	"errors"
	"fmt"

	"github.com/goassay/assay/sbom"
)

// ErrUnknownProfile is the error of [Find] for a name that no profile has.
var ErrUnknownProfile = errors.New("no such profile")

// Profiles returns the profiles, sorted by ID. They are shared: do not change them.
func Profiles() []*Profile { return loaded().profiles }

// Find returns the profile with an ID, such as "bsi-2.1".
func Find(id string) (*Profile, error) {
	for _, p := range Profiles() {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownProfile, id)
}

// A Carrier is what clauses ask of the file that a document came in, which
// [sbom.Document] does not hold. An empty field is unknown.
type Carrier struct {
	Format   string // "CycloneDX" or "SPDX"
	Version  string // of the format: "1.6", "3.0.1"
	Encoding string // "json", "xml" or "tag-value"; JSON-LD is json

	Valid           Answer // by the official schema of the format
	Vulnerabilities Answer // information on vulnerabilities is in the file
	Signed          Answer // a signature is in the file or beside it
}

// An Answer is yes, no, or by default that nobody looked.
type Answer string

// The answers.
const (
	Yes Answer = "yes"
	No  Answer = "no"
)

// An Outcome says whether a clause is met.
type Outcome string

// The outcomes.
const (
	Met           Outcome = "met"
	Broken        Outcome = "broken"         // it is not met, on record
	Unknown       Outcome = "unknown"        // the document does not tell
	Absent        Outcome = "absent"         // what is optional is not there: no breach
	Manual        Outcome = "manual"         // no document shows it: somebody has to look
	NotApplicable Outcome = "not-applicable" // there is nothing that it could be demanded of
)

// A Result is what is to be said of a clause.
type Result struct {
	Clause  *Clause `json:"-"`
	Key     string  `json:"clause"` // of the Clause
	Level   Level   `json:"level"`
	Outcome Outcome `json:"outcome"`

	// Judged is how many subjects the clause was demanded of: components, or
	// the document. Of these Lacking do not have it, and of Undecided it is
	// unknown. The numbers are exact, the lists end after [MaxSubjects].
	Judged    int       `json:"judged"`
	Lacking   int       `json:"lacking"`
	Undecided int       `json:"undecided"`
	Missing   []Subject `json:"missing,omitempty"`
	Open      []Subject `json:"open,omitempty"`
}

// MaxSubjects is how many subjects a list of a [Result] holds at most.
const MaxSubjects = 50

// A Subject is a component that lacks something, or the document (Ref is "").
type Subject struct {
	Ref   string `json:"ref,omitempty"`
	Name  string `json:"name,omitempty"` // with the version after @, if it has one
	PURL  string `json:"purl,omitempty"`
	What  Fault  `json:"what"`
	Value string `json:"value,omitempty"` // what is there instead, at most maxValue bytes
}

const maxValue = 200

// Judge judges a document by each clause of the profile, in its order.
// Cryptographic assets are listed in a document beside its software: no clause
// is demanded of them.
func (p *Profile) Judge(doc *sbom.Document, c Carrier) []Result {
	j := newJudge(doc, c)
	results := make([]Result, 0, len(p.Clauses))
	for i := range p.Clauses {
		results = append(results, j.clause(&p.Clauses[i]))
	}
	return results
}

// Verdict is what results say of a document: [Broken] if a clause is that it
// must meet, else [Unknown] if one is that it must meet, or must if it can, else
// [Met]. Recommendations and what is manual are not counted.
func Verdict(results []Result) Outcome {
	verdict := Met
	for _, r := range results {
		binding := r.Level == Must || r.Level == Conditional
		switch {
		case binding && r.Outcome == Broken:
			return Broken
		case binding && r.Outcome == Unknown:
			verdict = Unknown
		}
	}
	return verdict
}
