// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
)

// sampleInventory are facts with certificates of two endpoints, one of them in both; names
// that a spreadsheet or a calendar would take for something else; and one that ended.
const sampleInventory = `{"endpoints": [
	{"address": "a.example:443", "certificates": [{"sni": "a.example", "chain": [
		{"subject": "=cmd|' /C calc'!A0", "issuer": "CN=Example CA,O=Example\\; Co", "serial": "01", "not_before": "2026-01-01T00:00:00Z", "not_after": "2026-12-31T23:59:59Z",
		 "key": {"type": "ECDSA", "bits": 256, "curve": "P-256"}, "signature": "ECDSA-SHA256", "dns_names": ["a.example", "*.a.example"], "sha256": "sha256:aa", "spki": "sha256/AA="},
		{"subject": "CN=Example CA", "issuer": "CN=Example CA", "serial": "02", "not_before": "2020-01-01T00:00:00Z", "not_after": "2040-01-01T00:00:00Z",
		 "key": {"type": "RSA", "bits": 4096}, "signature": "SHA256-RSA", "sha256": "sha256:bb", "spki": "sha256/BB="}]}]},
	{"address": "b.example:443", "certificates": [{"sni": "b.example", "chain": [
		{"subject": "CN=b.example, with a very long name that has to be folded in a calendar\u001b[31m", "issuer": "CN=Example CA", "serial": "03", "not_before": "2025-01-01T00:00:00Z", "not_after": "2026-11-19T00:00:00Z",
		 "key": {"type": "RSA", "bits": 2048}, "signature": "SHA256-RSA", "uris": ["spiffe://example/b"], "sha256": "sha256:cc", "spki": "sha256/CC="},
		{"subject": "CN=Example CA", "issuer": "CN=Example CA", "serial": "02", "not_before": "2020-01-01T00:00:00Z", "not_after": "2040-01-01T00:00:00Z",
		 "key": {"type": "RSA", "bits": 4096}, "signature": "SHA256-RSA", "sha256": "sha256:bb", "spki": "sha256/BB="}]}]}
]}`

func inventoryReport(t testing.TB, lang audit.Lang, facts string) *audit.Report {
	t.Helper()
	rep := endpointReport(t, lang, facts)
	rep.Finished = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return rep
}

func TestInventoryGolden(t *testing.T) {
	for _, form := range []InventoryForm{InventoryCSV, InventoryJSON, InventoryICS} {
		var buf bytes.Buffer
		if err := WriteInventory(&buf, form, inventoryReport(t, audit.English, sampleInventory)); err != nil {
			t.Fatal(err)
		}
		golden(t, "inventory."+string(form), buf.Bytes())
	}
}

func TestInventory(t *testing.T) {
	records, err := Inventory(inventoryReport(t, audit.English, sampleInventory))
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 || records[0].DaysLeft != -1 || records[1].DaysLeft != 41 || len(records[2].Uses) != 2 {
		t.Errorf("%+v", records)
	}
	if records, err := Inventory(sample(t, audit.English)); err != nil || len(records) != 0 {
		t.Errorf("no endpoints: %v, %v", records, err)
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"CN=a": "CN=a", "": "", "sha256:00": "sha256:00", "-": "'-", "a-b;c": "a-b;c",
		"=1+1": "'=1+1", "+1": "'+1", "@SUM(1)": "'@SUM(1)", "\t=1": "'=1", " =1": "'=1", "\"=1": "'\"=1",
		"＝1+1": "'＝1+1", "＠a": "'＠a", "－1": "'－1", "＋1": "'＋1",
		"CN=a;=1+1": "CN=a;'=1+1", "CN=a; @a;-2": "CN=a;' @a;'-2", ";=1": ";'=1",
	} {
		if got := cell(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestInventoryHostile: what a certificate says begins no formula, and no line of a
// calendar.
func TestInventoryHostile(t *testing.T) {
	var buf bytes.Buffer
	rep := inventoryReport(t, audit.Chinese, sampleInventory)
	if err := WriteInventory(&buf, InventoryCSV, rep); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&buf).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		for i, f := range l {
			if f != "" && strings.ContainsRune("=+@", rune(f[0])) || strings.HasPrefix(f, "-") && i != 8 {
				t.Errorf("cell %q", f)
			}
		}
	}
	buf.Reset()
	if err := WriteInventory(&buf, InventoryICS, rep); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(buf.String(), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n\x1b") {
			t.Errorf("line %q", line)
		}
	}
}

func TestInventoryErrors(t *testing.T) {
	rep := inventoryReport(t, audit.English, sampleInventory)
	if err := WriteInventory(&bytes.Buffer{}, "pdf", rep); err == nil {
		t.Error("an unknown form is written")
	}
	if err := WriteInventory(failing{}, InventoryJSON, rep); err == nil {
		t.Error("a failed write is passed over")
	}
	rep.Facts["tls"] = json.RawMessage(`[]`)
	if err := WriteInventory(&bytes.Buffer{}, InventoryCSV, rep); err == nil {
		t.Error("malformed facts are passed over")
	}
}

// failing takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }
