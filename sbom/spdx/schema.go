// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package spdx

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/goassay/assay/sbom/internal/bound"
)

// schemaFiles are the official schemas; see schema/README.md.
//
//go:embed schema/*.json
var schemaFiles embed.FS

// The schemas, each read when it is first needed.
var (
	schemaV2 = schemaOf("spdx-2.3.schema.json")
	schemaV3 = schemaOf("spdx-3.0.1.schema.json")
)

func schemaOf(name string) func() (*jsonschema.Schema, error) {
	return sync.OnceValues(func() (*jsonschema.Schema, error) {
		data, err := schemaFiles.ReadFile("schema/" + name)
		if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		c.UseLoader(jsonschema.SchemeURLLoader{}) // no other schema is loaded, from a file or the network
		c.UseRegexpEngine(pattern)
		if err := c.AddResource(name, doc); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return c.Compile(name)
	})
}

// pattern compiles a regular expression of a schema. Those of Go have no
// lookahead, which the schema of 3.0.1 tells IRIs from blank nodes with.
func pattern(expression string) (jsonschema.Regexp, error) {
	if rest, ok := strings.CutPrefix(expression, "^(?!_:)"); ok {
		re, err := regexp.Compile("^" + rest)
		return notBlank{re}, err
	}
	return regexp.Compile(expression)
}

// notBlank matches what the expression does and does not begin with _:.
type notBlank struct{ *regexp.Regexp }

func (n notBlank) MatchString(s string) bool {
	return !strings.HasPrefix(s, "_:") && n.Regexp.MatchString(s)
}

func validate(data []byte) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := bound.JSON(data); err != nil {
		return err
	}
	load := schemaV2
	switch {
	case !bytes.HasPrefix(trimmed(data), []byte("{")):
		doc, err := readTagValue(data)
		if err != nil {
			return err
		}
		if data, err = marshal(doc); err != nil {
			return err
		}
	case isV3(data):
		load = schemaV3
	}
	if version := versionOf(data); version != string(V2_3) && version != string(V3_0_1) {
		return fmt.Errorf("version %.20q: %w", version, errors.ErrUnsupported)
	}
	schema, err := load()
	if err != nil {
		return fmt.Errorf("schema of SPDX: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if err := schema.Validate(doc); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}
