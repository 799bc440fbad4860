// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/internal/lazyregexp"
)

// InventoryForm is a form of the inventory of certificates and keys.
type InventoryForm string

// The forms.
const (
	InventoryCSV  InventoryForm = "csv"  // RFC 4180, a line for each endpoint and certificate
	InventoryJSON InventoryForm = "json" // an object for each certificate, with where it is used
	InventoryICS  InventoryForm = "ics"  // a calendar (RFC 5545) of the days on which certificates of endpoints end
)

// A CertificateRecord is a certificate, its key, and where it is used.
type CertificateRecord struct {
	SHA256    string           `json:"sha256"`
	Subject   string           `json:"subject"`
	Issuer    string           `json:"issuer"`
	Serial    string           `json:"serial"`
	NotBefore time.Time        `json:"not_before"`
	NotAfter  time.Time        `json:"not_after"`
	DaysLeft  int              `json:"days_left"` // whole days from the end of the audit; less than none if it has ended
	Key       KeyRecord        `json:"key"`
	Signature string           `json:"signature"`
	DNSNames  []string         `json:"dns_names,omitempty"`
	URIs      []string         `json:"uris,omitempty"`
	SPKI      string           `json:"spki"`
	Uses      []CertificateUse `json:"uses"`
}

// A KeyRecord is a public key.
type KeyRecord struct {
	Type  string `json:"type"`
	Bits  int    `json:"bits,omitempty"`
	Curve string `json:"curve,omitempty"`
}

// A CertificateUse is a place where a certificate was presented.
type CertificateUse struct {
	Endpoint string `json:"endpoint"`
	SNI      string `json:"sni,omitempty"`
	Position int    `json:"position"` // in the chain as it was sent; 0 is that of the endpoint itself
}

// Inventory lists the certificates that the endpoints of a report presented, sorted by
// the day on which they end: what PCI DSS 4.0.1, requirement 4.2.1.1, wants to be kept.
func Inventory(rep *audit.Report) ([]CertificateRecord, error) {
	var facts struct {
		Endpoints []struct {
			Address      string `json:"address"`
			Certificates []struct {
				SNI   string              `json:"sni"`
				Chain []CertificateRecord `json:"chain"`
			} `json:"certificates"`
		} `json:"endpoints"`
	}
	if raw, ok := rep.Facts["tls"]; ok {
		if err := json.Unmarshal(raw, &facts); err != nil {
			return nil, fmt.Errorf("facts of tls: %w", err)
		}
	}
	records := map[string]*CertificateRecord{}
	out := []CertificateRecord{}
	for _, e := range facts.Endpoints {
		for _, chain := range e.Certificates {
			for i, c := range chain.Chain {
				use := CertificateUse{Endpoint: e.Address, SNI: chain.SNI, Position: i}
				r := records[c.SHA256]
				if r == nil {
					r = &c
					r.DaysLeft = int(c.NotAfter.Sub(rep.Finished).Hours() / 24)
					if c.NotAfter.Before(rep.Finished) {
						r.DaysLeft = min(r.DaysLeft, -1)
					}
					records[c.SHA256] = r
				}
				if !slices.Contains(r.Uses, use) {
					r.Uses = append(r.Uses, use)
				}
			}
		}
	}
	for _, r := range records {
		slices.SortFunc(r.Uses, func(a, b CertificateUse) int {
			return cmp.Or(strings.Compare(a.Endpoint, b.Endpoint), strings.Compare(a.SNI, b.SNI), cmp.Compare(a.Position, b.Position))
		})
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b CertificateRecord) int {
		return cmp.Or(a.NotAfter.Compare(b.NotAfter), strings.Compare(a.SHA256, b.SHA256))
	})
	return out, nil
}

