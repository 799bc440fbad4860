// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package gobin_test

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/gobin"
	"github.com/goassay/assay/audit/gobin/gobintest"
)

// image lays out an executable.
func image(t *testing.T, path string) *gobin.Image {
	t.Helper()
	im, err := open(t, path).Image()
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// builds are ways to build the program of gobintest, in which the image must be
// read alike.
var builds = []struct {
	name string
	args []string
}{
	{"linux", []string{"GOOS=linux", "GOARCH=amd64"}},
	{"stripped", []string{"GOOS=linux", "GOARCH=amd64", "-ldflags=-s -w"}},
	{"PIE", []string{"GOOS=linux", "GOARCH=amd64", "-buildmode=pie"}},
	{"PIE stripped", []string{"GOOS=linux", "GOARCH=amd64", "-buildmode=pie", "-ldflags=-s -w"}},
	{"32 bits", []string{"GOOS=linux", "GOARCH=386"}},
	{"big-endian", []string{"GOOS=linux", "GOARCH=s390x", "-ldflags=-s"}},
	{"Mach-O", []string{"GOOS=darwin", "GOARCH=arm64"}},
	{"Mach-O stripped", []string{"GOOS=darwin", "GOARCH=arm64", "-ldflags=-s"}},
	{"PE", []string{"GOOS=windows", "GOARCH=amd64"}},
	{"PE stripped", []string{"GOOS=windows", "GOARCH=amd64", "-ldflags=-s"}},
	{"arm64 stripped", []string{"GOOS=linux", "GOARCH=arm64", "-ldflags=-s"}},
	{"arm64 PIE stripped", []string{"GOOS=linux", "GOARCH=arm64", "-buildmode=pie", "-ldflags=-s"}},
	{"386 stripped", []string{"GOOS=linux", "GOARCH=386", "-ldflags=-s"}},
	{"arm stripped", []string{"GOOS=linux", "GOARCH=arm", "-ldflags=-s"}},
}

// The module's code, its integrity and the linked default are read from every
// format, stripped or not, with the module and without; and with no section
// headers, too.
func TestImage(t *testing.T) {
	dir := gobintest.Module(t, gobintest.GoMod)
	for _, test := range builds {
		for _, fips := range []string{"off", "v1.0.0"} {
			t.Run(test.name+"/"+fips, func(t *testing.T) {
				t.Parallel()
				path := gobintest.Build(t, dir, append(slices.Clone(test.args), "GOFIPS140="+fips)...)
				checkImage(t, path, fips == "v1.0.0")
				if f := open(t, path); f.Format == gobin.ELF {
					checkImage(t, withoutSections(t, path, f.Arch != "386" && f.Arch != "arm"), fips == "v1.0.0")
				}
			})
		}
	}
}

func checkImage(t *testing.T, path string, module bool) {
	t.Helper()
	im := image(t, path)
	info, err := im.FIPSInfo()
	if err != nil || info.State != gobin.Intact || info.Sum != info.Found {
		t.Errorf("%+v, %v", info, err)
	}
	packages, err := im.Packages()
	if err != nil {
		t.Fatal(err)
	}
	want, not := "crypto/internal/fips140/v1.0.0-c2097c7c/sha256", "crypto/internal/fips140/sha256"
	if !module {
		want, not = not, want
	}
	for _, p := range []string{"main", "runtime", "crypto/sha256", want} {
		if !slices.Contains(packages, p) {
			t.Errorf("no package %s in %q", p, packages)
		}
	}
	if slices.Contains(packages, not) {
		t.Errorf("package %s", not)
	}
	linked, err := im.LinkedGODEBUG()
	if err != nil {
		t.Fatal(err)
	}
	if sure := map[string]bool{"amd64": true, "arm64": true, "386": true}; sure[open(t, path).Arch] && linked.Basis == gobin.BySearch {
		t.Errorf("searched: %+v", linked)
	}
	values := []string{"fips140=on"}
	if !module {
		values = []string{""}
		if linked.Basis == gobin.BySearch {
			values = nil
		}
	}
	if !cmp.Equal(linked.Values, values) {
		t.Errorf("linked default %+v, want %q", linked, values)
	}
}

// withoutSections copies an ELF file and removes its section headers, as sstrip
// does.
func withoutSections(t *testing.T, path string, wide bool) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if wide {
		clear(data[40:48])   // e_shoff
		clear(data[0x3c:64]) // e_shnum, e_shstrndx
	} else {
		clear(data[32:36])
		clear(data[0x30:0x34])
	}
	out := filepath.Join(t.TempDir(), "sstripped")
	if err := os.WriteFile(out, data, 0o777); err != nil {
		t.Fatal(err)
	}
	return out
}

