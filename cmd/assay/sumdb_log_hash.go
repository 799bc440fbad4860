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
		r, err := s.hashDir(ctx, inv, modules[0])
		return []sumlog.Record{r}, err
	}
	client, err := s.client(ctx, inv, modules)
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
	fmt.Fprintf(inv.stderr, "assay: %s\n", inv.say(text{
		"hashed as the proxies serve it, and compared with nothing: public modules are taken with --from",
		"哈希按代理提供的内容计算，未与任何内容比对；公开模块请用 --from 取用",
	}))
	return records, nil
}

// hashDir makes the record of a module in a folder, and says what was hashed.
func (s *addSource) hashDir(ctx context.Context, inv *invocation, m module.Version) (sumlog.Record, error) {
	r, commit, err := sumlog.HashDir(ctx, m, s.dir)
	var refused *sumlog.CheckoutError
	switch {
	case errors.As(err, &refused):
		return r, usagef("check out the commit of the version's tag, without changes, or hash the zip file that is served with --zip", "%s", err)
	case err != nil:
		return r, err
	case commit != "":
		fmt.Fprintf(inv.stderr, "assay: %s%s\n", inv.say(text{"hashed as the go command makes it of commit ", "哈希按 go 命令的方式取自提交 "}), commit)
		return r, nil
	}
	fmt.Fprintf(inv.stderr, "assay: %s\n", inv.say(text{
		"not a git checkout: every file of the folder was hashed, and a proxy that packs others has another hash",
		"不是 git 检出：已计入目录中的全部文件；若代理打包的文件不同，哈希也会不同",
	}))
	return r, nil
}

// client asks the proxies that were named, else, about private modules only,
// those that the go command would.
func (s *addSource) client(ctx context.Context, inv *invocation, modules []module.Version) (*modproxy.Client, error) {
	c := &modproxy.Client{Transport: transport()}
	proxies := s.proxy
	if proxies == "" {
		env, err := goenv.Read(ctx, goenv.Options{Environ: inv.environ, Run: gocmd.Run})
		if err != nil {
			return nil, err
		}
		for _, m := range modules {
			if _, private := goenv.Match(privatePatterns(env), m.Path); !private {
				return nil, usagef("take a public module over with --from LOG; of a private one, name the proxy with --proxy",
					"%s is private by no pattern of GOPRIVATE, GONOSUMDB or GONOPROXY", m)
			}
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