// WriteInventory writes the inventory of a report. Nothing is written if it cannot be
// written whole.
func WriteInventory(w io.Writer, form InventoryForm, rep *audit.Report) error {
	records, err := Inventory(rep)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	switch form {
	case InventoryCSV:
		err = inventoryCSV(&buf, records)
	case InventoryJSON:
		enc := json.NewEncoder(&buf)
		enc.SetIndent("", "  ")
		err = enc.Encode(struct {
			Certificates []CertificateRecord `json:"certificates"`
		}{records})
	case InventoryICS:
		inventoryICS(&buf, records, rep)
	default:
		err = fmt.Errorf("unknown form %q", form)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(buf.Bytes())
	return err
}

func inventoryCSV(buf *bytes.Buffer, records []CertificateRecord) error {
	w := csv.NewWriter(buf)
	w.Write([]string{
		"endpoint", "sni", "position", "subject", "issuer", "serial", "not_before", "not_after", "days_left",
		"key", "bits", "curve", "signature", "dns_names", "uris", "sha256", "spki",
	})
	for _, r := range records {
		for _, u := range r.Uses {
			line := []string{
				u.Endpoint, u.SNI, fmt.Sprint(u.Position), r.Subject, r.Issuer, r.Serial, r.NotBefore.Format(time.RFC3339), r.NotAfter.Format(time.RFC3339),
				fmt.Sprint(r.DaysLeft), r.Key.Type, fmt.Sprint(r.Key.Bits), r.Key.Curve, r.Signature, strings.Join(r.DNSNames, " "), strings.Join(r.URIs, " "), r.SHA256, r.SPKI,
			}
			for i := range line {
				if i != 2 && i != 8 && i != 10 { // numbers of ours
					line[i] = cell(line[i])
				}
			}
			w.Write(line)
		}
	}
	w.Flush()
	return w.Error()
}

// formulaStart is where a spreadsheet may take text for a formula: at the beginning of a cell,
// which is also behind a semicolon where that separates cells, as it does with a decimal comma.
// East Asian ones take the full-width signs too.
var formulaStart = lazyregexp.New(`(^|;)([ "']*)([=+@＝＋＠－-])`)

// cell keeps a spreadsheet from taking text of others for a formula.
func cell(s string) string { return formulaStart().ReplaceAllString(clean(s), "$1'$2$3") }

// inventoryICS writes an event for each certificate that an endpoint has for itself, on
// the day on which it ends.
func inventoryICS(buf *bytes.Buffer, records []CertificateRecord, rep *audit.Report) {
	line := func(format string, args ...any) { foldICS(buf, fmt.Sprintf(format, args...)) }
	line("BEGIN:VCALENDAR")
	line("VERSION:2.0")
	line("PRODID:-//assay//certificates//EN")
	for _, r := range records {
		var where []string
		for _, u := range r.Uses {
			if u.Position == 0 && !slices.Contains(where, u.Endpoint) {
				where = append(where, u.Endpoint)
			}
		}
		if where == nil || r.NotAfter.IsZero() {
			continue
		}
		line("BEGIN:VEVENT")
		line("UID:%s@assay", escapeICS(strings.TrimPrefix(r.SHA256, "sha256:")))
		line("DTSTAMP:%s", rep.Finished.UTC().Format("20060102T150405Z"))
		line("DTSTART;VALUE=DATE:%s", r.NotAfter.UTC().Format("20060102"))
		line("SUMMARY:%s", escapeICS(say(rep.Lang, msgCertificateEnds, audit.Args{"endpoints": join(rep.Lang, where)})))
		line("DESCRIPTION:%s", escapeICS(say(rep.Lang, msgCertificateIs, audit.Args{"subject": clean(r.Subject), "issuer": clean(r.Issuer), "serial": clean(r.Serial), "spki": clean(r.SPKI)})))
		line("END:VEVENT")
	}
	line("END:VCALENDAR")
}

// escapeICS escapes a text (RFC 5545, section 3.3.11).
func escapeICS(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "").Replace(clean(s))
}

// foldICS writes a line in parts of at most 75 bytes (RFC 5545, section 3.1), between
// characters.
func foldICS(buf *bytes.Buffer, s string) {
	n := 0
	for _, r := range s {
		c := string(r)
		if n+len(c) > 75 {
			buf.WriteString("\r\n ")
			n = 1
		}
		buf.WriteString(c)
		n += len(c)
	}
	buf.WriteString("\r\n")
}
