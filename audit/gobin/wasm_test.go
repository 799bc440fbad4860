// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

// uleb appends a number as WebAssembly encodes it.
func uleb(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// wasmFile makes a module of sections: their numbers, and what is in them.
func wasmFile(sections ...any) []byte { return wasmOf("\x00asm\x01\x00\x00\x00", sections) }

// wasmComponent makes a component of sections: 1 is a module, 4 a component.
func wasmComponent(sections ...any) []byte { return wasmOf("\x00asm\x0d\x00\x01\x00", sections) }

func wasmOf(header string, sections []any) []byte {
	out := []byte(header)
	for i := 0; i < len(sections); i += 2 {
		content := sections[i+1].(string)
		out = append(uleb(append(out, byte(sections[i].(int))), len(content)), content...)
	}
	return out
}

func wasmText(parts ...any) string {
	var out []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			out = uleb(out, p)
		case string:
			out = append(uleb(out, len(p)), p...)
		}
	}
	return string(out)
}

// compiledBy is the section of the toolchain with some versions.
func compiledBy(versions ...string) string {
	parts := []any{1, "processed-by", len(versions)}
	for _, v := range versions {
		parts = append(parts, "Go cmd/compile", v)
	}
	return producers(parts...)
}

func producers(parts ...any) string { return wasmText(append([]any{"producers"}, parts...)...) }

func framed(lines ...string) string {
	return "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6" + strings.Join(lines, "\n") + "\n" + "\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
}

const wasmID = "\xff Go build ID: \"a/b\"\n \xff"

