// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/internal/lazyregexp"
)

// A Policy is what assay.yaml says: which findings fail a run, which are
// accepted and why, what to inspect, and who applies for the allowlist.
type Policy struct {
	FailOn     Severity            `yaml:"fail_on"`
	Severities map[string]Severity `yaml:"severities"` // by rule
	Targets    PolicyTargets       `yaml:"targets"`
	Waivers    []Waiver            `yaml:"waivers"`
	SumDB      SumDBPolicy         `yaml:"sumdb"`
	FIPS       FIPSPolicy          `yaml:"fips"`
	SBOM       SBOMPolicy          `yaml:"sbom"`
	Licenses   LicensePolicy       `yaml:"licenses"`
	Vuln       VulnPolicy          `yaml:"vuln"`
	SPIFFE     SPIFFEPolicy        `yaml:"spiffe"`
	Allowlist  AllowlistPolicy     `yaml:"allowlist"`

	File   string `yaml:"-"` // as the user named it; "" for the default policy
	Digest string `yaml:"-"` // of its bytes
}

// PolicyTargets names what an audit of the directory inspects besides its module.
type PolicyTargets struct {
	Binaries  []string `yaml:"binaries"`  // files and directories, relative to the policy's directory
	Endpoints []string `yaml:"endpoints"` // host:port
	Packages  []string `yaml:"packages"`  // patterns of the main packages, as go list takes them
}

// SumDBPolicy names checksum databases beside that of GOSUMDB.
type SumDBPolicy struct {
	Logs []PolicyLog `yaml:"logs"`
}

// A PolicyLog is a checksum database that is asked about some modules in place
// of that of GOSUMDB, and whatever GONOSUMDB says: such as a company's own.
type PolicyLog struct {
	GOSUMDB string   `yaml:"gosumdb"` // name+key and, unless the proxies pass it on, a URL, as in GOSUMDB
	Modules []string `yaml:"modules"` // patterns of module paths, as in GOPRIVATE
}

// FIPSPolicy says which FIPS 140 module is demanded of which executables.
type FIPSPolicy struct {
	Require []FIPSRequirement `yaml:"require"` // the first that names an executable counts
}

// A FIPSRequirement demands a module of some executables.
type FIPSRequirement struct {
	Paths []string `yaml:"paths"` // as the report prints them; patterns as in a waiver's subject
	Level string   `yaml:"level"` // one of FIPSLevels
}

// FIPSLevels are what can be demanded, the strictest first.
var FIPSLevels = []string{"certified", "validated-or-in-process", "any-module", "none"}

// Level returns what is demanded of an executable, if anything is said of it.
func (p FIPSPolicy) Level(name string) (string, bool) {
	for _, r := range p.Require {
		if slices.ContainsFunc(r.Paths, func(pattern string) bool { return matchName(pattern, name) }) {
			return r.Level, true
		}
	}
	return "", false
}

// SBOMPolicy holds what a bill of materials says of its origin and no
// instrument can measure.
type SBOMPolicy struct {
	Authors  []PolicyParty `yaml:"authors"`  // who makes the documents
	Supplier PolicyParty   `yaml:"supplier"` // who supplies the products that they describe
	URI      string        `yaml:"uri"`      // where a document is published

	// Distribution is where the executable is published of which a document is made.
	Distribution string `yaml:"distribution"`
}

// A PolicyParty is an organisation.
type PolicyParty struct {
	Name  string `yaml:"name"`
	Email string `yaml:"email"`
	URL   string `yaml:"url"`
}

// LicensePolicy says which licences components may have: SPDX identifiers, with
// * at the end for any rest. See package sbom/license for how they are judged.
type LicensePolicy struct {
	Allow  []string `yaml:"allow"`  // if there are any, what no list names is to be reviewed
	Deny   []string `yaml:"deny"`   // before Review, and Review before Allow
	Review []string `yaml:"review"` // a person has to decide
}

// Demands reports whether anything is said of licences.
func (p LicensePolicy) Demands() bool { return len(p.Allow)+len(p.Deny)+len(p.Review) > 0 }

// VulnPolicy says where known vulnerabilities are looked up, and what is
// known of them beside.
type VulnPolicy struct {
	DB     string   `yaml:"db"`      // URL, directory or file of the database; "" for the Go project's
	MaxAge string   `yaml:"max_age"` // of its data, in days: "30d"
	VEX    []string `yaml:"vex"`     // OpenVEX documents, relative to the policy's directory
}

// MaxAgeDays returns how old the data of the database may be, in days, and
// whether the policy says so.
func (p VulnPolicy) MaxAgeDays() (days int, ok bool) {
	number, ok := strings.CutSuffix(p.MaxAge, "d")
	n, err := strconv.ParseUint(number, 10, 16) // without a sign
	return int(n), ok && err == nil && len(number) <= 4
}

// SPIFFEPolicy says which X.509-SVIDs are right, wherever one is judged.
type SPIFFEPolicy struct {
	TrustDomain string   `yaml:"trust_domain"` // that each must be of; "" for any
	Paths       []string `yaml:"paths"`        // patterns as in a waiver's subject, one of which the path of each must match; none: any path
}

// Allows reports whether an SVID of a path is right.
func (p SPIFFEPolicy) Allows(svidPath string) bool {
	return len(p.Paths) == 0 || slices.ContainsFunc(p.Paths, func(pattern string) bool { return matchName(pattern, svidPath) })
}