// What runs is the judge: the linked default is the one that a program shows, and
// the module's test passes and fails as it is told here.
func TestImageRun(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what is built for this system is read by TestImage; the bits are flipped in ELF files")
	}
	dir := gobintest.Module(t, gobintest.GoMod)
	write(t, filepath.Join(dir, "main.go"), `package main

import "crypto/fips140"

func main() { println(fips140.Enabled()) }
`)
	for name, test := range map[string]struct {
		args    []string
		godebug string
		enabled bool
	}{
		"off":                  {[]string{"GOFIPS140=off"}, "", false},
		"v1.0.0":               {[]string{"GOFIPS140=v1.0.0"}, "fips140=on", true},
		"v1.0.0 PIE stripped":  {[]string{"GOFIPS140=v1.0.0", "-buildmode=pie", "-ldflags=-s -w"}, "fips140=on", true},
		"latest":               {[]string{"GOFIPS140=latest"}, "fips140=on", true},
		"switched off":         {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-X=runtime.godebugDefault=fips140=off"}, "fips140=off", false},
		"switched off, in PIE": {[]string{"GOFIPS140=v1.0.0", "-buildmode=pie", "-trimpath", "-ldflags=-s -X=runtime.godebugDefault=fips140=off"}, "fips140=off", false},
		"emptied":              {[]string{"GOFIPS140=v1.0.0", "-trimpath", "-ldflags=-X=runtime.godebugDefault="}, "", false},
		"switched on":          {[]string{"GOFIPS140=off", "-trimpath", "-ldflags=-X=runtime.godebugDefault=fips140=on"}, "fips140=on", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := gobintest.Build(t, dir, test.args...)
			if got, code := run(t, path, ""); got != fmtBool(test.enabled) || code != 0 {
				t.Fatalf("the program says %q, exit code %d", got, code)
			}
			im := image(t, path)
			linked, err := im.LinkedGODEBUG()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(linked.Values, " "); got != test.godebug || linked.Basis == gobin.BySymbol && len(linked.Values) != 1 {
				t.Errorf("linked default %+v, want %q", linked, test.godebug)
			}
			info, err := im.FIPSInfo()
			if err != nil || info.State != gobin.Intact {
				t.Fatalf("%+v, %v", info, err)
			}
			if _, code := run(t, path, "fips140=on"); code != 0 {
				t.Errorf("the module's own test fails: exit code %d", code)
			}
			flipAndRun(t, path, info)
		})
	}
}