// TestWasm tells Go's modules from others, and what is known of them.
func TestWasm(t *testing.T) {
	goProducers := producers(2, "language", 1, "Go", "go1.26.8", "processed-by", 1, "Go cmd/compile", "go1.26.8")
	settings := gobintest.Settings("GOOS=js", "GOARCH=wasm")
	info := framed(settings...)
	mark, frames := info[:16], strings.Repeat(info[:16], 64)
	long := func(n int) string {
		return producers(2, "sdk", 1, "x", strings.Repeat("y", n), "processed-by", 1, "Go cmd/compile", "go1.26.8")
	}
	module := string(wasmFile(11, info, 0, goProducers))
	versionOnly, another := string(wasmFile(0, goProducers)), string(wasmFile(11, framed("path\tother"), 0, goProducers))
	deep := module
	for range 7 {
		deep = string(wasmComponent(1, string(wasmFile()), 4, deep))
	}
	deep = strings.Replace(deep, string(wasmComponent(1, string(wasmFile()), 4, module)), string(wasmComponent(1, string(wasmFile()), 1, module)), 1)
	for name, test := range map[string]struct {
		data   []byte
		state  gobin.State
		err    error // of New
		goVers string
		reason string
	}{
		"all":                          {wasmFile(0, wasmText("go:buildid")+wasmID, 11, info, 0, goProducers), gobin.StateRead, nil, "go1.26.8", ""},
		"twice the same":               {wasmFile(11, info+info, 0, goProducers), gobin.StateRead, nil, "go1.26.8", ""},
		"two that differ":              {wasmFile(11, info+framed("path\tother"), 0, goProducers), gobin.StateUnknown, nil, "go1.26.8", "two that differ"},
		"data twice":                   {wasmFile(11, info, 11, info, 0, goProducers), "", gobin.ErrMalformed, "", ""},
		"a mark before it":             {wasmFile(11, mark+"and a constant"+info, 0, goProducers), gobin.StateRead, nil, "go1.26.8", ""},
		"many marks before it":         {wasmFile(11, frames+info, 0, goProducers), gobin.StateUnknown, nil, "go1.26.8", "more than 64 places"},
		"not so many":                  {wasmFile(11, frames[16:]+info, 0, goProducers), gobin.StateRead, nil, "go1.26.8", ""},
		"two versions":                 {wasmFile(11, info, 0, compiledBy("go1.26.8", "go1.99.0")), gobin.StateUnknown, nil, "", "two versions"},
		"two sections of versions":     {wasmFile(11, info, 0, goProducers, 0, compiledBy("go1.99.0")), gobin.StateUnknown, nil, "", "two versions"},
		"one version twice":            {wasmFile(11, info, 0, goProducers, 0, compiledBy("go1.26.8")), gobin.StateRead, nil, "go1.26.8", ""},
		"two versions, no info":        {wasmFile(0, compiledBy("go1.26.8", "go1.99.0")), gobin.StateUnknown, nil, "", "two versions"},
		"long producers":               {wasmFile(11, info, 0, long(60<<10)), gobin.StateRead, nil, "go1.26.8", ""},
		"too long producers":           {wasmFile(11, info, 0, long(70<<10)), gobin.StateUnknown, nil, "", "bytes of the section producers: 7"},
		"too long producers alone":     {wasmFile(0, long(70<<10)), "", gobin.ErrTooLarge, "", ""},
		"too long, with a version":     {wasmFile(11, info, 0, goProducers, 0, long(70<<10)), gobin.StateUnknown, nil, "", "bytes of the section producers: 7"},
		"imports":                      {wasmFile(2, wasmText(2, "env", "f", 0, 1, "gojs", "runtime.wasmExit", 0, 3)), gobin.StateUnknown, nil, "", "there is none"},
		"imports before Go 1.21":       {wasmFile(2, wasmText(1, "go", "runtime.wasmExit", 0, 3)), gobin.StateUnknown, nil, "", "there is none"},
		"imports of others":            {wasmFile(2, wasmText(2, "wasi_snapshot_preview1", "go", 0, 1, "env", "gojs", 0, 1)), "", gobin.ErrNotGo, "", ""},
		"imports cut short":            {wasmFile(2, wasmText(9, "env", "f", 0)), "", gobin.ErrNotGo, "", ""},
		"imports of memory":            {wasmFile(2, wasmText(2, "env", "memory", 2, 0, 1)), "", gobin.ErrNotGo, "", ""},
		"without a version":            {wasmFile(11, info), gobin.StateUnknown, nil, "", "version is not recorded"},
		"component":                    {wasmComponent(1, string(wasmFile(11, "adapter")), 1, module, 7, "types"), gobin.StateRead, nil, "go1.26.8", ""},
		"component, no version":        {wasmComponent(1, string(wasmFile(11, info))), gobin.StateUnknown, nil, "", "version is not recorded"},
		"component of others":          {wasmComponent(1, string(wasmFile(11, "data"))), "", gobin.ErrNotGo, "", ""},
		"component, two the same":      {wasmComponent(1, module, 1, module), gobin.StateRead, nil, "go1.26.8", ""},
		"component, two programs":      {wasmComponent(1, module, 1, another, 1, module), gobin.StateUnknown, nil, "go1.26.8", "modules of the component differ"},
		"component, one has none":      {wasmComponent(1, module, 1, string(wasmFile(0, wasmText("go:buildid")+wasmID))), gobin.StateUnknown, nil, "", "there is none"},
		"component, version alone":     {wasmComponent(1, module, 1, versionOnly), gobin.StateUnknown, nil, "go1.26.8", "modules of the component differ"},
		"component's own version":      {wasmComponent(1, module, 0, compiledBy("go1.99.0")), gobin.StateRead, nil, "go1.26.8", ""},
		"component's own, too long":    {wasmComponent(1, module, 0, long(70<<10)), gobin.StateRead, nil, "go1.26.8", ""},
		"component says it is Go":      {wasmComponent(1, string(wasmFile()), 0, goProducers), gobin.StateUnknown, nil, "", "there is none"},
		"component of many":            {wasmComponent(slices.Repeat([]any{1, module}, 70)...), gobin.StateUnknown, nil, "go1.26.8", "more than 64 places"},
		"component in components":      {[]byte(deep), gobin.StateRead, nil, "go1.26.8", ""},
		"component in too many":        {wasmComponent(4, string(wasmComponent(4, deep))), "", gobin.ErrTooLarge, "", ""},
		"component cut short":          {wasmComponent(1, module[:60]), "", gobin.ErrMalformed, "", ""},
		"component of something":       {wasmComponent(1, "module"), "", gobin.ErrMalformed, "", ""},
		"component, data twice":        {wasmComponent(1, string(wasmFile(11, info, 11, info))), "", gobin.ErrMalformed, "", ""},
		"component, too many":          {wasmComponent(slices.Repeat([]any{1, string(wasmFile(5, "", 6, ""))}, 1<<15)...), "", gobin.ErrTooLarge, "", ""},
		"another version":              {append([]byte("\x00asm\x02\x00\x00\x00"), info...), gobin.StateUnknown, nil, "", "version is not recorded"},
		"version alone":                {wasmFile(0, goProducers), gobin.StateUnknown, nil, "go1.26.8", "only the toolchain's version"},
		"build ID alone":               {wasmFile(0, wasmText("go:buildid")+wasmID), gobin.StateUnknown, nil, "", "there is none"},
		"Go of another toolchain":      {wasmFile(0, producers(2, "language", 1, "Go", "", "processed-by", 1, "TinyGo", "0.33.0")), gobin.StateUnknown, nil, "", "there is none"},
		"another language":             {wasmFile(0, producers(1, "language", 1, "Rust", "1.80"), 11, "data"), "", gobin.ErrNotGo, "", ""},
		"no sections":                  {wasmFile(), "", gobin.ErrNotGo, "", ""},
		"frame of something else":      {wasmFile(11, framed("text")), gobin.StateUnknown, nil, "", "malformed"},
		"frame without an end":         {wasmFile(11, info[:100]), gobin.StateUnknown, nil, "", "malformed"},
		"frame of lines that are none": {wasmFile(11, framed("path\tx", "mod\tx"), 0, goProducers), gobin.StateUnknown, nil, "go1.26.8", "malformed"},
		"cut short":                    {wasmFile(11, info)[:60], "", gobin.ErrMalformed, "", ""},
		"section longer than it is":    {append(wasmFile(), 0, 0xff, 0xff, 0xff, 0xff, 0x0f), "", gobin.ErrMalformed, "", ""},
		"length without an end":        {append(wasmFile(), 0, 0xff, 0xff), "", gobin.ErrMalformed, "", ""},
		"producers cut short":          {wasmFile(0, goProducers[:20]), "", gobin.ErrNotGo, "", ""},
		"producers without a version":  {wasmFile(0, producers(1, "language", 1, "Go")), "", gobin.ErrNotGo, "", ""},
		"producers without values":     {wasmFile(0, producers(1, "language", 3)), "", gobin.ErrNotGo, "", ""},
		"producers without fields":     {wasmFile(0, producers()), "", gobin.ErrNotGo, "", ""},
		"too many sections":            {append(wasmFile(), make([]byte, 1<<18)...), "", gobin.ErrTooLarge, "", ""},
	} {
		f, err := gobin.New(bytes.NewReader(test.data), int64(len(test.data)))
		if !errors.Is(err, test.err) || err == nil != (test.err == nil) {
			t.Errorf("%s: %+v, error %v, want %v", name, f, err, test.err)
		}
		if err != nil {
			continue
		}
		version := ""
		if f.Build != nil {
			version = f.Build.Go
		}
		if f.State != test.state || version != test.goVers || !strings.Contains(f.Reason, test.reason) || test.reason == "" && f.Reason != "" {
			t.Errorf("%s: %s of %q: %q", name, f.State, version, f.Reason)
		}
		if test.state == gobin.StateRead && f.OS != "js" {
			t.Errorf("%s: OS %q", name, f.OS)
		}
	}
}

