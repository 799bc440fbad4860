// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/semver"

	"github.com/goassay/assay/audit/redact"
)

// Errors of databases, for callers that tell them apart.
var (
	// ErrInvalid is a database that is empty, cut short, larger than the limits, in
	// another layout, or contradicts itself.
	ErrInvalid = errors.New("not a valid vulnerability database")

	// ErrUnreachable is a database on a server that could not be asked: another one may
	// be used in its place. A server that sends too slowly is one.
	ErrUnreachable = errors.New("vulnerability database not reachable")
)

// DefaultURL is where the Go project publishes the Go vulnerability database.
const DefaultURL = "https://vuln.go.dev"

// Bounds of a database. That of the Go project has 4,300 entries in 5.5 MiB.
const (
	maxIndex   = 64 << 20 // bytes of one index
	maxEntries = 200_000
	maxTotal   = 256 << 20 // bytes of all its files
	maxOrigin  = 2048      // bytes of a URL
)

// A Source says where a database comes from and how old it is.
type Source struct {
	Kind     SourceKind `json:"kind"`
	Location string     `json:"location,omitempty"` // URL, without credentials, or path
	Origin   string     `json:"origin,omitempty"`   // URL, without credentials, from which it was downloaded, as far as that was kept
	Modified time.Time  `json:"modified"`           // when an entry was modified last, UTC
	Entries  int        `json:"entries"`
	Modules  int        `json:"modules"` // that have entries
}

// Age is how long before now the database was modified last.
func (s Source) Age(now time.Time) time.Duration { return now.Sub(s.Modified) }

// SourceKind is where a database is.
type SourceKind string

// The kinds of sources.
const (
	SourceURL       SourceKind = "url"
	SourceDirectory SourceKind = "directory"
	SourceArchive   SourceKind = "archive"
	SourceSnapshot  SourceKind = "snapshot" // in this program

	sourceConsulted SourceKind = "consulted" // what was asked of another: without the index of entries
)

// A Database is an open vulnerability database. Several goroutines may use it.
type Database struct {
	Source

	files   store
	raw     map[string][]byte      // the indexes but that of entries, by name
	asked   *asked                 // nil: what is asked is not noted
	modules map[string][]reference // by module path
	ids     map[string]indexed

	fold   sync.Once
	folded map[string][]string // paths of modules, by their lower case
}

// A reference is what the index of modules says of an entry.
type reference struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Fixed    string    `json:"fixed"` // from which version on no later one is affected, without "v"; "" if there is none
}

// indexed is what the index of entries says of one, and in how many modules the other
// index has it.
type indexed struct {
	modified time.Time
	modules  int
}

// A store holds the files of a database in the layout v1, by names such as
// "index/db.json".
type store interface {
	// read returns the content of a file, or an error if it is larger than limit bytes.
	read(ctx context.Context, name string, limit int64) ([]byte, error)

	// entries calls fn with the content of each of some entries, in any order, one at a
	// time.
	entries(ctx context.Context, ids []string, fn func(id string, raw []byte) error) error

	// list returns the IDs of all entries; nil if that cannot be told.
	list() ([]string, error)
}

// The indexes of the layout v1.
const (
	dbIndex      = "index/db.json"
	modulesIndex = "index/modules.json"
	vulnsIndex   = "index/vulns.json"
)

func entryFile(id string) string { return "ID/" + id + ".json" }

// Open opens the database at a location: an http, https or file URL, a directory, an
// archive (see [OpenArchive]), or, if it is "", the snapshot in this program. rt carries
// the requests. The indexes are read and compared with each other, and with the names of
// the entries where these can be listed; entries are compared with them as they are read.
// The content of an archive is checked entirely.
func Open(ctx context.Context, location string, rt http.RoundTripper) (*Database, error) {
	if location == "" {
		return Snapshot()
	}
	u, err := url.Parse(location)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		origin := OriginOf(location)
		return openDatabase(ctx, newHTTPStore(u, rt), Source{Kind: SourceURL, Location: origin, Origin: origin})
	}
	if err != nil && strings.Contains(location, "://") { // which may hold a password, and is no path
		return nil, fmt.Errorf("%w: malformed URL", ErrInvalid)
	}
	path := location
	if err == nil && u.Scheme == "file" {
		if path, err = filePath(u); err != nil {
			return nil, err
		}
	}
	stat, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open vulnerability database: %w", err)
	}
	if stat.IsDir() {
		return openDatabase(ctx, newDirStore(os.DirFS(path)), Source{Kind: SourceDirectory, Location: path})
	}
	return OpenArchive(ctx, path)
}

