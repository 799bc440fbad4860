// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom/cbom"
	"github.com/goassay/assay/sbom/format"
)

// cryptoReport is a report with facts of endpoints and of executables.
func cryptoReport(t testing.TB, tls, fips string) *audit.Report {
	t.Helper()
	rep := &audit.Report{
		Finished: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Checks:   []audit.CheckResult{{ID: "tls", Outcome: audit.Passed}, {ID: "fips", Outcome: audit.Passed}},
		Facts:    map[string]json.RawMessage{},
	}
	if tls != "" {
		rep.Facts["tls"] = json.RawMessage(tls)
	}
	if fips != "" {
		rep.Facts["fips"] = json.RawMessage(fips)
	}
	return rep
}

const sampleFIPS = `{"files": [{"path": "bin/server", "sha256": "sha256:abababababababababababababababababababababababababababababababab", "state": "read", "go": "go1.26.8",
	"seen": {"module": "native", "versions": ["v1.0.0-c2097c7c"], "cryptography": ["crypto/internal/fips140/v1.0.0-c2097c7c/sha256"]},
	"module": {"declared": "native", "version": "v1.0.0-c2097c7c", "linked": "yes"}, "mode": {"declared": "on", "linked": "on"},
	"certificate": {"state": "certified", "number": 5247, "standard": "FIPS 140-3", "level": 1}, "verdict": "certified",
	"packages": {"standard": ["crypto/md5"]}}]}`

// readable is sampleInventory with digests as they are.
var readable = strings.NewReplacer("sha256:aa", "sha256:"+strings.Repeat("aa", 32), "sha256:bb", "sha256:"+strings.Repeat("bb", 32), "sha256:cc", "sha256:"+strings.Repeat("cc", 32)).Replace(sampleInventory)

func TestCBOM(t *testing.T) {
	for _, version := range []string{"1.6", "1.7"} {
		made, err := CBOM(cryptoReport(t, readable, sampleFIPS))
		if err != nil {
			t.Fatal(err)
		}
		data, err := format.Write(made, format.Format{Name: "cyclonedx-json", Version: version})
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := format.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{"endpoint:a.example:443", "endpoint:b.example:443", "certificate:sha256:" + strings.Repeat("bb", 32), "key:sha256/AA=",
			"file:bin/server", "algorithm:SHA-256#software-plain-ram+fips140-3-l1", "algorithm:MD5#software-plain-ram"} {
			if d.Component(ref) == nil {
				t.Errorf("%s: %s is not there", version, ref)
			}
		}
	}
}

func TestCBOMOfNothing(t *testing.T) {
	rep := cryptoReport(t, "", "")
	rep.Checks = []audit.CheckResult{{ID: "tls", Outcome: audit.NotApplicable}, {ID: "sumdb", Outcome: audit.Passed}}
	if _, err := CBOM(rep); !errors.Is(err, ErrNoCryptography) {
		t.Error(err)
	}
	rep.Checks = []audit.CheckResult{{ID: "tls", Outcome: audit.Unassessed, ReasonID: "engine/offline"}, {ID: "fips", Outcome: audit.Errored}}
	d, err := CBOM(rep)
	if err != nil || len(d.Components) > 0 {
		t.Fatal(d, err)
	}
	if len(d.Properties) != 2 || d.Property(cbom.PropertyUnassessed) != "engine/offline" || d.Properties[1].Value != "fips: error" {
		t.Errorf("%+v", d.Properties)
	}
	for name, facts := range map[string][2]string{
		"of another kind": {`{"endpoints": 1}`, ""}, "executables of another kind": {"", `[]`},
		"no address": {`{"endpoints": [{}]}`, ""}, "no result": {`{"endpoints": [{"reached": true}]}`, ""},
	} {
		if _, err := CBOM(cryptoReport(t, facts[0], facts[1])); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzCBOM reads facts of reports that others may have written. What is made of them
// refers to nothing that is not there.
func FuzzCBOM(f *testing.F) {
	f.Add(readable, sampleFIPS)
	f.Add(`{"endpoints": [{"address": "a:1", "protocols": [{"version": "TLS 1.2", "state": "offered", "suites": [{"id": "0xC02F"}]}], "groups": [{"id": "0x001D", "state": "offered"}]}]}`, "")
	f.Fuzz(func(t *testing.T, tls, fips string) {
		d, err := CBOM(cryptoReport(t, tls, fips))
		if err != nil {
			return
		}
		for _, c := range d.Components {
			for _, ref := range c.DependsOn {
				if d.Component(ref) == nil {
					t.Fatalf("%s depends on %s, which is not there", c.Ref, ref)
				}
			}
		}
	})
}
