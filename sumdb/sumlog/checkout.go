// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/goassay/assay/audit/gocmd"
)

// A CheckoutError is a folder in a checkout of version control of which the go
// command would not make the module version that was named.
type CheckoutError struct {
	Dir    string // the checkout
	Detail string
}

// Error names the checkout.
func (e *CheckoutError) Error() string { return e.Dir + ": " + e.Detail }

// A checkout is a folder in the worktree of a git repository. The module that
// the go command would make of it is read from the commit that is checked out,
// never from the folder: which files there are, and which bytes they have, is the
// repository's word (cmd/go/internal/modfetch, coderepo.go and codehost/git.go).
type checkout struct {
	ctx    context.Context
	root   string // the worktree, absolute
	subdir string // of the module below it, with slashes; "" for the root
	commit string // checked out, in full
}

// controlFolders are what shows that a folder is under version control, and of
// which system.
var controlFolders = [][2]string{{".git", "git"}, {".hg", "Mercurial"}, {".svn", "Subversion"}, {".bzr", "Bazaar"}, {".fslckout", "Fossil"}, {"_FOSSIL_", "Fossil"}}

// controlled finds the checkout that a folder is in: the nearest, of whatever
// system.
func controlled(dir string) (root, system string) {
	for {
		for _, c := range controlFolders {
			if _, err := os.Lstat(filepath.Join(dir, c[0])); err == nil {
				return dir, c[1]
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", ""
		}
		dir = up
	}
}

// openCheckout opens the checkout that a folder is in, or returns nil if it is in
// none.
func openCheckout(ctx context.Context, dir string) (*checkout, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, err
	}
	root, system := controlled(dir)
	c := &checkout{ctx: ctx, root: root}
	switch {
	case root == "":
		return nil, nil
	case system != "git":
		return nil, c.errorf("a checkout of %s, which is not read", system)
	}
	subdir, err := filepath.Rel(root, dir)
	if err != nil {
		return nil, err
	}
	if subdir != "." {
		c.subdir = filepath.ToSlash(subdir)
	}
	top, err := c.git("rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	if !sameFile(top, root) {
		return nil, c.errorf("not the worktree of a git repository")
	}
	c.commit, err = c.git("rev-parse", "--verify", "HEAD^{commit}")
	return c, err
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

func (c *checkout) errorf(format string, args ...any) error {
	return &CheckoutError{c.root, fmt.Sprintf(format, args...)}
}

// check checks that m is what is checked out, as the go command names it, and
// that nothing in the folder is other than that.
func (c *checkout) check(m module.Version) error {
	changed, err := c.git("status", "--porcelain=v1", "--untracked-files=all", "--ignore-submodules=none")
	if err != nil {
		return err
	}
	if changed != "" {
		first, _, _ := strings.Cut(changed, "\n")
		return c.errorf("not as it was committed: %s", first)
	}
	codeDir, err := c.codeDir(m)
	if err != nil {
		return err
	}
	version, _ := strings.CutSuffix(m.Version, "+incompatible")
	if module.IsPseudoVersion(version) {
		return c.checkPseudo(codeDir, version)
	}
	tag := path.Join(codeDir, version)
	commit, err := c.tagged(tag)
	switch {
	case err != nil:
		return err
	case commit == "":
		return c.errorf("there is no tag %s", tag)
	case commit != c.commit:
		return c.errorf("the tag %s is at commit %.12s, and %.12s is checked out", tag, commit, c.commit)
	}
	return nil
}

// codeDir returns the folder that the tags of m begin with, which is without the
// major version: the go command looks for corp.example/lib/v2 in the root and in
// v2, and wants one of the two (codeRepo.findDir).
func (c *checkout) codeDir(m module.Version) (string, error) {
	incompatible := strings.HasSuffix(m.Version, "+incompatible")
	_, major, _ := module.SplitPathVersion(m.Path)
	major, inPath := strings.CutPrefix(major, "/")
	hasGoMod := c.has("go.mod")
	switch {
	case incompatible && hasGoMod:
		return "", c.errorf("there is a go.mod file, and %s is for modules without", m.Version)
	case !hasGoMod && (c.subdir != "" || inPath):
		return "", c.errorf("there is no go.mod file in %s", path.Join(".", c.subdir))
	}
	if !inPath {
		return c.subdir, nil
	}
	if path.Base(c.subdir) == major {
		up := strings.TrimSuffix(strings.TrimSuffix(c.subdir, major), "/")
		mod, err := c.git("cat-file", "blob", c.commit+":"+path.Join(up, "go.mod"))
		if _, other, _ := module.SplitPathVersion(modfile.ModulePath([]byte(mod))); err == nil && other == "/"+major {
			return "", c.errorf("the go.mod file in %s is of %s too", path.Join(".", up), major)
		}
		return up, nil
	}
	if c.has(major + "/go.mod") {
		return "", c.errorf("there is a go.mod file in %s too", path.Join(c.subdir, major))
	}
	return c.subdir, nil
}

// has reports whether the commit has a file, by its path below the module.
func (c *checkout) has(name string) bool {
	_, err := c.git("cat-file", "-e", c.commit+":"+path.Join(c.subdir, name))
	return err == nil
}

// tagged returns the commit of a tag, or "".
func (c *checkout) tagged(tag string) (string, error) {
	if found, err := c.git("tag", "--list", tag); err != nil || found == "" {
		return "", err
	}
	return c.git("rev-parse", "--verify", "refs/tags/"+tag+"^{commit}")
}

// checkPseudo checks a pseudo-version against the commit that is checked out
// (codeRepo.validatePseudoVersion).
func (c *checkout) checkPseudo(codeDir, version string) error {
	rev, err := module.PseudoVersionRev(version)
	if err != nil {
		return err
	}
	if short := c.commit[:min(12, len(c.commit))]; rev != short {
		return c.errorf("%s is of commit %s, and %s is checked out", version, rev, short)
	}
	at, err := module.PseudoVersionTime(version)
	if err != nil {
		return err
	}
	text, err := c.git("show", "--no-patch", "--format=%ct", c.commit)
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return err
	}
	if committed := time.Unix(seconds, 0).UTC(); !at.Equal(committed) {
		return c.errorf("commit %s is of %s, and %s is not", rev, committed.Format(module.PseudoVersionTimestampFormat), version)
	}
	base, err := module.PseudoVersionBase(version)
	if err != nil || base == "" {
		return err
	}
	tag := path.Join(codeDir, base)
	commit, err := c.tagged(tag)
	switch {
	case err != nil:
		return err
	case commit == "":
		return c.errorf("there is no tag %s, from which %s is counted", tag, version)
	case commit == c.commit:
		return c.errorf("the commit has the tag %s, and is not %s", tag, version)
	}
	if _, err := c.git("merge-base", "--is-ancestor", commit, c.commit); err != nil {
		return c.errorf("the tag %s, from which %s is counted, is not before the commit", tag, version)
	}
	return nil
}

