// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb"
	"github.com/goassay/assay/sumdb/sumdbtest"
)

// Both hashes come from a proven record, and from nothing else.
func TestTakeOver(t *testing.T) {
	good := record(1)
	toolchain := record(2)
	toolchain.Module = module.Version{Path: "golang.org/toolchain", Version: "v0.0.1-go1.26.8.linux-amd64"}
	half := record(3)
	public := sumdbtest.New(t)
	public.Add(t, good.Module, string(good.Text()))
	public.Add(t, toolchain.Module, string(toolchain.Text()))
	public.Add(t, half.Module, fmt.Sprintf("%s %s %s\n", half.Module.Path, half.Module.Version, half.Zip))
	log, err := sumdb.ParseLog(public.Key)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&sumdb.Verifier{Log: log, Fetcher: fetcher(public.URL + "/sumdb/" + log.Name)}).Verify(t.Context(), []module.Version{good.Module, toolchain.Module, half.Module})
	if err != nil {
		t.Fatal(err)
	}
	proofs := map[module.Version]*sumdb.Proof{}
	for _, a := range res.Answers {
		if a.Record == nil {
			t.Fatalf("%v: %v", a.Module, a.Err)
		}
		proofs[a.Module] = a.Record.Proof
	}
	for _, want := range []Record{good, toolchain} {
		if got, err := TakeOver(log, want.Module, proofs[want.Module]); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := TakeOver(log, half.Module, proofs[half.Module]); err == nil {
		t.Errorf("half a record: %+v", got)
	}
	var violation *sumdb.Violation
	if got, err := TakeOver(log, toolchain.Module, proofs[good.Module]); !errors.As(err, &violation) {
		t.Errorf("another module's record: %+v, %v", got, err)
	}
	altered := *proofs[good.Module]
	altered.Text = append([]byte(nil), altered.Text...)
	altered.Text[len(altered.Text)-5] ^= 1
	if got, err := TakeOver(log, good.Module, &altered); !errors.As(err, &violation) {
		t.Errorf("an altered record: %+v, %v", got, err)
	}
	other, err := sumdb.ParseLog(mustKey(t).Verifier())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := TakeOver(other, good.Module, proofs[good.Module]); !errors.As(err, &violation) {
		t.Errorf("another log's key: %+v, %v", got, err)
	}
}
