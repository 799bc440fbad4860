// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/audit/redact"
)

// Options is what [Measure] works with.
type Options struct {
	// Form has what no measurement gives: module, applicant, department,
	// contact, terms and settings.
	Form Application

	Chain     modproxy.Chain
	NoProxy   string   // GONOPROXY as `go env` prints it
	NoSumDB   string   // GONOSUMDB as `go env` prints it
	SumDB     *SumDB   // nil: none is asked
	Toolchain bool     // GOTOOLCHAIN allows the download of toolchains
	Modules   []Module // what go.sum lists

	// Expand adds the exact URLs for Modules to the templates.
	Expand bool

	// Ranges are address ranges by host, in place of those that the host
	// resolves to.
	Ranges map[string][]string

	// Egress returns the proxy through which a request goes, or nil, as
	// http.Transport.Proxy does.
	Egress func(*url.URL) (*url.URL, error)

	Offline     bool // nothing of what follows is used
	HTTP        http.RoundTripper
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
	LookupNetIP func(ctx context.Context, network, host string) ([]netip.Addr, error)

	Roots *x509.CertPool // nil: the system's
	Now   time.Time
}

// A SumDB is the checksum database of GOSUMDB.
type SumDB struct {
	Name string // its key's name, host and optional path
	URL  string // where GOSUMDB says it is; "": ask the proxies, then https://Name
}

// A Module is a module version that go.sum lists.
type Module struct {
	Path, Version string
	Zip           bool // also its zip file, not the go.mod file alone
}

// SuggestedBasis is the compliance basis of a form where nobody gives one: the
// clauses of GB/T 22239-2019, level 3, that ask for rules such as those that
// the form is for. A remark says that they are a suggestion.
func SuggestedBasis() []string {
	return []string{"GB/T 22239-2019 8.1.3.2 a)", "GB/T 22239-2019 8.1.3.2 b)", "GB/T 22239-2019 8.1.3.2 c)"}
}

// measureAtOnce bounds how many hosts are asked at once.
const measureAtOnce = 8

// Measure fills a form with the hosts that the go command reaches under a
// configuration, where they are and which certificates they show. It asks each
// host for one handshake, and the proxies which of them passes the checksum
// database on. What cannot be determined is unknown in the form. The error is
// that of the context.
func Measure(ctx context.Context, o Options) (*Application, error) {
	m := &measurer{Options: o, services: map[serviceKey]*Service{}, egress: map[string]*url.URL{}}
	m.plan(ctx)
	a := o.Form
	a.Schema = Schema
	a.Measured = o.Now.UTC().Truncate(time.Second)
	if len(a.Basis) == 0 {
		a.Basis = SuggestedBasis()
		m.remark(RemarkBasisSuggested, "")
	}
	services := m.sorted(a.Terms)
	g := new(errgroup.Group)
	g.SetLimit(measureAtOnce)
	for _, s := range services {
		g.Go(func() error {
			s.Addresses = m.addresses(ctx, s)
			if s.Protocol == HTTPS {
				s.TLS = m.certificate(ctx, s)
			}
			return nil
		})
	}
	g.Wait()
	a.Services = []Service{}
	for _, s := range services {
		a.Services = append(a.Services, *s)
		if s.Addresses.Source == FromResolver {
			m.remark(RemarkResolved, "")
		}
		if s.Protocol == HTTP && !s.Has(EgressProxy) {
			m.remark(RemarkHTTP, s.Endpoint())
		}
	}
	slices.SortFunc(m.remarks, func(a, b Remark) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Detail, b.Detail))
	})
	a.Remarks = append([]Remark{}, m.remarks...)
	return &a, ctx.Err()
}

// measurer gathers what a form holds.
type measurer struct {
	Options
	services map[serviceKey]*Service
	egress   map[string]*url.URL // by endpoint, with credentials
	remarks  []Remark
}

type serviceKey struct {
	protocol Protocol
	host     string
	port     int
}

// service returns the service at u, made if it is new, with one more role.
func (m *measurer) service(u *url.URL, role Role, basis Basis) (*Service, requester, bool) {
	protocol, host, port, err := endpointOf(u)
	if err != nil {
		return nil, requester{}, false
	}
	key := serviceKey{protocol, host, port}
	s := m.services[key]
	if s == nil {
		s = &Service{Host: host, Port: port, Protocol: protocol, Basis: basis}
		m.services[key] = s
		if role != EgressProxy {
			m.via(s)
		}
	}
	if !s.Has(role) {
		s.Roles = append(s.Roles, role)
		slices.SortFunc(s.Roles, func(a, b Role) int { return slices.Index(Roles(), a) - slices.Index(Roles(), b) })
	}
	if basis == Configured || s.Basis == Inferred {
		s.Basis = basis
	}
	return s, requester{base: u, root: root(protocol, host, port)}, true
}

// via finds the egress proxy of a service.
func (m *measurer) via(s *Service) {
	if m.Egress == nil {
		return
	}
	proxy, err := m.Egress(&url.URL{Scheme: string(s.Protocol), Host: s.Endpoint(), Path: "/"})
	if err != nil || proxy == nil {
		return
	}
	m.egress[s.Endpoint()] = proxy
	port := cmp.Or(proxy.Port(), map[string]string{"socks5": "1080", "socks5h": "1080"}[proxy.Scheme], defaultPort(proxy.Scheme))
	s.Via = proxy.Scheme + "://" + net.JoinHostPort(strings.ToLower(proxy.Hostname()), port)
	m.remark(RemarkEgressProxy, s.Via)
	scheme := "http" // a SOCKS proxy has no TLS of its own either
	if proxy.Scheme == "https" {
		scheme = "https"
	}
	m.service(&url.URL{Scheme: scheme, Host: net.JoinHostPort(proxy.Hostname(), port)}, EgressProxy, Configured)
}

func (m *measurer) remark(kind RemarkKind, detail string) {
	r := Remark{kind, redact.Text(clip(detail))}
	if !slices.Contains(m.remarks, r) {
		m.remarks = append(m.remarks, r)
	}
}

// sorted returns the services with their lists in order and their terms set.
func (m *measurer) sorted(terms Terms) []*Service {
	var list []*Service
	for _, s := range m.services {
		s.Terms = terms
		if s.Basis == "" {
			s.Basis = Configured
		}
		slices.SortFunc(s.URLs, func(a, b URL) int {
			return cmp.Or(matchOrder(a.Match)-matchOrder(b.Match), strings.Compare(a.URL, b.URL))
		})
		s.URLs = append([]URL{}, slices.CompactFunc(s.URLs, func(a, b URL) bool { return a.URL == b.URL })...)
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Service) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), a.Port-b.Port, strings.Compare(string(a.Protocol), string(b.Protocol)))
	})
	return list
}

func matchOrder(m Match) int { return slices.Index([]Match{Prefix, Template, Exact}, m) }

const maxDetail = 300 // bytes

// detail gives an error's text without secrets.
func detail(err error) string {
	if err == nil {
		return ""
	}
	return redact.Text(clip(err.Error()))
}

// clip makes a text from outside fit for one line of a form.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) <= maxDetail {
		return s
	}
	return strings.ToValidUTF8(s[:maxDetail], "") + "..."
}
