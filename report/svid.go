// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
)

// svid is what text shows of an X.509-SVID, of the facts of checks svid and tls.
type svid struct {
	ID          string    `json:"id"`
	TrustDomain string    `json:"trust_domain"`
	Defects     []string  `json:"defects"`
	Trust       string    `json:"trust"`
	Headroom    float64   `json:"headroom"`
	At          time.Time `json:"at"`
	NotAfter    time.Time `json:"not_after"`
}

// svidFacts are what text shows of the facts of check svid.
type svidFacts struct {
	Files []struct {
		Path   string `json:"path"`
		Reason string `json:"reason"`
		SVID   *svid  `json:"svid"`
	} `json:"files"`
	Workload *struct {
		Socket  string  `json:"socket"`
		State   string  `json:"state"`
		Watched float64 `json:"watched_seconds"`
		SVIDs   []struct {
			Named  string     `json:"named"`
			Hint   string     `json:"hint"`
			Last   svid       `json:"last"`
			Issues []struct{} `json:"issues"`
			Bundle struct {
				Count int `json:"authorities"`
			} `json:"bundle"`
			Withdrawn *time.Time `json:"withdrawn"`
		} `json:"svids"`
	} `json:"workload"`
}

// maxSVIDViews is how many SVIDs are shown in full without Options.Verbose.
const maxSVIDViews = 5

// A svidView is an SVID with what it is called, and what else is said of it.
type svidView struct {
	name, remark string
	svid         *svid // nil if it could not be read
	issued       []string
}

// svids writes what SVIDs in files and of a Workload API are. Of many, it writes a line each.
func (p *page) svids() {
	var facts svidFacts
	raw, ok := p.rep.Facts["svid"]
	if !ok || json.Unmarshal(raw, &facts) != nil {
		return
	}
	views := p.svidViews(&facts)
	if len(views) <= maxSVIDViews || p.opts.Verbose {
		for _, v := range views {
			p.svidInFull(v)
		}
		return
	}
	p.heading(msgSVIDs, len(views))
	var rows [][]string
	for _, v := range views {
		rows = append(rows, []string{v.name, p.svidInShort(v), ""})
	}
	p.columns(rows)
}

// svidViews lists the SVIDs of files, then those of the Workload API.
func (p *page) svidViews(facts *svidFacts) []svidView {
	lang := p.rep.Lang
	var views []svidView
	for _, f := range facts.Files {
		v := svidView{name: clean(f.Path), svid: f.SVID}
		if f.SVID == nil {
			v.remark = p.word("file_problem", f.Reason)
		}
		views = append(views, v)
	}
	w := facts.Workload
	if w == nil {
		return views
	}
	from := say(lang, msgFromWorkload, audit.Args{"socket": clean(w.Socket)})
	for i := range w.SVIDs {
		s := &w.SVIDs[i]
		v := svidView{name: clean(strings.TrimSpace(s.Named)), remark: from, svid: &s.Last}
		if s.Hint != "" {
			v.name += say(lang, msgAside, audit.Args{"text": clean(s.Hint)})
		}
		if w.Watched >= 1 {
			watched := time.Duration(w.Watched * float64(time.Second)).Round(time.Second)
			v.issued = append(v.issued, say(lang, msgIssuedN, audit.Args{"n": len(s.Issues), "watched": watched.String()}))
		}
		v.issued = append(v.issued, say(lang, msgBundleN, audit.Args{"n": s.Bundle.Count}))
		if s.Withdrawn != nil {
			v.issued = append(v.issued, say(lang, msgWithdrawn, audit.Args{"time": minute(*s.Withdrawn)}))
		}
		views = append(views, v)
	}
	if len(w.SVIDs) == 0 {
		views = append(views, svidView{name: clean(w.Socket), remark: p.word("api_problem", w.State)})
	}
	return views
}

func (p *page) svidInFull(v svidView) {
	p.line()
	tail := ""
	if v.svid != nil && v.remark != "" {
		tail = "  " + v.remark
	}
	for i, l := range wrap(v.name, p.width) {
		if i > 0 || width(l)+width(tail) > p.width {
			p.line(style(strong, l))
			continue
		}
		p.line(style(strong, l), style(faint, tail))
		tail = ""
	}
	if tail != "" {
		p.para("  ", 2, faint, strings.TrimSpace(tail))
	}
	if v.svid == nil {
		p.para("  ", 2, plainPaint, v.remark)
		return
	}
	p.svid(v.svid)
	p.named(msgIssued, v.issued)
}

// svid writes what one SVID is.
func (p *page) svid(s *svid) {
	lang := p.rep.Lang
	id := s.ID
	if id == "" {
		id = msgNone.In(lang)
	}
	p.named(msgSPIFFEID, []string{id})
	if s.TrustDomain != "" {
		p.named(msgTrustDomain, []string{s.TrustDomain})
	}
	if !s.NotAfter.IsZero() {
		p.named(msgSVIDValidity, []string{say(lang, msgUntilMinute, audit.Args{"time": minute(s.NotAfter)}), p.headroom(s)})
	}
	chain := clean(s.Trust)
	if t, ok := wordSVIDTrust[s.Trust]; ok {
		chain = t.In(lang)
	}
	p.named(msgSVIDChain, []string{chain})
	defects := p.defects(s)
	if len(defects) == 0 {
		defects = []string{msgNone.In(lang)}
	}
	p.enumerated(msgDefects, defects)
}

// headroom says how much of the lifetime remains.
func (p *page) headroom(s *svid) string {
	if !s.At.IsZero() && s.At.After(s.NotAfter) {
		return msgExpired.In(p.rep.Lang)
	}
	return say(p.rep.Lang, msgHeadroom, audit.Args{"percent": int(math.Floor(s.Headroom * 100))})
}

// defects are those of an SVID, in words.
func (p *page) defects(s *svid) []string {
	var out []string
	for _, d := range s.Defects {
		out = append(out, p.word("svid_defects", d))
	}
	return out
}

// svidInShort says in a line what an SVID is.
func (p *page) svidInShort(v svidView) string {
	if v.svid == nil {
		return v.remark
	}
	var parts []string
	if v.svid.ID != "" && clean(v.svid.ID) != v.name {
		parts = append(parts, clean(v.svid.ID))
	}
	if !v.svid.NotAfter.IsZero() {
		parts = append(parts, say(p.rep.Lang, msgUntilMinute, audit.Args{"time": minute(v.svid.NotAfter)}), p.headroom(v.svid))
	}
	if d := p.defects(v.svid); d != nil {
		parts = append(parts, say(p.rep.Lang, msgOf, audit.Args{"title": msgDefects.In(p.rep.Lang), "subject": enumerate(p.rep.Lang, d)}))
	}
	return join(p.rep.Lang, parts)
}

// word tells one of the catalogue's terms, or the word itself where it is none.
func (p *page) word(argument, word string) string {
	if p.opts.Catalogue != nil {
		if t, ok := p.opts.Catalogue.Terms[argument][word]; ok {
			return t.In(p.rep.Lang)
		}
	}
	return clean(word)
}

// minute writes t to the minute: an SVID lasts for an hour.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
