// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package allowlist

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// scan walks a form along the types of [Application] and refuses what does
// not fit them. It returns the line of each element, but not of the parts of
// URLs, of which there may be many. encoding/json alone would accept keys in
// another case, twice or not at all, and say of an error neither line nor path.
func scan(data []byte) (map[string]int, error) {
	s := &scanner{data: data, lines: map[string]int{}, line: 1, keys: map[reflect.Type]map[string]key{}}
	switch {
	case len(data) > MaxSize:
		return nil, &ParseError{Path: "$", Message: fmt.Sprintf("larger than %d bytes", MaxSize)}
	case !utf8.Valid(data):
		return nil, &ParseError{Path: "$", Message: "not UTF-8"}
	}
	s.dec = json.NewDecoder(bytes.NewReader(data))
	s.dec.UseNumber()
	if err := s.value("$", reflect.TypeFor[Application]()); err != nil {
		return nil, err
	}
	if _, err := s.dec.Token(); err != io.EOF {
		return nil, s.errorf("$", "something follows the form")
	}
	return s.lines, nil
}

type scanner struct {
	data   []byte
	dec    *json.Decoder
	lines  map[string]int
	line   int   // of offset
	offset int64 // up to which lines are counted
	keys   map[reflect.Type]map[string]key
}

func (s *scanner) errorf(path, format string, args ...any) error {
	return &ParseError{Path: path, Line: s.here(), Message: fmt.Sprintf(format, args...)}
}

// here returns the line of the end of the last token.
func (s *scanner) here() int {
	end := s.dec.InputOffset()
	s.line += bytes.Count(s.data[s.offset:end], []byte("\n"))
	s.offset = end
	return s.line
}

// token reads the next token, which begins or is the value at path.
func (s *scanner) token(path string) (json.Token, error) {
	tok, err := s.dec.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, s.errorf(path, "%v", err)
	}
	return tok, nil
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

func (s *scanner) value(path string, t reflect.Type) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	tok, err := s.token(path)
	if err != nil {
		return err
	}
	if !strings.Contains(path, ".urls[") {
		s.lines[path] = s.here()
	}
	if reflect.PointerTo(t).Implements(textType) {
		return s.text(path, tok, t)
	}
	switch t.Kind() {
	case reflect.Struct:
		if tok == json.Delim('{') {
			return s.object(path, t)
		}
		return s.errorf(path, "want an object")
	case reflect.Slice:
		if tok == json.Delim('[') {
			return s.array(path, t.Elem())
		}
		return s.errorf(path, "want a list")
	case reflect.String:
		return s.text(path, tok, nil)
	case reflect.Bool:
		if _, ok := tok.(bool); ok {
			return nil
		}
		return s.errorf(path, "want true or false")
	case reflect.Int:
		if n, ok := tok.(json.Number); ok {
			if _, err := n.Int64(); err == nil {
				return nil
			}
		}
		return s.errorf(path, "want a whole number")
	}
	panic("type " + t.String() + " in a form")
}

// text checks a string, and that the type t accepts it if there is one.
func (s *scanner) text(path string, tok json.Token, t reflect.Type) error {
	str, ok := tok.(string)
	switch {
	case !ok:
		return s.errorf(path, "want a string")
	case len(str) > maxString:
		return s.errorf(path, "longer than %d bytes", maxString)
	case t == nil:
		return nil
	}
	if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(str)); err != nil {
		return s.errorf(path, "%v", err)
	}
	return nil
}

func (s *scanner) array(path string, elem reflect.Type) error {
	limit := maxList
	switch elem {
	case reflect.TypeFor[URL]():
		limit = MaxURLs
	case reflect.TypeFor[Service]():
		limit = MaxServices
	}
	for i := 0; s.dec.More(); i++ {
		if i == limit {
			return s.errorf(path, "more than %d elements", limit)
		}
		if err := s.value(fmt.Sprintf("%s[%d]", path, i), elem); err != nil {
			return err
		}
	}
	_, err := s.token(path) // the closing bracket
	return err
}

func (s *scanner) object(path string, t reflect.Type) error {
	keys := s.keys[t]
	if keys == nil {
		keys = keysOf(t)
		s.keys[t] = keys
	}
	seen := map[string]bool{}
	for s.dec.More() {
		tok, err := s.token(path)
		if err != nil {
			return err
		}
		name := tok.(string) // the decoder lets nothing else be a key
		k, ok := keys[name]
		if !ok {
			return s.errorf(path, "unknown key %q", clip(name))
		}
		if seen[name] {
			return s.errorf(path, "key %q stands twice", name)
		}
		seen[name] = true
		if err := s.value(path+"."+name, k.typ); err != nil {
			return err
		}
	}
	if _, err := s.token(path); err != nil { // the closing brace
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if keys[name].required && !seen[name] {
			return s.errorf(path, "key %q is missing", name)
		}
	}
	return nil
}

type key struct {
	typ      reflect.Type
	required bool // written always
}

// keysOf returns the keys of a struct's object in JSON, those of embedded
// structs included.
func keysOf(t reflect.Type) map[string]key {
	keys := map[string]key{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			maps.Copy(keys, keysOf(f.Type))
		case name != "" && name != "-":
			keys[name] = key{f.Type, options == ""}
		}
	}
	return keys
}