// TestWasmParts: what could be read stays where the rest could not.
func TestWasmParts(t *testing.T) {
	info := framed(gobintest.Settings()...)
	for name, test := range map[string]struct {
		data  []byte
		goVer string
		main  bool
	}{
		"two versions":      {wasmFile(11, info, 0, compiledBy("go1.26.8", "go1.99.0")), "", true},
		"no version":        {wasmFile(11, info), "", true},
		"two infos":         {wasmFile(11, info+framed("path\tother"), 0, compiledBy("go1.26.8")), "go1.26.8", false},
		"info that is none": {wasmFile(11, info[:100], 0, compiledBy("go1.26.8")), "go1.26.8", false},
	} {
		f, err := gobin.New(bytes.NewReader(test.data), int64(len(test.data)))
		if err != nil {
			t.Fatal(name, err)
		}
		if b := f.Build; f.State != gobin.StateUnknown || b == nil || b.Go != test.goVer || (b.Main != nil) != test.main || len(b.Text()) == 0 {
			t.Errorf("%s: %s: %+v", name, f.State, f.Build)
		}
	}
}

// go version -m reads none of WebAssembly: what is told of it here is told nowhere else.
func TestGoVersionReadsNoWasm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.wasm")
	if err := os.WriteFile(path, wasmFile(11, framed(gobintest.Settings()...)), 0o777); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "version", "-m", path).CombinedOutput(); err == nil && strings.Contains(string(out), "example.com/prog") {
		t.Errorf("it does now, and can be held against: %s", out)
	}
}
