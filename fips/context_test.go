// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package fips_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/fips"
)

func TestContext(t *testing.T) {
	on := fips.State{Mode: fips.Mode{Declared: fips.On, Linked: fips.On}}
	unset := fips.State{Mode: fips.Mode{Declared: fips.Unset, Linked: fips.Unset}}
	for _, test := range []struct {
		environ []string
		state   fips.ContextState
		mode    fips.ModeName // of an executable that has it on
		weakens bool
	}{
		{nil, fips.ContextSilent, fips.On, false},
		{[]string{"GODEBUG=http2debug=1", "OTHER=fips140=off"}, fips.ContextSilent, fips.On, false},
		{[]string{"GODEBUG=fips140=off"}, fips.ContextSets, fips.Off, true},
		{[]string{"GODEBUG=x=1,fips140="}, fips.ContextSets, fips.Off, true},
		{[]string{"GODEBUG=fips140=off,fips140=only"}, fips.ContextSets, fips.Only, false},
		{[]string{"GODEBUG=fips140=yes"}, fips.ContextSets, "yes", true},
		{[]string{"GODEBUG=fips140=off", "GODEBUG=x=1"}, fips.ContextSilent, fips.On, false},
		{[]string{"GODEBUG=fips140=off#abc"}, fips.ContextUnknown, fips.ModeUnknown, false},
	} {
		c := fips.NewContext(fips.ImageContext, "x", test.environ)
		if c.State != test.state || c.Mode(on) != test.mode || c.Weakens(on) != test.weakens || c.Weakens(unset) || (c.State == fips.ContextUnknown) != (c.Why != "") {
			t.Errorf("%q: %+v", test.environ, c)
		}
	}
	c := fips.Context{Program: "/usr/bin/app"}
	if !c.Starts("image.tar!/opt/app") || c.Starts("image.tar!/opt/other") || !(fips.Context{}).Starts("other") || !c.Starts(`C:\app`) {
		t.Error("starts another program")
	}
}

func TestReadManifest(t *testing.T) {
	got, err := fips.ReadManifest("app.yaml", []byte(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers:
        - name: init
          command: [/bin/init, x]
      containers:
        - name: a
          env:
            - {name: OTHER, value: "fips140=on"}
            - {name: GODEBUG, value: "fips140=on"}
            - {name: GODEBUG, value: "fips140=off"}
        - name: b
          envFrom: [{configMapRef: {name: env}}]
        - name: c
          envFrom: [{configMapRef: {name: env}}]
          env: [{name: GODEBUG, value: http2debug=1}]
        - name: d
          env: [{name: GODEBUG, valueFrom: {secretKeyRef: {name: s, key: k}}}]
        - name: e
          env: [{name: GODEBUG}]
        - name: f
          env: [{name: GODEBUG, value: [x]}, text]
        - name: g
          env: {name: GODEBUG, value: fips140=off}
        - name: h
          env: [{name: !!str GODEBUG, value: !!str fips140=off}]
        - text
---
{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "j", "env": [{"name": "GODEBUG", "value": "fips140=only"}]}]}}]}
---
kind: Service
`))
	if err != nil {
		t.Fatal(err)
	}
	context := func(name, program string, state fips.ContextState, value fips.ModeName, why string) fips.Context {
		return fips.Context{Kind: fips.KubernetesContext, Source: "app.yaml: Deployment/web, container " + name, Program: program, State: state, Value: value, Why: why}
	}
	want := []fips.Context{
		context("a", "", fips.ContextSets, fips.Off, ""),
		context("b", "", fips.ContextUnknown, "", "envFrom may set GODEBUG"),
		context("c", "", fips.ContextSilent, "", ""),
		context("d", "", fips.ContextUnknown, "", "GODEBUG has its value from elsewhere"),
		context("e", "", fips.ContextSilent, "", ""),
		context("f", "", fips.ContextUnknown, "", "the value of GODEBUG is no text"),
		context("g", "", fips.ContextUnknown, "", "env is no list"),
		context("h", "", fips.ContextSets, fips.Off, ""),
		context("init", "/bin/init", fips.ContextSilent, "", ""),
		{Kind: fips.KubernetesContext, Source: "app.yaml: Pod/p, container j", State: fips.ContextSets, Value: fips.Only},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	argo, err := fips.ReadManifest("wf.yaml", []byte(`
