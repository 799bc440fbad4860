// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sariftest

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestGitHub(t *testing.T) {
	const log = `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"assay","rules":[{"id":"a/b","properties":{"tags":["x"]}}]}},"results":[{"ruleId":"a/b","level":"note","message":{"text":"m"},` +
		`"partialFingerprints":{"primaryLocationLineHash":"1"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a/go.mod"},"region":{"startLine":1}}}]}]}]}`
	if err := GitHub([]byte(log)); err != nil {
		t.Error(err)
	}
	for _, change := range [][2]string{
		{"2.1.0", "2.0.0"}, {`"ruleId":"a/b"`, `"ruleId":"a/c"`}, {`"text":"m"`, `"text":""`}, {`"note"`, `"info"`}, {"primaryLocationLineHash", "other"},
		{"a/go.mod", "../go.mod"}, {"a/go.mod", ""}, {"a/go.mod", "%zz"}, {"a/go.mod", "https://example.com/go.mod"}, {"a/go.mod", "C:/go.mod"}, {"a/go.mod", "file:go.mod"}, {"a/go.mod", "//host/go.mod"},
		{`"rules":[`, `"rules":[{"id":"a/b"},`}, {`"runs":[`, `"runs":[` + strings.Repeat(`{"tool":{"driver":{"name":"x"}}},`, maxRuns)},
		{`"locations":[`, `"locations":[` + strings.Repeat(`{"physicalLocation":{"artifactLocation":{"uri":"a"},"region":{"startLine":1}}},`, maxLocations)}, {`"startLine":1`, `"startLine":0`}, {`"name":"assay"`, `"name":""`},
		{`"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a/go.mod"},"region":{"startLine":1}}}]`, `"locations":[]`},
		{`["x"]`, `["x"` + strings.Repeat(`,"x"`, maxTags) + `]`}, {`{"version"`, `{`},
	} {
		if !strings.Contains(log, change[0]) || GitHub([]byte(strings.Replace(log, change[0], change[1], 1))) == nil {
			t.Errorf("%q for %q passes", change[1], change[0])
		}
	}
	if err := GitHub([]byte(strings.Replace(log, "a/go.mod", "file:///bin/tool", 1))); err != nil {
		t.Error(err)
	}
	noise := make([]byte, maxBytes)
	rand.NewChaCha8([32]byte{}).Read(noise)
	if err := GitHub([]byte(strings.Replace(log, `"text":"m"`, `"text":"`+base64.StdEncoding.EncodeToString(noise)+`"`, 1))); err == nil {
		t.Error("a log of more than the limit passes")
	}
}
