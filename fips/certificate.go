// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"go/version"
	"slices"
	"sync"
	"time"
)

// A Certificate is what the Cryptographic Module Validation Program says about
// a module. It covers the module as listed in its security policy, in the
// operating environments listed there.
type Certificate struct {
	State    CertificateState `json:"state"`
	Number   int              `json:"number,omitempty"`
	Standard string           `json:"standard,omitempty"` // "FIPS 140-3"
	Level    int              `json:"level,omitempty"`
	Sunset   string           `json:"sunset,omitempty"` // the day from which it is historical: YYYY-MM-DD
	AsOf     string           `json:"as_of,omitempty"`  // the day on which that was so: YYYY-MM-DD
	Source   string           `json:"source,omitempty"` // where it can be looked up
}

// CertificateState is how far a validation has come.
type CertificateState string

// The states. In process means submitted: such a module has no certificate.
const (
	Certified  CertificateState = "certified"
	InProcess  CertificateState = "in-process"
	Historical CertificateState = "historical" // not for new procurement
	None       CertificateState = "none"
	NotKnown   CertificateState = "unknown" // the module is not in the data
)

//go:embed certificates.json
var certificatesJSON []byte

// entry is a certificate with the modules that it covers.
type entry struct {
	Module   Kind     `json:"module"`
	Versions []string `json:"versions,omitempty"`  // of the native module, as recorded in GOFIPS140
	GoFrom   string   `json:"go_from,omitempty"`   // of BoringCrypto, by the toolchain that carries it
	GoBefore string   `json:"go_before,omitempty"` // exclusive
	Certificate
}

// certificates is the embedded data, read when first asked for.
var certificates = sync.OnceValue(func() []entry {
	var entries []entry
	if err := json.Unmarshal(certificatesJSON, &entries); err != nil {
		panic(fmt.Sprintf("embedded certificates: %v", err))
	}
	return entries
})

// certificateOf returns the certificate of a declared module. The version is
// compared as a whole: v1.0.0 was sealed twice, and what is recorded for the
// first seal, "v1.0.0", is not what the certificate was issued for.
func certificateOf(m Module, release string, now time.Time) Certificate {
	switch {
	case m.Declared == NoModule, m.Declared == Native && m.Version == "latest", m.Linked == "no":
		return Certificate{State: None}
	}
	i := slices.IndexFunc(certificates(), func(e entry) bool {
		if e.Module != m.Declared {
			return false
		}
		if m.Declared == Native {
			return slices.Contains(e.Versions, m.Version)
		}
		return release != "" &&
			(e.GoFrom == "" || version.Compare(release, e.GoFrom) >= 0) &&
			(e.GoBefore == "" || version.Compare(release, e.GoBefore) < 0)
	})
	if i < 0 {
		return Certificate{State: NotKnown}
	}
	c := certificates()[i].Certificate
	if c.State == Certified && c.Sunset != "" && now.UTC().Format(time.DateOnly) >= c.Sunset {
		c.State = Historical
	}
	return c
}
