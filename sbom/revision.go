// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A Revision is what version control says of a main module.
type Revision struct {
	// Version is the one that the go command stamps into a program that it
	// builds here (since Go 1.24): the highest tag on the checked-out commit that is
	// one of this module, else a pseudo-version; with +dirty where the work
	// tree differs from the commit. "" where the go command stamps none.
	Version string `json:"version,omitempty"`

	VCS      string    `json:"vcs"`      // git
	Commit   string    `json:"commit"`   // full hash
	Time     time.Time `json:"time"`     // of the commit, UTC
	Modified bool      `json:"modified"` // the work tree differs from the commit
	Subdir   string    `json:"subdir,omitempty"`

	// Remote is the URL of the remote called origin, as it is configured: it
	// may hold a secret. "" if there is none.
	Remote string `json:"-"`
}

// ErrNoRevision is a folder that no version control knows of.
var ErrNoRevision = errors.New("not in a git repository with a commit")

// ReadRevision returns the revision of the main module with the given path in
// the directory dir. It runs git, which it keeps from running programs that
// the repository's configuration names.
//
// The rules are those of setBuildInfo in cmd/go/internal/load/pkg.go and of
// codeRepo.convert in cmd/go/internal/modfetch/coderepo.go of Go 1.26. Other
// version control systems, for which the go command stamps a commit and no
// version, are not read.
//
// Retractions play no part in it, as in the go command. In two cases the
// result is another. For a module of gopkg.in at the root of its repository
// the go command stamps no version; here it has the one that go get resolves to.
// Where history is missing (a shallow clone) and no tag is on the commit
// itself, Version is "", though the go command stamps v0.0.0 if it sees no tag
// at all: the commit may well follow one.
func ReadRevision(ctx context.Context, o Options, modulePath, dir string) (*Revision, error) {
	g := &gitRepository{ctx: ctx, o: o, dir: dir}
	top, err := g.line("rev-parse", "--show-toplevel")
	if errors.Is(err, exec.ErrNotFound) || ctx.Err() != nil {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRevision, err)
	}
	head, err := g.line("log", "-n1", "--no-decorate", "--format=%H %ct")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRevision, err)
	}
	r := &Revision{VCS: "git"}
	hash, seconds, _ := strings.Cut(head, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || len(hash) < 40 {
		return nil, fmt.Errorf("unexpected output of git log: %.80q", head)
	}
	r.Commit, r.Time = hash, time.Unix(unix, 0).UTC()
	status, err := g.run("status", "--porcelain")
	if err != nil {
		return nil, err
	}
	r.Modified = len(status) > 0
	if remote, err := g.line("config", "--get", "remote.origin.url"); err == nil {
		r.Remote = remote
	}
	if r.Subdir, err = subdir(top, dir); err != nil {
		return nil, err
	}
	if r.Version, err = g.version(modulePath, filepath.FromSlash(top), r); err != nil {
		return nil, err
	}
	return r, nil
}

// subdir returns dir relative to top, with slashes, "" for top itself.
func subdir(top, dir string) (string, error) {
	resolved, err := filepath.EvalSymlinks(dir) // as git does
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(filepath.FromSlash(top), resolved)
	if err != nil || rel == "." {
		return "", err
	}
	return filepath.ToSlash(rel), nil
}

// gitRepository runs git in a directory.
type gitRepository struct {
	ctx context.Context
	o   Options
	dir string
}

func (g *gitRepository) run(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(g.ctx, "git", append([]string{
		"-c", "core.fsmonitor=false", "-c", "log.showSignature=false"}, args...)...)
	cmd.Dir = g.dir
	cmd.Env = append(slices.Clone(g.o.Environ), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return g.o.Run(cmd)
}

func (g *gitRepository) line(args ...string) (string, error) {
	out, err := g.run(args...)
	return strings.TrimSpace(string(out)), err
}

func (g *gitRepository) lines(args ...string) ([]string, error) {
	out, err := g.run(args...)
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), err
}

// file returns a file at a revision, and whether there is one.
func (g *gitRepository) file(rev, name string) ([]byte, bool) {
	out, err := g.run("show", "--no-textconv", rev+":"+name)
	return out, err == nil
}

// A versionScheme says which tags are versions of a module.
type versionScheme struct {
	dir          string // where the module's tags say it is: below the root of the repository, without a major version
	prefix       string // of its tags: dir and a slash, or ""
	major        string // "/v2", ".v2" or ""
	incompatible bool   // the commit has no go.mod file: tags of any major version will do
}

