// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package goenv

import (
	"fmt"

	"github.com/goassay/assay/audit/redact"
)

// A Value is the value of a variable or setting. However it is printed or
// marshalled, it shows without the secrets it holds; only [Value.Raw] has them.
type Value struct{ raw string }

// NewValue returns the value whose raw form is s.
func NewValue(s string) Value { return Value{s} }

// Raw returns the value as it is, secrets included. It must not be printed.
func (v Value) Raw() string { return v.raw }

// String returns the value without secrets.
func (v Value) String() string { return redact.Text(v.raw) }

// Format prints the value without secrets, whatever the verb.
func (v Value) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), v.String())
}

// MarshalText returns the value without secrets.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText sets the value to text, as a stored report has it.
func (v *Value) UnmarshalText(text []byte) error {
	v.raw = string(text)
	return nil
}
