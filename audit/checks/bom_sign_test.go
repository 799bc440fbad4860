// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/attest"
	"github.com/goassay/assay/sbom/cyclonedx"
)

// TestBOMSignature: with keys, a document passes only if one of them signed
// this very document.
func TestBOMSignature(t *testing.T) {
	keys := func() (private *attest.PrivateKey, public []byte) {
		t.Helper()
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err1 := x509.MarshalPKCS8PrivateKey(key)
		spki, err2 := x509.MarshalPKIXPublicKey(pub)
		private, err3 := attest.ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		return private, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	}
	private, public := keys()
	_, other := keys()
	d := &sbom.Document{Version: 1, Roots: []string{"r"}, Components: []*sbom.Component{{Ref: "r", Kind: sbom.KindApplication, Name: "r", Version: "v1.0.0"}}}
	data, err := cyclonedx.Encode(d, cyclonedx.V1_6, cyclonedx.JSON)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := attest.Sign(data, attest.CycloneDX, attest.Subjects(d, data), private)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		keys     []byte
		document string
		envelope string
		rule     string
		outcome  audit.Outcome
		state    BOMState
	}{
		"signed":               {public, string(data), string(envelope), "", audit.Passed, BOMMatches},
		"signed by one of two": {append(slices.Clone(other), public...), string(data), string(envelope), "", audit.Passed, BOMMatches},
		"by another":           {other, string(data), string(envelope), "bom/signature-invalid", audit.Failed, BOMDiffers},
		"of another document":  {public, strings.Replace(string(data), "v1.0.0", "v1.0.1", 1), string(envelope), "bom/signature-invalid", audit.Failed, BOMDiffers},
		"no envelope":          {public, string(data), "{}", "bom/signature-invalid", audit.Failed, BOMDiffers},
		"none":                 {public, string(data), "", "", audit.Unassessed, BOMNotChecked},
		"nobody asked for one": {nil, string(data), "", "", audit.Passed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "d.cdx.json")
			writeFile(t, file, tt.document)
			if tt.envelope != "" {
				writeFile(t, file+AttestationSuffix, tt.envelope)
			}
			cfg := audit.Config{Target: &audit.Target{Dir: dir, Documents: []string{file}}, Checks: []*audit.Check{BOM}, Environ: os.Environ(), Offline: true}
			if tt.keys != nil {
				cfg.Recorded = map[string][]byte{RecordedBOMKeys: tt.keys}
			}
			rep := runCheck(t, cfg)
			if got := slices.Contains(rulesOf(rep), "bom/signature-invalid"); got != (tt.rule != "") {
				t.Errorf("rules %q", rulesOf(rep))
			}
			if name != "of another document" && rep.Checks[0].Outcome != tt.outcome { // that was changed, too
				t.Errorf("%+v", rep.Checks[0])
			}
			state := BOMState("")
			if s := factsOf[BOMFacts](t, rep, BOM).Documents[0].Signature; s != nil {
				state = s.State
			}
			if state != tt.state {
				t.Errorf("state %q, want %q", state, tt.state)
			}
		})
	}
}

// TestBOMUnknownForm: a form of which there is no schema is not judged, and so
// no pass.
func TestBOMUnknownForm(t *testing.T) {
	file := filepath.Join(t.TempDir(), "old.json")
	writeFile(t, file, `{"bomFormat":"CycloneDX","specVersion":"1.2","version":1,"bogus":1,"metadata":{"component":{"bom-ref":"r","type":"application","name":"x"}}}`)
	rep := runCheck(t, audit.Config{Target: &audit.Target{Dir: filepath.Dir(file), Documents: []string{file}}, Checks: []*audit.Check{BOM}, Environ: os.Environ(), Offline: true})
	if res := rep.Checks[0]; res.ReasonID != "bom/open" {
		t.Errorf("%+v", res)
	}
}
