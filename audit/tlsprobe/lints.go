// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"slices"
	"strings"
	"sync"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

// A Lint is a rule of the CA/Browser Forum, of a root store or of an RFC that a publicly
// trusted certificate breaks.
type Lint struct {
	Name   string `json:"name"`   // zlint's: "e_dnsname_not_valid_tld"
	Source string `json:"source"` // whose rule it is: "CABF_BR", "RFC5280"
	Result string `json:"result"` // "warn", "error", "fatal"
}

// serverLints are the rules for certificates of servers. Those for code and mail are none of
// theirs, and those of ETSI are for qualified certificates.
var serverLints = sync.OnceValue(func() lint.Registry {
	registry, err := lint.GlobalRegistry().Filter(lint.FilterOptions{
		ExcludeSources: lint.SourceList{lint.CABFCSBaselineRequirements, lint.CABFSMIMEBaselineRequirements, lint.EtsiEsi},
	})
	if err != nil {
		panic(err) // the options contradict each other
	}
	return registry
})

// Lints returns what a certificate of a publicly trusted chain breaks, sorted by name.
// On one that zlint's parser refuses, or that makes a lint panic, it says nothing.
func Lints(der []byte) (lints []Lint) {
	defer func() {
		if recover() != nil {
			lints = nil
		}
	}()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	for name, r := range zlint.LintCertificateEx(c, serverLints()).Results {
		if r.Status >= lint.Warn {
			lints = append(lints, Lint{Name: name, Source: string(r.LintMetadata.Source), Result: r.Status.String()})
		}
	}
	slices.SortFunc(lints, func(a, b Lint) int { return strings.Compare(a.Name, b.Name) })
	return lints
}
