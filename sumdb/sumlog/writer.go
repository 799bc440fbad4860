// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/lockedfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/goassay/assay/sumdb"
)

// A Writer is a log that is open for appending. There is one at a time, in all
// processes. It must not be used concurrently; a [Store] reads beside it.
type Writer struct {
	store  *Store
	keys   []*Key // those of the head, in its order
	unlock func()
	err    error // why it can write no more
	cutOff *Cut  // what an earlier writer had not committed
}

// Create makes an empty log in a folder, whose heads key signs. The folder is
// made if it is not there. The error is [fs.ErrExist] if it holds a log, or what
// is left of one: a log that is begun anew under a key that clients know is a
// fork. After any other error [KeyInForce] tells whether there is a log.
func Create(dir string, key *Key) error {
	if err := MakeFolder(dir); err != nil {
		return err
	}
	unlock, err := lock(context.Background(), dir)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(filepath.Join(dir, headFile)); err == nil {
		return &fs.PathError{Op: "create log", Path: dir, Err: fs.ErrExist}
	}
	for _, name := range []string{recordsFile, hashesFile} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil && info.Size() > 0 { // an earlier call that was killed has left it empty
			err = &fs.PathError{Op: "create log", Path: f.Name(), Err: fs.ErrExist}
		}
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	file, err := signHead((&frontier{}).tree(), []*Key{key})
	if err != nil {
		return err
	}
	if err := writeHead(dir, file); err != nil {
		return err
	}
	return commitHead(dir)
}

// MakeFolder makes the folder of a log, and those above it, and brings their
// names to the disk. What it cannot bring there it does not leave. A folder that
// exists is left as it is: it was there before the log.
func MakeFolder(dir string) error {
	dir = filepath.Clean(dir)
	info, err := os.Stat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return &fs.PathError{Op: "create log", Path: dir, Err: errors.New("not a folder")}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := MakeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) { // somebody else was faster
			return nil
		}
		return err
	}
	if err := syncDir(parent); err != nil {
		return errors.Join(err, os.Remove(dir))
	}
	return nil
}

// KeyInForce reports whether the heads of the log in a folder may be signed by
// key: not if there is no log, or one of other keys. A private key for which it
// is true must not be removed.
func KeyInForce(dir string, key *Key) bool {
	file, err := readHead(dir, headFile)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	head, err := parseHead(file)
	return err != nil || slices.Contains(head.Keys, key.Verifier())
}

