// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/goassay/assay/audit"
)

// vulnFacts are what text shows of the facts of check vuln: what to do about
// the vulnerabilities, and on what data that rests.
type vulnFacts struct {
	Database struct {
		Kind     string    `json:"kind"`
		Location string    `json:"location"`
		Modified time.Time `json:"modified"`
		AgeDays  int       `json:"age_days"`
		Fallback string    `json:"fallback"`
	} `json:"database"`
	Targets         []vulnTarget `json:"targets"`
	Vulnerabilities []struct {
		Target  int    `json:"target"`
		ID      string `json:"id"`
		Module  string `json:"module"`
		Version string `json:"version"`
		Reach   string `json:"reach"`
	} `json:"vulnerabilities"`
	NotAssessed []struct {
		Target int `json:"target"`
	} `json:"not_assessed"`
}

// A vulnTarget is one thing that was looked at.
type vulnTarget struct {
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Level    string   `json:"level"`
	Modules  int      `json:"modules"`
	Packages []string `json:"packages"`
	Tags     []string `json:"tags"`
	Platform struct {
		OS   string `json:"os"`
		Arch string `json:"arch"`
	} `json:"platform"`
	LeftOut *struct {
		Folders []string `json:"folders"`
		Modules []string `json:"modules"`
		Unseen  bool     `json:"unseen"`
	} `json:"left_out"`
	Upgrades []vulnUpgrade `json:"upgrades"`
	vulnCommand
}

