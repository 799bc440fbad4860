// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/internal/machine"
)

// A repository is a git repository that the go command finds at
// https://corp.example/repo.
type repository struct {
	t    *testing.T
	dir  string
	cues []string // the environment of git, and of the go command
	tick int
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	machine.Need(t, "git")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	r := &repository{t: t, dir: dir, cues: append(os.Environ(),
		"HOME="+home, "XDG_CONFIG_HOME="+home, "GIT_CONFIG_NOSYSTEM=1", "GIT_ALLOW_PROTOCOL=file:https", "GIT_TERMINAL_PROMPT=0",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url."+dir+".insteadOf", "GIT_CONFIG_VALUE_0=https://corp.example/repo",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@corp.example", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@corp.example",
		"GOPROXY=direct", "GOSUMDB=off", "GOENV=off", "GOWORK=off", "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local", "GOVCS=*:git", "GOPRIVATE=", "GONOPROXY=",
		"GOPATH="+filepath.Join(home, "go"))}
	r.git("init", "--quiet", "--initial-branch=main")
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(r.cues, fmt.Sprintf("GIT_COMMITTER_DATE=2026-03-01T10:00:%02dZ", r.tick), fmt.Sprintf("GIT_AUTHOR_DATE=2026-03-01T09:00:%02dZ", r.tick))
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// write writes files, name=content.
func (r *repository) write(files ...string) {
	r.t.Helper()
	for _, f := range files {
		name, content, _ := strings.Cut(f, "=")
		name = filepath.Join(r.dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte(content), 0o666)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// commit commits everything, with tags.
func (r *repository) commit(tags ...string) {
	r.t.Helper()
	r.tick++
	r.git("add", "-A")
	r.git("commit", "--quiet", "--allow-empty", "-m", "x")
	for _, tag := range tags {
		r.git("tag", tag)
	}
}

// pseudo names the commit that is checked out.
func (r *repository) pseudo(older string) string {
	r.t.Helper()
	return fmt.Sprintf("%s20260301100%03d-%s", older, r.tick, r.git("rev-parse", "HEAD")[:12])
}

// download has the go command make the record.
func (r *repository) download(m module.Version) (Record, error) {
	r.t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", m.String())
	cmd.Dir = r.t.TempDir()
	cmd.Env = r.cues
	out, _ := cmd.Output()
	var d struct{ Version, Sum, GoModSum, Error string }
	if err := json.Unmarshal(out, &d); err != nil {
		r.t.Fatalf("go mod download %s: %v\n%s", m, err, out)
	}
	if d.Error != "" {
		return Record{}, errors.New(d.Error)
	}
	return Record{m, d.Sum, d.GoModSum}, nil
}

// hash has this package make it.
func (r *repository) hash(m module.Version, subdir string) (Record, string, error) {
	return HashDir(r.t.Context(), m, filepath.Join(r.dir, filepath.FromSlash(subdir)))
}

const repo = "corp.example/repo.git"

// What is logged of a checkout is what the go command makes of the repository.
func TestCheckout(t *testing.T) {
	r := newRepository(t)
	r.write("LICENSE=root's license\n", "go.mod=module "+repo+"\n", "a.go=package a\n", ".gitignore=*.secret\n",
		".gitattributes=left.txt export-ignore\nnamed.txt export-subst\ndos.txt eol=crlf\n",
		"sub/go.mod=module "+repo+"/sub\n", "sub/b.go=package b\n", "sub/left.txt=left\n", "sub/named.txt=$Format:%H$\n", "sub/dos.txt=a\nb\n",
		"sub/.gitattributes=own.txt export-ignore\n", "sub/own.txt=own\n",
		"sub/other/go.mod=module "+repo+"/sub/other\n", "sub/other/LICENSE=its own\n", "sub/other/c.go=package c\n",
		"sub/vendor/x/x.go=package x\n", "sub/vendor/modules.txt=# x\n", "subject/d.go=package d\n")
	r.commit("v1.0.0", "sub/v1.2.3", "sub/other/v0.1.0")
	// What is not in the repository: nobody who downloads the module has it.
	r.write("sub/token.secret=hunter2\n", "token.secret=hunter2\n")
	r.write(".git/info/attributes=b.go export-ignore\n")
	first := r.git("rev-parse", "HEAD")
	check := func(path, version, subdir string) {
		t.Helper()
		m := module.Version{Path: path, Version: version}
		got, commit, err := r.hash(m, subdir)
		if err != nil {
			t.Errorf("%s: %v", m, err)
			return
		}
		if want, err := r.download(m); err != nil || got != want || commit != r.git("rev-parse", "HEAD") {
			t.Errorf("%s:\n%+v of %s, the go command has\n%+v, %v", m, got, commit, want, err)
		}
	}
	check(repo, "v1.0.0", "")
	check(repo+"/sub", "v1.2.3", "sub")
	check(repo+"/sub/other", "v0.1.0", "sub/other")

	// A hook's environment points elsewhere, and a clone may have its files anywhere.
	t.Setenv("GIT_DIR", t.TempDir())
	check(repo+"/sub", "v1.2.3", "sub")
	os.Unsetenv("GIT_DIR")
	tree := filepath.Join(t.TempDir(), "tree")
	r.git("worktree", "add", "--quiet", "--detach", tree, first)
	m := module.Version{Path: repo + "/sub", Version: "v1.2.3"}
	want, _, err := r.hash(m, "sub")
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := HashDir(t.Context(), m, filepath.Join(tree, "sub")); err != nil || got != want {
		t.Errorf("in another worktree: %+v, %v", got, err)
	}

	r.write("sub/b.go=package b // changed\n")
	r.commit()
	check(repo+"/sub", r.pseudo("v1.2.4-0."), "sub")
	check(repo, r.pseudo("v1.0.1-0."), "")
	check(repo, r.pseudo("v0.0.0-"), "")

	r.write("go.mod=module "+repo+"/v2\n", "sub/v3/go.mod=module "+repo+"/sub/v3\n", "sub/v3/e.go=package e\n")
	r.commit("v2.0.0", "sub/v3.1.0")
	check(repo+"/v2", "v2.0.0", "")
	check(repo+"/sub/v3", "v3.1.0", "sub/v3")

	r.git("rm", "--quiet", "go.mod")
	r.commit("v4.0.0")
	check(repo, "v4.0.0+incompatible", "")
}

// What the go command would not take, or would take from elsewhere, is refused.
func TestCheckoutRefusals(t *testing.T) {
	r := newRepository(t)
	r.write("go.mod=module "+repo+"\n", "a.go=package a\n", ".gitignore=ignored/\n", "sub/go.mod=module "+repo+"/sub\n", "sub/b.go=package b\n", "plain/c.go=package c\n",
		"two/go.mod=module "+repo+"/two/v2\n", "two/v2/go.mod=module "+repo+"/two/v2\n")
	r.commit("v1.0.0", "sub/v1.0.0", "v5.0.0", "two/v2.0.0")
	older := r.git("rev-parse", "HEAD")
	r.commit("v1.0.1", "sub/v0.9.0")
	newer := r.pseudo("v0.0.0-")
	r.git("checkout", "--quiet", "--detach", older)
	r.tick--
	good := module.Version{Path: repo, Version: "v1.0.0"}
	if _, _, err := r.hash(good, ""); err != nil {
		t.Fatal(err)
	}
	r.write("ignored/go.mod=module " + repo + "/ignored\n")
	for name, c := range map[string]struct {
		path, version, subdir, want string
		neither                     bool // the go command has nothing of that name either
	}{
		"tag of another commit":      {repo, "v1.0.1", "", "the tag v1.0.1 is at commit", false},
		"no tag":                     {repo, "v1.0.2", "", "no tag v1.0.2", true},
		"the root's tag":             {repo + "/sub", "v1.0.1", "sub", "no tag sub/v1.0.1", true},
		"a folder of the module":     {repo + "/plain", "v1.0.0", "plain", "no go.mod file in plain", true},
		"a folder that is ignored":   {repo + "/ignored", "v1.0.0", "ignored", "no go.mod file in ignored", true},
		"another module's folder":    {repo + "/other", "v1.0.0", "sub", "its go.mod is that of", true},
		"incompatible, and go.mod":   {repo, "v5.0.0+incompatible", "", "for modules without", true},
		"two folders":                {repo + "/two/v2", "v2.0.0", "two", "too", true},
		"two folders, of the other":  {repo + "/two/v2", "v2.0.0", "two/v2", "too", true},
		"pseudo-version of another":  {repo, newer, "", "is checked out", false},
		"pseudo-version's time":      {repo, "v0.0.0-20260301100059-" + older[:12], "", "is of 2026", true},
		"pseudo-version of its tag":  {repo, r.pseudo("v1.0.1-0."), "", "the commit has the tag v1.0.0", true},
		"pseudo-version of none":     {repo, r.pseudo("v1.0.8-0."), "", "no tag v1.0.7", true},
		"pseudo-version of a later":  {repo, r.pseudo("v1.0.2-0."), "", "is not before the commit", true},
		"pseudo-version of sub's":    {repo + "/sub", r.pseudo("v0.9.1-0."), "sub", "is not before the commit", true},
		"a folder that is not there": {repo, "v1.0.0", "none", "none", false},
	} {
		m := module.Version{Path: c.path, Version: c.version}
		if got, _, err := r.hash(m, c.subdir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if got, err := r.download(m); c.neither != (err != nil) {
			t.Errorf("%s: the go command has %+v, %v", name, got, err)
		}
	}
	for _, change := range []func(){
		func() { r.write("a.go=package a // changed\n") },
		func() { r.write("new.go=package a\n") },
		func() { r.write("a.go=package a // staged\n"); r.git("add", "a.go") },
		func() { r.git("rm", "--quiet", "--cached", "a.go") },
	} {
		change()
		var refused *CheckoutError
		if got, _, err := r.hash(good, ""); !errors.As(err, &refused) {
			t.Errorf("changed: %+v, %v", got, err)
		}
		r.git("reset", "--quiet", "--hard")
		r.git("clean", "--quiet", "-fd")
	}
	for _, control := range controlFolders {
		dir := t.TempDir()
		if err := errors.Join(os.Mkdir(filepath.Join(dir, control[0]), 0o777), os.Mkdir(filepath.Join(dir, "sub"), 0o777)); err != nil {
			t.Fatal(err)
		}
		if got, _, err := HashDir(t.Context(), good, filepath.Join(dir, "sub")); err == nil {
			t.Errorf("%s: %+v", control[1], got)
		}
	}
}