// lock waits until no other process, and nobody else in this one, writes.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	type locked struct {
		unlock func()
		err    error
	}
	done := make(chan locked)
	go func() {
		unlock, err := lockedfile.MutexAt(filepath.Join(dir, lockFile)).Lock()
		select {
		case done <- locked{unlock, err}:
		case <-ctx.Done():
			if err == nil {
				unlock()
			}
		}
	}()
	select {
	case l := <-done:
		return l.unlock, l.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A MissingKeyError is a private key that signs the log's heads and was not
// given.
type MissingKeyError struct{ Verifier string }

// Error names the key by its public half.
func (e *MissingKeyError) Error() string { return "the private key of " + e.Verifier + " is missing" }

// OpenWriter opens a log for appending, and waits for another writer to end.
// The private keys of all verifier keys of the head must be among keys. What a
// writer that was killed had signed it commits, what it had not it cuts off
// ([Writer.Cut]). The error is one of [Open], a [*DamageError] where a newer head
// must have been committed, the context's, or a [*MissingKeyError].
func OpenWriter(ctx context.Context, dir string, keys []*Key) (*Writer, error) {
	if _, err := os.Stat(filepath.Join(dir, headFile)); err != nil { // make no lock where there is no log
		return nil, err
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return nil, err
	}
	store, err := open(dir, os.O_RDWR)
	if err != nil {
		unlock()
		return nil, err
	}
	w := &Writer{store: store, unlock: unlock}
	if err := w.open(keys); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// open settles what an earlier writer has left, and takes the keys in force.
func (w *Writer) open(keys []*Key) error {
	if err := w.recover(keys); err != nil {
		return err
	}
	for _, verifier := range w.Head().Keys {
		key := keyOf(verifier, keys)
		if key == nil {
			return &MissingKeyError{verifier}
		}
		w.keys = append(w.keys, key)
	}
	return w.cut()
}

// keyOf returns the private key to a verifier key, or nil.
func keyOf(verifier string, keys []*Key) *Key {
	if i := slices.IndexFunc(keys, func(k *Key) bool { return k.Verifier() == verifier }); i >= 0 {
		return keys[i]
	}
	return nil
}

// Close lets the next writer in.
func (w *Writer) Close() error {
	err := w.store.Close()
	w.unlock()
	return err
}

// Head returns the newest head.
func (w *Writer) Head() Head { return w.store.view.Load().Head }

// Added says where a record is.
type Added struct {
	ID  int64
	New bool // it was not in the log before
}

// Append appends records, all of them or, on an error, none, and returns where
// each is. A record that the log has already is not appended again. When it
// returns, what it appended is on the disk and committed. The error is a
// [*RefusedError] if the log, or records, have other hashes for a version.
// After an error of the file system the writer can write no more: whether the
// records are in the log shows when it is opened again.
func (w *Writer) Append(records ...Record) ([]Added, error) {
	if w.err != nil {
		return nil, w.err
	}
	b := batch{Writer: w, tree: w.store.tree.clone(), seen: map[module.Version]int{}}
	added := make([]Added, len(records))
	for i, r := range records {
		var err error
		if added[i], err = b.add(r, records, added); err != nil {
			return nil, err
		}
		b.seen[r.Module] = i
	}
	if len(b.ends) == 0 {
		return added, nil
	}
	if err := b.commit(); err != nil {
		w.err = fmt.Errorf("append to the log: %w", err)
		return nil, w.err
	}
	return added, nil
}

// A batch is what one commit appends.
type batch struct {
	*Writer
	tree   frontier
	text   []byte
	hashes []tlog.Hash
	ends   []int64                // of the records in text
	seen   map[module.Version]int // places in the call's records
}

func (b *batch) add(r Record, records []Record, added []Added) (Added, error) {
	if err := r.Check(); err != nil {
		return Added{}, err
	}
	if i, ok := b.seen[r.Module]; ok {
		if records[i] != r {
			return Added{}, &RefusedError{ID: -1, Logged: records[i], Offered: r}
		}
		return added[i], nil
	}
	id, err := b.store.find(recordName(r.Module))
	if err == nil {
		return Added{ID: id}, b.same(id, r)
	}
	if !errors.Is(err, sumdb.ErrNotLogged) {
		return Added{}, err
	}
	if b.tree.size >= maxSize {
		return Added{}, fmt.Errorf("the log is full: %d records", b.tree.size)
	}
	text := r.Text()
	b.text = append(b.text, text...)
	b.ends = append(b.ends, int64(len(b.text)))
	b.hashes = b.tree.add(tlog.RecordHash(text), b.hashes)
	return Added{b.tree.size - 1, true}, nil
}

// same compares a record with the one that is logged for its version.
func (b *batch) same(id int64, r Record) error {
	text, err := b.store.text(id)
	if err != nil || string(text) == string(r.Text()) {
		return err
	}
	logged := &sumdb.Record{Text: text}
	e := &RefusedError{ID: id, Offered: r, Logged: Record{Module: r.Module}}
	e.Logged.Zip, _ = logged.Hash(r.Module, false)
	e.Logged.GoMod, _ = logged.Hash(r.Module, true)
	return e
}

// commit writes the batch, then the head over it, in the order that the package
// comment gives reasons for.
func (b *batch) commit() error {
	s := b.store
	file, head, err := b.sign(b.tree.tree(), b.keys)
	if err != nil {
		return err
	}
	raw := make([]byte, 0, len(b.hashes)*tlog.HashSize)
	for _, h := range b.hashes {
		raw = append(raw, h[:]...)
	}
	seal := slices.Clone(raw[:tlog.HashSize])
	clear(raw[:tlog.HashSize])
	step("begin")
	if _, err := s.hashes.WriteAt(raw, s.hashesEnd()); err != nil {
		return err
	}
	step("hashes written")
	if err := s.hashes.Sync(); err != nil {
		return err
	}
	step("hashes synced")
	if _, err := s.records.WriteAt(b.text, s.end); err != nil {
		return err
	}
	step("records written")
	if err := s.records.Sync(); err != nil {
		return err
	}
	step("synced")
	if err := writeHead(s.dir, file); err != nil {
		return err
	}
	if err := s.seal(seal); err != nil {
		return err
	}
	if err := commitHead(s.dir); err != nil {
		return err
	}
	s.view.Store(&view{head, file})
	start := int64(0)
	for _, end := range b.ends {
		name, err := nameOf(b.text[start:end])
		if err != nil {
			return err
		}
		s.index.add(name, s.end+end)
		start = end
	}
	s.end += start
	s.tree = b.tree
	return nil
}

// seal puts the first hash behind those of the tree into its place: from now on
// what is there was signed.
func (s *Store) seal(hash []byte) error {
	if _, err := s.hashes.WriteAt(hash, s.hashesEnd()); err != nil {
		return err
	}
	if err := s.hashes.Sync(); err != nil {
		return err
	}
	step("sealed")
	return nil
}

// hashesEnd is where the hashes of the verified tree end in their file.
func (s *Store) hashesEnd() int64 { return tlog.StoredHashCount(s.tree.size) * tlog.HashSize }

// sign signs a head, and reads it as others will.
func (w *Writer) sign(tree tlog.Tree, keys []*Key) ([]byte, Head, error) {
	file, err := signHead(tree, keys)
	if err != nil {
		return nil, Head{}, err
	}
	head, err := parseHead(file)
	if err != nil {
		return nil, Head{}, fmt.Errorf("head that was made: %w", err)
	}
	return file, head, nil
}

// ErrRotating says that two keys sign the log's heads already.
var ErrRotating = errors.New("a rotation is under way already")

// ErrNotRotating says that there is no rotation to finish.
var ErrNotRotating = errors.New("no rotation is under way")

// Rotate begins a rotation: from now on key signs every head beside the one
// that did so far, beginning with the newest, so that clients that know either
// take them. Size and root of the head stay.
func (w *Writer) Rotate(key *Key) error {
	head := w.Head()
	switch {
	case len(w.keys) >= maxKeys:
		return ErrRotating
	case key.Name() != head.Name:
		return fmt.Errorf("a key of %s cannot sign the log %s", key.Name(), head.Name)
	case slices.Contains(head.Keys, key.Verifier()):
		return fmt.Errorf("%s signs the log already", key.Verifier())
	}
	return w.setKeys(append(slices.Clone(w.keys), key))
}

// FinishRotation ends a rotation: the old key signs no more. Clients that know
// only the old key refuse the log from now on.
func (w *Writer) FinishRotation() error {
	if len(w.keys) < maxKeys {
		return ErrNotRotating
	}
	return w.setKeys(w.keys[1:])
}

func (w *Writer) setKeys(keys []*Key) error {
	if w.err != nil {
		return w.err
	}
	file, head, err := w.sign(w.store.tree.tree(), keys)
	if err == nil {
		err = writeHead(w.store.dir, file)
	}
	if err == nil {
		err = commitHead(w.store.dir)
	}
	if err != nil {
		w.err = fmt.Errorf("sign the log's head: %w", err)
		return w.err
	}
	w.store.view.Store(&view{head, file})
	w.keys = keys
	return nil
}
