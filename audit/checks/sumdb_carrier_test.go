// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
	"github.com/goassay/assay/audit/gobin/gobintest"
	"github.com/goassay/assay/sumdb"
)

const zeroSum = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

// carriers reads files by name, below a folder of their own.
func carriers(t *testing.T, files map[string]string, target audit.Target) []sumdb.Carrier {
	t.Helper()
	target.Dir = t.TempDir()
	for name, data := range files {
		path := filepath.Join(target.Dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	absolute := func(names []string) (out []string) {
		for _, name := range names {
			out = append(out, filepath.Join(target.Dir, name))
		}
		return out
	}
	target.Binaries, target.SumFiles = absolute(target.Binaries), absolute(target.SumFiles)
	if target.ModFile != "" {
		target.ModFile = filepath.Join(target.Dir, target.ModFile)
	}
	out, err := checks.SumDBCarriers(t.Context(), &target)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func digestOf(data string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(data))) }

// Of a go.sum file each line that is not blank is a hash, however it is written.
func TestSumDBCarriersSum(t *testing.T) {
	sum := "example.com/a v1.0.0 " + zeroSum + "\r\n\n" +
		"\texample.com/a   v1.0.0/go.mod " + zeroSum + "\n" +
		"<<<<<<< ours\n" +
		"example.com/a v1.0.0 " + zeroSum + "\n" +
		"example.com/b v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n" +
		"example.com/c v1.0.0 h1:short"
	got := carriers(t, map[string]string{"go.mod": "module example.com/m\n", "go.sum": sum}, audit.Target{ModFile: "go.mod"})
	if len(got) != 1 || got[0].Kind != "go.sum" || got[0].Name != "go.sum" || got[0].Digest != digestOf(sum) || got[0].Unread != nil {
		t.Fatalf("%+v", got)
	}
	var want []string
	for i, line := range strings.Split(sum, "\n") {
		if f := strings.Fields(line); len(f) > 0 {
			want = append(want, fmt.Sprintf("go.sum:%d %s", i+1, strings.Join(f, " ")))
		}
	}
	var have []string
	for _, h := range got[0].Hashes {
		have = append(have, h.At+" "+h.Line)
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("%q, want %q", have, want)
	}
	if got := carriers(t, map[string]string{"go.mod": "module m\n"}, audit.Target{ModFile: "go.mod"}); len(got) != 1 || got[0].Unread == nil || got[0].Digest != "" {
		t.Errorf("no go.sum: %+v", got)
	}
	got = carriers(t, map[string]string{"go.mod": "module m\n", "go.sum": "", "b.sum": sum}, audit.Target{ModFile: "go.mod", SumFiles: []string{"b.sum"}})
	if len(got) != 2 || len(got[0].Hashes) != 0 || got[0].Digest != digestOf("") || got[1].Name != "b.sum" {
		t.Errorf("%+v", got)
	}
}

// Of an executable the digest is that of the file, and the hashes are those of
// what is linked.
func TestSumDBCarriersBinary(t *testing.T) {
	prog := string(gobintest.Forge("go1.26.8", "path\texample.com/prog", "mod\texample.com/prog\tv1.2.3\t"+zeroSum,
		"dep\texample.com/a\tv1.0.0\t"+zeroSum,
		"dep\texample.com/b\tv1.0.0", "=>\texample.com/c\tv1.1.0\t"+zeroSum,
		"dep\texample.com/d\tv1.0.0", "=>\t./d\t\t",
		"dep\texample.com/no name\tv1.0.0\t"+zeroSum,
		"build\t-trimpath=true"))
	want := []string{"example.com/prog v1.2.3 " + zeroSum, "example.com/a v1.0.0 " + zeroSum, "example.com/c v1.1.0 " + zeroSum, "example.com/d v1.0.0", "example.com/no name v1.0.0"}
	for name, tt := range map[string]struct {
		data   string
		digest string
		unread string
		hashes []string
	}{
		"as built":      {prog, digestOf(prog), "", want},
		"bytes more":    {prog + "x", digestOf(prog + "x"), "", want},
		"no build info": {string(gobintest.Forge("go1.26.8")), digestOf(string(gobintest.Forge("go1.26.8"))), "build info", nil},
		"text":          {"text", digestOf("text"), "not an ELF", nil},
		"empty":         {"", digestOf(""), "not an ELF", nil},
	} {
		for _, root := range []string{"bin/prog", "bin"} {
			got := carriers(t, map[string]string{"bin/prog": tt.data}, audit.Target{Binaries: []string{root}})
			if len(got) != 1 || got[0].Kind != "binary" {
				t.Fatalf("%s: %+v", name, got)
			}
			c := got[0]
			if root == "bin" && (name == "text" || name == "empty") { // in a folder it is passed over
				if c.Name != "bin" || c.Digest != "" || c.Unread == nil {
					t.Errorf("%s, %s: %+v", name, root, c)
				}
				continue
			}
			var lines []string
			for _, h := range c.Hashes {
				lines = append(lines, h.Line)
			}
			if c.Name != "bin/prog" || c.Digest != tt.digest || !slices.Equal(lines, tt.hashes) ||
				(c.Unread == nil) != (tt.unread == "") || c.Unread != nil && !strings.Contains(c.Unread.Error(), tt.unread) {
				t.Errorf("%s, %s: %+v", name, root, c)
			}
		}
	}
	if got := carriers(t, nil, audit.Target{Binaries: []string{"gone"}}); len(got) != 1 || got[0].Unread == nil || got[0].Digest != "" {
		t.Errorf("%+v", got)
	}
}

// Each architecture of a universal file carries hashes of its own, and has the
// digest of the whole.
func TestSumDBCarriersUniversal(t *testing.T) {
	arm, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOOS=darwin", "GOARCH=arm64"))
	if err != nil {
		t.Fatal(err)
	}
	amd := bytes.Clone(arm)
	binary.LittleEndian.PutUint32(amd[4:], 0x01000007) // in its header alone
	fat := binary.BigEndian.AppendUint32(nil, 0xCAFEBABE)
	fat = binary.BigEndian.AppendUint32(fat, 2)
	for i, m := range [][]byte{amd, arm} {
		for _, v := range []uint32{binary.LittleEndian.Uint32(m[4:]), 0, uint32(48 + i*len(amd)), uint32(len(m)), 0} {
			fat = binary.BigEndian.AppendUint32(fat, v)
		}
	}
	fat = slices.Concat(fat, amd, arm)
	got := carriers(t, map[string]string{"app": string(fat)}, audit.Target{Binaries: []string{"app"}})
	if len(got) != 2 || got[0].Name != "app!amd64" || got[1].Name != "app!arm64" {
		t.Fatalf("%+v", got)
	}
	for _, c := range got {
		if c.Digest != digestOf(string(fat)) || c.Unread != nil {
			t.Errorf("%+v", c)
		}
	}
}

func TestSumDBCarriersInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := checks.SumDBCarriers(ctx, &audit.Target{Dir: t.TempDir(), Binaries: []string{exe}}); err == nil {
		t.Errorf("%+v", got)
	}
}
