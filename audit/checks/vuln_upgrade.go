// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/modgraph"
	"github.com/goassay/assay/audit/vulns"
)

// VulnUpgrade is the smallest upgrade of a module, and what the go command
// makes of it. Of modules of executables and bills of materials there is no
// graph to ask about, nor of the standard library and the toolchain.
type VulnUpgrade struct {
	vulns.Upgrade
	Graph    UpgradeGraph          `json:"graph,omitempty"`
	Reason   string                `json:"reason,omitempty"`   // what the go command says, where it gives no build list
	Selected string                `json:"selected,omitempty"` // the version that go get has to be asked for
	Affected []string              `json:"affected,omitempty"` // of raised: IDs of what affects Selected
	Replace  *modgraph.Replacement `json:"replace,omitempty"`  // of replaced: the line in the way
	Go       string                `json:"go,omitempty"`       // of newer-go: the version of Go that is needed at least

	// Retracted is why its authors retracted the selected version, which go get
	// takes all the same; absent if they did not, or that is not known.
	Retracted []string `json:"retracted,omitempty"`

	Command string `json:"command,omitempty"` // that makes this upgrade alone

	want string // version to ask for
}

// UpgradeGraph says whether the build list of a module lets it upgrade another.
type UpgradeGraph string

// What becomes of an upgrade.
const (
	GraphAllowed     UpgradeGraph = "allowed"
	GraphRaised      UpgradeGraph = "raised"      // others need a later version, which is selected
	GraphReplaced    UpgradeGraph = "replaced"    // a replace line takes something else all the same
	GraphExcluded    UpgradeGraph = "excluded"    // by an exclude line
	GraphNewerGo     UpgradeGraph = "newer-go"    // it needs a newer Go than the one in use: what else it needs is not known
	GraphUnavailable UpgradeGraph = "unavailable" // go get cannot have the version
	GraphMainModule  UpgradeGraph = "main-module" // it is a main module: what is checked out decides
	GraphUnknown     UpgradeGraph = "unknown"
)

// Bounds of the questions about one main module.
const (
	maxUpgradeQuestions = 20  // about single upgrades
	maxUpgradeRounds    = 3   // with later versions, where the selected one is affected
	maxUpgradeReason    = 400 // bytes
)

// gettable reports whether go get makes the upgrade.
func (u *VulnUpgrade) gettable() bool { return u.Graph == GraphAllowed || u.Graph == GraphRaised }

// getVersion is the version in words of the go command: of a major version
// without a module of its own a database leaves out that it is "+incompatible".
func getVersion(path, version string) string {
	if module.Check(path, version) != nil && module.Check(path, version+"+incompatible") == nil {
		return version + "+incompatible"
	}
	return version
}

// upgrade finds what frees a target of open vulnerabilities.
func (r *vulnRun) upgrade(ctx context.Context, t *VulnTarget, open []vulns.Vulnerability) error {
	list, err := r.db.Upgrades(ctx, open)
	if err != nil {
		return r.database(ctx, err)
	}
	for _, u := range list {
		t.Upgrades = append(t.Upgrades, VulnUpgrade{Upgrade: u})
	}
	if t.Kind != "module" {
		return nil
	}
	q := upgradeQuestion{vulnRun: r, t: t}
	return q.ask(ctx)
}

// upgradeQuestion asks the go command about the upgrades of one main module.
type upgradeQuestion struct {
	*vulnRun
	t     *VulnTarget
	trial *modgraph.Trial
}

