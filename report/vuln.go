// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"math"
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
	left := map[int]int{}
	for _, n := range facts.NotAssessed {
		left[n.Target]++
	}
	var upgraded []int // targets
	total := 0
	for i := range facts.Targets {
		if i < p.most(maxTargets) {
			p.lookedAt(&facts.Targets[i], left[i])
		}
		if n := len(facts.Targets[i].Upgrades); n > 0 {
			upgraded = append(upgraded, i)
			total += n
		}
	}
	p.more(len(facts.Targets) - p.most(maxTargets))
	if total == 0 {
		return
	}
	p.heading(msgUpgrades, total)
	reaches := facts.reaches()
	for n, i := range upgraded {
		if n == p.most(maxTargets) {
			p.more(len(upgraded) - n)
			break
		}
		if t := &facts.Targets[i]; len(facts.Targets) > 1 {
			p.para("", 0, strong, clean(t.Name))
		}
		p.command(&facts.Targets[i].vulnCommand)
		p.targetUpgrades(facts.Targets[i].Upgrades, func(u *vulnUpgrade, id string) int {
			return slices.Index(vulnReaches, reaches[vulnKey{i, id, u.Module, u.From}])
		})
	}
}

// most is n, or where all is to be shown, without end.
func (p *page) most(n int) int {
	if p.opts.Verbose {
		return math.MaxInt32 // to which others may add
	}
	return n
}

// more says that there are n more, if there are.
func (p *page) more(n int) {
	if n > 0 {
		p.para("  ", 2, faint, say(p.rep.Lang, msgMore, audit.Args{"n": n}))
	}
}

// vulnKey names a vulnerability of a target.
type vulnKey struct {
	target              int
	id, module, version string
}

// reaches says how close each vulnerability is.
func (f *vulnFacts) reaches() map[vulnKey]string {
	out := make(map[vulnKey]string, len(f.Vulnerabilities))
	for _, v := range f.Vulnerabilities {
		out[vulnKey{v.Target, v.ID, v.Module, v.Version}] = v.Reach
	}
	return out
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
		parts = append(parts, say(lang, msgTags, audit.Args{"tags": list(lang, cleanAll(t.Tags), p.most(maxTargets))}))
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
		p.para("    ", 4, faint, say(lang, msgNotBuilt, audit.Args{"folders": list(lang, cleanAll(left.Folders), p.most(maxTargets))}))
	}
	if left.Modules != nil {
		p.para("    ", 4, faint, say(lang, msgOtherModules, audit.Args{"folders": list(lang, cleanAll(left.Modules), p.most(maxTargets))}))
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

// targetUpgrades writes what to change of a target, and what that fixes. reach
// gives how close a vulnerability is, as an index of vulnReaches.
func (p *page) targetUpgrades(upgrades []vulnUpgrade, reach func(u *vulnUpgrade, id string) int) {
	type row struct {
		*vulnUpgrade
		counts []int // of what it fixes, then of what it leaves, by reach
	}
	var rows []row
	n := len(vulnReaches)
	for i := range upgrades {
		r := row{&upgrades[i], make([]int, 2*n)}
		for j, ids := range [][]string{r.Fixes, r.Leaves} {
			for _, id := range ids {
				if at := reach(r.vulnUpgrade, id); at >= 0 {
					r.counts[j*n+at]++
				}
			}
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Compare(b.counts, a.counts) })
	for i, r := range rows {
		if i == p.most(maxUpgrades) {
			p.more(len(rows) - i)
			break
		}
		p.para("  ", 2, plainPaint, p.upgradeText(r.vulnUpgrade))
		p.para("    ", 4, faint, p.upgradeCounts(r.vulnUpgrade, r.counts[:n], r.counts[n:]))
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
