// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/internal/sbomtest"
)

// everywhere runs a test for each version and encoding.
func everywhere(t *testing.T, test func(t *testing.T, v Version, enc Encoding)) {
	t.Run("2.3-json", func(t *testing.T) { test(t, V2_3, JSON) })
	t.Run("2.3-tag-value", func(t *testing.T) { test(t, V2_3, TagValue) })
	t.Run("3.0.1-json", func(t *testing.T) { test(t, V3_0_1, JSON) })
}

func TestRoundTrip(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		data, err := Encode(sbomtest.Document(), v, enc)
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("SHOW") != "" {
			os.WriteFile(os.Getenv("SHOW")+"/"+string(v)+string(enc), data, 0o600)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		want := sbomtest.Document()
		want.Sort()
		want.Version = got.Version // 1 and 0 are the same
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if err := Validate(data); err != nil {
			t.Error(err)
		}
		again, err := Encode(got, v, enc)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(data), string(again)); diff != "" {
			t.Error("written again, the bytes differ:", diff)
		}
	})
}

func TestIdentity(t *testing.T) {
	everywhere(t, func(t *testing.T, v Version, enc Encoding) {
		doc := sbomtest.Document()
		doc.ID = ""
		data, err := Encode(doc, v, enc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := sbom.VerifyID(data, got.ID); err != nil {
			t.Error(err)
		}
		altered := []byte(strings.Replace(string(data), "v1.2.3", "v1.2.4", 1))
		if err := sbom.VerifyID(altered, got.ID); err == nil {
			t.Error("an altered document has the ID of its content")
		}
	})
}