// A vulnUpgrade is a change of the version of a module, with what it fixes.
type vulnUpgrade struct {
	Module string   `json:"module"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Fixes  []string `json:"fixes"`
	Leaves []string `json:"leaves"`

	Graph    string `json:"graph"`
	Selected string `json:"selected"`
	Go       string `json:"go"`
}

// maxUpgrades is how many changes of a target are shown without Options.Verbose.
const maxUpgrades = 20

// vulnReaches are how close a vulnerability may be to a program, the closest first.
var vulnReaches = []string{"called", "present", "imported", "required"}

// vulnerabilities writes what was looked at, on what data, and which changes of
// versions free the targets of their known vulnerabilities: those first that fix
// what is closest to the program.
func (p *page) vulnerabilities() {
	var facts vulnFacts
	raw, ok := p.rep.Facts["vuln"]
	if !ok || json.Unmarshal(raw, &facts) != nil || facts.Database.Modified.IsZero() {
		return
	}
	p.line()
	p.line(style(strong, msgVulnerabilities.In(p.rep.Lang)))
	p.para("  ", 2, faint, p.vulnData(&facts))
	for i := range facts.Targets[:min(len(facts.Targets), maxTargets)] {
		left := 0
		for _, n := range facts.NotAssessed {
			if n.Target == i {
				left++
			}
		}
		p.lookedAt(&facts.Targets[i], left)
	}
	if n := len(facts.Targets) - maxTargets; n > 0 {
		p.para("  ", 2, faint, say(p.rep.Lang, msgMore, audit.Args{"n": n}))
	}
	total := 0
	for _, t := range facts.Targets {
		total += len(t.Upgrades)
	}
	if total == 0 {
		return
	}
	p.heading(msgUpgrades, total)
	for i, t := range facts.Targets {
		if len(facts.Targets) > 1 && len(t.Upgrades) > 0 {
			p.para("", 0, strong, clean(t.Name))
		}
		p.command(&facts.Targets[i].vulnCommand)
		p.targetUpgrades(&facts, i)
	}
}

// lookedAt writes of a target, of which some is not assessed, what was looked at, how deep, and what was not.
func (p *page) lookedAt(t *vulnTarget, notAssessed int) {
	lang := p.rep.Lang
	parts := []string{figure(lang, number{"modules", int64(t.Modules)})}
	if notAssessed > 0 {
		parts = append(parts, figure(lang, number{"not_assessed", int64(notAssessed)}))
	}
	if n := len(t.Packages); n > 0 {
		parts = append(parts, figure(lang, number{"packages", int64(n)}))
	}
	if t.Platform.OS != "" {
		parts = append(parts, clean(t.Platform.OS+"/"+t.Platform.Arch))
	}
	if len(t.Tags) > 0 {
		parts = append(parts, say(lang, msgTags, audit.Args{"tags": list(lang, cleanAll(t.Tags), maxTargets)}))
	}
	if text, ok := wordVulnLevel[t.Level]; ok {
		parts = append(parts, text.In(lang))
	}
	p.para("  ", 2, faint, say(lang, msgOf, audit.Args{"title": clean(t.Name), "subject": join(lang, parts)}))
	left := t.LeftOut
	if left == nil {
		return
	}
	if left.Folders != nil {
		p.para("    ", 4, faint, say(lang, msgNotBuilt, audit.Args{"folders": list(lang, cleanAll(left.Folders), maxTargets)}))
	}
	if left.Modules != nil {
		p.para("    ", 4, faint, say(lang, msgOtherModules, audit.Args{"folders": list(lang, cleanAll(left.Modules), maxTargets)}))
	}
	if left.Unseen {
		p.para("    ", 4, faint, msgUnseen.In(lang))
	}
}

func cleanAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = clean(s)
	}
	return out
}

// vulnData says what the answers rest on: which data, how old it is, and why it
// is not the data that was to be asked.
func (p *page) vulnData(facts *vulnFacts) string {
	d := facts.Database
	source := clean(d.Kind)
	if t, ok := wordVulnSource[d.Kind]; ok {
		source = t.In(p.rep.Lang)
	}
	if d.Location != "" {
		source = clean(d.Location)
	}
	s := say(p.rep.Lang, msgVulnData, audit.Args{"source": source, "date": date(d.Modified), "days": d.AgeDays})
	if d.Fallback != "" {
		why := clean(d.Fallback)
		if d.Fallback == "offline" {
			why = msgOffline.In(p.rep.Lang)
		}
		s += say(p.rep.Lang, msgAside, audit.Args{"text": why})
	}
	return s
}

// targetUpgrades writes what to change of a target, and what that fixes.
func (p *page) targetUpgrades(facts *vulnFacts, target int) {
	type row struct {
		what, fixes string
		counts      []int // of what it fixes, then of what it leaves, by reach
	}
	var rows []row
	for _, u := range facts.Targets[target].Upgrades {
		fixes, leaves := make([]int, len(vulnReaches)), make([]int, len(vulnReaches))
		for _, v := range facts.Vulnerabilities {
			r := slices.Index(vulnReaches, v.Reach)
			switch {
			case r < 0 || v.Target != target || v.Module != u.Module || v.Version != u.From:
			case slices.Contains(u.Fixes, v.ID):
				fixes[r]++
			case slices.Contains(u.Leaves, v.ID):
				leaves[r]++
			}
		}
		rows = append(rows, row{p.upgradeText(&u), p.upgradeCounts(&u, fixes, leaves), slices.Concat(fixes, leaves)})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Compare(b.counts, a.counts) })
	for i, r := range rows {
		if i == maxUpgrades && !p.opts.Verbose {
			p.para("  ", 2, faint, say(p.rep.Lang, msgMore, audit.Args{"n": len(rows) - i}))
			break
		}
		p.para("  ", 2, plainPaint, r.what)
		p.para("    ", 4, faint, r.fixes)
	}
}

func (p *page) upgradeText(u *vulnUpgrade) string {
	args := audit.Args{"module": clean(u.Module), "from": clean(u.From), "to": clean(u.To)}
	if u.To == "" {
		return say(p.rep.Lang, msgNoUpgrade, args)
	}
	return say(p.rep.Lang, msgUpgrade, args)
}

// upgradeCounts counts what a change fixes, and what it leaves.
func (p *page) upgradeCounts(u *vulnUpgrade, fixes, leaves []int) string {
	var parts []string
	if u.To != "" {
		parts = append(parts, say(p.rep.Lang, msgFixes, audit.Args{"n": len(u.Fixes), "counts": p.reaches(fixes)}))
	}
	if len(u.Leaves) > 0 {
		parts = append(parts, say(p.rep.Lang, msgLeaves, audit.Args{"n": len(u.Leaves), "counts": p.reaches(leaves)}))
	}
	if t, ok := wordVulnGraph[u.Graph]; ok {
		parts = append(parts, say(p.rep.Lang, t, audit.Args{"selected": clean(u.Selected), "go": clean(u.Go)}))
	}
	return join(p.rep.Lang, parts)
}

// reaches writes how many are how close.
func (p *page) reaches(counts []int) string {
	var parts []string
	for i, n := range counts {
		if n > 0 {
			parts = append(parts, say(p.rep.Lang, msgCount, audit.Args{"n": n, "what": figureName(p.rep.Lang, vulnReaches[i])}))
		}
	}
	if parts == nil {
		return ""
	}
	return say(p.rep.Lang, msgAside, audit.Args{"text": enumerate(p.rep.Lang, parts)})
}
