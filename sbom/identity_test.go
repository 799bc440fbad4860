// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"errors"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	document, id := Identify([]byte("the document " + Unidentified + " and its element " + Unidentified + "#x"))
	if !strings.HasPrefix(id, "urn:uuid:") || id == Unidentified {
		t.Errorf("ID %s", id)
	}
	if want := "the document " + id + " and its element " + id + "#x"; string(document) != want {
		t.Errorf("got %q, want %q", document, want)
	}
	if err := VerifyID(document, id); err != nil {
		t.Error(err)
	}
	for name, altered := range map[string]string{
		"content":      strings.Replace(string(document), "element", "Element", 1),
		"space":        string(document) + "\n",
		"one ID":       strings.Replace(string(document), id, "urn:uuid:6ba7b811-9dad-51d1-80b4-00c04fd430c8", 1),
		"one ID gone":  strings.Replace(string(document), id, Unidentified, 1),
		"all IDs gone": strings.ReplaceAll(string(document), id, Unidentified),
	} {
		if err := VerifyID([]byte(altered), id); !errors.Is(err, ErrAltered) {
			t.Errorf("%s: got %v, want %v", name, err, ErrAltered)
		}
	}
	if err := VerifyID(document, ""); !errors.Is(err, ErrAltered) {
		t.Errorf("no ID: got %v", err)
	}
	_, other := Identify([]byte("the document " + Unidentified + " and its element " + Unidentified + "#y"))
	if other == id {
		t.Error("two documents have the same ID")
	}
}
