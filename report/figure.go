// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// figures returns the counts that stand on top of a check's facts, in their
// order: the length of each list, and what is not zero of each object that
// holds whole numbers only. It knows no check.
func figures(facts json.RawMessage) []string {
	dec := json.NewDecoder(bytes.NewReader(facts))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var out []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil
		}
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			return nil
		}
		if f := figure(raw); f != "" {
			name := strings.ReplaceAll(clean(fmt.Sprint(key)), "_", " ")
			out = append(out, name+" "+f)
		}
	}
	return out
}

func figure(raw json.RawMessage) string {
	var list []json.RawMessage
	if len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &list) == nil {
		return fmt.Sprint(len(list))
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	var parts []string
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return ""
		}
		var n int64
		if dec.Decode(&n) != nil {
			return ""
		}
		if n != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(clean(fmt.Sprint(key)), "_", " ")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
