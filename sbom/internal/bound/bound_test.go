// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package bound

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for name, test := range map[string]struct {
		document string
		want     error
	}{
		"brackets in strings":  {`{"a":"` + strings.Repeat("[{,", MaxElements) + `\"[\\"}`, nil},
		"as deep as allowed":   {strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), nil},
		"too deep":             {strings.Repeat("[", MaxDepth+1), ErrTooLarge},
		"many members":         {manyMembers(MaxElements + 1), nil},
		"too many elements":    {`[` + strings.Repeat(`1,`, MaxElements+1) + `1]`, ErrTooLarge},
		"too many objects":     {strings.Repeat(`{}`, MaxElements+1), ErrTooLarge},
		"ends that begin none": {"]]]]}}}},,,[", nil},
		"string without end":   {`["\`, nil},
		"nothing":              {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := JSON([]byte(test.document)); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if err := JSON(make([]byte, MaxSize+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large: got %v", err)
	}
}

func TestXML(t *testing.T) {
	const ns = "urn:known:"
	const in = ` xmlns="urn:known:1"`
	for name, test := range map[string]struct {
		document string
		want     string // text within known elements
		err      error
	}{
		"prefixes and extensions": {`<a` + in + ` xmlns:x="urn:x" x:y="1" b="2">1<x:b>not<c/></x:b><!-- no -->2<?p i?></a>`, "12", nil},
		"prefix of the known one": {`<k:a xmlns:k="urn:known:2">1<k:b>2</k:b><b>not</b></k:a>`, "12", nil},
		"declaration":             {`<!DOCTYPE a><a` + in + `/>`, "", ErrDoctype},
		"declaration in between":  {`<a` + in + `><x xmlns="urn:x"><!DOCTYPE a></x></a>`, "", ErrDoctype},
		"extension without end":   {`<a` + in + `><x xmlns="urn:x">`, "", errSyntax},
		"wrong end in extension":  {`<a` + in + `><x xmlns="urn:x"><b></c></x></a>`, "", errSyntax},
		"without end":             {`<a` + in + `>`, "", errSyntax},
		"too deep":                {strings.Repeat(`<a`+in+`>`, MaxDepth+1), "", ErrTooLarge},
		"too many tags":           {strings.Repeat("<", 2*MaxElements+1), "", ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			var got struct {
				Text  string `xml:",chardata"`
				Child struct {
					Text string `xml:",chardata"`
				} `xml:"b"`
			}
			d, err := XML([]byte(test.document), ns)
			if err == nil {
				err = d.Decode(&got)
			}
			if test.err == errSyntax && err != nil || errors.Is(err, test.err) {
				err = nil
			} else {
				t.Errorf("got %v, want %v", err, test.err)
			}
			if text := got.Text + got.Child.Text; err == nil && test.err == nil && text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
	if _, err := XML(make([]byte, MaxSize+1), ns); !errors.Is(err, ErrTooLarge) {
		t.Errorf("large: got %v", err)
	}
}

// errSyntax stands for any error of the parser.
var errSyntax = io.ErrUnexpectedEOF

func FuzzXML(f *testing.F) {
	f.Add([]byte(`<a xmlns="urn:known:1"><x xmlns="urn:x"/>t</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := XML(data, "urn:known:")
		for err == nil {
			_, err = d.Token()
		}
		_ = JSON(data)
	})
}

// manyMembers is an object with n members.
func manyMembers(n int) string {
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		fmt.Fprintf(&b, `"%d":1,`, i)
	}
	return b.String() + `"last":1}`
}
