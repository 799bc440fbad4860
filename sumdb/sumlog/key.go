// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/goassay/assay/sumdb"
)

// A Key is a private key of a log. However it is printed, only its public half
// shows.
type Key struct {
	verifier string // name+hash+key
	signer   note.Signer
	text     string // PRIVATE+KEY+name+hash+key
}

// keySuffix ends the name of a file with a private key in a log's folder.
const keySuffix = ".key"

// NewKey makes a key for a log's name: a host and an optional path, without a
// scheme, such as sum.corp.example.
func NewKey(name string) (*Key, error) {
	host, _, _ := strings.Cut(name, "/")
	if strings.ContainsFunc(name, func(r rune) bool { return r == '+' || r <= ' ' || r >= 0x7f }) || strings.Contains(host, ":") {
		return nil, fmt.Errorf("log name %q is not host[/path]", name)
	}
	text, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	return parseKey(text)
}

// ReadKey reads the file of a private key. On Unix it must belong to its reader
// alone.
func ReadKey(file string) (*Key, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s: others may read or write this private key (mode %04o)", file, mode.Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return nil, err
	}
	key, err := parseKey(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

var errKey = errors.New("not a private key of a log")

// parseKey reads a private key. Its errors hold nothing of the text.
func parseKey(text string) (*Key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return nil, errKey
	}
	fields := strings.SplitN(text, "+", 5) // a + may be one of base64's own
	raw, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return nil, errKey
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(signer.Name(), public)
	if err != nil {
		return nil, errKey
	}
	if _, err := sumdb.ParseLog(verifier); err != nil {
		return nil, fmt.Errorf("log name %q is not host[/path]", signer.Name())
	}
	return &Key{verifier, signer, text}, nil
}

// Name returns the log's name.
func (k *Key) Name() string { return k.signer.Name() }

// Verifier returns the public half, name+hash+key, as GOSUMDB takes it.
func (k *Key) Verifier() string { return k.verifier }

// Format prints the public half, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.verifier) }

// FileName returns the name that the key's file has in a log's folder.
func (k *Key) FileName() string { return fmt.Sprintf("%08x%s", k.signer.KeyHash(), keySuffix) }

// WriteFile writes the private key to a file, which must not exist, for its
// owner alone. The file has its name only when the key in it is on the disk.
func (k *Key) WriteFile(file string) error {
	if _, err := os.Lstat(file); err == nil {
		return &fs.PathError{Op: "write key", Path: file, Err: fs.ErrExist}
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".new-key-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(k.text + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	step("key written")
	if err := nameKey(f.Name(), file); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(file)); err != nil {
		return errors.Join(err, os.Remove(file))
	}
	return nil
}

// nameKey gives a key its name, and takes no other key's away: a link does that,
// where the file system knows links.
func nameKey(temporary, file string) error {
	err := os.Link(temporary, file)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(temporary, file)
}

// ReadKeys reads the private keys in a log's folder. What cannot be read there is
// no reason to fail, for the log may not need it: skipped, if not nil, is told of
// each such file that has the name of a key.
func ReadKeys(dir string, skipped func(error)) ([]*Key, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var keys []*Key
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), keySuffix) {
			continue
		}
		file := filepath.Join(dir, entry.Name())
		info, err := os.Stat(file)
		if err == nil && !info.Mode().IsRegular() { // a named pipe has no end
			err = fmt.Errorf("%s: not a file", file)
		}
		var key *Key
		if err == nil {
			key, err = ReadKey(file)
		}
		if err == nil {
			keys = append(keys, key)
		} else if skipped != nil {
			skipped(err)
		}
	}
	return keys, nil
}
