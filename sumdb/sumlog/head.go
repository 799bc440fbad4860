// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb"
)

// A Head is a tree head of a log.
type Head struct {
	Size   int64     // number of records
	Root   tlog.Hash // RFC 6962 tree hash over them
	Name   string    // of the log
	Keys   []string  // verifier keys that signed it, one, or the old and the new one during a rotation
	Signed []byte    // the signed note, as it is served
}

const (
	headFile    = "head"
	nextFile    = "head.new" // signed, and not committed yet
	recordsFile = "records"
	hashesFile  = "hashes"
	lockFile    = "lock"
)

// headMagic begins the file of a head. The keys follow, one a line, an empty
// line, and the signed note. Keys and note stand in one file, so that a
// rotation is one rename.
const headMagic = "assay checksum database 1\n"

// maxHead bounds the file of a head, in bytes.
const maxHead = 16 << 10

// maxKeys is how many keys sign a head: the old and the new one.
const maxKeys = 2

// signHead signs a tree with keys and returns the file of its head.
func signHead(tree tlog.Tree, keys []*Key) ([]byte, error) {
	file := []byte(headMagic)
	var signers []note.Signer
	for _, key := range keys {
		file = fmt.Appendf(file, "key %s\n", key.Verifier())
		signers = append(signers, key.signer)
	}
	signed, err := note.Sign(&note.Note{Text: string(tlog.FormatTree(tree))}, signers...)
	if err != nil {
		return nil, err
	}
	return append(append(file, '\n'), signed...), nil
}

// parseHead reads the file of a head. Each of its keys must have signed it, and
// nobody else, and no byte may be other than [signHead] writes it.
func parseHead(file []byte) (Head, error) {
	lines, signed, ok := bytes.Cut(file, []byte("\n\n"))
	text, ok2 := strings.CutPrefix(string(lines)+"\n", headMagic)
	if !ok || !ok2 || len(file) > maxHead {
		return Head{}, errors.New("not a head of a log")
	}
	h := Head{Signed: bytes.Clone(signed)}
	var verifiers []note.Verifier
	for line := range strings.Lines(text) {
		key, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "key ")
		log, err := sumdb.ParseLog(key)
		if !ok || err != nil || log.Key != key || slices.Contains(h.Keys, key) || h.Name != "" && h.Name != log.Name {
			return Head{}, errors.New("malformed key")
		}
		h.Name, h.Keys, verifiers = log.Name, append(h.Keys, key), append(verifiers, log.Verifier)
	}
	if len(h.Keys) == 0 || len(h.Keys) > maxKeys {
		return Head{}, fmt.Errorf("%d keys", len(h.Keys))
	}
	n, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return Head{}, fmt.Errorf("tree head: %w", err)
	}
	canonical := append(bytes.Clone(lines), '\n', '\n')
	canonical = append(append(canonical, n.Text...), '\n')
	for i, sig := range n.Sigs {
		if i >= len(verifiers) || sig.Hash != verifiers[i].KeyHash() {
			return Head{}, errors.New("tree head: signatures are not those of the keys")
		}
		raw, err := base64.StdEncoding.DecodeString(sig.Base64)
		if err != nil || len(raw) < 4 || binary.BigEndian.Uint32(raw) != sig.Hash {
			return Head{}, errors.New("tree head: malformed signature")
		}
		canonical = fmt.Appendf(canonical, "— %s %s\n", h.Name, base64.StdEncoding.EncodeToString(raw))
	}
	if len(n.Sigs) != len(verifiers) || !bytes.Equal(canonical, file) {
		return Head{}, errors.New("tree head: not in canonical form, or not signed by every key")
	}
	tree, err := tlog.ParseTree([]byte(n.Text))
	if err != nil {
		return Head{}, fmt.Errorf("tree head: %w", err)
	}
	if tree.N > maxSize {
		return Head{}, fmt.Errorf("tree head: %d records", tree.N)
	}
	h.Size, h.Root = tree.N, tree.Hash
	return h, nil
}

// readHead reads a file with a head, without a look at what is in it.
func readHead(dir, name string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, 0, 1024)
	for { // as os.ReadFile, which has no bound
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, err
		case len(buf) > maxHead:
			return nil, &DamageError{f.Name(), "too large"}
		}
		buf = slices.Grow(buf, 1)
	}
}

// writeHead brings a new head to the disk, beside the one in force.
func writeHead(dir string, file []byte) error {
	f, err := os.OpenFile(filepath.Join(dir, nextFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644) // there is one writer
	if err != nil {
		return err
	}
	_, err = f.Write(file)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := syncDir(dir); err != nil {
		return err
	}
	step("head written")
	return nil
}

// commitHead puts the new head in the place of the old one: the commit.
func commitHead(dir string) error {
	if err := os.Rename(filepath.Join(dir, nextFile), filepath.Join(dir, headFile)); err != nil {
		return err
	}
	step("head renamed")
	return syncDir(dir)
}

// syncDir brings the entries of a folder to the disk. Windows has no such call;
// NTFS journals a rename.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// step is called between the steps of a commit. Tests end the process there.
var step = func(string) {}
