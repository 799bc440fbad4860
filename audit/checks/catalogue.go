// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

// Package checks holds the checks of assay and the catalogue of their rules.
// A check is glue: it lets instruments measure and judges what they say.
package checks

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/goassay/assay/audit"
)

// generated is the catalogue as internal/docgen writes it of rules/ and
// controls/: to read those files takes ten times as long, and every command
// would.
//
//go:embed catalogue.json
var generated []byte

// Catalogue returns the texts of all rules and reasons, and the frameworks.
// It is read when first asked for, so that a command that judges nothing pays
// nothing.
var Catalogue = sync.OnceValue(func() *audit.Catalogue {
	c := new(audit.Catalogue)
	if err := json.Unmarshal(generated, c); err != nil {
		panic(fmt.Sprintf("embedded catalogue: %v", err))
	}
	return c
})

// ruleFile is one file of rules/.
type ruleFile struct {
	Rules   []*audit.Rule   `yaml:"rules"`
	Reasons []*audit.Reason `yaml:"reasons"`
	Terms   []termList      `yaml:"terms"`
}

// termList has the words of one argument of messages and reasons.
type termList struct {
	Argument string                `yaml:"argument"`
	Words    map[string]audit.Text `yaml:"words"`
}

// ReadCatalogue reads the files of the catalogue, rules/*.yaml and
// controls/*.yaml. [Catalogue] is what they hold.
func ReadCatalogue(fsys fs.FS) (*audit.Catalogue, error) {
	c := &audit.Catalogue{
		Rules:      map[string]*audit.Rule{},
		Reasons:    map[string]*audit.Reason{},
		Terms:      map[string]map[string]audit.Text{},
		Frameworks: map[string]*audit.Framework{},
	}
	err := eachFile(fsys, "rules/*.yaml", func(data []byte) error {
		var f ruleFile
		if err := decodeStrict(data, &f); err != nil {
			return err
		}
		for _, r := range f.Rules {
			if c.Rules[r.ID] != nil {
				return fmt.Errorf("rule %s is defined twice", r.ID)
			}
			c.Rules[r.ID] = r
		}
		for _, r := range f.Reasons {
			if c.Reasons[r.ID] != nil {
				return fmt.Errorf("reason %s is defined twice", r.ID)
			}
			c.Reasons[r.ID] = r
		}
		for _, t := range f.Terms {
			if c.Terms[t.Argument] != nil {
				return fmt.Errorf("the terms of %s are defined twice", t.Argument)
			}
			c.Terms[t.Argument] = t.Words
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachFile(fsys, "controls/*.yaml", func(data []byte) error {
		var f audit.Framework
		if err := decodeStrict(data, &f); err != nil {
			return err
		}
		c.Frameworks[f.ID] = &f
		return nil
	})
	return c, err
}

func eachFile(fsys fs.FS, pattern string, fn func([]byte) error) error {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err == nil {
			err = fn(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func decodeStrict(data []byte, v any) error {
	err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(v)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
