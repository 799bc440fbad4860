// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/goassay/assay/audit/filetree"
	. "github.com/goassay/assay/audit/filetree/filetreetest"
	"github.com/goassay/assay/internal/machine"
)

// rawHeader makes a header of a tar archive, its sum right, with a field of it as
// given.
func rawHeader(name string, size int64, typ byte, at int, field string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: name, Size: size, Typeflag: typ, Mode: 0o755, Format: tar.FormatGNU})
	h := b.Bytes()[:512]
	copy(h[at:], field)
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}

func block(text string) []byte { return append([]byte(text), make([]byte, 512-len(text)%512)...) }

// lied returns data with bytes replaced by others, at an offset from the end if it
// is negative.
func lied(data []byte, at int, with string) []byte {
	out := slices.Clone(data)
	if at < 0 {
		at += len(out)
	}
	copy(out[at:], with)
	return out
}

func le32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

// An archive is read whatever its first bytes, or what stands before it, look like.
func TestDisguised(t *testing.T) {
	find1 := func(data []byte) []string {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "d", "a"), data)
		return find(t, dir, filepath.Join(dir, "d"))
	}
	for _, first := range []string{"EXEreadme", "#!readme", "PK\x03\x04x", "\x1f\x8b\x08x"} {
		data := Tar(Entry{Name: first, Data: "text"}, exe("x", "1"))
		v7 := lied(data, 257, strings.Repeat("\x00", 8))
		copy(v7[148:], "        ")
		sum := 0
		for _, c := range v7[:512] {
			sum += int(c)
		}
		copy(v7[148:], fmt.Sprintf("%06o\x00 ", sum))
		for what, data := range map[string][]byte{"ustar": data, "v7": v7} {
			expect := []string{"d/a!/x: EXE 1"}
			if strings.HasPrefix(first, "EXE") {
				expect = append(expect, "d/a: "+string(data))
			}
			want(t, what+" "+first, find1(data), expect...)
		}
		packed := find1(Gzip(data))
		if !slices.ContainsFunc(packed, func(s string) bool { return strings.HasSuffix(s, "!/x: EXE 1") }) {
			t.Errorf("compressed, %q: %.200q", first, packed)
		}
	}
	z := Zip(zip.Deflate, exe("x", "1"))
	noise := strings.Repeat("PK\x05\x06", 10)
	for _, stub := range []string{"EXE stub ", "#!/bin/sh\nexec unzip $0\n", "#!" + strings.Repeat(" ", 100_000)} {
		for _, rest := range []string{"", noise, "\n"} {
			data := []byte(stub + noise + string(z) + rest)
			var expect, inner []string
			if strings.HasPrefix(stub, "EXE") {
				expect = append(expect, ": "+string(data))
			}
			expect = append(expect, "!/x: EXE 1")
			for _, form := range []struct {
				at   string
				data []byte
			}{
				{"d/a", data}, {"d/a!/s", Tar(Entry{Name: "s", Data: string(data)})}, {"d/a!/s", Gzip(Tar(Entry{Name: "s", Data: string(data)}))},
				{"d/a!/s", Zip(zip.Deflate, Entry{Name: "s", Data: string(data)})}, {"d/a!/s", RPM(CPIO(Entry{Name: "s", Data: string(data)}))}, {"d/a!/a", Gzip(data)},
			} {
				inner = nil
				for _, e := range expect {
					inner = append(inner, form.at+e)
				}
				want(t, fmt.Sprintf("%.20q in %s", stub, form.at), find1(form.data), inner...)
			}
		}
	}
	for _, plain := range []string{"#!/bin/sh\n", "#!/bin/sh\n" + noise, "#!" + string(Zip(zip.Store)), "#!" + string(z[:len(z)-1]), string(z[4:])} {
		want(t, plain, find1([]byte(plain)))
		want(t, plain, findIn(t, []byte(plain)), "a: "+plain)
	}
	want(t, "script, root", findIn(t, Gzip([]byte("#!x"))), "a!/a: #!x")
	want(t, "root", findIn(t, append([]byte("#!x\n"), z...)), "a!/x: EXE 1")
	want(t, "broken", find1(append([]byte("EXE"), lied(z, -22-46-1+20, "\xff\xff\xff\xff")...)), "d/a! malformed archive", "d/a: EXE"+string(lied(z, -22-46-1+20, "\xff\xff\xff\xff")))
}

