// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/allowlist"
)

// HTML is a page of its own, without scripts, to be printed on A4. Only the
// allowlist application is written so.
const HTML Format = "html"

// AllowlistFormats lists the formats of [WriteAllowlist].
func AllowlistFormats() []Format { return []Format{JSON, Markdown, HTML} }

//go:embed schema/allowlist.v1.json
var allowlistSchema []byte

// AllowlistSchema returns the JSON Schema (draft 2020-12) of an allowlist
// application in the format [JSON].
func AllowlistSchema() []byte { return append([]byte(nil), allowlistSchema...) }

// WriteAllowlist writes an allowlist application to w: as [JSON], which
// [allowlist.Parse] reads again and which has no language, or as a form for
// people in lang. Nothing is written if it cannot be written whole.
func WriteAllowlist(w io.Writer, format Format, a *allowlist.Application, lang audit.Lang) error {
	var buf bytes.Buffer
	var err error
	switch format {
	case JSON:
		err = encodeJSON(&buf, a)
	case Markdown:
		newForm(a, lang).markdown(&buf)
	case HTML:
		err = newForm(a, lang).html(&buf)
	default:
		err = fmt.Errorf("unknown format %q of an allowlist application", format)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(buf.Bytes())
	return err
}

// form is an application laid out for people: all texts in one language, in
// the order in which they are read. Texts from outside are clean.
type form struct {
	Lang      audit.Lang
	Title     string
	Subtitle  string
	Applicant section
	Summary   table
	Services  []formService
	Settings  section
	Remarks   section // each a row: number, text
	Signing   section // rows to be filled in by hand
	Made      string
}

// section is a heading and rows of label and values.
type section struct {
	Heading string
	Rows    []row
}

type row struct {
	Label  string
	Values []value
}

// value is one line of a row. An empty Text is a blank to be filled in.
type value struct {
	Text string
	Code bool // an identifier, address or digest
	Warn bool // something the reader must not miss
}

// table has a heading for each column and, in each cell, one line or more.
type table struct {
	Heading string
	Columns []string
	Cells   [][][]value
}

type formService struct {
	section
	URLs table
}

// formLang lays a form out in one language.
type formLang struct {
	a    *allowlist.Application
	lang audit.Lang
}

func newForm(a *allowlist.Application, lang audit.Lang) *form {
	l := formLang{a, lang}
	f := &form{
		Lang: lang, Title: l.say(formTitle), Subtitle: l.say(formSubtitle),
		Applicant: l.applicant(), Summary: l.summary(), Settings: l.settings(), Remarks: l.remarks(), Signing: l.signing(),
		Made: say(lang, formMade, audit.Args{"time": a.Measured.UTC().Format(time.RFC3339), "schema": clean(a.Schema)}),
	}
	for i := range a.Services {
		f.Services = append(f.Services, l.service(i))
	}
	return f
}

func (l formLang) say(t audit.Text) string { return t.In(l.lang) }

func (l formLang) row(label audit.Text, values ...value) row { return row{l.say(label), values} }

// texts makes values of strings from outside, at least one.
func texts(list ...string) []value {
	var out []value
	for _, s := range list {
		out = append(out, value{Text: clean(s)})
	}
	if len(out) == 0 {
		out = []value{{}}
	}
	return out
}

func codes(list ...string) []value {
	out := texts(list...)
	for i := range out {
		out[i].Code = out[i].Text != ""
	}
	return out
}

func (l formLang) applicant() section {
	a := l.a
	return section{l.say(formPartApplicant), []row{
		l.row(formApplicant, texts(a.Applicant)...),
		l.row(formDepartment, texts(a.Department)...),
		l.row(formContact, texts(a.Contact)...),
		l.row(formOwner, texts(a.Owner)...),
		l.row(formModule, codes(a.Module)...),
		l.row(formPurpose, texts(a.Purpose)...),
		l.row(formBasis, l.basis(a.Basis)...),
		l.row(formValidity, value{Text: l.validity(a.Validity)}),
		l.row(formSource, value{}),
	}}
}

// basis shows a clause together with its words, where they are known.
func (l formLang) basis(list []string) []value {
	var out []string
	for _, b := range list {
		if words, ok := formClauses[b]; ok {
			b += " " + l.say(words)
		}
		out = append(out, b)
	}
	return texts(out...)
}

func (l formLang) validity(v allowlist.Validity) string {
	if v.From.IsZero() && v.Until.IsZero() {
		return ""
	}
	day := func(d allowlist.Date) string {
		if d.IsZero() {
			return "____-__-__"
		}
		return d.String()
	}
	return say(l.lang, formFromUntil, audit.Args{"from": day(v.From), "until": day(v.Until)})
}

func (l formLang) summary() table {
	t := table{Heading: l.say(formPartSummary)}
	for _, c := range []audit.Text{formNumber, formService1, formHost, formAddresses, formPort, formValidity} {
		t.Columns = append(t.Columns, l.say(c))
	}
	for i := range l.a.Services {
		s := &l.a.Services[i]
		t.Cells = append(t.Cells, [][]value{
			{{Text: strconv.Itoa(i + 1)}}, {{Text: l.roles(s)}}, codes(s.Host), l.ranges(s), {{Text: l.port(s)}},
			{{Text: l.validity(l.a.TermsOf(s).Validity)}},
		})
	}
	return t
}

func (l formLang) roles(s *allowlist.Service) string {
	var names []string
	for _, r := range s.Roles {
		names = append(names, l.say(formRoles[r].name))
	}
	if l.lang == audit.Chinese {
		return strings.Join(names, "、")
	}
	return strings.Join(names, ", ")
}

func (l formLang) port(s *allowlist.Service) string {
	return fmt.Sprintf("TCP %d (%s)", s.Port, strings.ToUpper(clean(string(s.Protocol))))
}

// ranges shows the ranges, in short.
func (l formLang) ranges(s *allowlist.Service) []value {
	if len(s.Addresses.Ranges) == 0 && s.Addresses.State != allowlist.Known {
		return []value{{Text: l.say(formUnknownNoMore), Warn: true}}
	}
	return codes(s.Addresses.Ranges...)
}

// addresses shows the ranges, and what of them is not known.
func (l formLang) addresses(s *allowlist.Service) []value {
	out := codes(s.Addresses.Ranges...)
	if s.Addresses.State != allowlist.Known {
		unknown := l.unknown(s.Addresses.Reason, s.Addresses.Detail)
		if len(s.Addresses.Ranges) == 0 {
			return []value{unknown}
		}
		out = append(out, unknown)
	}
	return out
}

func (l formLang) unknown(r allowlist.Reason, detail string) value {
	why := l.say(formReasons[r])
	if detail != "" {
		why = say(l.lang, formUnknownWhy, audit.Args{"reason": why, "detail": clean(detail)})
	}
	return value{Text: say(l.lang, formUnknown, audit.Args{"reason": why}), Warn: true}
}

func (l formLang) service(i int) formService {
	s := &l.a.Services[i]
	terms := l.a.TermsOf(s)
	purposes := []value{}
	for _, r := range s.Roles {
		purposes = append(purposes, value{Text: l.say(formRoles[r].purpose)})
	}
	if terms.Purpose != "" {
		purposes = append(purposes, texts(terms.Purpose)...)
	}
	out := formService{section: section{Heading: say(l.lang, formHeading, audit.Args{
		"n": i + 1, "roles": l.roles(s), "endpoint": clean(s.Endpoint()),
	})}}
	out.Rows = []row{
		l.row(formHost, codes(s.Host)...),
		l.row(formAddresses, l.addresses(s)...),
		l.row(formPort, value{Text: l.port(s)}),
	}
	if len(s.Addresses.Observed) > 0 && s.Addresses.Source == allowlist.FromPolicy {
		out.Rows = append(out.Rows, l.row(formObserved, codes(s.Addresses.Observed...)...))
	}
	if s.Via != "" {
		out.Rows = append(out.Rows, l.row(formVia, codes(s.Via)...))
	}
	out.Rows = append(out.Rows, l.tls(s)...)
	out.Rows = append(out.Rows,
		l.row(formPurpose, purposes...),
		l.row(formKnown, value{Text: l.say(formKnownBy[s.Basis]), Warn: s.Basis == allowlist.Inferred}),
		l.row(formBasis, texts(terms.Basis...)...), // the words of clauses stand above
		l.row(formOwner, texts(terms.Owner)...),
		l.row(formValidity, value{Text: l.validity(terms.Validity)}))
	out.URLs = l.urls(s)
	return out
}

func (l formLang) tls(s *allowlist.Service) []row {
	t := s.TLS
	switch {
	case s.Protocol != allowlist.HTTPS:
		return []row{l.row(formTLS, value{Text: l.say(formNoTLS), Warn: !s.Has(allowlist.EgressProxy)})}
	case t == nil:
		return []row{l.row(formTLS, value{})}
	case t.State != allowlist.Known:
		return []row{l.row(formTLS, l.unknown(t.Reason, t.Detail))}
	}
	trust := value{Text: l.say(formTrusted)}
	if t.Trust != allowlist.TrustVerified {
		trust = value{Text: say(l.lang, formUntrusted, audit.Args{"error": clean(t.TrustError)}), Warn: true}
	}
	lifetime := say(l.lang, formFromUntil, audit.Args{
		"from": t.NotBefore.UTC().Format(time.RFC3339), "until": t.NotAfter.UTC().Format(time.RFC3339),
	})
	return []row{
		l.row(formTLS, append(append(l.labelled(formLeaf, t.Leaf), l.labelled(formSPKI, t.SPKI)...), trust)...),
		l.row(formCertificate,
			value{Text: say(l.lang, formIssuer, audit.Args{"name": clean(t.Issuer)})},
			value{Text: say(l.lang, formNames, audit.Args{"names": clean(strings.Join(t.Names, ", "))})},
			value{Text: lifetime}, value{Text: clean(t.Version)}),
	}
}

func (l formLang) labelled(label audit.Text, digest string) []value {
	return []value{{Text: l.say(label)}, {Text: clean(digest), Code: digest != ""}}
}

func (l formLang) urls(s *allowlist.Service) table {
	t := table{Heading: l.say(formURLs)}
	if len(s.URLs) == 0 {
		return t
	}
	for _, c := range []audit.Text{formURL, formMatch, formUse} {
		t.Columns = append(t.Columns, l.say(c))
	}
	for _, u := range s.URLs {
		use := value{Text: l.say(formUses[u.Use])}
		if u.Optional {
			use.Text = say(l.lang, formOptional, audit.Args{"use": use.Text})
		}
		t.Cells = append(t.Cells, [][]value{codes(u.URL), {{Text: l.say(formMatches[u.Match])}}, {use}})
	}
	return t
}

func (l formLang) settings() section {
	s := l.a.Settings
	out := section{Heading: l.say(formPartSettings)}
	for _, v := range []struct{ name, value string }{
		{"GOPROXY", s.GOPROXY}, {"GONOPROXY", s.GONOPROXY}, {"GOSUMDB", s.GOSUMDB}, {"GONOSUMDB", s.GONOSUMDB}, {"GOTOOLCHAIN", s.GOTOOLCHAIN},
	} {
		if v.value != "" {
			out.Rows = append(out.Rows, row{v.name, codes(v.value)})
		}
	}
	return out
}

func (l formLang) remarks() section {
	out := section{Heading: l.say(formPartRemarks)}
	add := func(text string) {
		out.Rows = append(out.Rows, row{strconv.Itoa(len(out.Rows) + 1), []value{{Text: text}}})
	}
	for _, t := range formNotes {
		add(say(l.lang, t, nil))
	}
	for _, r := range l.a.Remarks {
		add(say(l.lang, formRemarks[r.Kind], audit.Args{"detail": clean(r.Detail)}))
	}
	return out
}

func (l formLang) signing() section {
	out := section{Heading: l.say(formPartSigning)}
	for _, t := range formSigners {
		out.Rows = append(out.Rows, l.row(t, value{}))
	}
	return out
}
