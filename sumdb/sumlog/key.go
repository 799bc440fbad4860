// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
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
// owner alone.
func (k *Key) WriteFile(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(k.text + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = syncDir(filepath.Dir(file))
	}
	if err != nil {
		os.Remove(file)
	}
	return err
}

// ReadKeys reads the private keys in a log's folder, and those in files.
func ReadKeys(dir string, files ...string) ([]*Key, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var keys []*Key
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), keySuffix) {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	for _, file := range files {
		key, err := ReadKey(file)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