// What stands behind the end of a tar archive is told, unless it is zeros.
func TestBehindEnd(t *testing.T) {
	first, second := Tar(exe("x", "1")), Tar(exe("y", "2"))
	image := func(layer []byte) Image { return Image{Platform: "linux/amd64", Tag: "a", Layers: [][]byte{layer}} }
	for what, behind := range map[string][]byte{"nothing": nil, "zeros": make([]byte, 70_000), "an archive": second, "late": append(make([]byte, 70_000), 1)} {
		data := slices.Concat(first, behind)
		for form, test := range map[string]struct {
			data    []byte
			at, who string
		}{
			"plain":            {data, "a!/", "a"},
			"compressed":       {Gzip(data), "a!/", "a"},
			"in an archive":    {Tar(Entry{Name: "b", Data: string(data)}), "a!/b!/", "a!/b"},
			"image":            {slices.Concat(Tar(OCI(image(first))...), behind), "a!/", "a"},
			"compressed image": {Gzip(slices.Concat(Tar(DockerSave(image(first))...), behind)), "a!/", "a"},
		} {
			expect := []string{test.at + "x: EXE 1"}
			if what != "nothing" && what != "zeros" {
				expect = append(expect, test.who+"! malformed archive")
			}
			want(t, form+", "+what, findIn(t, test.data), expect...)
		}
		got := findIn(t, Tar(OCI(image(data))...))
		if told := failures(got); !slices.Contains(got, "a!/x: EXE 1") || told != (what == "an archive" || what == "late") {
			t.Errorf("layer, %s: %q", what, got)
		}
	}
}

