// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package bound

import (
	"errors"
	"strings"
	"testing"
)

func TestRepeated(t *testing.T) {
	for _, good := range []string{
		`{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}], "c": "a", "A": "a\"a:"}`, `{"a": "b", "b": "a"}`, `["a", "a"]`, `{}`, `{"a"`, `"`, `{"`, `{"a": 1}{"a": 1}`,
	} {
		if err := JSON([]byte(good)); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		`{"a": 1, "a": 1}`, "{\"a\"\n: 1, \"a\":1}", `{"a": 1, "b": {"a": {"c": []}}, "a": 2}`, `[{"hash": 1, "\u0068ash": 2}]`, `{"": 1, "": 2}`, strings.Repeat("[", 100) + `{"a":1,"a":1}`,
	} {
		if err := JSON([]byte(bad)); !errors.Is(err, ErrRepeated) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
