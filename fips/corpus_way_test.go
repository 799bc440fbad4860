// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"debug/elf"
	"runtime"
	"strings"
	"testing"

	"github.com/goassay/assay/fips"
)

// A way is one way in which an executable comes to be, and what assay must say
// of it. Where that differs from what the rule makes of the program's own
// behaviour, gap says why assay says less, or limit why it says more.
type way struct {
	name    string
	args    []string // of gobintest.Build
	source  string   // another program than the witness
	debug   string   // values of //go:debug lines, with spaces between
	gomod   string   // lines of go.mod
	decoy   string   // a text that the program holds
	change  change   // what is done to the file afterwards
	make    func(t *testing.T, build func(way) []byte) []byte
	verdict fips.Verdict
	gap     string
	limit   string
	norun   bool   // it is no program for this machine, or no witness
	needs   string // a program without which it cannot be built
	slow    bool   // the standard library is built for one more processor: with a flag alone
}

func (w way) setting(key, otherwise string) string {
	for _, a := range w.args {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			otherwise = v
		}
	}
	return otherwise
}

const (
	v1   = "GOFIPS140=v1.0.0"
	v126 = "GOFIPS140=v1.26.0"
	late = "GOFIPS140=latest"
	off  = "GOFIPS140=off"
	pie  = "-buildmode=pie"
	trim = "-trimpath"
	cgo1 = "CGO_ENABLED=1"
	xOff = "-X=runtime.godebugDefault=fips140=off"
	xOn  = "-X=runtime.godebugDefault=fips140=on"
)

// ld are flags of the linker. All programs are linked with -checklinkname=0, so
// that the witness can read runtime.godebugDefault.
func ld(flags string) string { return strings.TrimSpace("-ldflags=-checklinkname=0 " + flags) }

func args(a ...string) []string { return a }

const (
	certified   = fips.VerdictCertified
	inProcess   = fips.VerdictInProcess
	uncertified = fips.VerdictUncertified
	disabled    = fips.VerdictDisabled
	broken      = fips.VerdictBroken
	noModule    = fips.VerdictNoModule
	unknown     = fips.VerdictUnknown
	notGo       = fips.VerdictNotGo
	unreadable  = fips.VerdictUnreadable
)

const (
	gapSearch   = "stripped, for a processor whose code is not read: another text may be the default"
	gapCopies   = "the copies of the build info differ: somebody edited one"
	gapMark     = "nothing says where the module's ranges are"
	gapPattern  = "whether the setting is in force depends on the caller"
	gapSettings = "neither copy of the build info, nor the code, tells about the tag purego"
	gapLayout   = "segments in the same page of memory"
	gapNames    = "two functions of one name"
	gapReader   = "the code that reads the default is not found, and nothing but the symbol tells where it is"
	gapSymbol   = "the symbol of the default and the code that reads it disagree"
	gapMixed    = "two versions of the module"
	limitSeal   = "the key of the sum is public"
	limitNames  = "names of functions are data"
	limitBuilt  = "a changed source is sealed by the linker itself"
)

// unused is a function of the module that the witness has and never calls.
const unused = "crypto/internal/fips140/v1.0.0-c2097c7c/sha256.(*Digest).UnmarshalBinary"

