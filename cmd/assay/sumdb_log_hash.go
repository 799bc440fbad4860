// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/gocmd"
	"github.com/goassay/assay/audit/goenv"
	"github.com/goassay/assay/audit/modproxy"
	"github.com/goassay/assay/sumdb/sumlog"
)

// hash makes the records of module versions.
func (s *addSource) hash(ctx context.Context, inv *invocation, modules []module.Version) ([]sumlog.Record, error) {
	switch {
	case s.zip != "":
		r, err := sumlog.HashZip(modules[0], s.zip)
		return []sumlog.Record{r}, err
	case s.dir != "":
		r, err := sumlog.HashDir(modules[0], s.dir)
		return []sumlog.Record{r}, err
	}
	client, err := s.client(ctx, inv)
	if err != nil {
		return nil, err
	}
	var records []sumlog.Record
	for _, m := range modules {
		r, err := sumlog.HashServed(ctx, client, m)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return records, nil
}

// client asks the proxies that were named, else those that the go command would.
func (s *addSource) client(ctx context.Context, inv *invocation) (*modproxy.Client, error) {
	c := &modproxy.Client{Transport: transport()}
	proxies := s.proxy
	if proxies == "" {
		env, err := goenv.Read(ctx, goenv.Options{Environ: inv.environ, Run: gocmd.Run})
		if err != nil {
			return nil, err
		}
		proxies, c.NoProxy = env.Raw("GOPROXY"), env.Raw("GONOPROXY")
	}
	chain, err := modproxy.Parse(proxies)
	if err != nil {
		return nil, usagef("it has the form of GOPROXY", "%s", err)
	}
	c.Chain = chain
	return c, nil
}

// settleFetch turns a proxy that does not give a module into an exit code:
// nothing is known of the module then.
func (inv *invocation) settleFetch(err error) error {
	var status *modproxy.StatusError
	var request *modproxy.RequestError
	var invalid *modproxy.InvalidError
	switch {
	case errors.Is(err, modproxy.ErrDirect), errors.Is(err, modproxy.ErrOff):
		return usagef("name a proxy with --proxy, or hash a zip file or a folder with --zip or --dir", "%s", err)
	case errors.As(err, &status), errors.As(err, &request), errors.As(err, &invalid):
		fmt.Fprintf(inv.stderr, "assay: %s\n", clean(err.Error()))
		inv.code = audit.ExitIncomplete
		return nil
	}
	return err
}
