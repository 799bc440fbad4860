// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goassay/assay/audit"
)

// pins are the keys that endpoints are to have, by endpoint; those of "" are of all.
type pins map[string][]string

// parsePins reads lines of a pin, or of an endpoint and a pin.
func parsePins(text string) pins {
	out := pins{}
	for line := range strings.Lines(text) {
		endpoint, pin, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			endpoint, pin = "", endpoint
		}
		if pin != "" {
			out[endpoint] = append(out[endpoint], pin)
		}
	}
	return out
}

// of are the pins of an endpoint, those of all included; nil if there are none.
func (p pins) of(endpoint string) []string {
	return append(slices.Clone(p[""]), p[endpoint]...)
}

// CheckPin reports whether a text is the pin of a key: "sha256/" and the base64 of the
// SHA-256 of its SubjectPublicKeyInfo (RFC 7469, section 2.4).
func CheckPin(pin string) error {
	sum, ok := strings.CutPrefix(pin, "sha256/")
	if raw, err := base64.StdEncoding.DecodeString(sum); !ok || err != nil || len(raw) != 32 {
		return errors.New("sha256/ and the base64 of 32 bytes are wanted")
	}
	return nil
}

// PinsOf lists the pins of what endpoints presented of themselves in an earlier report:
// lines of an endpoint and a pin, as the setting "tls-earlier" takes them.
func PinsOf(rep *audit.Report) (string, error) {
	raw, ok := rep.Facts[TLS.ID]
	if !ok {
		return "", errors.New("a report without endpoints")
	}
	var facts TLSFacts
	if err := json.Unmarshal(raw, &facts); err != nil {
		return "", fmt.Errorf("facts of tls: %w", err)
	}
	var lines []string
	for _, e := range facts.Endpoints {
		for _, pin := range e.leafPins() {
			lines = append(lines, e.Address+" "+pin)
		}
	}
	return strings.Join(lines, "\n"), nil
}

// leafPins are the pins of the certificates that an endpoint has for its name.
func (e TLSEndpoint) leafPins() []string {
	var out []string
	for _, chain := range e.Certificates {
		if chain.SNI == e.SNI && len(chain.Certificates) > 0 && chain.Certificates[0].SPKI != "" {
			out = append(out, chain.Certificates[0].SPKI)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// judgeEarlier tells where an endpoint has a key that it had not in an earlier report.
func judgeEarlier(e TLSEndpoint, earlier pins, report func(string, audit.Args)) {
	before := earlier.of(e.Address)
	var changed []string
	for _, pin := range e.leafPins() {
		if len(before) > 0 && !slices.Contains(before, pin) {
			changed = append(changed, pin)
		}
	}
	if changed != nil {
		report("tls/key-changed", audit.Args{"now": changed, "before": before})
	}
}