// OriginOf returns what [Source.Origin] is of a database at a URL: without credentials
// and the slash at its end. It is "" if the location is no http or https URL.
func OriginOf(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(location) > maxOrigin {
		return ""
	}
	u.User = nil
	return strings.TrimRight(redact.URL(u.String()), "/")
}

// indexes are the three of the layout v1.
type indexes struct {
	meta struct {
		Modified time.Time `json:"modified"`
	}
	modules []struct {
		Path  string      `json:"path"`
		Vulns []reference `json:"vulns"`
	}
	vulns []indexLine
}

// indexLine is what the index of entries says of one.
type indexLine struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
}

// listEntries takes the index of entries from that of modules.
func (x *indexes) listEntries() {
	seen := map[string]bool{}
	for _, m := range x.modules {
		for _, v := range m.Vulns {
			if !seen[v.ID] {
				seen[v.ID] = true
				x.vulns = append(x.vulns, indexLine{v.ID, v.Modified})
			}
		}
	}
}

// openDatabase reads the indexes and compares them. Those of the snapshot in this
// program were compared when it was made: the index of entries, which is the larger half
// and has nothing that the other lacks, is not read again.
func openDatabase(ctx context.Context, files store, source Source) (*Database, error) {
	db := &Database{Source: source, files: files, raw: map[string][]byte{}}
	x := &indexes{}
	compared := source.Kind == SourceSnapshot || source.Kind == sourceConsulted
	for name, v := range map[string]any{dbIndex: &x.meta, modulesIndex: &x.modules, vulnsIndex: &x.vulns} {
		if name == vulnsIndex && compared {
			continue
		}
		raw, err := files.read(ctx, name, maxIndex)
		if err == nil {
			err = decodeJSON(raw, v)
		}
		if err != nil {
			return nil, db.failed(fmt.Errorf("%s: %w", name, err))
		}
		if name != vulnsIndex {
			db.raw[name] = raw
		}
	}
	if compared {
		x.listEntries()
	}
	if x.meta.Modified.IsZero() || len(x.modules) == 0 || len(x.vulns) == 0 {
		return nil, db.failed(fmt.Errorf("%w: it is empty", ErrInvalid))
	}
	err := db.indexEntries(x)
	if err == nil {
		err = db.indexModules(x)
	}
	if err == nil {
		err = db.compareNames()
	}
	if err != nil {
		return nil, db.failed(err)
	}
	db.Modified, db.Entries, db.Modules = x.meta.Modified.UTC(), len(db.ids), len(db.modules)
	return db, nil
}

// indexEntries takes over the index of entries.
func (db *Database) indexEntries(x *indexes) error {
	if len(x.vulns) > maxEntries {
		return fmt.Errorf("%w: %d entries", ErrInvalid, len(x.vulns))
	}
	db.ids = make(map[string]indexed, len(x.vulns))
	for _, v := range x.vulns {
		if _, twice := db.ids[v.ID]; twice || !validID(v.ID) || v.Modified.IsZero() {
			return fmt.Errorf("%w: %s has %.40q twice, or without a time", ErrInvalid, vulnsIndex, v.ID)
		}
		if v.Modified.After(x.meta.Modified) {
			return fmt.Errorf("%w: %s was modified after it was", ErrInvalid, v.ID)
		}
		db.ids[v.ID] = indexed{modified: v.Modified}
	}
	return nil
}

// indexModules takes over the index of modules, which must be about the same entries.
func (db *Database) indexModules(x *indexes) error {
	db.modules = make(map[string][]reference, len(x.modules))
	for _, m := range x.modules {
		if _, twice := db.modules[m.Path]; twice || m.Path == "" || len(m.Vulns) == 0 {
			return fmt.Errorf("%w: %s has the module %.100q twice, or without entries", ErrInvalid, modulesIndex, m.Path)
		}
		db.modules[m.Path] = m.Vulns
		seen := make(map[string]bool, len(m.Vulns))
		for _, v := range m.Vulns {
			entry, ok := db.ids[v.ID]
			if !ok || seen[v.ID] || !entry.modified.Equal(v.Modified) {
				return fmt.Errorf("%w: the indexes differ about %.40q", ErrInvalid, v.ID)
			}
			seen[v.ID] = true
			entry.modules++
			db.ids[v.ID] = entry
		}
	}
	for id, entry := range db.ids {
		if entry.modules == 0 {
			return fmt.Errorf("%w: the indexes differ about %s", ErrInvalid, id)
		}
	}
	return nil
}

