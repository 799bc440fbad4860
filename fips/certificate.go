// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"slices"
	"strings"
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

// Certificates say which certificate covers which module.
type Certificates []CertificateEntry

// A CertificateEntry is a certificate with the modules that it covers.
type CertificateEntry struct {
	Module   Kind     `json:"module"`
	Versions []string `json:"versions,omitempty"`  // of the native module, as recorded in GOFIPS140
	GoFrom   string   `json:"go_from,omitempty"`   // of BoringCrypto, by the toolchain that carries it
	GoBefore string   `json:"go_before,omitempty"` // exclusive
	Certificate
}

// BuiltInCertificates are those that were known at the release. They are read when
// first asked for.
var BuiltInCertificates = sync.OnceValue(func() Certificates {
	list, err := ParseCertificates(certificatesJSON)
	if err != nil {
		panic(fmt.Sprintf("embedded certificates: %v", err))
	}
	return list
})

// maxCertificates bounds the data, in bytes.
const maxCertificates = 1 << 20

// ParseCertificates reads certificates from JSON: a list of entries, as in the file
// certificates.json of this package. Nothing may be in it that has no meaning, or
// two: no module is in two entries, and no key twice in one.
func ParseCertificates(data []byte) (Certificates, error) {
	if len(data) > maxCertificates {
		return nil, fmt.Errorf("certificates of more than %d bytes", maxCertificates)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var list Certificates
	if err := d.Decode(&list); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something stands behind the list")
	}
	if err := plainKeys(data); err != nil {
		return nil, err
	}
	seen := map[string]bool{} // native versions
	for i, e := range list {
		err := e.valid()
		for _, v := range e.Versions {
			if seen[v] && err == nil {
				err = fmt.Errorf("version %q stands twice in the list", v)
			}
			seen[v] = true
		}
		for j, other := range list[:i] {
			if err == nil && e.overlaps(other) {
				err = fmt.Errorf("covers toolchains that certificate %d covers", j+1)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("certificate %d of the list: %w", i+1, err)
		}
	}
	return list, nil
}

// plainKeys demands of a list of objects, which was decoded, that no key stands
// twice in one, and none but as it is named here: the decoder takes the last of
// several, and any case.
func plainKeys(data []byte) error {
	var objects []json.RawMessage
	if err := json.Unmarshal(data, &objects); err != nil {
		return err
	}
	for i, o := range objects {
		d := json.NewDecoder(bytes.NewReader(o))
		if t, err := d.Token(); err != nil || t != json.Delim('{') {
			return fmt.Errorf("certificate %d of the list is no object", i+1)
		}
		seen := map[string]bool{}
		for d.More() {
			t, err := d.Token()
			key, ok := t.(string)
			if err != nil || !ok {
				return fmt.Errorf("certificate %d of the list: key: %w", i+1, err)
			}
			if seen[key] || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") != "" {
				return fmt.Errorf("certificate %d of the list: key %q stands twice, or in another case", i+1, key)
			}
			seen[key] = true
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				return err
			}
		}
	}
	return nil
}

// overlaps reports whether two ranges of BoringCrypto have a toolchain in common.
func (e CertificateEntry) overlaps(other CertificateEntry) bool {
	begins := func(a, b CertificateEntry) bool { // a, before b ends
		return b.GoBefore == "" || version.Compare(a.GoFrom, b.GoBefore) < 0
	}
	return e.Module == BoringCrypto && other.Module == BoringCrypto && begins(e, other) && begins(other, e)
}

// valid demands what makes an entry mean one thing.
func (e CertificateEntry) valid() error {
	day := func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	}
	switch {
	case e.Module != Native && e.Module != BoringCrypto:
		return fmt.Errorf("module %q is neither %s nor %s", e.Module, Native, BoringCrypto)
	case e.Module == Native && (len(e.Versions) == 0 || e.GoFrom+e.GoBefore != ""):
		return errors.New("the native module is covered by versions")
	case e.Module == BoringCrypto && (len(e.Versions) > 0 || e.GoFrom != "" && !version.IsValid(e.GoFrom) || e.GoBefore != "" && !version.IsValid(e.GoBefore)):
		return errors.New("BoringCrypto is covered by go_from and go_before")
	case e.GoFrom != "" && e.GoBefore != "" && version.Compare(e.GoFrom, e.GoBefore) >= 0:
		return errors.New("go_from is not before go_before")
	case !slices.Contains([]CertificateState{Certified, InProcess, Historical, None}, e.State):
		return fmt.Errorf("state %q", e.State)
	case (e.State == Certified || e.State == Historical) != (e.Number > 0):
		return errors.New("a certificate has a number, and nothing else has")
	case !day(e.AsOf):
		return errors.New("as_of is no day")
	case e.Sunset != "" && !day(e.Sunset):
		return errors.New("sunset is no day")
	case e.Source == "":
		return errors.New("no source")
	}
	return nil
}

// of returns the certificate of a declared module. The version is
// compared as a whole: v1.0.0 was sealed twice, and what is recorded for the
// first seal, "v1.0.0", is not what the certificate was issued for.
func (list Certificates) of(m Module, release string, now time.Time) Certificate {
	switch {
	case m.Declared == NoModule, m.Declared == Native && m.Version == "latest", m.Linked == "no":
		return Certificate{State: None}
	}
	i := slices.IndexFunc(list, func(e CertificateEntry) bool {
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
	c := list[i].Certificate
	if c.State == Certified && c.Sunset != "" && now.UTC().Format(time.DateOnly) >= c.Sunset {
		c.State = Historical
	}
	return c
}
