// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"strings"
	"testing"
)

// A report means the same to every reader, or it is none.
func TestUnambiguous(t *testing.T) {
	const report = `{"schema":"assay.report/v1","verdict":"pass","findings":[{"rule":"a/b","args":{"x":[1,{"y":1}]}}],"facts":{"env":{"HTTP_PROXY":"a","http_proxy":"b"}},"checks":[]}`
	if _, err := ParseReport([]byte(report)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"verdict":"pass"`, `"verdict":"pass","verdict":"fail"`}, {`"verdict":"pass"`, `"verdict":"pass","Verdict":"fail"`}, {`"verdict":"pass"`, `"verdict":"pass","\u0076erdict":"fail"`},
		{`"checks":[]`, `"checkſ":[],"checks":[]`}, {`"rule":"a/b"`, `"rule":"a/b","RULE":"c/d"`}, {`"y":1`, `"y":1,"y":2`}, {`"http_proxy"`, `"HTTP_PROXY"`}, {`"facts"`, `"Facts":{},"facts"`},
	} {
		if !strings.Contains(report, change[0]) {
			t.Fatal(change[0])
		}
		if _, err := ParseReport([]byte(strings.Replace(report, change[0], change[1], 1))); err == nil || !strings.Contains(err.Error(), "two members") {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}
