// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

// Both copies of what the go command builds agree, in every format; who edits or
// removes the one is found out by the other.
func TestCompareBuildInfo(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	for _, test := range builds {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(gobintest.Build(t, dir, append([]string{"GOFIPS140=latest"}, test.args...)...))
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string, data []byte, want gobin.Copies, fips string) {
				t.Helper()
				f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
				if err != nil {
					t.Fatal(err)
				}
				got, other, err := f.CompareBuildInfo()
				if err != nil || got != want || (other != nil) != (fips != "") {
					t.Fatalf("%s: %s %+v, %v, want %s", what, got, other, err, want)
				}
				if other != nil {
					if v, _ := other.Setting("GOFIPS140"); v != fips {
						t.Errorf("%s: the second copy says GOFIPS140=%s, want %s", what, v, fips)
					}
				}
			}
			check("as built", data, gobin.CopiesAgree, "")

			blob := bytes.Index(data, []byte("\xff Go buildinf:"))
			wiped := bytes.Clone(data)
			copy(wiped[blob:], "\xff No buildinf:")
			check("first wiped", wiped, gobin.SecondAlone, "latest")

			// Both stand in the file; the first is the one behind the blob's head.
			setting := []byte("GOFIPS140=latest")
			first := bytes.Index(data[blob:], setting) + blob
			edited := bytes.Clone(data)
			copy(edited[first:], "GOFIPS140=v1.0.0")
			check("first edited", edited, gobin.CopiesDiffer, "latest")

			both := bytes.ReplaceAll(data, setting, []byte("GOFIPS140=v1.0.0"))
			check("both edited", both, gobin.CopiesAgree, "")

			frame := []byte("\x30\x77\xaf\x0c\x92\x74\x08\x02")
			unframed := bytes.Clone(data)
			for from := 0; ; {
				i := bytes.Index(unframed[from:], frame)
				if i < 0 {
					break
				}
				if at := from + i; at < blob || at > blob+len("\xff Go buildinf:")+200 {
					unframed[at] ^= 1
				}
				from += i + 1
			}
			check("second removed", unframed, gobin.FirstAlone, "")
		})
	}
}

// A credential in the second copy is no more shown than one in the first.
func TestCompareBuildInfoSecret(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	data, err := os.ReadFile(gobintest.Build(t, dir, "-ldflags=-X=main.password=hunter2secret"))
	if err != nil {
		t.Fatal(err)
	}
	copy(data[bytes.Index(data, []byte("\xff Go buildinf:")):], "\xff No buildinf:")
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := f.CompareBuildInfo()
	if err != nil || other == nil {
		t.Fatalf("%+v, %v", other, err)
	}
	if strings.Contains(string(other.Text()), "hunter2secret") {
		t.Error(string(other.Text()))
	}
}