func (q *upgradeQuestion) ask(ctx context.Context) error {
	main := audit.Facts[*listed](q.Pass, listing).products
	var ask []*VulnUpgrade
	for i := range q.t.Upgrades {
		u := &q.t.Upgrades[i]
		if u.To == "" || u.Module == vulns.Stdlib || u.Module == vulns.Toolchain {
			continue
		}
		u.Graph, u.want = GraphUnknown, getVersion(u.Module, u.To)
		for _, p := range main {
			if p.Root.Path == u.Module {
				u.Graph = GraphMainModule
			}
		}
		if u.Graph == GraphUnknown {
			ask = append(ask, u)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	var err error
	q.trial, err = modgraph.NewTrial(ctx, modgraph.Options{Dir: q.t.dir, Environ: goEnviron(q.Pass), Run: q.Exec})
	if err != nil {
		for _, u := range ask {
			u.Reason = q.reason(err)
		}
		return ctx.Err()
	}
	defer q.trial.Close()
	change, err := q.all(ctx, ask)
	if err != nil || change == nil {
		return err
	}
	return q.conclude(ctx, change)
}

// all asks about all upgrades together and, where that has no answer, about
// each, to ask about those together that are possible.
func (q *upgradeQuestion) all(ctx context.Context, ask []*VulnUpgrade) (*modgraph.Change, error) {
	change, err := q.question(ctx, ask)
	alone := map[*VulnUpgrade]*modgraph.Change{} // what each makes alone
	if err != nil && len(ask) == 1 {
		return nil, q.refuse(ask[0], err)
	}
	if err != nil {
		for i, u := range ask {
			if i >= maxUpgradeQuestions {
				u.Graph, u.Reason = GraphUnknown, "too many upgrades to ask about each"
				continue
			}
			one, err := q.question(ctx, ask[i:i+1])
			alone[u] = one
			if err := q.refuse(u, err); err != nil {
				return nil, err
			}
		}
	}
	good := slices.DeleteFunc(slices.Clone(ask), func(u *VulnUpgrade) bool { return !u.gettable() })
	if len(good) == 0 || err == nil && len(good) == len(ask) {
		return change, nil
	}
	if len(good) == 1 && alone[good[0]] != nil {
		return alone[good[0]], nil
	}
	change, err = q.question(ctx, good)
	if err == nil || ctx.Err() != nil || !isRefusal(err) {
		return change, err
	}
	for _, u := range good { // each by itself is possible, not all
		u.Command = "go get " + u.Module + "@" + u.Selected
	}
	return nil, nil
}

func isRefusal(err error) bool {
	var refused *modgraph.TrialError
	return errors.As(err, &refused)
}

// question asks about upgrades together. If a later version is selected than
// was wanted, and vulnerabilities affect it that have a fix, it asks for that.
func (q *upgradeQuestion) question(ctx context.Context, ups []*VulnUpgrade) (*modgraph.Change, error) {
	var last *modgraph.Change
	for range maxUpgradeRounds {
		var want []module.Version
		for _, u := range ups {
			want = append(want, module.Version{Path: u.Module, Version: u.want})
		}
		change, err := q.trial.Upgrade(ctx, want)
		if err != nil {
			if last != nil && isRefusal(err) { // the version before, which is affected, is all there is
				for _, u := range ups {
					u.want = cmp.Or(u.Selected, u.want)
				}
				return last, nil
			}
			return nil, err
		}
		last = change
		later := false
		for i, a := range change.Answers {
			more, err := q.take(ctx, ups[i], a)
			if err != nil {
				return nil, err
			}
			later = later || more
		}
		if !later {
			break
		}
	}
	return last, nil
}

// take takes an answer over. It reports whether another version is to be asked for.
func (q *upgradeQuestion) take(ctx context.Context, u *VulnUpgrade, a modgraph.Answer) (later bool, err error) {
	u.Graph, u.Selected, u.Retracted, u.Affected, u.Reason = GraphAllowed, a.Selected, redacted(a.Retracted), nil, ""
	if u.Replace = a.Replace; u.Replace != nil {
		u.Graph, u.Selected = GraphReplaced, ""
		return false, nil
	}
	if u.Selected == getVersion(u.Module, u.To) {
		return false, nil
	}
	u.Graph = GraphRaised
	found, err := q.affecting(ctx, u.Module, u.Selected)
	for _, v := range found {
		u.Affected = append(u.Affected, v.ID)
	}
	var next []vulns.Upgrade
	if err == nil {
		next, err = q.db.Upgrades(ctx, found)
	}
	if err != nil {
		return false, q.database(ctx, err)
	}
	if len(next) == 1 && next[0].To != "" {
		u.want = getVersion(u.Module, next[0].To)
		return true, nil
	}
	return false, nil
}

// affecting lists what affects a version of a module, and was not withdrawn.
func (q *upgradeQuestion) affecting(ctx context.Context, path, version string) ([]vulns.Vulnerability, error) {
	if version == "" {
		return nil, nil
	}
	a, err := q.db.Match(ctx, []vulns.Module{{Path: path, Version: version}}, q.t.assessment.Platform)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(a.Vulnerabilities, func(v vulns.Vulnerability) bool { return !v.Withdrawn.IsZero() }), nil
}

// refuse says why an upgrade is not made. What is no refusal it gives back.
func (q *upgradeQuestion) refuse(u *VulnUpgrade, err error) error {
	var refused *modgraph.TrialError
	if !errors.As(err, &refused) {
		return err
	}
	u.Graph, u.Reason = GraphUnknown, q.reason(err)
	switch refused.Refusal {
	case modgraph.Excluded:
		u.Graph = GraphExcluded
	case modgraph.NewerGo:
		u.Graph, u.Go = GraphNewerGo, refused.Go
	case modgraph.Unavailable:
		u.Graph = GraphUnavailable
	case modgraph.MainModule:
		u.Graph = GraphMainModule
	}
	return nil
}

// reason is what the go command says, in one line, and once.
func (q *upgradeQuestion) reason(err error) string {
	var said []string
	for part := range strings.SplitSeq(commandMessage(q.Pass, err), "; ") {
		if !slices.Contains(said, part) {
			said = append(said, part)
		}
	}
	s := strings.Join(said, "; ")
	if len(s) > maxUpgradeReason {
		s = strings.ToValidUTF8(s[:maxUpgradeReason], "") + " ..."
	}
	return s
}

// conclude tells what all upgrades together change, and what that brings.
func (q *upgradeQuestion) conclude(ctx context.Context, change *modgraph.Change) error {
	t := q.t
	made := map[string]bool{}
	var get []string
	for i := range t.Upgrades {
		if u := &t.Upgrades[i]; u.gettable() {
			get = append(get, u.Module+"@"+u.Selected)
			u.Command = "go get " + u.Module + "@" + u.Selected
			made[u.Module] = true
		}
	}
	if get == nil {
		return nil
	}
	t.Command = "go get " + strings.Join(get, " ")
	if change.Go != (modgraph.Move{}) {
		t.GoLine = &change.Go
	}
	for _, m := range change.Moves {
		if made[m.Path] {
			continue
		}
		t.Moves = append(t.Moves, m)
		if m.Replaced {
			continue
		}
		now, err1 := q.affecting(ctx, m.Path, m.From)
		then, err2 := q.affecting(ctx, m.Path, m.To)
		if err := errors.Join(err1, err2); err != nil {
			return q.database(ctx, err)
		}
		for _, v := range then {
			if !slices.ContainsFunc(now, func(old vulns.Vulnerability) bool { return old.ID == v.ID }) {
				t.Brings = append(t.Brings, v.ID+" "+m.Path+"@"+m.To)
			}
		}
	}
	return nil
}
