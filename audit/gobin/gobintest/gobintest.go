// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package gobintest makes Go executables for tests: real ones, built by the go
// command, and small forged ones whose build info says what the test wants.
package gobintest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program is a main package that links cryptography and little else.
const Program = `package main

import "crypto/sha256"

func main() { println(sha256.Sum256([]byte("x"))[0]) }
`

// GoMod is the go.mod that Build uses when none is given.
const GoMod = "module example.com/prog\n\ngo 1.26\n"

// Module makes a module with the main package Program in a new directory, from
// go.mod's text, and returns the directory.
func Module(t testing.TB, gomod string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": gomod, "main.go": Program} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Build builds the module in dir and returns the executable, which lies in a
// directory of its own. Arguments with a "=" that do not start with "-" are
// environment variables, the others flags. The caller's GOFLAGS, GOFIPS140 and
// the like do not count, and no module is downloaded.
func Build(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "prog")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOPROXY=off", "GOEXPERIMENT=",
		"GOFIPS140=off", "GOOS=", "GOARCH=", "GO111MODULE=", "GOTOOLCHAIN=local", "CGO_ENABLED=0")
	for _, a := range args {
		if strings.Contains(a, "=") && !strings.HasPrefix(a, "-") {
			cmd.Env = append(cmd.Env, a)
		} else {
			cmd.Args = append(cmd.Args, a)
		}
	}
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, msg)
	}
	return out
}

// Forge returns a small linux/amd64 ELF file with the build info of a Go
// executable: the toolchain's version, and lines as "go version -m" shows
// them, with tabs, or none. It does not run.
func Forge(version string, lines ...string) []byte {
	info := ""
	if len(lines) > 0 {
		// The frame is infoStart and infoEnd of cmd/go/internal/modload.
		info = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6" + strings.Join(lines, "\n") + "\n" +
			"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2"
	}
	// See readRawBuildInfo in debug/buildinfo.
	blob := []byte("\xff Go buildinf:\x08\x02")
	blob = append(blob, make([]byte, 16)...)
	for _, s := range []string{version, info} {
		blob = binary.AppendUvarint(blob, uint64(len(s)))
		blob = append(blob, s...)
	}
	return forgeELF(append(blob, make([]byte, 32)...))
}

// forgeELF makes an ELF file with a data segment, a non-executable stack and
// the sections .go.buildinfo and .shstrtab.
func forgeELF(data []byte) []byte {
	const (
		ehsize, phsize, shsize = 64, 56, 64
		start                  = ehsize + 2*phsize + 16 // aligned to 16
		base                   = 0x400000
	)
	names := "\x00.go.buildinfo\x00.shstrtab\x00"
	var b bytes.Buffer
	write := func(v any) { binary.Write(&b, binary.LittleEndian, v) }
	write(elf.Header64{
		Ident:   [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:    uint16(elf.ET_EXEC),
		Machine: uint16(elf.EM_X86_64), Version: uint32(elf.EV_CURRENT),
		Phoff: ehsize, Shoff: uint64(start + len(data) + len(names)),
		Ehsize: ehsize, Phentsize: phsize, Phnum: 2, Shentsize: shsize, Shnum: 3, Shstrndx: 2,
	})
	size := uint64(len(data))
	write(elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Off: start, Vaddr: base + start, Filesz: size, Memsz: size, Align: 16})
	write(elf.Prog64{Type: uint32(elf.PT_GNU_STACK), Flags: uint32(elf.PF_R | elf.PF_W)})
	b.Write(make([]byte, start-b.Len()))
	b.Write(data)
	b.WriteString(names)
	write(elf.Section64{})
	write(elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Flags: uint64(elf.SHF_WRITE | elf.SHF_ALLOC), Addr: base + start, Off: start, Size: size, Addralign: 16})
	write(elf.Section64{Name: 15, Type: uint32(elf.SHT_STRTAB), Off: start + size, Size: uint64(len(names)), Addralign: 1})
	return b.Bytes()
}

// Settings returns the lines of build info for a program of module
// example.com/prog with the usual settings and those given, each "key=value".
// A setting given replaces the usual one of that key.
func Settings(settings ...string) []string {
	given := map[string]bool{}
	for _, s := range settings {
		key, _, _ := strings.Cut(s, "=")
		given[key] = true
	}
	lines := []string{"path\texample.com/prog", "mod\texample.com/prog\tv1.0.0\t"}
	for _, s := range []string{
		"-buildmode=exe", "-compiler=gc", "-trimpath=true", "CGO_ENABLED=0", "GOARCH=amd64", "GOOS=linux", "vcs=git",
		"vcs.revision=0123456789abcdef0123456789abcdef01234567", "vcs.time=2026-01-02T03:04:05Z", "vcs.modified=false",
	} {
		if key, _, _ := strings.Cut(s, "="); !given[key] {
			settings = append(settings, s)
		}
	}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		if strings.ContainsAny(value, " \t\"`") {
			value = fmt.Sprintf("%q", value)
		}
		lines = append(lines, "build\t"+key+"="+value)
	}
	return lines
}