func TestLies(t *testing.T) {
	const sizeAt, typeAt = 124, 156
	x := exe("x", strings.Repeat("0123456789", 20))
	tail := Tar(exe("y", "2"))
	zipped, stored := Zip(zip.Deflate, x), Zip(zip.Store, x)
	directory := bytes.Index(zipped, []byte("PK\x01\x02"))
	storedAt := bytes.Index(stored, []byte("PK\x01\x02"))
	deb := Deb(".gz", Gzip(Tar(x)))
	debData := bytes.Index(deb, []byte("data.tar"))
	rpm := RPM(Gzip(CPIO(x)))
	cpio := func(at int, with string) []byte { return RPM(lied(CPIO(x), at, with)) }
	malformed, tooLarge := "a! malformed archive", "a! larger than the limit"
	member := "a!/x! malformed archive"
	ok := "a!/x: EXE " + strings.Repeat("0123456789", 20)
	for _, test := range []struct {
		name string
		data []byte
		want []string
	}{
		{"tar: size beyond the end", slices.Concat(rawHeader("x", 1<<20, tar.TypeReg, 0, "x"), block("EXE"), tail), []string{member, malformed}},
		{"tar.gz: size beyond the end", Gzip(slices.Concat(rawHeader("x", 1<<20, tar.TypeReg, 0, "x"), block("EXE"), tail)), []string{member, malformed}},
		{"tar: size of 2^62", slices.Concat(rawHeader("x", 3, tar.TypeReg, sizeAt, "\x80\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"), block("EXE"), tail), []string{member, malformed}},
		{"tar: size of 2^63-1", slices.Concat(rawHeader("x", 3, tar.TypeReg, sizeAt, "\x80\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"), block("EXE"), tail), []string{member, malformed}},
		{"tar: size below 0", slices.Concat(rawHeader("x", 3, tar.TypeReg, sizeAt, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), block("EXE"), tail), []string{malformed}},
		{"tar: size is no number", slices.Concat(rawHeader("x", 3, tar.TypeReg, sizeAt, "zzzzzzzzzzz\x00"), block("EXE"), tail), []string{malformed}},
		{"tar.gz: more than fits into memory", Gzip(slices.Concat(rawHeader("x", 2<<30, tar.TypeReg, 0, "x"), block("EXE"))), []string{"a!/x! larger than the limit", malformed}},
		{"tar: wrong sum", slices.Concat(lied(rawHeader("x", 3, tar.TypeReg, 0, "x"), 148, "000000"), block("EXE"), tail), []string{malformed}},
		{"tar: second sum wrong", slices.Concat(rawHeader("x", 3, tar.TypeReg, 0, "x"), block("EXE"), lied(tail, 148, "000000")), []string{"a!/x: EXE", malformed}},
		{"tar: directory of a size", slices.Concat(rawHeader("x/", 0, tar.TypeDir, sizeAt, "00000000003\x00"), tail), []string{"a!/y: EXE 2"}},
		{"tar: link of a size", slices.Concat(rawHeader("x", 0, tar.TypeLink, sizeAt, "00000000003\x00"), tail), []string{"a!/y: EXE 2"}},
		{"tar: type of nobody", slices.Concat(rawHeader("x", 3, tar.TypeReg, typeAt, "Q"), block("EXE"), tail), []string{"a!/x: EXE", "a!/y: EXE 2"}},
		{"tar: global header first", slices.Concat(globalHeader(), tail), []string{"a!/y: EXE 2"}},
		{"tar: sparse, 4 GiB of nothing", slices.Concat(sparse("x", 4<<30, ""), tail), []string{"a!/y: EXE 2"}},
		{"tar: sparse, 4 GiB of a program", slices.Concat(sparse("x", 4<<30, "EXE"), tail), []string{"a!/x! larger than the limit", "a!/y: EXE 2"}},
		{"tar: sparse map is none", slices.Concat(lied(sparse("x", 600, "EXE"), 386, "zz"), tail), []string{malformed}},

		{"zip: size smaller", lied(zipped, directory+24, le32(10)), []string{member}},
		{"zip: size larger", lied(zipped, directory+24, le32(1<<30)), []string{member}},
		{"zip: size 0", lied(zipped, directory+24, le32(0)), []string{member}},
		{"zip: compressed size 0", lied(zipped, directory+20, le32(0)), []string{member}},
		{"zip: compressed size beyond the end", lied(zipped, directory+20, le32(1<<30)), []string{member}},
		{"zip: wrong sum", lied(zipped, directory+16, "\x00\x00\x00\x00"), []string{member}},
		{"zip: offset beyond the end", lied(zipped, directory+42, le32(1<<30)), []string{member}},
		{"zip: offset within", lied(zipped, directory+42, le32(5)), []string{member}},
		{"zip: encrypted", lied(zipped, directory+8, "\x01"), []string{"a!/x! encrypted"}},
		{"zip: method of nobody", lied(zipped, directory+10, "\x63\x00"), []string{member}},
		{"zip: stored, size smaller", lied(stored, storedAt+24, le32(10)), []string{member}},
		{"zip: stored, sizes beyond the end", lied(lied(stored, storedAt+24, le32(1<<30)), storedAt+20, le32(1<<30)), []string{member}},
		{"zip: stored, offset beyond the end", lied(stored, storedAt+42, le32(1<<30)), []string{member}},
		{"zip: stored, nothing", Zip(zip.Store, Entry{Name: "x"}), nil},
		{"zip: directory beyond the end", lied(zipped, -6, le32(1<<30)), []string{member}},
		{"zip: no directory", zipped[:directory], []string{malformed}},
		{"zip: directory elsewhere", lied(zipped, -6, le32(0)), []string{member}},
		{"zip: four billion members", zip64(4 << 30), []string{tooLarge}},

		{"deb: size beyond the end", lied(deb, debData+48, "99999999  "), []string{malformed}},
		{"deb: size below 0", lied(deb, debData+48, "-5        "), []string{malformed}},
		{"deb: size is no number", lied(deb, debData+48, "many      "), []string{malformed}},
		{"deb: end of header", lied(deb, debData+58, "??"), []string{malformed}},
		{"deb: no data", deb[:debData], []string{malformed}},
		{"deb: other name", lied(deb, debData, "Data.tar"), []string{malformed}},
		{"deb: unknown compression", Deb(".lzma", []byte("]\x00\x00\x80\x00")), []string{malformed}},
		{"deb: empty data", Deb("", nil), []string{malformed}},
		{"deb: corrupt data", Deb(".gz", []byte("\x1f\x8b\x08\x00corrupt")), []string{malformed}},

		{"rpm: first header", lied(rpm, 96, "????"), []string{malformed}},
		{"rpm: header beyond the end", lied(rpm, 104, "\xff\xff\xff\xff\xff\xff\xff\xff"), []string{malformed}},
		{"rpm: no payload", RPM(nil), []string{malformed}},
		{"rpm: cut", rpm[:100], []string{malformed}},
		{"rpm: unknown payload", RPM([]byte("unknown")), []string{malformed}},
		{"rpm: corrupt payload", RPM([]byte("\x1f\x8b\x08\x00corrupt")), []string{malformed}},
		{"cpio: magic of another format", cpio(0, "07070X"), []string{malformed}},
		{"cpio: sum of a member", cpio(0, "070702"), []string{ok}},
		{"cpio: mode is no number", cpio(14, "zzzzzzzz"), []string{malformed}},
		{"cpio: directory", cpio(14, "000041ed"), nil},
		{"cpio: size beyond the end", cpio(54, "0000ffff"), []string{member, malformed}},
		{"cpio: size of 4 GiB", cpio(54, "ffffffff"), []string{member, malformed}},
		{"cpio: cut in a large member", RPM(CPIO(exe("x", strings.Repeat("0", 4000)))[:2000]), []string{member, malformed}},
		{"cpio: size smaller", cpio(54, "00000010"), []string{"a!/x: EXE 012345678901", malformed}},
		{"cpio: no name", cpio(94, "00000000"), []string{malformed}},
		{"cpio: long name", cpio(94, "00010000"), []string{malformed}},
		{"cpio: name beyond the end", RPM(lied(CPIO(x), 94, "00000ff0")), []string{malformed}},
		{"cpio: no end", RPM(CPIO(x)[:len(CPIO(x))-124]), []string{ok, malformed}},
		{"cpio: cut in a header", RPM(CPIO(x)[:len(CPIO(x))-100]), []string{ok, malformed}},

		{"gzip: corrupt at once", []byte("\x1f\x8b\x08\x00corrupt"), []string{malformed}},
		{"gzip: header alone", []byte("\x1f\x8b\x08"), []string{malformed}},
		{"gzip: cut in a short program", Gzip([]byte("EXE"))[:12], []string{malformed}},
		{"gzip: wrong sum", lied(Gzip([]byte("EXE")), -8, "????"), []string{malformed}},
		{"gzip: wrong sum of a tar", lied(Gzip(Tar(x)), -8, "????"), []string{ok, malformed}},
		{"xz: corrupt", []byte("\xfd7zXZ\x00corrupt"), []string{malformed}},
		{"bzip2: corrupt", []byte("BZh91AY&SYcorrupt"), []string{malformed}},
		{"bzip2: text", []byte("BZhave a nice day"), []string{"a: BZhave a nice day"}},
		{"zstd: corrupt", []byte("\x28\xb5\x2f\xfdcorrupt"), []string{malformed}},
		{"zstd: window of 1 GiB", []byte("\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00"), []string{malformed}},
	} {
		want(t, test.name, findIn(t, test.data), test.want...)
	}
}