// ways is the corpus.
var ways = []way{
	// Every value of GOFIPS140, and the modes.
	{name: "off", args: args(off), verdict: noModule},
	{name: "v1.0.0", args: args(v1), verdict: certified},
	{name: "certified", args: args("GOFIPS140=certified"), verdict: certified},
	{name: "v1.26.0", args: args(v126), verdict: inProcess},
	{name: "inprocess", args: args("GOFIPS140=inprocess"), verdict: inProcess},
	{name: "latest", args: args(late), verdict: uncertified},
	{name: "go:debug off", args: args(v1), debug: "fips140=off", verdict: disabled},
	{name: "go:debug on", args: args(v1), debug: "fips140=on", verdict: certified},
	{name: "go:debug only", args: args(v1), debug: "fips140=only", verdict: certified},
	{name: "go:debug debug", args: args(v1), debug: "fips140=debug", verdict: certified},
	{name: "go:debug default=go1.21", args: args(v1), debug: "default=go1.21", verdict: certified},
	{name: "go:debug on, latest by it alone", args: args(off), debug: "fips140=on", verdict: uncertified},
	{name: "go:debug only, latest by it alone", args: args(off), debug: "fips140=only", verdict: uncertified},
	{name: "go:debug off, v1.26.0", args: args(v126), debug: "fips140=off", verdict: disabled},
	{name: "go:debug off, latest", args: args(late), debug: "fips140=off", verdict: disabled},
	{name: "go:debug off, stripped", args: args(v1, ld("-s -w")), debug: "fips140=off", verdict: disabled},
	{name: "go.mod off", args: args(v1), gomod: "godebug fips140=off\n", verdict: disabled},
	{name: "go.mod on, latest by it alone", args: args(off), gomod: "godebug fips140=on\n", verdict: uncertified},
	{name: "go.mod only", args: args(v1), gomod: "godebug fips140=only\n", verdict: certified},
	{name: "go.mod off, go:debug on", args: args(v1), gomod: "godebug fips140=off\n", debug: "fips140=on", verdict: certified},
	{name: "go.mod default=go1.21, PIE, stripped", args: args(v1, pie, ld("-s -w")), gomod: "godebug default=go1.21\n", verdict: certified},

	// PIE, strip, trimpath.
	{name: "PIE", args: args(v1, pie), verdict: certified},
	{name: "PIE, off", args: args(off, pie), verdict: noModule},
	{name: "PIE, v1.26.0", args: args(v126, pie), verdict: inProcess},
	{name: "PIE, latest, stripped", args: args(late, pie, ld("-s -w")), verdict: uncertified},
	{name: "PIE, go:debug off, stripped", args: args(v1, pie, ld("-s -w")), debug: "fips140=off", verdict: disabled},
	{name: "-s", args: args(v1, ld("-s")), verdict: certified},
	{name: "-w", args: args(v1, ld("-w")), verdict: certified},
	{name: "-s -w", args: args(v1, ld("-s -w")), verdict: certified},
	{name: "-s -w, off", args: args(off, ld("-s -w")), verdict: noModule},
	{name: "-s -w, v1.26.0", args: args(v126, ld("-s -w")), verdict: inProcess},
	{name: "PIE, -s -w", args: args(v1, pie, ld("-s -w")), verdict: certified},
	{name: "sstrip", args: args(v1), change: sstrip, verdict: certified},
	{name: "sstrip, off", args: args(off), change: sstrip, verdict: noModule},
	{name: "sstrip, v1.26.0", args: args(v126), change: sstrip, verdict: inProcess},
	{name: "sstrip, PIE", args: args(v1, pie), change: sstrip, verdict: certified},
	{name: "sstrip, wiped twice", args: args(v1), change: all(wipeBoth, sstrip), verdict: certified},
	{name: "trimpath", args: args(v1, trim), verdict: certified},
	{name: "trimpath, stripped", args: args(v1, trim, ld("-s -w")), verdict: certified},
	{name: "no crypto", args: args(v1), source: "plain", verdict: noModule},
	{name: "no crypto, stripped", args: args(v1, ld("-s -w")), source: "plain", verdict: noModule},

	// A linker of C.
	{name: "cgo", args: args(v1, cgo1), source: "cgo", needs: "gcc", verdict: certified},
	{name: "cgo, off", args: args(off, cgo1), source: "cgo", needs: "gcc", verdict: noModule},
	{name: "cgo, PIE", args: args(v1, cgo1, pie), source: "cgo", needs: "gcc", verdict: certified},
	{name: "cgo, stripped", args: args(v1, cgo1, ld("-s -w")), source: "cgo", needs: "gcc", verdict: certified},
	{name: "external", args: args(v1, cgo1, ld("-linkmode=external")), needs: "gcc", verdict: certified},
	{name: "external, static", args: args(v1, cgo1, ld("-linkmode=external -extldflags=-static")), needs: "gcc", verdict: certified},
	{name: "external, PIE, stripped", args: args(v1, cgo1, pie, ld("-linkmode=external -s -w")), needs: "gcc", verdict: certified},
	{name: "external, go:debug off", args: args(v1, cgo1, ld("-linkmode=external")), debug: "fips140=off", needs: "gcc", verdict: disabled},

	// Lies to the linker, and tags.
	{name: "-X on", args: args(off, trim, ld(xOn)), verdict: uncertified},
	{name: "-X off", args: args(v1, trim, ld(xOff)), verdict: disabled},
	{name: "-X off, recorded", args: args(v1, ld(xOff)), verdict: disabled},
	{name: "-X off, stripped", args: args(v1, trim, ld("-s -w "+xOff)), verdict: disabled},
	{name: "-X off, PIE, stripped", args: args(v1, trim, pie, ld("-s -w "+xOff)), verdict: disabled},
	{name: "-X off, sstrip", args: args(v1, trim, ld(xOff)), change: sstrip, verdict: disabled},
	{name: "-X empty", args: args(v1, trim, ld("-X=runtime.godebugDefault=")), verdict: disabled},
	{name: "-X empty, stripped, decoy", args: args(v1, trim, ld("-s -X=runtime.godebugDefault=")), decoy: "fips140=on", verdict: disabled},
	{name: "-X on, then off", args: args(v1, trim, ld("-X=runtime.godebugDefault=fips140=on,fips140=off")), verdict: disabled},
	{name: "-X off, then on", args: args(v1, trim, ld("-X=runtime.godebugDefault=fips140=off,fips140=on")), verdict: certified},
	{name: "-X on, then empty", args: args(v1, trim, ld("-X=runtime.godebugDefault=fips140=on,fips140=")), verdict: disabled},
	{name: "-X unknown value", args: args(v1, trim, ld("-X=runtime.godebugDefault=fips140=yes")), verdict: broken},
	{name: "-X on for no caller", args: args(v1, trim, ld("-X=runtime.godebugDefault=fips140=on#n")), verdict: unknown, gap: gapPattern},
	{name: "-X on for all callers", args: args(v1, trim, ld("-X=runtime.godebugDefault=fips140=on#y")), verdict: unknown},
	{name: "tag v1.0, latest", args: args(late, "-tags=fips140v1.0"), verdict: uncertified},
	{name: "tag v1.0, off", args: args(off, "-tags=fips140v1.0"), verdict: noModule},
	{name: "tag v1.26, v1.0.0", args: args(v1, "-tags=fips140v1.26"), verdict: unknown},
	{name: "tag purego, on", args: args(off, "-tags=purego"), debug: "fips140=on", verdict: broken},
	{name: "tag purego, off", args: args(off, "-tags=purego"), verdict: noModule},
	{name: "tag requirefips", args: args(off, "-tags=requirefips"), verdict: unknown, gap: "only a vendor's toolchain knows the tag"},

	// BoringCrypto.
	{name: "boringcrypto, no cgo", args: args(off, "GOEXPERIMENT=boringcrypto"), verdict: noModule},
	{name: "boringcrypto", args: args(off, "GOEXPERIMENT=boringcrypto", cgo1), needs: "gcc", verdict: unknown},
	{name: "boringcrypto, stripped", args: args(off, "GOEXPERIMENT=boringcrypto", cgo1, ld("-s -w")), needs: "gcc", verdict: unknown},
	{name: "boringcrypto, switched on", args: args(off, "GOEXPERIMENT=boringcrypto", cgo1), debug: "fips140=on", needs: "gcc", verdict: broken},

	// Platforms.
	{name: "linux/386", args: args(v1, "GOOS=linux", "GOARCH=386"), verdict: certified},
	{name: "linux/386, stripped", args: args(v1, "GOOS=linux", "GOARCH=386", ld("-s -w")), verdict: certified},
	{name: "linux/386, -X off, stripped", args: args(v1, "GOOS=linux", "GOARCH=386", trim, ld("-s -w "+xOff)), verdict: disabled},
	{name: "linux/386, sstrip", args: args(v1, "GOOS=linux", "GOARCH=386"), change: sstrip, verdict: certified},
	{name: "linux/arm64", args: args(v1, "GOOS=linux", "GOARCH=arm64"), verdict: certified},
	{name: "linux/arm64, stripped", args: args(v1, "GOOS=linux", "GOARCH=arm64", ld("-s -w")), verdict: certified},
	{name: "linux/arm64, PIE, stripped", norun: true, args: args(v1, "GOOS=linux", "GOARCH=arm64", pie, ld("-s -w")), verdict: certified},
	{name: "linux/arm64, -X off, stripped", args: args(v1, "GOOS=linux", "GOARCH=arm64", trim, ld("-s -w "+xOff)), verdict: disabled},
	{name: "linux/arm", slow: true, args: args(v1, "GOOS=linux", "GOARCH=arm"), verdict: certified},
	{name: "linux/arm, stripped", slow: true, args: args(v1, "GOOS=linux", "GOARCH=arm", ld("-s -w")), verdict: certified},
	{name: "linux/riscv64", args: args(v1, "GOOS=linux", "GOARCH=riscv64"), verdict: certified},
	{name: "linux/riscv64, stripped", args: args(v1, "GOOS=linux", "GOARCH=riscv64", ld("-s -w")), verdict: unknown, gap: gapSearch},
	{name: "linux/s390x", args: args(v1, "GOOS=linux", "GOARCH=s390x"), verdict: certified},
	{name: "linux/s390x, off", args: args(off, "GOOS=linux", "GOARCH=s390x"), verdict: noModule},
	{name: "linux/ppc64le", slow: true, args: args(v1, "GOOS=linux", "GOARCH=ppc64le"), verdict: certified},
	{name: "linux/mips", slow: true, args: args(v1, "GOOS=linux", "GOARCH=mips"), verdict: certified},
	{name: "darwin/arm64", args: args(v1, "GOOS=darwin", "GOARCH=arm64"), verdict: certified},
	{name: "darwin/arm64, stripped", args: args(v1, "GOOS=darwin", "GOARCH=arm64", ld("-s -w")), verdict: certified},
	{name: "darwin/arm64, -X off, stripped", args: args(v1, "GOOS=darwin", "GOARCH=arm64", trim, ld("-s -w "+xOff)), verdict: disabled},
	{name: "darwin/amd64", args: args(v1, "GOOS=darwin", "GOARCH=amd64"), verdict: certified},
	{name: "darwin, universal", make: universal, norun: true, verdict: certified},
	{name: "windows/amd64", args: args(v1, "GOOS=windows", "GOARCH=amd64"), verdict: certified},
	{name: "windows/amd64, stripped", args: args(v1, "GOOS=windows", "GOARCH=amd64", ld("-s -w")), verdict: certified},
	{name: "windows/amd64, -X off, stripped", args: args(v1, "GOOS=windows", "GOARCH=amd64", trim, ld("-s -w "+xOff)), verdict: disabled},
	{name: "windows/386", args: args(v1, "GOOS=windows", "GOARCH=386"), verdict: broken},
	{name: "freebsd/amd64", slow: true, args: args(v1, "GOOS=freebsd", "GOARCH=amd64"), verdict: certified},
	{name: "openbsd/amd64", args: args(v1, "GOOS=openbsd", "GOARCH=amd64"), verdict: broken},
	{name: "js/wasm", slow: true, args: args(off, "GOOS=js", "GOARCH=wasm"), verdict: unreadable},

	// Those that refuse, with nothing recorded of it.
	{name: "openbsd/amd64, wiped twice", args: args(v1, "GOOS=openbsd", "GOARCH=amd64"), change: wipeBoth, verdict: broken},
	{name: "openbsd/amd64, another ABI, wiped twice", args: args(v1, "GOOS=openbsd", "GOARCH=amd64"), change: all(wipeBoth, func(s *specimen) { s.data[elf.EI_OSABI] = 0 }), verdict: broken},
	{name: "asan, wiped", args: args(v1, cgo1, "-asan"), needs: "gcc", change: wipeFirst, verdict: broken},
	{name: "asan, wiped twice, sstrip", args: args(v1, cgo1, "-asan"), needs: "gcc", change: all(wipeBoth, sstrip), verdict: broken},
	{name: "linux/386, wiped", args: args(v1, "GOARCH=386"), change: wipeFirst, verdict: certified},
	{name: "linux/386, wiped twice", args: args(v1, "GOARCH=386"), change: wipeBoth, verdict: unknown, gap: gapSettings},

	// Flipped bits.
	{name: "first byte of text", args: args(v1), change: flip("text", 0), verdict: broken},
	{name: "middle of text", args: args(v1), change: flip("text", 500), verdict: broken},
	{name: "last byte of text", args: args(v1), change: flip("text", 1000), verdict: broken},
	{name: "first byte of rodata", args: args(v1), change: flip("rodata", 0), verdict: broken},
	{name: "last byte of rodata", args: args(v1), change: flip("rodata", 1000), verdict: broken},
	{name: "middle of noptrdata", args: args(v1), change: flip("noptrdata", 500), verdict: broken},
	{name: "first byte of data", args: args(v1), change: flip("data", 0), verdict: broken},
	{name: "last byte of data", args: args(v1), change: flip("data", 1000), verdict: broken},
	{name: "middle of text, stripped", args: args(v1), change: all(flip("text", 400), sstrip), verdict: broken},
	{name: "middle of text, wiped", args: args(v1), change: all(flip("text", 400), wipeBoth), verdict: broken},
	{name: "middle of text, v1.26.0", args: args(v126), change: flip("text", 500), verdict: broken},
	{name: "middle of text, off", args: args(off), change: flipIn("crypto/internal/fips140/sha256.(*Digest).UnmarshalBinary"), verdict: broken},
	{name: "sum", args: args(v1), change: flipSum, verdict: broken},
	{name: "sum of zeros", args: args(v1), change: zeroSum, verdict: broken},
	{name: "mark of the sum", args: args(v1), change: flipMark, verdict: unknown, gap: gapMark},
	{name: "before text", args: args(v1), change: flipBeside("text", false), verdict: certified},
	{name: "in a text of the program", args: args(v1), decoy: "a text that is not the module's", change: flipText("a text that is not the module's"), verdict: certified},
	{name: "in a variable of the program", args: args(v1), source: "spare", change: flipIn("main.spare"), verdict: certified},
	{name: "in debugging information", args: args(v1), change: flipSection(".debug_line"), verdict: certified},

	// Build info that was wiped or forged.
	{name: "wiped", args: args(v1), change: wipeFirst, verdict: certified},
	{name: "wiped twice", args: args(v1), change: wipeBoth, verdict: certified},
	{name: "wiped twice, off", args: args(off), change: wipeBoth, verdict: noModule},
	{name: "wiped twice, v1.26.0", args: args(v126), change: wipeBoth, verdict: inProcess},
	{name: "wiped twice, -X off", args: args(v1, trim, ld(xOff)), change: wipeBoth, verdict: disabled},
	{name: "off, forged as v1.0.0", args: args(off, roomy), change: forge(2, "build\tCGO_ENABLED=0\n", "build\tCGO_ENABLED=0\nbuild\t-tags=fips140v1.0\nbuild\tDefaultGODEBUG=fips140=on\nbuild\tGOFIPS140=v1.0.0-c2097c7c\n"), verdict: disabled},
	{name: "latest, forged as v1.0.0", args: args(late, roomy), change: forge(2, "GOFIPS140=latest\n", "GOFIPS140=v1.0.0-c2097c7c\nbuild\t-tags=fips140v1.0\n"), verdict: uncertified},
	{name: "latest, forged as v1.0.0 in one copy", args: args(late, roomy), change: forge(1, "GOFIPS140=latest\n", "GOFIPS140=v1.0.0-c2097c7c\nbuild\t-tags=fips140v1.0\n"), verdict: uncertified},
	{name: "latest, forged, stripped", args: args(late, roomy), change: all(forge(2, "GOFIPS140=latest\n", "GOFIPS140=v1.0.0-c2097c7c\nbuild\t-tags=fips140v1.0\n"), sstrip), verdict: uncertified},
	{name: "v1.26.0, forged as v1.0.0", args: args(v126, roomy), change: forge(2, "GOFIPS140=v1.26.0", "GOFIPS140=v1.0.0-c2097c7c", "fips140v1.26", "fips140v1.0"), verdict: unknown},
	{name: "v1.0.0, forged as latest", args: args(v1, roomy), change: forge(2, "GOFIPS140=v1.0.0-c2097c7c", "GOFIPS140=latest", "build\t-tags=fips140v1.0\n", ""), verdict: unknown},
	{name: "v1.0.0, forged as off", args: args(v1, roomy), change: forge(2, "build\tGOFIPS140=v1.0.0-c2097c7c\n", "", "build\t-tags=fips140v1.0\n", "", "fips140=on", "panicnil=0"), verdict: unknown},
	{name: "go:debug off, forged as on", args: args(v1, roomy), debug: "fips140=off", change: forge(2, "fips140=off", "fips140=on"), verdict: disabled},
	{name: "go:debug off, edited everywhere", args: args(v1), debug: "fips140=off", change: replace("fips140=off", "fips140=on,"), verdict: certified},
	{name: "toolchain forged", args: args(v1), change: replace(strings.Fields(runtime.Version())[0][:6], "go1.16"), verdict: unknown, gap: "GOFIPS140 is no setting of that release"},

	// Decoys.
	{name: "decoy on", args: args(off), decoy: "fips140=on", verdict: noModule},
	{name: "decoy on, stripped", args: args(off, ld("-s -w")), decoy: "fips140=on", verdict: noModule},
	{name: "decoy off", args: args(v1), decoy: "fips140=off", verdict: certified},
	{name: "decoy off, PIE, stripped", args: args(v1, pie, ld("-s -w")), decoy: "fips140=off", verdict: certified},
	{name: "decoy on, -X off, stripped", args: args(v1, trim, ld("-s -w "+xOff)), decoy: "fips140=on", verdict: disabled},
	{name: "decoy names", args: args(off), decoy: "crypto/internal/fips140/v1.0.0-c2097c7c/sha256.New\x00crypto/internal/fips140/v1.0.0-c2097c7c/check.init.0\x00", verdict: noModule},
	{name: "decoy build info", args: args(off), decoy: infoStart + "path\tx\nbuild\tGOFIPS140=v1.0.0-c2097c7c\n" + infoEnd, verdict: noModule},
	{name: "decoy mark", args: args(v1), decoy: "\xff Go fipsinfo \xff\x00 and no more", verdict: certified},
	{name: "decoy mark, module broken", args: args(v1), decoy: "\xff Go fipsinfo \xff\x00 and no more", change: flip("text", 300), verdict: broken},
	{name: "decoy sum that fits, module broken", args: args(v1), source: "spare", change: all(flip("text", 300), plant(false, true)), verdict: broken},
	{name: "decoy sum that fits, first, module broken", args: args(v1, roomy), source: "spare", change: all(flip("text", 300), plant(true, true)), verdict: broken},
	{name: "decoy sum that does not fit, first", args: args(v1, roomy), source: "spare", change: plant(true, false), verdict: unknown, gap: gapCopies},
	{name: "decoy sum that does not fit", args: args(v1), source: "spare", change: plant(false, false), verdict: certified},
	{name: "decoy sum that fits, mark of the sum", args: args(v1), source: "spare", change: all(killMark, plantCopy), verdict: unknown, gap: gapMark},
	{name: "dynamic section that nobody applies, -X off", args: args(v1, trim, ld(xOff)), source: "spare", change: strangeDynamic, verdict: disabled},
	{name: "segment hidden by the next, -X off", args: args(v1, trim, ld(xOff)), source: "spare", change: strangeSegment, verdict: unknown, gap: gapLayout},
	{name: "two functions of one name", args: args(v1), change: strangeFunction("runtime.godebugNotify", "main.say"), verdict: unknown, gap: gapNames},
	{name: "two functions of one name, sstrip", args: args(v1), change: all(strangeFunction("runtime.godebugNotify", "main.say"), sstrip), verdict: unknown, gap: gapNames},
	{name: "symbol of the default moved, on", args: args(v1), decoy: "fips140=on", change: moveSymbol("runtime.godebugDefault", "main.decoy"), verdict: unknown, gap: gapSymbol},
	{name: "symbol of the default moved", args: args(v1, trim, ld(xOff)), decoy: "fips140=on", change: moveSymbol("runtime.godebugDefault", "main.decoy"), verdict: disabled},
	{name: "reader of the default renamed", args: args(v1), change: renameReader, verdict: unknown, gap: gapReader},
	{name: "reader of the default renamed, symbol moved", args: args(v1, trim, ld(xOff)), decoy: "fips140=on",
		change: all(renameReader, moveSymbol("runtime.godebugDefault", "main.decoy")), verdict: unknown, gap: gapReader},
	{name: "package in the module's folder", args: args(off), source: "folder", debug: "fips140=on", verdict: unknown, gap: gapMixed},
	{name: "package in the module's folder, no crypto", args: args(off), source: "folder alone", debug: "fips140=on", verdict: noModule},
	{name: "package in the module's folder, no crypto, wiped", args: args(off), source: "folder alone", debug: "fips140=on", change: wipeBoth, verdict: noModule},

	// What no one can tell by the file alone.
	{name: "sealed again, unchanged", args: args(v1), change: sealUnchanged, verdict: certified},
	{name: "sealed again, text", args: args(v1), change: all(flipIn(unused), seal), verdict: certified, limit: limitSeal},
	{name: "sealed again, over nothing", args: args(v1), change: all(flipIn(unused), emptyRanges, seal), verdict: certified, limit: limitSeal},
	{name: "functions renamed, forged", args: args(v126, roomy), change: all(rename("v1.26.0", "v1.0.0-c2097c7c"),
		forge(2, "GOFIPS140=v1.26.0", "GOFIPS140=v1.0.0-c2097c7c", "fips140v1.26", "fips140v1.0")), verdict: certified, limit: limitNames},
	{name: "built from a changed source", args: args(v1), source: "changed", verdict: certified, limit: limitBuilt},

	// Damaged, packed, not Go.
	{name: "junk behind the end", args: args(v1), change: appendJunk, verdict: certified},
	{name: "junk behind the end, off", args: args(off), change: appendJunk, verdict: noModule},
	{name: "half", args: args(v1), change: truncate(500), norun: true, verdict: unreadable},
	{name: "packed", args: args(v1), change: scramble("UPX!"), norun: true, verdict: unreadable},
	{name: "packed, no mark", args: args(v1), change: scramble(""), norun: true, verdict: notGo},
	{name: "C", make: programOfC, needs: "gcc", norun: true, verdict: notGo},
	{name: "script", make: text("#!/bin/sh\necho GOFIPS140=v1.0.0-c2097c7c\n"), norun: true, verdict: unreadable},
	{name: "empty", make: text(""), norun: true, verdict: unreadable},
	{name: "no more than a magic number", make: text("\x7fELF\x02\x01\x01\x00"), norun: true, verdict: unreadable},
}