kind: Workflow
metadata: {name: w}
spec:
  templates:
  - name: a
    container: {image: x, command: [/bin/app], env: [{name: GODEBUG, value: fips140=off}]}
  - name: b
    container: {name: c, image: x, envFrom: [{configMapRef: {name: env}}]}
  - name: d
    script: {image: x, command: [bash], source: "GODEBUG=fips140=off app"}
  - name: e
    script: {image: x, command: [sh], source: app, env: [{name: GODEBUG, value: fips140=off}]}
  - name: f
    container: {containers: [{name: g}]}
  - name: h
    containerSet: {containers: [{name: i, env: [{name: GODEBUG, value: fips140=on}]}]}
  - name: j
    script: text
`))
	var said []string
	for _, c := range argo {
		said = append(said, fmt.Sprint(strings.TrimPrefix(c.Source, "wf.yaml: Workflow/w, container "), " ", c.Program, " ", c.State, " ", c.Value, " ", c.Why))
	}
	if diff := cmp.Diff([]string{"a /bin/app sets off ", "c  unknown  envFrom may set GODEBUG", "d  unknown  source.sh may set GODEBUG", "e  sets off ", "g  silent  ", "i  sets on "}, said); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for name, data := range map[string]string{
		"nothing": "", "no pod": "kind: Service\n", "no YAML": "a: [", "alias": "a: &a [1]\nb: *a\n", "large": strings.Repeat(" ", 5<<20), "many": strings.Repeat("---\na: 1\n", 1001),
		"binary": "spec: {containers: [{name: a, env: [{name: !!binary R09ERUJVRw==, value: fips140=off}]}]}", // GODEBUG
		"deep":   strings.Repeat("[", 200) + `{"containers": [{"name": "x"}]}` + strings.Repeat("]", 200),
	} {
		if got, err := fips.ReadManifest("x", []byte(data)); err == nil || (name == "no pod") != errors.Is(err, fips.ErrNoPod) && name != "nothing" {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

// What is nested deep, or has very many parts, is refused before it needs gigabytes;
// what is as large as manifests are is read.
func TestManifestMemory(t *testing.T) {
	indented := ""
	for i := range 200 {
		indented += strings.Repeat(" ", i) + "a:\n"
	}
	for name, data := range map[string]string{
		"lists": strings.Repeat("[", 100_000), "dashes": strings.Repeat("- ", 1_000_000), "objects": strings.Repeat("{a: ", 500_000),
		"keys": strings.Repeat("? ", 100_000), "a few dashes": strings.Repeat("- ", 100), "indented": indented, "lines": strings.Repeat("-\n", 400_000),
		"tags": strings.Repeat("!a\n", 100), "anchors": strings.Repeat("&a ", 100), "flat": "[" + strings.Repeat("a,", 200_000) + "]",
		"quotes": strings.Repeat(`"" `, 1_000_000), "flow, dashes": "[" + strings.Repeat("- ", 1000),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := fips.ReadManifest("x", []byte(data))
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 512 || err == nil {
			t.Errorf("%s: %d MiB, error %v", name, n, err)
		}
		if !errors.Is(err, fips.ErrYAML) && name != "quotes" {
			t.Errorf("%s: %.200v", name, err)
		}
	}
	keys := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form, i)
		}
		return b.String()
	}
	for name, data := range map[string]string{
		"keys": keys(11_000, "k%d: v\n"), "keys without values": keys(11_000, "k%d:\n"), "keys below": "data:\n" + keys(11_000, "  k%d: v\n"),
		"keys and lists": keys(11_000, "k%d:\n- a: b\n"), "keys behind brackets": keys(11_000, "k%d: {\n}\n"), "keys in brackets": "[\n" + keys(11_000, "k%d: v\n") + "]\n",
		"several": strings.Repeat("---\ndata:\n"+keys(7000, "  k%d: v\n"), 3),
	} {
		if list, err := fips.ReadManifest("x", []byte("spec: {containers: [{name: a}]}\n---\n"+data)); !errors.Is(err, fips.ErrYAML) || list != nil {
			t.Errorf("%s: %v %.200v", name, list, err)
		}
	}
	many := "spec:\n  containers:\n  - {name: a}\n---\nkind: ConfigMap\ndata:\n" + keys(3000, "  key%d: value\n")
	if list, err := fips.ReadManifest("x", []byte(many)); err != nil || len(list) != 1 {
		t.Error(len(list), err)
	}
	large := "kind: List\nitems:\n" + strings.Repeat("- kind: Pod\n  metadata: {name: p}\n  spec:\n    containers:\n    - name: a\n      env:\n      - {name: GODEBUG, value: fips140=on}\n", 5000)
	if list, err := fips.ReadManifest("x", []byte(large)); err != nil || len(list) != 5000 {
		t.Error(len(list), err)
	}
}

// FuzzReadManifest lets no manifest be read as setting what is not a mode's text.
func FuzzReadManifest(f *testing.F) {
	f.Add([]byte("spec: {containers: [{name: a, env: [{name: GODEBUG, value: fips140=off}]}]}"))
	f.Add([]byte("&a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := fips.ReadManifest("x", data)
		if err == nil && len(list) == 0 {
			t.Error("neither contexts nor an error")
		}
		for _, c := range list {
			if strings.ContainsAny(string(c.Value), ",#") {
				t.Errorf("%+v", c)
			}
		}
	})
}

// What an image starts may set another environment.
func TestNewImageContext(t *testing.T) {
	for _, test := range []struct {
		entrypoint, cmd []string
		want            fips.ContextState
	}{
		{nil, nil, fips.ContextSilent},
		{[]string{"/app"}, []string{"GODEBUG=fips140=off"}, fips.ContextSilent},
		{[]string{"/usr/bin/env"}, []string{"GODEBUG=fips140=off", "/app"}, fips.ContextUnknown},
		{nil, []string{"sh", "-c", "GODEBUG=fips140=off exec /app"}, fips.ContextUnknown},
		{[]string{"sh", "-c"}, []string{"exec /app"}, fips.ContextSilent},
		{[]string{"sh", "-euc"}, []string{`/migrate --to "$VERSION" && exec /app "$@"`}, fips.ContextSilent},
		{[]string{"tini", "--", "/app"}, nil, fips.ContextSilent},
		{nil, []string{"bash"}, fips.ContextSilent},
		{[]string{"sh", "-c"}, []string{". /etc/app.env && exec /app"}, fips.ContextUnknown},
		{[]string{"sh", "-c"}, []string{"export $(cat /etc/app.env); /app"}, fips.ContextUnknown},
		{[]string{"sh", "-c"}, []string{`ex""port $X; /app`}, fips.ContextUnknown},
		{[]string{"sh", "-c"}, []string{"exec /usr/bin/env $X /app"}, fips.ContextUnknown},
		{[]string{"sh", "-c"}, []string{"$X; /app"}, fips.ContextUnknown},
		{[]string{"sh", "-c"}, []string{"sh /run && /app"}, fips.ContextUnknown},
		{[]string{"sh", "-lc"}, []string{"/app"}, fips.ContextUnknown}, // it reads a profile
		{[]string{"/bin/sh", "/run"}, nil, fips.ContextUnknown},
		{[]string{"/entrypoint.sh"}, []string{"/app"}, fips.ContextUnknown},
		{[]string{"tini", "--", "/entrypoint.sh"}, nil, fips.ContextUnknown},
		{[]string{"env", "-i", "/app"}, nil, fips.ContextUnknown},
		{[]string{"env", "X=1", "/app"}, nil, fips.ContextSilent},
	} {
		if c := fips.NewImageContext("x", nil, test.entrypoint, test.cmd); c.State != test.want || c.Program != "" {
			t.Errorf("%q %q: %+v", test.entrypoint, test.cmd, c)
		}
	}
}

// What a script may undo is there until it does.
func TestNewImageContextScript(t *testing.T) {
	for environ, want := range map[string]fips.ContextState{"GODEBUG=fips140=off": fips.ContextSets, "GODEBUG=fips140=on": fips.ContextUnknown} {
		if c := fips.NewImageContext("x", []string{environ}, []string{"/entrypoint.sh"}, nil); c.State != want {
			t.Errorf("%s: %+v", environ, c)
		}
	}
}

// What the parser quotes of a manifest may be a secret.
func TestReadManifestSecret(t *testing.T) {
	_, err := fips.ReadManifest("x", []byte("env:\n- {name: DB_PASSWORD, value: hunter2}\n\tbad: [\n"))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