// zip writes the module's zip file.
func (c *checkout) zip(w io.Writer, m module.Version) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	return modzip.Create(w, m, files)
}

// files returns the files of the module, as git archive gives them to the go
// command. It works in a repository of its own that has the objects of the
// checkout and nothing else of it, as the go command does: neither the settings
// of this clone nor export-ignore and export-subst, which golang.org/issue/27153
// switches off, must change what is hashed. golang.org/x/mod/zip.CreateFromVCS
// heeds both.
func (c *checkout) files() (files []modzip.File, err error) {
	objects, err := c.git("rev-parse", "--git-path", "objects")
	if err != nil {
		return nil, err
	}
	if !filepath.IsAbs(objects) {
		objects = filepath.Join(c.root, objects)
	}
	format, err := c.git("rev-parse", "--show-object-format")
	if err != nil {
		return nil, err
	}
	bare, err := os.MkdirTemp("", "sumlog-git")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(bare)) }()
	if _, err := c.git("init", "--quiet", "--bare", "--template=", "--object-format="+format, bare); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"objects/info/alternates": objects + "\n",
		"info/attributes":         "\n* -export-subst -export-ignore\n", // as in codehost.ensureGitAttributes
	} {
		name = filepath.Join(bare, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			return nil, err
		}
	}
	args := []string{"-c", "core.autocrlf=input", "-c", "core.eol=lf", "archive", "--format=zip", "--prefix=prefix/", c.commit}
	if c.subdir != "" {
		args = append(args, c.subdir)
	}
	archive, err := c.run(bare, args...)
	if err != nil {
		return nil, err
	}
	return c.read(bare, archive)
}

// read reads what git archive wrote, and adds the LICENSE file of the root where
// the module's folder has none (codeRepo.Zip).
func (c *checkout) read(bare string, archive []byte) ([]modzip.File, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	prefix := "prefix/"
	if c.subdir != "" {
		prefix += c.subdir + "/"
	}
	licensed := c.subdir == ""
	var files []modzip.File
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, prefix)
		if !ok || name == "" || strings.HasSuffix(name, "/") {
			continue
		}
		files = append(files, archived{name, f.FileInfo(), f.Open})
		licensed = licensed || name == "LICENSE"
	}
	if !licensed {
		if data, err := c.run(bare, "cat-file", "blob", c.commit+":LICENSE"); err == nil {
			open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
			files = append(files, archived{"LICENSE", blob(len(data)), open})
		}
	}
	return files, nil
}

// archived is a file of a module.
type archived struct {
	path string
	info fs.FileInfo
	open func() (io.ReadCloser, error)
}

func (f archived) Path() string                 { return f.path }
func (f archived) Lstat() (fs.FileInfo, error)  { return f.info, nil }
func (f archived) Open() (io.ReadCloser, error) { return f.open() }

// blob is a regular file of that size, without a name.
type blob int64

func (b blob) Name() string     { return "" }
func (b blob) Size() int64      { return int64(b) }
func (blob) Mode() fs.FileMode  { return 0o644 }
func (blob) ModTime() time.Time { return time.Time{} }
func (blob) IsDir() bool        { return false }
func (blob) Sys() any           { return nil }

// git asks git about the checkout, and returns its answer without the line's end.
func (c *checkout) git(args ...string) (string, error) {
	out, err := c.run("", append([]string{"-C", c.root}, args...)...)
	return strings.TrimRight(string(out), "\r\n"), err
}

// run runs git in a repository, or where its arguments say.
func (c *checkout) run(gitDir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(c.ctx, "git", args...)
	// A hook runs with variables that point git to a repository.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(repositoryVariables, name)
	})
	// What refs/replace has stays on this machine, and the go command never gets it.
	cmd.Env = append(cmd.Env, "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	if gitDir != "" {
		cmd.Env = append(cmd.Env, "GIT_DIR="+gitDir)
	}
	return gocmd.Run(cmd)
}

// repositoryVariables are those of git rev-parse --local-env-vars that name a
// repository, a part of one, or change what is in it.
var repositoryVariables = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE",
	"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_ATTR_SOURCE",
}
