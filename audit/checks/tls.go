// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/tlsprobe"
)

// TLS probes endpoints and judges what they offer. Its settings, all of them optional:
// "tls-sni", "tls-starttls" (one of tlsprobe.Dialects), "tls-timeout" (a duration), "tls-max-connections", "tls-rate" (per second),
// "tls-resolve", lines of host:port and the host:port to connect to in its place,
// "tls-pins", lines of a pin, or of host:port and a pin, and "tls-earlier", the same of an
// earlier report: see [PinsOf]. "tls-profile" and "tls-profile-data" name and hold the
// profiles that endpoints are judged by. "tls-roots" are authorities beside those of the
// system, PEM; "tls-ct-logs" a list of logs of certificate transparency, as Chrome has it;
// "tls-client-certificate" is a certificate with its chain and its key, PEM, for endpoints
// that ask for one: the key goes nowhere else. "tls-spiffe" demands X.509-SVIDs: of that trust
// domain, or if it is "*", of any. "spiffe-trust-domain" and "spiffe-paths", patterns in lines, are
// demanded of each X.509-SVID that is presented.
var TLS = &audit.Check{
	ID:      "tls",
	Needs:   audit.Network,
	Applies: func(t *audit.Target) bool { return len(t.Endpoints) > 0 },
	Run:     runTLS,
	Recheck: recheckTLS,

	Conclude: concludeTLS,
}

// TLSFacts are the facts of [TLS].
type TLSFacts struct {
	Endpoints []TLSEndpoint `json:"endpoints"`
}

// A TLSEndpoint is what one endpoint showed.
type TLSEndpoint struct {
	*tlsprobe.Result
	Reached  bool                  `json:"reached"` // it answered anything at all
	Chains   []tlsprobe.ChainFacts `json:"chains"`  // what is found out of the certificates, in their order
	Profiles []TLSProfile          `json:"profiles,omitempty"`

	// Unproven are demands of which nothing can be said, as no certificate was seen for the
	// name that was asked for: "pin", "svid", "earlier".
	Unproven []string `json:"unproven,omitempty"`

	Evidence []string `json:"evidence"` // digests: of the exchanges, and of the certificates
}

// maxEndpoints bounds the endpoints that are probed at once.
const maxEndpoints = 32

