// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Bounds of a manifest.
const (
	maxManifest  = 4 << 20 // bytes
	maxDocuments = 1000
	maxPodDepth  = 32 // objects in each other
)

// Errors of [ReadManifest].
var (
	ErrNoPod = errors.New("no pod, nor a template of one")
	ErrAlias = errors.New("aliases are not read")
	ErrTag   = errors.New("tags of YAML are not read, but for !!str")
	ErrYAML  = errors.New("YAML larger or nested deeper than the limit")
)

// ReadManifest reads what Kubernetes manifests, in YAML or JSON, set for the
// containers of their pods: of objects of any kind that has a pod or a template of
// one, and of lists of them. The source is named in the contexts.
func ReadManifest(source string, data []byte) ([]Context, error) {
	if len(data) > maxManifest {
		return nil, fmt.Errorf("manifest of more than %d bytes", maxManifest)
	}
	if err := plainYAML(data); err != nil {
		return nil, err
	}
	var out []Context
	d := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		if n == maxDocuments {
			return nil, fmt.Errorf("manifest of more than %d documents", maxDocuments)
		}
		var doc any
		err := d.Decode(&doc)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, manifestError(err)
		}
		out = append(out, podsIn(source, doc, 0)...)
	}
	if out == nil {
		return nil, ErrNoPod
	}
	sortContexts(out)
	return out, nil
}

// podsIn finds the containers below an object: wherever there is a list called
// containers, as in spec.template.spec of a Deployment, or one container or script, as
// in a template of a Workflow of Argo.
func podsIn(source string, v any, depth int) []Context {
	if depth > maxPodDepth {
		return nil
	}
	var out []Context
	switch v := v.(type) {
	case map[string]any:
		if kind, ok := v["kind"].(string); ok {
			if meta, ok := v["metadata"].(map[string]any); ok {
				source = fmt.Sprintf("%s: %s/%v", source, kind, meta["name"])
			}
		}
		for key, value := range v {
			list, _ := value.([]any)
			one, _ := value.(map[string]any)
			switch {
			case slices.Contains([]string{"containers", "initContainers", "ephemeralContainers"}, key):
				for _, c := range list {
					if c, ok := c.(map[string]any); ok {
						out = append(out, containerContext(source, c))
					}
				}
			case (key == "container" || key == "script") && isContainer(one):
				out = append(out, templateContext(source, v["name"], one))
			default:
				out = append(out, podsIn(source, value, depth+1)...)
			}
		}
	case []any:
		for _, e := range v {
			out = append(out, podsIn(source, e, depth+1)...)
		}
	}
	return out
}

// isContainer reports whether an object is a container, by what it must have, or
// what matters of it.
func isContainer(c map[string]any) bool {
	return c["image"] != nil || c["env"] != nil || c["envFrom"] != nil || c["command"] != nil
}

// templateContext reads the container or script of a template of Argo, which has the
// template's name. A script is what the container starts, in a file.
func templateContext(source string, name any, c map[string]any) Context {
	c = maps.Clone(c)
	if c["name"] == nil {
		c["name"] = name
	}
	out := containerContext(source, c)
	if script, ok := c["source"].(string); ok {
		out.start([]string{"source.sh", script})
		out.Program = ""
	}
	return out
}

// containerContext reads one container (core/v1 Container): env counts more than
// envFrom, and of two entries of one name the last.
func containerContext(source string, c map[string]any) Context {
	out := Context{Kind: KubernetesContext, Source: fmt.Sprintf("%s, container %v", source, c["name"]), State: ContextSilent}
	if from, ok := c["envFrom"].([]any); !ok && c["envFrom"] != nil || len(from) > 0 {
		out.unknown("envFrom may set GODEBUG")
	}
	env, ok := c["env"].([]any)
	if !ok && c["env"] != nil {
		out.unknown("env is no list")
	}
	for _, e := range env {
		entry, _ := e.(map[string]any)
		if entry["name"] != "GODEBUG" {
			continue
		}
		switch value, ok := entry["value"].(string); {
		case strings.Contains(value, "$("): // expanded from what stands before, and elsewhere
			out.unknown("GODEBUG is made of other variables")
		case entry["valueFrom"] != nil:
			out.unknown("GODEBUG has its value from elsewhere")
		case ok || entry["value"] == nil:
			out.set(value)
		default:
			out.unknown("the value of GODEBUG is no text")
		}
	}
	out.start(slices.Concat(texts(c["command"]), texts(c["args"])))
	if texts(c["command"]) == nil {
		out.Program = "" // the image says what is started
	}
	return out
}

// texts are the elements of a list that are texts.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		s, _ := e.(string)
		out = append(out, s)
	}
	return out
}

// manifestError is an error without the lines that the parser quotes: they may
// hold secrets.
func manifestError(err error) error {
	if ye, ok := errors.AsType[yaml.Error](err); ok {
		at := ""
		if t := ye.GetToken(); t != nil && t.Position != nil {
			at = fmt.Sprintf("%d:%d: ", t.Position.Line, t.Position.Column)
		}
		return errors.New(at + ye.GetMessage())
	}
	return errors.New("not a manifest in YAML or JSON")
}

// ReadManifestFile reads the file of a manifest, within its bounds.
func ReadManifestFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	if info.Size() > maxManifest {
		return nil, fmt.Errorf("manifest of more than %d bytes", maxManifest)
	}
	return os.ReadFile(path)
}
