// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// unambiguous verifies that a report means the same to everybody: that no object in
// it has two members of one name, of which readers take the one or the other (RFC 8259,
// section 4). Package encoding/json also takes members whose names differ in case: but
// for facts, where names may be anything, two of these are refused, too.
func unambiguous(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	type level struct {
		names map[string]bool // nil in an array
		fold  bool
		name  bool // a name is next, and no value
	}
	var within []level
	facts := false // the value of "facts" is next
	for {
		token, err := d.Token()
		if err != nil { // at the end, or what the parser refuses
			return nil
		}
		last := len(within) - 1
		switch token {
		case json.Delim('{'), json.Delim('['):
			next := level{fold: len(within) == 0 || within[last].fold && !facts}
			if token == json.Delim('{') {
				next.names, next.name = map[string]bool{}, true
			}
			facts = false
			within = append(within, next)
			continue
		case json.Delim('}'), json.Delim(']'):
			within = within[:last]
			if last--; last >= 0 {
				within[last].name = within[last].names != nil
			}
			continue
		}
		if last < 0 || within[last].names == nil {
			continue
		}
		l := &within[last]
		if l.name = !l.name; l.name { // it was a value
			continue
		}
		name, _ := token.(string)
		facts = last == 0 && name == "facts"
		key := name
		if l.fold {
			key = strings.ToLower(strings.ToUpper(name)) // as both fold
		}
		if l.names[key] {
			return fmt.Errorf("not a report: an object has two members called %.40q", name)
		}
		l.names[key] = true
	}
}