// failed says where the database is that an error is about.
func (db *Database) failed(err error) error {
	if db.Location == "" {
		return fmt.Errorf("vulnerability database: %w", err)
	}
	return fmt.Errorf("vulnerability database %s: %w", db.Location, err)
}

// compareNames compares the entries that there are with those of the index.
func (db *Database) compareNames() error {
	names, err := db.files.list()
	if err != nil || names == nil {
		return err
	}
	there := make(map[string]bool, len(names))
	for _, id := range names {
		if _, ok := db.ids[id]; !ok {
			return fmt.Errorf("%w: the entry %.40q is in no index", ErrInvalid, id)
		}
		there[id] = true
	}
	if len(there) < len(db.ids) {
		for id := range db.ids {
			if !there[id] {
				return fmt.Errorf("%w: there are %d entries of %d; %s is missing", ErrInvalid, len(there), len(db.ids), id)
			}
		}
	}
	return nil
}

// Verify reads all entries and compares them with the indexes: modules, times, and the
// versions from which on modules are not affected.
func (db *Database) Verify(ctx context.Context) error {
	return db.read(ctx, db.all(), func(*entry, []byte) error { return nil })
}

// all lists the IDs of all entries, sorted.
func (db *Database) all() []string { return slices.Sorted(maps.Keys(db.ids)) }

// read calls fn with some entries, which were compared with the indexes.
func (db *Database) read(ctx context.Context, ids []string, fn func(e *entry, raw []byte) error) error {
	count := 0
	err := db.files.entries(ctx, ids, func(id string, raw []byte) error {
		e, err := decodeEntry(raw)
		if err != nil {
			return fmt.Errorf("entry %s: %w", id, err)
		}
		modules := e.modules()
		for _, m := range modules {
			r, ok := db.reference(m, id)
			if !ok {
				return fmt.Errorf("%w: the entry %s affects %.100s, by the index it does not", ErrInvalid, id, m)
			}
			if fixed, ok := semverOf(r.Fixed); r.Fixed != "" && (!ok || !e.fixedFrom(m, fixed)) {
				return fmt.Errorf("%w: by the index %s is fixed in %.100s from %.40q on, by the entry it is not", ErrInvalid, id, m, r.Fixed)
			}
		}
		x := db.ids[id]
		if e.ID != id || !e.Modified.Equal(x.modified) || len(modules) != x.modules {
			return fmt.Errorf("%w: the entry %s is another than that of the index", ErrInvalid, id)
		}
		count++
		return fn(e, raw)
	})
	if err == nil && count != len(ids) {
		err = fmt.Errorf("%w: %d of %d entries", ErrInvalid, count, len(ids))
	}
	if err != nil {
		return db.failed(err)
	}
	return nil
}

// reference looks up an entry in the index of modules.
func (db *Database) reference(module, id string) (reference, bool) {
	list := db.modules[module]
	i := slices.IndexFunc(list, func(r reference) bool { return r.ID == id })
	if i < 0 {
		return reference{}, false
	}
	return list[i], true
}

// Lists reports whether the database has entries of a module.
func (db *Database) Lists(module string) bool { return len(db.modules[module]) > 0 }

// Spellings returns the modules that the database has entries of and whose paths
// differ from path in upper and lower case alone: package URLs of Go modules are written
// in lower case (https://github.com/package-url/purl-spec, type golang), and paths are not.
func (db *Database) Spellings(path string) []string {
	db.fold.Do(func() {
		db.folded = make(map[string][]string, len(db.modules))
		for _, m := range slices.Sorted(maps.Keys(db.modules)) {
			key := strings.ToLower(m)
			db.folded[key] = append(db.folded[key], m)
		}
	})
	return db.folded[strings.ToLower(path)]
}

// mayAffect lists the IDs of the entries that may affect a semantic version of a module,
// by the index.
func (db *Database) mayAffect(module, version string) []string {
	var ids []string
	for _, r := range db.modules[module] {
		if fixed, ok := semverOf(r.Fixed); !ok || semver.Compare(version, fixed) < 0 {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// filePath returns the path of a file URL.
func filePath(u *url.URL) (string, error) {
	if u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return "", fmt.Errorf("file URL with the host %q and the path %q", u.Host, u.Path)
	}
	path := u.Path
	if len(path) > 2 && path[0] == '/' && path[2] == ':' { // a drive of Windows
		path = path[1:]
	}
	return path, nil
}

// sortedIDs lists the IDs of references, sorted.
func sortedIDs(list []reference) []string {
	var ids []string
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}