func runTLS(ctx context.Context, p *audit.Pass) (any, error) {
	facts := &TLSFacts{Endpoints: make([]TLSEndpoint, len(p.Target.Endpoints))}
	options, err := tlsOptions(p)
	if err != nil {
		return nil, err
	}
	demanded, err := profiles(p)
	if err != nil {
		return nil, err
	}
	chains, err := chainOptions(p)
	if err != nil {
		return nil, err
	}
	wanted, earlier := parsePins(p.Settings["tls-pins"]), parsePins(p.Settings["tls-earlier"])
	resolve := resolutions(p.Settings["tls-resolve"])
	var group errgroup.Group
	group.SetLimit(maxEndpoints)
	var mu sync.Mutex
	done := 0
	for i, address := range p.Target.Endpoints {
		group.Go(func() error {
			r, err := tlsprobe.Probe(ctx, tlsprobe.Target{Address: address, Dial: resolve[address], SNI: p.Settings["tls-sni"], StartTLS: p.Settings["tls-starttls"]}, options)
			if r == nil {
				return fmt.Errorf("probe %s: %w", address, err)
			}
			e := keepEndpoint(p, r)
			chains := chains
			chains.Pins = wanted.of(address)
			e.Chains = r.Examine(chains)
			forget(r)
			facts.Endpoints[i] = e
			mu.Lock()
			defer mu.Unlock()
			done++
			p.Progress(done, len(p.Target.Endpoints))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(facts.Endpoints, func(a, b TLSEndpoint) int { return strings.Compare(a.Address, b.Address) })
	for i := range facts.Endpoints {
		e := &facts.Endpoints[i]
		report := func(rule string, args audit.Args) { p.Report(e.finding(rule, args)) }
		judgeEndpoint(*e, p.Report)
		judgeCertificates(report, e.Result, e.Chains, p.Now)
		judgeEarlier(*e, earlier, report)
		if e.Reached && e.leafPins() == nil {
			e.Unproven = unproven(map[string]bool{"pin": wanted.of(e.Address) != nil, "svid": chains.SVID.Demanded, "earlier": earlier.of(e.Address) != nil})
		}
		for _, profile := range demanded {
			judgeProfile(e, profile, p.Now, p.Report)
		}
	}
	if ctx.Err() != nil {
		return facts, ctx.Err()
	}
	return facts, facts.undetermined()
}

// tlsOptions reads the settings.
func tlsOptions(p *audit.Pass) (tlsprobe.Options, error) {
	o := tlsprobe.Options{DialContext: p.Dial}
	var errs []error
	parse := func(key string, set func(string) error) {
		if v := p.Settings[key]; v != "" {
			if err := set(v); err != nil {
				errs = append(errs, fmt.Errorf("setting %s: %w", key, err))
			}
		}
	}
	parse("tls-client-certificate", func(v string) error {
		own, err := tls.X509KeyPair([]byte(v), []byte(v))
		o.Certificate = &own
		return withoutText(err)
	})
	parse("tls-timeout", func(v string) (err error) { o.Timeout, err = time.ParseDuration(v); return err })
	parse("tls-max-connections", func(v string) (err error) { o.MaxConnections, err = strconv.Atoi(v); return err })
	parse("tls-rate", func(v string) (err error) { o.Rate, err = strconv.ParseFloat(v, 64); return err })
	return o, errors.Join(errs...)
}

// withoutText is an error of reading a certificate and its key, which may quote them.
func withoutText(err error) error {
	if err != nil {
		return errors.New("no certificate and key in PEM that fit each other")
	}
	return nil
}

// chainOptions reads the settings that certificates are held against.
func chainOptions(p *audit.Pass) (tlsprobe.ChainOptions, error) {
	o := tlsprobe.ChainOptions{Now: p.Now, Roots: tlsprobe.Roots{System: p.Roots}}
	o.SVID.TrustDomain, o.SVID.Path = p.Settings["spiffe-trust-domain"], allowedPaths(spiffePaths(p))
	if domain := p.Settings["tls-spiffe"]; domain != "" {
		o.SVID.Demanded = true
		if domain != "*" {
			o.SVID.TrustDomain = domain
		}
	}
	if list := p.Settings["tls-ct-logs"]; list != "" {
		var err error
		if o.Logs, err = tlsprobe.ParseLogs([]byte(list)); err != nil {
			return o, fmt.Errorf("setting tls-ct-logs: %w", err)
		}
	}
	if roots := p.Settings["tls-roots"]; roots != "" {
		pool, sm, err := addRoots(p.Roots, []byte(roots))
		if err != nil {
			return o, fmt.Errorf("setting tls-roots: %w", err)
		}
		o.Roots.System, o.Roots.SM, o.SVID.Bundle = pool, sm, pool
	}
	return o, nil
}

// addRoots adds authorities, PEM, to those of the system. Those of keys that package x509
// does not know are for SM2.
func addRoots(system *x509.CertPool, text []byte) (*x509.CertPool, [][]byte, error) {
	pool := system
	if pool == nil {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, nil, err
		}
	}
	pool = pool.Clone()
	var sm [][]byte
	n := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		n++
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && c.PublicKeyAlgorithm != x509.UnknownPublicKeyAlgorithm {
			pool.AddCert(c)
		} else {
			sm = append(sm, block.Bytes)
		}
	}
	if n == 0 {
		return nil, nil, errors.New("no certificate in PEM")
	}
	return pool, sm, nil
}

// resolutions reads lines of an endpoint and where to connect in its place.
func resolutions(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if from, to, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			out[from] = to
		}
	}
	return out
}

// keepEndpoint keeps the evidence of what an endpoint showed.
func keepEndpoint(p *audit.Pass, r *tlsprobe.Result) TLSEndpoint {
	e := TLSEndpoint{Result: r, Reached: r.Plaintext != nil}
	for _, x := range r.Exchanges {
		e.Reached = e.Reached || x.End != tlsprobe.EndUnreachable && x.End != tlsprobe.EndBudget && (x.End != tlsprobe.EndTimeout || len(x.Received) > 0)
	}
	data, err := json.Marshal(r.Exchanges)
	if err != nil { // of bytes and words
		panic(err)
	}
	e.Evidence = []string{p.Evidence("tls-exchanges", data)}
	r.Exchanges = nil // of a thousand endpoints they are hundreds of MiB
	for _, chain := range r.Certificates {
		var buf bytes.Buffer
		for _, c := range chain.Certificates {
			pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: c.DER})
		}
		e.Evidence = append(e.Evidence, p.Evidence("certificates", buf.Bytes()))
	}
	return e
}

// forget drops what of the certificates is needed no more, once they are evidence and were
// examined.
func forget(r *tlsprobe.Result) {
	for i := range r.Certificates {
		c := &r.Certificates[i]
		c.Staple, c.Timestamps = nil, nil
		for j := range c.Certificates {
			c.Certificates[j].DER = nil
		}
	}
	for i := range r.OCSP {
		r.OCSP[i].DER = nil
	}
}
