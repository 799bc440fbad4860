// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package vulns_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/goassay/assay/audit/vulns"
)

// small opens the small database.
func small(t testing.TB) *vulns.Database {
	t.Helper()
	db, err := vulns.Open(t.Context(), dirOf(t, files()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// TestMatch looks modules up in the small database.
func TestMatch(t *testing.T) {
	db := small(t)
	a := func(version string) vulns.Module { return vulns.Module{Path: "example.com/a", Version: version} }
	replaced := func(m vulns.Module, by string, version string) vulns.Module {
		m.Replace = &vulns.Module{Path: by, Version: version}
		return m
	}
	std := func(version string) vulns.Module { return vulns.Module{Path: vulns.Stdlib, Version: version} }
	for name, test := range map[string]struct {
		module  vulns.Module
		on      vulns.Platform
		want    string // IDs, their last digits
		reasons []vulns.Reason
	}{
		"within":                {a("v1.1.0"), vulns.Platform{}, "12", nil},
		"at the introduction":   {a("v1.0.0"), vulns.Platform{}, "12", nil},
		"before it":             {a("v1.0.0-rc.1"), vulns.Platform{}, "2", nil},
		"at the fix":            {a("v1.2.3"), vulns.Platform{}, "2", nil},
		"before the fix":        {a("v1.2.3-0.20260101000000-0123456789ab"), vulns.Platform{}, "12", nil},
		"incompatible":          {a("v1.2.2+incompatible"), vulns.Platform{}, "12", nil},
		"dirty":                 {a("v1.2.2+dirty"), vulns.Platform{}, "12", nil},
		"without v":             {a("1.2.2"), vulns.Platform{}, "12", nil},
		"without a version":     {a(""), vulns.Platform{}, "", []vulns.Reason{vulns.NoVersion}},
		"devel":                 {a("(devel)"), vulns.Platform{}, "", []vulns.Reason{vulns.NoVersion}},
		"a branch":              {a("master"), vulns.Platform{}, "", []vulns.Reason{vulns.BadVersion}},
		"on another platform":   {a("v1.1.0"), vulns.Platform{OS: "linux", Arch: "amd64"}, "12", nil},
		"unknown":               {vulns.Module{Path: "example.com/unknown"}, vulns.Platform{}, "", nil},
		"another case":          {vulns.Module{Path: "example.com/A", Version: "v1.1.0"}, vulns.Platform{}, "", nil},
		"replaced by a version": {replaced(a("v1.9.0"), "example.com/a", "v1.1.0"), vulns.Platform{}, "12", nil},
		"replaced by the fix":   {replaced(a("v1.1.0"), "example.com/a", "v1.2.3"), vulns.Platform{}, "2", nil},
		"replaced by a folder":  {replaced(a("v1.1.0"), "../a", ""), vulns.Platform{}, "", []vulns.Reason{vulns.LocalSource}},
		"replaced by another":   {replaced(a("v1.1.0"), "example.com/b", "v0.1.0"), vulns.Platform{}, "2", []vulns.Reason{vulns.OtherSource}},
		"replaced by a fork":    {replaced(a("v1.1.0"), "example.com/fork", "v1.1.0"), vulns.Platform{}, "", []vulns.Reason{vulns.OtherSource}},
		"replaces another":      {replaced(vulns.Module{Path: "example.com/z"}, "example.com/a", "v1.1.0"), vulns.Platform{}, "12", nil},
		"go1.25.8":              {std("go1.25.8"), vulns.Platform{}, "3", nil},
		"go1.25.9":              {std("go1.25.9"), vulns.Platform{}, "", nil},
		"go1.26rc1":             {std("go1.26rc1"), vulns.Platform{}, "3", nil},
		"go1.26.0":              {std("go1.26.0"), vulns.Platform{}, "3", nil},
		"go1.26.3 X":            {std("go1.26.3 X:boringcrypto"), vulns.Platform{}, "3", nil},
		"go1.26.3-X":            {std("go1.26.3-X:boringcrypto"), vulns.Platform{}, "3", nil},
		"go1.26.4":              {std("go1.26.4"), vulns.Platform{}, "", nil},
		"v1.26.3":               {std("v1.26.3"), vulns.Platform{}, "3", nil},
		"devel go":              {std("devel go1.27-0123abc"), vulns.Platform{}, "", []vulns.Reason{vulns.BadVersion}},
		"no Go":                 {std(""), vulns.Platform{}, "", []vulns.Reason{vulns.NoVersion}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := db.Match(t.Context(), []vulns.Module{test.module, test.module}, test.on)
			if err != nil {
				t.Fatal(err)
			}
			ids := ""
			for _, v := range got.Vulnerabilities {
				ids += v.ID[len(v.ID)-1:]
				if v.Reach != vulns.Required {
					t.Errorf("reach %s", v.Reach)
				}
			}
			var reasons []vulns.Reason
			for _, n := range got.NotAssessed {
				reasons = append(reasons, n.Reason)
				if len(n.IDs) == 0 {
					t.Errorf("%+v", n)
				}
			}
			if ids != test.want || !cmp.Equal(reasons, test.reasons) || got.Level != vulns.LevelModule {
				t.Errorf("found %q, want %q; not assessed: %q, want %q", ids, test.want, reasons, test.reasons)
			}
		})
	}
}

// TestMatchFacts shows all that is told of a vulnerability.
func TestMatchFacts(t *testing.T) {
	a, err := small(t).Match(t.Context(), vulnerable, vulns.Platform{OS: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want := &vulns.Assessment{Basis: vulns.BasisModules, Level: vulns.LevelModule, Platform: vulns.Platform{OS: "linux"}, NotAssessed: []vulns.NotAssessed{}, Vulnerabilities: []vulns.Vulnerability{
		{ID: "GO-2026-0001", Aliases: []string{"CVE-2026-1"}, Summary: "One", URL: "https://example.com/1", Published: day, Modified: day, Module: "example.com/a", Version: "v1.1.0", Fixed: "v1.2.3",
			Reach: vulns.Required, Affected: []vulns.Package{{Path: "example.com/a/p", Symbols: []string{"F", "T.M"}}}},
		{ID: "GO-2026-0002", Summary: "Two", Modified: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Unreviewed: true, Module: "example.com/a", Version: "v1.1.0", UnmappedRanges: true, Reach: vulns.Required},
		{ID: "GO-2026-0002", Summary: "Two", Modified: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Unreviewed: true, Module: "example.com/b", Version: "v0.4.9", Fixed: "v0.5.0", Reach: vulns.Required},
		{ID: "GO-2026-0003", Modified: day, Module: "stdlib", Version: "go1.26.3", Fixed: "go1.26.4", Reach: vulns.Required, Affected: []vulns.Package{{Path: "net/http", Symbols: []string{"Get"}}}},
	}}
	want.Observation = &vulns.Observation{Basis: vulns.BasisModules, Level: vulns.LevelModule, Platform: vulns.Platform{OS: "linux"}, Modules: vulnerable}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}

// TestWithdrawn shows a withdrawn entry as what it is.
func TestWithdrawn(t *testing.T) {
	db, err := vulns.Open(t.Context(), dirOf(t, replaced("ID/GO-2026-0001.json", `"published"`, `"withdrawn":"2026-01-02T00:00:00Z","published"`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := db.Match(t.Context(), vulnerable[:1], vulns.Platform{})
	if err != nil || a.Vulnerabilities[0].Withdrawn.IsZero() {
		t.Errorf("%+v, %v", a, err)
	}
}

// graph is one of 600 modules, 60 of which the snapshot lists.
func graph(t testing.TB) []vulns.Module {
	modules := []vulns.Module{{Path: vulns.Stdlib, Version: "go1.26.1"}, {Path: vulns.Toolchain, Version: "go1.26.1"}}
	for _, path := range []string{
		"golang.org/x/net", "golang.org/x/crypto", "golang.org/x/text", "golang.org/x/image", "golang.org/x/sys", "github.com/docker/docker", "github.com/containerd/containerd",
		"github.com/opencontainers/runc", "k8s.io/kubernetes", "k8s.io/apiserver", "k8s.io/client-go", "google.golang.org/grpc", "google.golang.org/protobuf", "go.etcd.io/etcd/v3",
		"github.com/hashicorp/vault", "github.com/hashicorp/consul", "github.com/hashicorp/go-getter", "github.com/gin-gonic/gin", "github.com/gogo/protobuf", "github.com/golang-jwt/jwt/v4",
		"github.com/dgrijalva/jwt-go", "github.com/quic-go/quic-go", "github.com/gorilla/websocket", "github.com/gorilla/handlers", "github.com/miekg/dns", "gopkg.in/yaml.v2", "gopkg.in/yaml.v3",
		"helm.sh/helm/v3", "github.com/nats-io/nats-server/v2", "github.com/nats-io/jwt/v2", "github.com/prometheus/client_golang", "github.com/prometheus/prometheus", "github.com/traefik/traefik/v2",
		"github.com/caddyserver/caddy/v2", "github.com/gohugoio/hugo", "github.com/grafana/grafana", "github.com/argoproj/argo-cd/v2", "github.com/cilium/cilium", "github.com/sigstore/cosign/v2",
		"github.com/sigstore/rekor", "github.com/theupdateframework/go-tuf", "github.com/moby/buildkit", "github.com/go-git/go-git/v5", "github.com/ulikunitz/xz", "github.com/klauspost/compress",
		"github.com/lestrrat-go/jwx", "gopkg.in/square/go-jose.v2", "github.com/go-jose/go-jose/v3", "github.com/crewjam/saml", "github.com/russellhaering/goxmldsig", "github.com/satori/go.uuid",
		"github.com/tidwall/gjson", "github.com/valyala/fasthttp", "github.com/labstack/echo/v4", "github.com/gofiber/fiber/v2", "github.com/ipfs/go-ipfs", "github.com/ethereum/go-ethereum",
		"github.com/btcsuite/btcd", "github.com/cosmos/cosmos-sdk", "github.com/mattermost/mattermost-server/v6",
	} {
		modules = append(modules, vulns.Module{Path: path, Version: "v1.4.0"})
	}
	for len(modules) < 600 {
		modules = append(modules, vulns.Module{Path: fmt.Sprintf("example.com/m%d", len(modules)), Version: "v1.0.0"})
	}
	return modules
}

func BenchmarkMatch(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		vulns.ForgetSnapshot()
		db, err := vulns.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.Match(b.Context(), graph(b), vulns.Platform{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		vulns.ForgetSnapshot()
		if _, err := vulns.Snapshot(); err != nil {
			b.Fatal(err)
		}
	}
}