// CheckSPIFFEPath reports whether a text is a pattern of paths: it begins with a slash, as they do
// (SPIFFE-ID, section 2.2), and is one of path.Match.
func CheckSPIFFEPath(pattern string) error {
	if !strings.HasPrefix(pattern, "/") {
		return errors.New("a path begins with /, and so does its pattern")
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return errors.New("malformed pattern")
	}
	return nil
}

// trustDomain is the name of one (SPIFFE-ID, section 2.1).
var trustDomain = lazyregexp.New(`^[a-z0-9._-]{1,255}$`)

// A Waiver accepts the findings of a rule about a subject for a time. Nothing
// in it is optional: somebody answers for it, and says why and until when.
type Waiver struct {
	Rule    string `yaml:"rule" json:"rule"`
	Subject string `yaml:"subject" json:"subject"` // the subject's name; path.Match patterns allowed, * also across slashes at the end
	Reason  string `yaml:"reason" json:"reason"`
	Owner   string `yaml:"owner" json:"owner"`
	Expires Date   `yaml:"expires" json:"expires"` // the last day on which it holds, UTC
	Line    int    `yaml:"-" json:"-"`             // where it stands in the policy
}

// AllowlistPolicy holds what the firewall allowlist application needs and no
// instrument can measure.
type AllowlistPolicy struct {
	Applicant  string              `yaml:"applicant"`
	Department string              `yaml:"department"`
	Contact    string              `yaml:"contact"`
	Owner      string              `yaml:"owner"`
	Purpose    string              `yaml:"purpose"`
	Basis      []string            `yaml:"basis"` // compliance basis: clauses, internal regulations
	ValidFrom  Date                `yaml:"valid_from"`
	ValidUntil Date                `yaml:"valid_until"`
	Addresses  map[string][]string `yaml:"addresses"` // CIDR ranges by host; resolved where none are given
}

// Date is a day, written 2006-01-02, in UTC.
type Date struct{ time.Time }

// MarshalText writes the day as 2006-01-02, and nothing for no day.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.Format(time.DateOnly)), nil
}

// MarshalJSON writes the day as a string. [time.Time] has one of its own,
// which would be promoted.
func (d Date) MarshalJSON() ([]byte, error) {
	text, err := d.MarshalText()
	if err != nil {
		return nil, err
	}
	return json.Marshal(string(text))
}

// UnmarshalJSON reads a day from a string.
func (d *Date) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	return d.UnmarshalText([]byte(s))
}

// UnmarshalText reads a day written 2006-01-02.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(text))
	d.Time = t
	return err
}

// DefaultPolicy is the policy where none is written: high findings fail.
func DefaultPolicy() *Policy { return &Policy{FailOn: High} }

func (p *Policy) ref() PolicyRef {
	return PolicyRef{File: p.File, Digest: p.Digest, FailOn: p.FailOn}
}

// Expired reports whether the waiver's last day is over.
func (w *Waiver) Expired(now time.Time) bool {
	return !now.Before(w.Expires.AddDate(0, 0, 1))
}

// Covers reports whether the waiver is about f, whatever its date.
func (w *Waiver) Covers(f *Finding) bool {
	return w.Rule == f.Rule && matchName(w.Subject, f.Subject.Name)
}

// matchName reports whether a name is the one that a pattern gives, or matches it:
// a * at its end stands for any rest, and other patterns are those of path.Match.
func matchName(pattern, name string) bool {
	if pattern == name {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok && !strings.ContainsAny(prefix, `*?[\`) {
		return strings.HasPrefix(name, prefix)
	}
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

// apply gives f the severity and the status that the policy says.
func (p *Policy) apply(f *Finding, now time.Time) {
	if s, ok := p.Severities[f.Rule]; ok {
		f.Severity = s
	}
	i := slices.IndexFunc(p.Waivers, func(w Waiver) bool { return w.Covers(f) && !w.Expired(now) })
	if i >= 0 {
		f.Status = Waived
		f.Waiver = &p.Waivers[i]
	}
}

// Rules of the policy itself.
const (
	ruleWaiverExpired = "policy/waiver-expired"
	ruleWaiverUnused  = "policy/waiver-unused"
)

// policyFindings judges the policy's waivers by what the run found: one that
// has expired, and one that covers nothing although its check saw everything.
func (r *run) policyFindings(rep *Report) ([]Finding, error) {
	var out []Finding
	for i := range r.Policy.Waivers {
		w := &r.Policy.Waivers[i]
		rule := ""
		switch {
		case w.Expired(r.now):
			rule = ruleWaiverExpired
		case r.judged(rep, w.Rule) && !slices.ContainsFunc(rep.Findings, func(f Finding) bool { return w.Covers(&f) }):
			rule = ruleWaiverUnused
		default:
			continue
		}
		f, err := r.complete(Finding{
			Rule:     rule,
			Subject:  Subject{Kind: "policy", Name: w.Rule + " " + w.Subject},
			Args:     Args{"rule": w.Rule, "subject": w.Subject, "owner": w.Owner, "expires": w.Expires.Format(time.DateOnly)},
			Location: &Location{File: r.Policy.File, Line: w.Line},
		})
		if err != nil {
			return nil, err
		}
		r.Policy.apply(&f, r.now)
		out = append(out, f)
	}
	return out, nil
}

// judged reports whether the check that reports a rule ran and saw everything.
func (r *run) judged(rep *Report, rule string) bool {
	res, ok := rep.Check(checkOf(rule))
	return ok && (res.Outcome == Passed || res.Outcome == Failed) && res.ReasonID == ""
}