// sparse makes a member in the old GNU format: size bytes, of which the archive
// has a block.
func sparse(name string, size int64, text string) []byte {
	h := rawHeader(name, 512, tar.TypeGNUSparse, 0, name)
	copy(h[386:], fmt.Sprintf("%011o\x00%011o\x00", 0, 512))
	copy(h[410:], fmt.Sprintf("%011o\x00%011o\x00", size, 0))
	copy(h[483:], fmt.Sprintf("%011o\x00", size))
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(h, block(text)[:512]...)
}

func globalHeader() []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "g", PAXRecords: map[string]string{"comment": "none"}})
	w.Flush()
	return b.Bytes()
}

// zip64 makes the end of an archive of so many members.
func zip64(members uint64) []byte {
	b := []byte("PK\x03\x04")
	b = append(b, "PK\x06\x06"...)
	b = binary.LittleEndian.AppendUint64(b, 44)
	b = append(b, make([]byte, 12)...)
	b = binary.LittleEndian.AppendUint64(b, members)
	b = binary.LittleEndian.AppendUint64(b, members)
	b = append(b, make([]byte, 16)...)
	b = append(b, "PK\x06\x07\x00\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint64(b, 4)
	b = append(b, "\x01\x00\x00\x00"...)
	b = append(b, "PK\x05\x06\x00\x00\x00\x00\xff\xff\xff\xff"...)
	return append(b, "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
}

// A small file does not become large without end.
func TestBomb(t *testing.T) {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	nothing := w.EncodeAll(make([]byte, 64<<20), nil)
	bomb := slices.Concat(w.EncodeAll(rawHeader("zero", 4<<30, tar.TypeReg, 0, "zero"), nil), bytes.Repeat(nothing, 64), w.EncodeAll(Tar(exe("x", "1")), nil))
	want(t, "bomb", findIn(t, bomb), "a! larger than the limit")

	// Of many members, each is small.
	small := Zstd(make([]byte, 100<<20))
	members := bytes.Repeat(Zstd(slices.Concat(rawHeader("z.zst", int64(len(small)), tar.TypeReg, 0, "z.zst"), small, make([]byte, 512-len(small)%512))), 2)
	if got := findIn(t, members); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// formatsToBreak are small archives of each format.
func formatsToBreak() map[string][]byte {
	files := []Entry{exe("x", "1"), {Name: "text", Data: "text"}, exe("d/y", "2")}
	im := Image{Platform: "linux/amd64", Tag: "a:1", Layers: [][]byte{Tar(files[:2]...), Tar(files[2])}}
	return map[string][]byte{
		"tar": Tar(files...), "tar.gz": Gzip(Tar(files...)), "zip": Zip(zip.Deflate, files...), "zip, stored": Zip(zip.Store, files...),
		"deb": Deb(".gz", Gzip(Tar(files...))), "rpm": RPM(CPIO(files...)), "rpm.gz": RPM(Gzip(CPIO(files...))), "tar.zst": Zstd(Tar(files...)),
		"saved": Tar(OldDockerSave(im)...), "saved.gz": Gzip(Tar(DockerSave(im)...)),
	}
}

// A file that was cut is told. Not so a tar archive that ends behind a member: that
// looks like a whole one.
func TestCut(t *testing.T) {
	for name, data := range formatsToBreak() {
		if name == "tar" || name == "saved" {
			continue
		}
		whole := findIn(t, data)
		step := max(1, len(data)/100)
		for n := 40; n < len(data); n += step {
			if got := findIn(t, data[:n]); !failures(got) && !slices.Equal(got, whole) && !slices.Equal(got, []string{"a: " + string(data[:n])}) {
				t.Errorf("%s, cut at %d of %d: %q", name, n, len(data), got)
			}
		}
	}
}

// Whatever bit is wrong, nothing ends but the file.
func TestFlipped(t *testing.T) {
	machine.Long(t, "reads thousands of damaged files")
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	for _, data := range formatsToBreak() {
		zeros := 0
		for at := range data {
			if data[at] != 0 {
				zeros = 0
			} else if zeros++; zeros > 4 && at%97 != 0 {
				continue
			}
			broken := slices.Clone(data)
			broken[at] ^= 1 << (at % 8)
			if err := os.WriteFile(file, broken, 0o666); err != nil {
				t.Fatal(err)
			}
			find(t, dir, file)
		}
	}
}

// Whatever is being read, the function's error ends it.
func TestErrorEnds(t *testing.T) {
	dir := t.TempDir()
	all := formatsToBreak()
	files := []Entry{exe("x", "1"), exe("y", "2")}
	im := Image{Platform: "linux/amd64", Layers: [][]byte{Tar(files...), Tar(exe("z", "3"))}}
	all["two images"] = Tar(OCI(im, im)...)
	all["broken image"] = Tar(edit(OCI(im), Blob(im.Layers[0]).Name, replace("EXE 1", "EXE 0"))...)
	all["no layer"] = Gzip(Tar(edit(OCI(im), Blob(im.Layers[0]).Name, without)...))
	all["no layer is one"] = Gzip(Tar(edit(edit(OCI(im), Blob(im.Layers[0]).Name, func(string) string { return "0" }), Blob(im.Layers[1]).Name, func(string) string { return "0" })...))
	all["image with more"] = Gzip(Tar(append(OCI(im), Entry{Name: "i.gz", Data: string(Gzip([]byte("EXE i")))}, exe("w", "w"))...))
	all["deb with control"] = debWithControl(exe("x", "1"))
	all["sparse"] = slices.Concat(sparse("x", 1000, "EXE"), Tar(files...))
	all["compressed in tar"] = Tar(Entry{Name: "x.gz", Data: string(Gzip([]byte("EXE")))})
	for name, data := range all {
		file := filepath.Join(dir, "a")
		write(t, file, data)
		for n := range len(find(t, dir, file)) {
			ended := errors.New("enough")
			calls := 0
			err := filetree.Walk(t.Context(), []string{file}, isExe, func(*filetree.File) error {
				if calls++; calls == n+1 {
					return ended
				}
				return nil
			})
			if err != ended || calls != n+1 {
				t.Errorf("%s, at call %d of %d: %v", name, n+1, calls, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			calls = 0
			err = filetree.Walk(ctx, []string{file}, isExe, func(*filetree.File) error {
				if calls++; calls == n+1 {
					cancel()
				}
				return nil
			})
			if err != nil && err != context.Canceled || calls != n+1 {
				t.Errorf("%s, cancelled at call %d of %d: %v", name, n+1, calls, err)
			}
			cancel()
		}
	}
}

// A layer that changes while it is read is told.
func TestLayerChanges(t *testing.T) {
	im := Image{Platform: "linux/amd64", Layers: [][]byte{Tar(exe("x", "1"), exe("y", "2"))}}
	name := inDir(t, OCI(im))
	blob := filepath.Join(name, Blob(im.Layers[0]).Name)
	for what, change := range map[string]func() error{
		"cut": func() error { return os.Truncate(blob, 512*2) }, "emptied": func() error { return os.Truncate(blob, 0) }, "removed": func() error { return os.Remove(blob) },
	} {
		write(t, blob, im.Layers[0])
		var got []string
		read := 0
		err := filetree.Walk(t.Context(), []string{name}, func(head []byte) bool {
			if isExe(head) {
				if read++; read == 2 {
					if err := change(); err != nil {
						t.Error(err)
					}
				}
			}
			return isExe(head)
		}, func(f *filetree.File) error {
			got = append(got, describe(t, filepath.Dir(name), f))
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		slices.Sort(got)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "a!/y! ") }) {
			t.Errorf("%s: %q", what, got)
		}
	}
}