// scheme returns that of a module in a repository whose root has the go.mod
// file rootMod. Without one, the go command does not know what the root is called.
func scheme(modulePath string, rootMod []byte) (versionScheme, bool) {
	root, _, ok := module.SplitPathVersion(modfile.ModulePath(rootMod))
	if !ok || root == "" {
		return versionScheme{}, false
	}
	stem, major, ok := module.SplitPathVersion(modulePath)
	if !ok {
		return versionScheme{}, false
	}
	s := versionScheme{major: major}
	if root == modulePath {
		return s, true
	}
	rest, ok := strings.CutPrefix(stem, root)
	if !ok || rest != "" && rest[0] != '/' {
		return versionScheme{}, false
	}
	if s.dir = strings.Trim(rest, "/"); s.dir != "" {
		s.prefix = s.dir + "/"
	}
	return s, true
}

// version returns the version of the module at the commit, or "".
func (g *gitRepository) version(modulePath, top string, r *Revision) (string, error) {
	rootMod, err := readFile(filepath.Join(top, "go.mod"))
	if err != nil {
		return "", nil
	}
	s, ok := scheme(modulePath, rootMod)
	if !ok || !g.declares(&s, modulePath, r.Commit) {
		return "", g.ctx.Err()
	}
	allowed := func(tag string) string {
		v, canonical := s.parse(tag)
		if !canonical || !s.allows(v) {
			return ""
		}
		return v
	}
	here, err := g.lines("tag", "--points-at", r.Commit)
	if err != nil {
		return "", err
	}
	version := highest(here, allowed)
	if version == "" {
		merged, err := g.lines("tag", "--merged", r.Commit)
		if err != nil {
			return "", err
		}
		base := s.base(merged)
		if base == "" && g.shallow() {
			return "", nil // what tags the commit follows is not known
		}
		version = module.PseudoVersion(module.PathMajorPrefix(s.major), base, r.Time, r.Commit[:12])
	}
	if s.incompatible && !module.MatchPathMajor(version, s.major) {
		version += "+incompatible"
	}
	switch {
	case !r.Modified:
		return version, nil
	case strings.HasSuffix(version, "+incompatible"):
		return version + ".dirty", nil
	}
	return version + "+dirty", nil
}

// shallow reports whether history is missing, also where git does not say.
func (g *gitRepository) shallow() bool {
	answer, err := g.line("rev-parse", "--is-shallow-repository")
	return err != nil || answer != "false"
}

// declares reports whether the commit has the go.mod file of the module where
// its path says. Major versions of 2 and above may stand in a folder of their own.
func (g *gitRepository) declares(s *versionScheme, modulePath, commit string) bool {
	at := func(dir string) (path string, found bool) {
		data, ok := g.file(commit, strings.TrimPrefix(dir+"/go.mod", "/"))
		return modfile.ModulePath(data), ok
	}
	sameMajor := func(p string) bool {
		_, major, ok := module.SplitPathVersion(p)
		if ok && strings.HasPrefix(s.major, ".") {
			return strings.HasPrefix(major, ".") && module.MatchPathMajor(module.PathMajorPrefix(s.major)+".0.0", major)
		}
		return ok && major == s.major
	}
	here, found := at(s.dir)
	if strings.HasPrefix(s.major, "/") {
		if below, ok := at(path.Join(s.dir, s.major[1:])); ok {
			return sameMajor(below) && !(found && sameMajor(here))
		}
	}
	if found {
		return here != "" && sameMajor(here)
	}
	s.incompatible = s.dir == "" && s.major == ""
	return s.dir == "" && (s.major == "" || s.major[0] == '.')
}

// parse returns the version that a tag names, and whether it does so in
// canonical form: v1.2.3+meta is no version, but one that a pseudo-version can follow.
func (s versionScheme) parse(tag string) (v string, canonical bool) {
	name, ok := strings.CutPrefix(tag, s.prefix)
	if !ok || module.IsPseudoVersion(tag) {
		return "", false
	}
	v = semver.Canonical(name)
	if v == "" || !strings.HasPrefix(name, v) {
		return "", false
	}
	return v, v == name
}

func (s versionScheme) allows(v string) bool {
	return module.MatchPathMajor(v, s.major) || s.incompatible
}

// base returns the highest version among tags, for a pseudo-version to follow.
func (s versionScheme) base(tags []string) string {
	return highest(tags, func(tag string) string {
		v, _ := s.parse(tag)
		if v == "" || !s.allows(v) {
			return ""
		}
		return v
	})
}

func highest(tags []string, version func(string) string) string {
	best := ""
	for _, tag := range tags {
		if v := version(tag); v != "" && (best == "" || semver.Compare(v, best) > 0) {
			best = v
		}
	}
	return best
}