// flipAndRun changes a bit in the sum, and one in the module's read-only data.
func flipAndRun(t *testing.T, path string, info *gobin.FIPSInfo) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := hex.DecodeString(info.Sum)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, sum)
	if at < 0 {
		t.Fatal("the sum is not in the file")
	}
	bad := bytes.Clone(data)
	bad[at+7] ^= 4
	changed := filepath.Join(t.TempDir(), "changed")
	write(t, changed, string(bad))
	if err := os.Chmod(changed, 0o777); err != nil {
		t.Fatal(err)
	}
	if got, err := image(t, changed).FIPSInfo(); err != nil || got.State != gobin.Broken {
		t.Errorf("a bit of the sum: %+v, %v", got, err)
	}
	if _, code := run(t, changed, "fips140=on"); code == 0 {
		t.Error("the program with another sum runs in FIPS mode")
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func fmtBool(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// run runs a program with GODEBUG, and returns what it says on standard error.
func run(t *testing.T, path, godebug string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path)
	cmd.Env = []string{"GODEBUG=" + godebug}
	if godebug == "" {
		cmd.Env = []string{"A=b"}
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	for errors.Is(err, syscall.ETXTBSY) { // a process that was just forked has it open for writing still
		time.Sleep(10 * time.Millisecond)
		again := exec.CommandContext(t.Context(), path)
		again.Env, again.Stderr, cmd = cmd.Env, &stderr, again
		err = cmd.Run()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.TrimSpace(stderr.String()), cmd.ProcessState.ExitCode()
}

// Names as the linker writes them.
func TestPackageOf(t *testing.T) {
	for name, want := range map[string]string{
		"main.main": "main", "fmt.(*pp).doPrintf": "fmt", "crypto/internal/fips140/v1.0.0-c2097c7c/sha256.(*Digest).Write": "crypto/internal/fips140/v1.0.0-c2097c7c/sha256",
		"gopkg.in/yaml%2ev3.Unmarshal": "gopkg.in/yaml.v3", "slices.SortFunc[go.shape.[]example.com/x.T,go.shape.*uint8]": "slices",
		"github.com/a/b.init.0": "github.com/a/b", "vendor/golang.org/x/crypto/chacha20.New": "vendor/golang.org/x/crypto/chacha20",
		"type:.eq.example.com/x.T": "", "go:buildid": "", "_cgo_init": "", "memmove": "", "": "", ".x": "", "a/.x": "", "a%2.b": "a%2",
	} {
		if got := gobin.PackageOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// withModule builds a program with the certified module. The address is one in the
// module's data without pointers.
func withModule(t *testing.T, args ...string) (data []byte, address uint64) {
	t.Helper()
	path := gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), append(args, "GOFIPS140=v1.0.0")...)
	info, err := image(t, path).FIPSInfo()
	if err != nil || info.State != gobin.Intact {
		t.Fatalf("%+v, %v", info, err)
	}
	data, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data, info.Ranges[2].Start + 8
}

// demandLoaderChanges demands that a loader is seen to change the module's data
// without pointers.
func demandLoaderChanges(t *testing.T, data []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "changed")
	write(t, path, string(data))
	if got, err := image(t, path).FIPSInfo(); err != nil || got.State != gobin.Broken || got.Detail != "noptrdata is changed by the loader" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A base relocation of a PE file that changes the module is seen.
func TestBaseRelocation(t *testing.T) {
	data, at := withModule(t, "GOOS=windows", "GOARCH=amd64")
	p, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	at -= p.OptionalHeader.(*pe.OptionalHeader64).ImageBase
	block := data[p.Section(".reloc").Offset:]
	binary.LittleEndian.PutUint32(block, uint32(at&^0xfff))
	binary.LittleEndian.PutUint16(block[8:], uint16(10<<12|at&0xfff))
	demandLoaderChanges(t, data)
}

// A rebase of a Mach-O file that changes the module is seen.
func TestRebase(t *testing.T) {
	data, at := withModule(t, "GOOS=darwin", "GOARCH=arm64")
	m, err := macho.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	number, code := byte(0), []byte(nil)
	for _, l := range m.Loads {
		if s, ok := l.(*macho.Segment); ok {
			if at-s.Addr < s.Memsz {
				code = append(binary.AppendUvarint([]byte{0x11, 0x20 | number}, at-s.Addr), 0x51)
			}
			number++
		}
	}
	for _, l := range m.Loads {
		if raw := l.Raw(); binary.LittleEndian.Uint32(raw) == 0x80000022 {
			if binary.LittleEndian.Uint32(raw[12:]) < 10 || code == nil {
				t.Fatal("no rebases")
			}
			copy(data[binary.LittleEndian.Uint32(raw[8:]):], append(code, 0))
		}
	}
	demandLoaderChanges(t, data)
}

// What the loader imports of a PE file into the module is seen.
func TestImportIntoModule(t *testing.T) {
	path := gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOOS=windows", "GOARCH=amd64", "GOFIPS140=v1.0.0")
	info, err := image(t, path).FIPSInfo()
	if err != nil || info.State != gobin.Intact {
		t.Fatalf("%+v, %v", info, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	h, section := p.OptionalHeader.(*pe.OptionalHeader64), p.Section(".idata")
	first := data[section.Offset+h.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress-section.VirtualAddress:]
	binary.LittleEndian.PutUint32(first[16:], uint32(info.Ranges[2].Start+8-h.ImageBase))
	changed := filepath.Join(t.TempDir(), "changed.exe")
	write(t, changed, string(data))
	if got, err := image(t, changed).FIPSInfo(); err != nil || got.State != gobin.Broken || got.Detail != "noptrdata is changed by the loader" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Relocations of a Mach-O file in the form that the loader still heeds, and no linker
// writes into executables, are not read: nor is the file.
func TestOldRelocations(t *testing.T) {
	data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOOS=darwin", "GOARCH=arm64"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := macho.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(data, m.Dysymtab.Raw())
	binary.LittleEndian.PutUint32(data[i+76:], 1) // nlocrel of dysymtab_command
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Image(); !errors.Is(err, gobin.ErrMalformed) {
		t.Error(err)
	}
}

// A relocation of an ELF file that begins before the module, and changes more than a
// pointer, is seen where it reaches into it.
func TestWideRelocations(t *testing.T) {
	path := gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOFIPS140=v1.0.0", "-buildmode=pie")
	info, err := image(t, path).FIPSInfo()
	if err != nil || info.State != gobin.Intact {
		t.Fatalf("%+v, %v", info, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	start := info.Ranges[3].Start
	for _, test := range []struct {
		kind elf.R_X86_64
		at   uint64
		size uint64 // of the symbol
		want gobin.Integrity
	}{
		{elf.R_X86_64_TLSDESC, start - 8, 0, gobin.Broken},
		{elf.R_X86_64_TLSDESC, start - 16, 0, gobin.Intact},
		{elf.R_X86_64_GLOB_DAT, start - 8, 0, gobin.Intact},
		{elf.R_X86_64_COPY, start - 40, 41, gobin.Broken},
		{elf.R_X86_64_COPY, start - 40, 40, gobin.Intact},
	} {
		changed := bytes.Clone(data)
		rela := e.Section(".rela")
		if rela == nil {
			rela = e.Section(".rela.dyn")
		}
		last := changed[rela.Offset+rela.Size-24:]
		binary.LittleEndian.PutUint64(last, test.at)
		binary.LittleEndian.PutUint64(last[8:], uint64(test.kind))
		binary.LittleEndian.PutUint64(changed[e.Section(".dynsym").Offset+16:], test.size)
		file := filepath.Join(t.TempDir(), "changed")
		write(t, file, string(changed))
		if got, err := image(t, file).FIPSInfo(); err != nil || got.State != test.want {
			t.Errorf("%s at %#x: %+v %v", test.kind, test.at-start, got, err)
		}
	}
}

// The loader of Windows rounds where a section begins in the file down to a sector:
// what it makes of one that begins elsewhere is not what stands there.
func TestSectionBetweenSectors(t *testing.T) {
	data, err := os.ReadFile(gobintest.Build(t, gobintest.Module(t, gobintest.GoMod), "GOOS=windows", "GOARCH=amd64"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	section := p.Section(".data")
	i := bytes.Index(data, []byte(".data\x00\x00\x00"))
	moved := append(make([]byte, -len(data)&511), "sixteen bytes..."...)
	binary.LittleEndian.PutUint32(data[i+20:], uint32(len(data)+len(moved)))
	data = slices.Concat(data, moved, data[section.Offset:][:section.Size])
	f, err := gobin.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Image(); !errors.Is(err, gobin.ErrMalformed) {
		t.Error(err)
	}
}
