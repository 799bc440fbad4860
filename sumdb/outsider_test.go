// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/internal/machine"
)

// buildOutsider builds the verifier that shares no code with this package.
func buildOutsider(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("testdata", "outsider")
	for _, name := range []string{"main.go", "subject.go"} {
		source := filepath.Join(dir, name)
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		_, code, _ := strings.Cut(string(text), "\npackage main")
		if n := strings.Count(code, "\n"); n > 100 {
			t.Errorf("%s: %d lines", name, n)
		}
		file, err := parser.ParseFile(token.NewFileSet(), source, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); strings.Contains(path, ".") {
				t.Errorf("imports %s", path)
			}
		}
	}
	exe := filepath.Join(t.TempDir(), "outsider.exe")
	if out, err := exec.Command("go", "build", "-o", exe, "./"+dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// outsider runs it, and reports whether it says that a bundle is valid.
func outsider(exe, key string, data []byte, files ...string) (string, bool) {
	cmd := exec.Command(exe, append([]string{key}, files...)...)
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// reseal makes the last line fit again.
func reseal(data []byte) []byte {
	at := bytes.LastIndex(data, []byte("\nsha256 "))
	return seal(slices.Clone(data[:max(at, 0)]))
}

// verdict is this package's.
func verdict(log *Log, data []byte) error {
	e, err := OpenEvidence(data)
	if err != nil {
		return err
	}
	b, ok := e.(*Bundle)
	if !ok {
		return fmt.Errorf("%T", e)
	}
	_, err = b.Verify(log)
	return err
}

// mutations are changes to a bundle: of each line, and of single bits.
func mutations(text []byte) map[string][]byte {
	out := map[string][]byte{}
	lines := strings.SplitAfter(string(text), "\n")
	lines = lines[:len(lines)-1]
	with := func(i int, to ...string) []byte {
		return []byte(strings.Join(slices.Concat(lines[:i], to, lines[i+1:]), ""))
	}
	for i, line := range lines {
		name := func(what string) string { return fmt.Sprintf("line %d, %q: %s", i+1, line, what) }
		body := strings.TrimSuffix(line, "\n")
		out[name("removed")] = with(i)
		out[name("twice")] = with(i, line, line)
		out[name("to the end")] = slices.Concat(with(i), []byte(line))
		if i > 0 {
			out[name("swapped")] = []byte(strings.Join(slices.Concat(lines[:i-1], []string{line, lines[i-1]}, lines[i+1:]), ""))
		}
		for what, to := range map[string]string{
			"empty line before": "\n" + line, "space before": " " + line, "space behind": body + " \n", "return": body + "\r\n",
			"zero before": "0" + line, "plus": "+" + line, "minus": "-" + line, "underscore": strings.Replace(body, "00", "0_0", 1) + "\n",
			"upper case": strings.ToUpper(line), "lower case": strings.ToLower(line), "no-break space": strings.Replace(line, " ", "\u00a0", 1),
			"two spaces": strings.Replace(line, " ", "  ", 1), "tab": strings.Replace(line, " ", "\t", 1), "last word gone": cutLast(body) + "\n",
			"one word more": body + " x\n", "no word": "\n", "word alone": strings.SplitAfter(body, " ")[0] + "\n", "not UTF-8": body + "\xff\n",
			"an é": body + "é\n", "zero byte": body + "\x00\n", "no line end": body, "padding": strings.Replace(line, "=", "", 1), "raw quotes": strings.ReplaceAll(line, `"`, "`"),
			"needless escape": strings.Replace(line, "corp", `\x63orp`, 1), "number": strings.Replace(line, "1", "2", 1), "offset": strings.Replace(line, "Z\n", "+00:00\n", 1),
			"fraction": strings.Replace(line, "Z\n", ".5Z\n", 1), "fork": strings.Replace(line, "bundle", "fork", 1),
			"zip": strings.ReplaceAll(line, "/go.mod ", " "), "go.mod": strings.ReplaceAll(line, " h1:", "/go.mod h1:"),
			"unproven": "unproven x " + strconv.Quote(body) + "\n", "unproven, unquoted": "unproven " + line, "a subject more": "\nsubject named - \"\"\n" + line,
			"subject without digest": strings.Replace(line, body[strings.LastIndex(body[:min(len(body), 16)], " ")+1:], "- \"x\"", 1),
		} {
			if to != line {
				out[name(what)] = with(i, to)
			}
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		data := slices.Clone(text)
		at := r.IntN(len(data))
		data[at] ^= 1 << r.IntN(8)
		out[fmt.Sprintf("byte %d changed to %q", at, data[at])] = data
	}
	return out
}

func cutLast(s string) string { return s[:max(strings.LastIndex(s, " "), 0)] }

// Somebody else's program comes to the same verdict on a bundle, and on every
// change to it, whether the digest at its end is made to fit or not.
func TestOutsider(t *testing.T) {
	machine.Long(t, "starts thousands of processes")
	exe := buildOutsider(t)
	log, b := testBundle(t)
	text, err := b.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	if out, ok := outsider(exe, log.Key, text); !ok || out != "valid: 5 records in a tree of 300, 2 hashes not proven\n" {
		t.Fatalf("%s", out)
	}
	other, _ := keyedLog(t)
	if out, ok := outsider(exe, other.Key, text); ok {
		t.Errorf("another key: %s", out)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan bool, 2*runtime.NumCPU())
	total, valid := 0, 0
	same := func(name string, data []byte, may bool) {
		wg.Go(func() {
			slots <- true
			defer func() { <-slots }()
			out, theirs := outsider(exe, log.Key, data)
			err := verdict(log, data)
			mu.Lock()
			defer mu.Unlock()
			switch total++; {
			case theirs != (err == nil):
				t.Errorf("%s: this package: %v; the outsider: %s", name, err, out)
			case theirs && !may:
				t.Errorf("%s: goes unnoticed", name)
			case theirs:
				valid++
			}
		})
	}
	for name, data := range mutations(text) {
		if bytes.Equal(data, text) {
			continue
		}
		same(name, data, false)
		same(name+", sealed again", reseal(data), true)
	}
	wg.Wait()
	t.Logf("%d mutations, %d of them valid", total, valid)
	if valid < 10 { // names, times, reasons: nothing proves them
		t.Errorf("%d of %d mutations are valid", valid, total)
	}
}

// Bundles that were made with care, and heads that an odd log signed.
func TestOutsiderOdd(t *testing.T) {
	machine.Long(t, "verifies hundreds of odd bundles in another process")
	exe := buildOutsider(t)
	log, proofs := manyProofs(t, 300, 300)
	bundle := func(edit func(b *Bundle)) []byte {
		b, err := NewBundle(log, proofs[3:5], []Subject{{Kind: "go.sum", Digest: "sha256:" + strings.Repeat("0a", 32), Name: "go.sum", Lines: goSumLines(3)}}, testTime)
		if err != nil {
			t.Fatal(err)
		}
		edit(b)
		text, err := b.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, tt := range map[string]struct {
		edit func(b *Bundle)
		want bool
	}{
		"as it is":          {func(*Bundle) {}, true},
		"no subjects":       {func(b *Bundle) { b.Subjects = nil }, true},
		"another kind":      {func(b *Bundle) { b.Subjects[0].Kind = "sbom" }, true},
		"named":             {func(b *Bundle) { b.Subjects[0].Kind, b.Subjects[0].Digest = KindNamed, NoDigest }, true},
		"no record":         {func(b *Bundle) { b.Records = nil }, false},
		"no record at all":  {func(b *Bundle) { b.Records, b.Hashes, b.Subjects = nil, nil, nil }, false},
		"root alone":        {func(b *Bundle) { b.Records, b.Subjects = nil, nil; b.Hashes = []tlog.Hash{headOf(t, log, b).Root} }, false},
		"empty subject":     {func(b *Bundle) { b.Subjects[0].Lines = nil }, false},
		"no digest":         {func(b *Bundle) { b.Subjects[0].Digest = NoDigest }, false},
		"short digest":      {func(b *Bundle) { b.Subjects[0].Digest = "sha256:1111" }, false},
		"upper-case digest": {func(b *Bundle) { b.Subjects[0].Digest = "sha256:" + strings.Repeat("0A", 32) }, false},
		"kind of two words": {func(b *Bundle) { b.Subjects[0].Kind = "go sum" }, false},
		"no kind":           {func(b *Bundle) { b.Subjects[0].Kind = "" }, false},
		"kind of a dot":     {func(b *Bundle) { b.Subjects[0].Kind = ".go" }, false},
		"name of all bytes": {func(b *Bundle) { b.Subjects[0].Name = "\x00\n\r\xff é\u2028\"`\\" }, true},
		"unproven of all":   {func(b *Bundle) { b.Subjects[0].Unproven = []Unproven{{"http-403", "\n\nsubject \xff\""}} }, true},
		"unproven, no line": {func(b *Bundle) { b.Subjects[0].Unproven = []Unproven{{"x", ""}} }, true},
		"unproven, proven": {func(b *Bundle) {
			b.Subjects[0].Lines, b.Subjects[0].Unproven = goSumLines(3)[:1], []Unproven{{"private", goSumLines(3)[1]}}
		}, false},
		"unproven, zip":     {unprovenLine("private", goSumLines(3)[0]+"x"), false},
		"unproven, go.mod":  {unprovenLine("private", goSumLines(4)[1]+"x"), false},
		"unproven, no hash": {unprovenLine("no-hash", cutLast(goSumLines(3)[0])), true},
		"unproven, other":   {unprovenLine("private", goSumLines(5)[0]), true},
		"unproven, h2":      {unprovenLine("malformed", cutLast(goSumLines(3)[0])+" h2:x"), true},
		"unproven, empty":   {unprovenLine("ignored", cutLast(goSumLines(3)[1])+" "+emptyGoModHash), true},
		"unproven, spaces":  {unprovenLine("malformed", cutLast(goSumLines(3)[0])+"  h1:x"), true},
		"unproven, words":   {unprovenLine("malformed", goSumLines(3)[0]+" h1:x"), true},
		"unproven, a word":  {unprovenLine("malformed", "h1:x"), true},
		"subjects":          {func(b *Bundle) { b.Subjects = slices.Repeat(b.Subjects, maxSubjects) }, true},
		"subjects more":     {func(b *Bundle) { b.Subjects = slices.Repeat(b.Subjects, maxSubjects+1) }, false},
		"lines":             {func(b *Bundle) { b.Subjects[0].Lines = slices.Repeat(goSumLines(3)[:1], maxSubjectLines) }, true},
		"lines of all": {func(b *Bundle) {
			b.Subjects[0].Lines = slices.Repeat(goSumLines(3)[:1], maxSubjectLines)
			b.Subjects = append(b.Subjects, Subject{Kind: KindNamed, Digest: NoDigest, Unproven: []Unproven{{"x", "x"}}})
		}, false},
		"no reason":       {func(b *Bundle) { b.Subjects[0].Unproven = []Unproven{{"", "x"}} }, false},
		"reason of two":   {func(b *Bundle) { b.Subjects[0].Unproven = []Unproven{{"a b", "x"}} }, false},
		"line twice":      {func(b *Bundle) { b.Subjects[0].Lines = append(goSumLines(3), goSumLines(3)...) }, true},
		"line of two":     {func(b *Bundle) { b.Subjects[0].Lines[0] += "\n" + b.Subjects[0].Lines[1] }, true},
		"record's halves": {func(b *Bundle) { b.Records[0].Text = b.Records[0].Text[:bytes.IndexByte(b.Records[0].Text, '\n')+1] }, false},
		"zero time":       {func(b *Bundle) { b.Seen = b.Seen.AddDate(-2025, 0, 0) }, true},
		"no log's key":    {func(b *Bundle) { b.Key += " " }, false},
		"signature more":  {func(b *Bundle) { b.Checkpoint = fmt.Appendf(b.Checkpoint, "— other.example AAAAAAAA\n") }, false},
		"signature twice": {func(b *Bundle) {
			b.Checkpoint = append(b.Checkpoint, b.Checkpoint[bytes.Index(b.Checkpoint, []byte("— ")):]...)
		}, false},
	} {
		text := bundle(tt.edit)
		out, theirs := outsider(exe, log.Key, text)
		if err := verdict(log, text); (err == nil) != tt.want || theirs != tt.want {
			t.Errorf("%s: this package: %v; the outsider: %s", name, err, out)
		}
	}
}

// unprovenLine gives a bundle a hash that it calls unproven.
func unprovenLine(reason, line string) func(*Bundle) {
	return func(b *Bundle) { b.Subjects[0].Unproven = []Unproven{{reason, line}} }
}

func headOf(t *testing.T, log *Log, b *Bundle) *Checkpoint {
	t.Helper()
	cp, err := log.OpenCheckpoint(b.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	return cp
}

// Heads and records of a log that is odd, and signs what it says.
func TestOutsiderOddLog(t *testing.T) {
	exe := buildOutsider(t)
	skey, vkey, err := note.GenerateKey(nil, "odd.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	log, err := ParseLog(vkey)
	if err != nil {
		t.Fatal(err)
	}
	plain := "example.com/m v1.0.0 h1:a\nexample.com/m v1.0.0/go.mod h1:b\n"
	for name, tt := range map[string]struct {
		head  func(size, root string) string
		texts []string
		want  bool
	}{
		"plain":           {nil, []string{plain}, true},
		"one line":        {nil, []string{"example.com/m v1.0.0/go.mod h1:b\n"}, true},
		"go.mod first":    {nil, []string{"example.com/m v1.0.0/go.mod h1:b\nexample.com/m v1.0.0 h1:a\n"}, true},
		"three lines":     {nil, []string{plain + "example.com/m v1.0.0 h1:c\n"}, false},
		"line twice":      {nil, []string{"example.com/m v1.0.0 h1:a\nexample.com/m v1.0.0 h1:b\n"}, false},
		"two modules":     {nil, []string{"example.com/m v1.0.0 h1:a\nexample.com/n v1.0.0/go.mod h1:b\n"}, false},
		"two versions":    {nil, []string{"example.com/m v1.0.0 h1:a\nexample.com/m v1.0.1/go.mod h1:b\n"}, false},
		"two of a module": {nil, []string{plain, strings.ReplaceAll(plain, "h1:a", "h1:x")}, false},
		"one entry twice": {nil, []string{plain, "example.com/m v1.0.0/go.mod/go.mod h1:c\nexample.com/m v1.0.0/go.mod h1:d\n"}, false},
		"strange version": {nil, []string{"m v/go.mod/go.mod h\nm v/go.mod h\n"}, true},
		"no-break space":  {nil, []string{"example.com/m v1.0.0 h1:\u00a0a\n"}, false},
		"letters":         {nil, []string{"example.com/é v1.0.0 h1:a\n"}, false},
		"two spaces":      {nil, []string{"example.com/m  v1.0.0 h1:a\n"}, false},
		"a line more":     {func(n, r string) string { return n + "\n" + r + "\nmore — é\n" }, []string{plain}, true},
		"an empty line":   {func(n, r string) string { return n + "\n" + r + "\n\nx\n" }, []string{plain}, false},
		"zeros":           {func(n, r string) string { return "0" + n + "\n" + r + "\n" }, []string{plain}, false},
		"no size":         {func(n, r string) string { return "\n" + r + "\n" }, []string{plain}, false},
		"loose base64":    {func(n, r string) string { return n + "\n" + r[:42] + next(r[42]) + "=\n" }, []string{plain}, true},
		"huge":            {func(_, r string) string { return "9223372036854775807\n" + r + "\n" }, []string{plain}, false},
	} {
		tree := newMemoryTree(t, len(tt.texts), func(i int) string { return tt.texts[i] })
		root, err := tlog.TreeHash(int64(len(tt.texts)), tree)
		if err != nil {
			t.Fatal(err)
		}
		if tt.head == nil {
			tt.head = func(n, r string) string { return n + "\n" + r + "\n" }
		}
		signed, err := note.Sign(&note.Note{Text: "go.sum database tree\n" + tt.head(strconv.Itoa(len(tt.texts)), root.String())}, signer)
		if err != nil {
			t.Fatal(err)
		}
		b := &Bundle{Key: log.Key, Seen: testTime, Checkpoint: signed}
		for i, text := range tt.texts {
			b.Records = append(b.Records, BundledRecord{int64(i), []byte(text)})
		}
		text := seal(b.body())
		out, theirs := outsider(exe, log.Key, text)
		if err := verdict(log, text); (err == nil) != tt.want || theirs != tt.want {
			t.Errorf("%s: this package: %v; the outsider: %s", name, err, out)
		}
	}
}

// next changes the bits of a letter of base64 that mean nothing at its end.
func next(c byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	return string(letters[strings.IndexByte(letters, c)|1])
}

// FuzzOutsider looks for a text on which the two verdicts differ.
func FuzzOutsider(f *testing.F) {
	exe := buildOutsider(f)
	log, b := testBundle(f)
	text, err := b.MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, reseal(data)} {
			out, theirs := outsider(exe, log.Key, data)
			if err := verdict(log, data); theirs != (err == nil) {
				t.Errorf("this package: %v; the outsider: %s", err, out)
			}
		}
	})
}
