// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package authority

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
)

// A Profile is what a document of an authority asks of a bill of materials.
type Profile struct {
	ID      string   `yaml:"id"`
	Title   Text     `yaml:"title"`
	Source  Source   `yaml:"source"`
	Clauses []Clause `yaml:"clauses"`
}

// A Source is the document that a profile renders.
type Source struct {
	Document string `yaml:"document"`
	Version  string `yaml:"version"`
	Date     string `yaml:"date"` // of publication: 2006-01-02
	URL      string `yaml:"url"`

	// Basis says from which text the clauses were taken.
	Basis string `yaml:"basis"`
}

// A Clause is one demand.
type Clause struct {
	ID    string `yaml:"id"`   // the section or the element, as the document has it
	Part  string `yaml:"part"` // tells several demands of one section apart; "" if there is one
	Text  Text   `yaml:"text"` // what is asked, in words of our own
	Level Level  `yaml:"level"`
	Judge string `yaml:"judge"` // the predicate, or "manual"

	// OrUnknown is whether a document may say instead that the data is
	// unknown. A [sbom.Document] does not tell that from silence: where
	// nothing is given, the outcome is [Unknown].
	OrUnknown bool `yaml:"or_unknown"`
}

// Key names a clause within its profile: ID, and Part after a slash.
func (c *Clause) Key() string {
	if c.Part == "" {
		return c.ID
	}
	return c.ID + "/" + c.Part
}

// A Level is how binding a clause is.
type Level string

// The levels.
const (
	Must        Level = "must"
	Conditional Level = "conditional" // must, if the data exists; its absence does not tell whether it does
	Should      Level = "should"
	May         Level = "may"
)

// A Text is one text in English and in Chinese.
type Text struct {
	EN string `yaml:"en"`
	ZH string `yaml:"zh"`
}

// In returns the text in "zh", else the English one.
func (t Text) In(lang string) string {
	if lang == "zh" {
		return t.ZH
	}
	return t.EN
}

// A Fault names what is wrong with a [Subject].
type Fault string

// Text returns the fault as a predicate of its subject: "has no version".
func (f Fault) Text() Text { return loaded().faults[f] }

//go:embed profiles/*.yaml
var profileFiles embed.FS

//go:embed faults.yaml
var faultFile []byte

type catalogue struct {
	profiles []*Profile
	faults   map[Fault]Text
}

// loaded is what is embedded. It panics on a mistake in it, which no input can
// make: a test reads all of it.
var loaded = sync.OnceValue(func() catalogue {
	c := catalogue{}
	unmarshal("faults.yaml", faultFile, &c.faults)
	names, err := fs.Glob(profileFiles, "profiles/*.yaml")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		data, err := profileFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		p := new(Profile)
		unmarshal(name, data, p)
		c.profiles = append(c.profiles, p)
	}
	slices.SortFunc(c.profiles, func(a, b *Profile) int { return cmp.Compare(a.ID, b.ID) })
	return c
})

func unmarshal(name string, data []byte, into any) {
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(into); err != nil {
		panic(fmt.Sprintf("authority: %s: %v", name, err))
	}
}
