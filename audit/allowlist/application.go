// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package allowlist is the application that a team files so that a firewall
// lets its Go builds out: which hosts the go command reaches, with which URLs,
// at which addresses, behind which certificates.
//
// [Measure] derives it from the configuration of the go command and from what
// the hosts show now; [Judge] says what is wrong with it before it is filed.
// [Parse] reads one that was filed, [Compare] says what is wrong with that one,
// in itself and today.
//
// What could not be determined is part of the form as unknown, with the
// reason: see [Application.Gaps].
package allowlist

import (
	"cmp"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Schema is the version of the form.
const Schema = "assay.allowlist/v1"

// An Application asks for rules that let traffic out.
type Application struct {
	Schema     string    `json:"schema"`
	Measured   time.Time `json:"measured"` // UTC, whole seconds
	Module     string    `json:"module,omitempty"`
	Applicant  string    `json:"applicant"`
	Department string    `json:"department"`
	Contact    string    `json:"contact"`
	Terms
	Settings Settings  `json:"settings"`
	Services []Service `json:"services"` // sorted by host, port, protocol
	Remarks  []Remark  `json:"remarks"`

	lines map[string]int // by JSON path, of a form that was parsed
}

// Terms are what a rule is for, and on whose responsibility. Those of a
// service count before those of the application.
type Terms struct {
	Purpose  string   `json:"purpose"`
	Basis    []string `json:"compliance_basis"` // clauses and internal regulations
	Owner    string   `json:"owner"`
	Validity Validity `json:"validity"`
}

// Validity is the first and the last day of a rule, UTC. A zero Date is open.
type Validity struct {
	From  Date `json:"from,omitzero"`
	Until Date `json:"until,omitzero"`
}

// Settings are the effective values of the go command's variables that decide
// on the hosts, without secrets.
type Settings struct {
	GOPROXY     string `json:"goproxy"`
	GONOPROXY   string `json:"gonoproxy,omitempty"`
	GOSUMDB     string `json:"gosumdb"`
	GONOSUMDB   string `json:"gonosumdb,omitempty"`
	GOTOOLCHAIN string `json:"gotoolchain"`
}

// A Service is one port of one host, and what is asked of it.
type Service struct {
	Host     string   `json:"host"` // domain name in lower case, or IP address
	Port     int      `json:"port"` // of TCP
	Protocol Protocol `json:"protocol"`
	Roles    []Role   `json:"roles"` // in the order of [Roles]

	// Basis says how it is known that the host is needed.
	Basis Basis `json:"basis"`

	// Via is the proxy, scheme://host:port, through which the connection
	// goes: the firewall in front of the builds then sees only that one.
	Via string `json:"via,omitempty"`

	URLs      []URL     `json:"urls"` // sorted; none for an egress proxy
	Addresses Addresses `json:"addresses"`
	TLS       *TLS      `json:"tls,omitempty"` // only for https
	Terms
}

// A Protocol is what is spoken on top of TCP.
type Protocol string

// The protocols that a form may name.
const (
	HTTPS Protocol = "https"
	HTTP  Protocol = "http"
)

// A Role is what a host is for.
type Role string

// The roles of a host.
const (
	ModuleProxy Role = "module-proxy"
	ChecksumDB  Role = "checksum-database"
	Toolchains  Role = "toolchain-download"
	VersionCtrl Role = "version-control" // modules that come directly
	EgressProxy Role = "egress-proxy"    // what HTTPS_PROXY or HTTP_PROXY names
)

// A Basis says how something is known.
type Basis string

// The bases.
const (
	Configured Basis = "configured" // a setting names the host
	Observed   Basis = "observed"   // a server's answer led there
	Inferred   Basis = "inferred"   // from module paths, by the go command's rules
)

// A URL is an address, or a form of addresses, that is requested with GET
// unless Use says otherwise. It is written as it goes over the wire, without a
// query.
type URL struct {
	URL   string `json:"url"`
	Match Match  `json:"match"`
	Use   Use    `json:"use,omitempty"`

	// Optional ones are requested by assay when it verifies go.sum, never by
	// the go command.
	Optional bool `json:"optional,omitempty"`
}

// A Match says which addresses a URL stands for.
type Match string

// The ways to match.
const (
	Exact    Match = "exact"    // that address alone
	Template Match = "template" // with placeholders, see Placeholders
	Prefix   Match = "prefix"   // all that begin so; it ends in a slash
)

// A Use is what a URL is requested for.
type Use string

// The uses. The go command's requests are described at
// https://go.dev/ref/mod#goproxy-protocol and #checksum-database.
const (
	UseList       Use = "versions"     // $base/$module/@v/list
	UseLatest     Use = "latest"       // $base/$module/@latest
	UseInfo       Use = "info"         // $base/$module/@v/$version.info
	UseGoMod      Use = "go-mod"       // $base/$module/@v/$version.mod
	UseZip        Use = "zip"          // $base/$module/@v/$version.zip
	UseToolchain  Use = "toolchain"    // the same for golang.org/toolchain
	UseSupported  Use = "supported"    // $base/sumdb/$name/supported
	UseLookup     Use = "lookup"       // $base/sumdb/$name/lookup/$module@$version
	UseTile       Use = "tile"         // $base/sumdb/$name/tile/8/$level/$index
	UseTreeHead   Use = "tree-head"    // $base/sumdb/$name/latest
	UseDiscovery  Use = "discovery"    // the module path as a web page; the go command adds the query go-get=1
	UseRepository Use = "repository"   // git over HTTP: info/refs with the query service=git-upload-pack
	UseUploadPack Use = "git-download" // git over HTTP: POST
)

// A State says whether something is known.
type State string

// The states.
const (
	Known   State = "known"
	Unknown State = "unknown"
)

// Addresses are where a host is.
type Addresses struct {
	State  State  `json:"state"`
	Reason Reason `json:"reason,omitempty"` // why unknown
	Detail string `json:"detail,omitempty"`

	// Ranges are what is applied for, in CIDR.
	Ranges []string     `json:"ranges"`
	Source RangesSource `json:"source,omitempty"`

	// Observed are the addresses that the name resolved to, sorted.
	Observed []string `json:"observed"`
}

// A RangesSource says where address ranges come from.
type RangesSource string

// The sources of ranges.
const (
	FromPolicy   RangesSource = "policy"
	FromResolver RangesSource = "resolver" // each observed address alone
)

// A Reason says why something is unknown.
type Reason string

// The reasons.
const (
	ReasonOffline   Reason = "offline"
	ReasonResolve   Reason = "not-resolved"
	ReasonConnect   Reason = "not-connected"
	ReasonProxy     Reason = "proxy-refused" // the egress proxy did not let the connection through
	ReasonHandshake Reason = "handshake-failed"
)

// A Remark is something that who approves the form has to know.
type Remark struct {
	Kind   RemarkKind `json:"kind"`
	Detail string     `json:"detail,omitempty"`
}

// A RemarkKind is what a remark says; its detail is in parentheses.
type RemarkKind string

// The remarks.
const (
	RemarkEgressProxy      RemarkKind = "egress-proxy"      // connections go through a proxy (which)
	RemarkDirectFallback   RemarkKind = "direct-fallback"   // GOPROXY comes to direct after proxies: those hosts are not listed
	RemarkDirect           RemarkKind = "direct"            // modules come directly: hosts are inferred from their paths
	RemarkNoModules        RemarkKind = "no-modules"        // modules come directly, and none is known: hosts are missing
	RemarkFileProxy        RemarkKind = "file-proxy"        // a proxy is a folder (its URL)
	RemarkOff              RemarkKind = "off"               // GOPROXY comes to off: nothing else is downloaded
	RemarkSumDBOff         RemarkKind = "sumdb-off"         // no checksum database is asked: GOSUMDB=off, or GONOSUMDB=*
	RemarkSumDBUnknown     RemarkKind = "sumdb-unknown"     // which way to the database is not known (why)
	RemarkCredentials      RemarkKind = "credentials"       // the proxy's URL holds credentials, which are left out (host)
	RemarkNoToolchain      RemarkKind = "no-toolchain"      // GOTOOLCHAIN allows no download
	RemarkResolved         RemarkKind = "resolved"          // ranges are what the names resolved to, and may change
	RemarkBasisSuggested   RemarkKind = "basis-suggested"   // the policy names no compliance basis
	RemarkUnusable         RemarkKind = "unusable"          // an entry of GOPROXY names no host that could be reached (it)
	RemarkHTTP             RemarkKind = "http"              // a service without TLS (host)
	RemarkDirectRepository RemarkKind = "direct-repository" // repositories may be on other hosts than module paths say (host)
)

// Roles lists all roles.
func Roles() []Role {
	return []Role{ModuleProxy, ChecksumDB, Toolchains, VersionCtrl, EgressProxy}
}

// Uses lists all uses.
func Uses() []Use {
	return []Use{UseList, UseLatest, UseInfo, UseGoMod, UseZip, UseToolchain, UseSupported, UseLookup, UseTile,
		UseTreeHead, UseDiscovery, UseRepository, UseUploadPack}
}

// Reasons lists the reasons for which a part of a service is unknown.
func Reasons() []Reason {
	return []Reason{ReasonOffline, ReasonResolve, ReasonConnect, ReasonProxy, ReasonHandshake}
}

// RemarkKinds lists all remarks.
func RemarkKinds() []RemarkKind {
	return []RemarkKind{RemarkEgressProxy, RemarkDirectFallback, RemarkDirect, RemarkNoModules, RemarkFileProxy,
		RemarkOff, RemarkSumDBOff, RemarkSumDBUnknown, RemarkCredentials, RemarkNoToolchain, RemarkResolved,
		RemarkBasisSuggested, RemarkUnusable, RemarkHTTP, RemarkDirectRepository}
}

// Endpoint gives host:port, with brackets around an IPv6 address.
func (s *Service) Endpoint() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Has reports whether the host has the role.
func (s *Service) Has(r Role) bool { return slices.Contains(s.Roles, r) }

// TermsOf returns the terms of a service, completed by those of the form.
func (a *Application) TermsOf(s *Service) Terms {
	t := s.Terms
	t.Purpose = cmp.Or(t.Purpose, a.Purpose)
	t.Owner = cmp.Or(t.Owner, a.Owner)
	if len(t.Basis) == 0 {
		t.Basis = a.Basis
	}
	if t.Validity.From.IsZero() {
		t.Validity.From = a.Validity.From
	}
	if t.Validity.Until.IsZero() {
		t.Validity.Until = a.Validity.Until
	}
	return t
}

// A Gap is a part of the form that could not be determined.
type Gap struct {
	Endpoint string // host:port; "" for the form as a whole
	What     What
	Reason   Reason // "" where Detail says it all
	Detail   string
}

// What is a part of the form.
type What string

// The parts that may be unknown.
const (
	WhatAddresses   What = "addresses"
	WhatCertificate What = "certificate"
	WhatSumDB       What = "checksum-database"
	WhatModules     What = "modules"
)

// Gaps returns what could not be determined, in the order of the form.
func (a *Application) Gaps() []Gap {
	var list []Gap
	for i := range a.Services {
		s := &a.Services[i]
		if s.Addresses.State != Known {
			list = append(list, Gap{s.Endpoint(), WhatAddresses, s.Addresses.Reason, s.Addresses.Detail})
		}
		if s.TLS != nil && s.TLS.State != Known {
			list = append(list, Gap{s.Endpoint(), WhatCertificate, s.TLS.Reason, s.TLS.Detail})
		}
	}
	for _, r := range a.Remarks {
		switch r.Kind {
		case RemarkSumDBUnknown:
			list = append(list, Gap{"", WhatSumDB, "", r.Detail})
		case RemarkNoModules:
			list = append(list, Gap{"", WhatModules, "", ""})
		}
	}
	return list
}

// Service returns the service at a protocol, host and port, or nil.
func (a *Application) Service(p Protocol, endpoint string) *Service {
	for i := range a.Services {
		if s := &a.Services[i]; s.Protocol == p && strings.EqualFold(s.Endpoint(), endpoint) {
			return s
		}
	}
	return nil
}

// Date is a day in UTC, written 2006-01-02; the zero Date is none. It embeds no
// time.Time, whose MarshalJSON would write a time of the day too.
type Date struct{ day time.Time }

// NewDate returns the day of t in UTC.
func NewDate(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	return Date{t.UTC().Truncate(24 * time.Hour)}
}

// IsZero reports whether there is no day.
func (d Date) IsZero() bool { return d.day.IsZero() }

// Equal reports whether both are the same day, or none.
func (d Date) Equal(o Date) bool { return d.day.Equal(o.day) }

// String writes the day as 2006-01-02, and nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.day.Format(time.DateOnly)
}

// MarshalText writes the day as 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a day written 2006-01-02, or nothing for the zero Date.
func (d *Date) UnmarshalText(text []byte) error {
	*d = Date{}
	if len(text) == 0 {
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return errors.New("not a day written 2006-01-02")
	}
	d.day = t
	return nil
}

// end is the first moment after the day.
func (d Date) end() time.Time { return d.day.AddDate(0, 0, 1) }
