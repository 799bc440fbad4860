// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumlog

import (
	"fmt"

	"golang.org/x/mod/module"

	"github.com/goassay/assay/sumdb"
)

// TakeOver makes the record of m out of what another log, such as
// sum.golang.org, has logged: both hashes are those of the record that p proves
// to be in a tree that the log signed. What a proxy serves plays no part in it.
func TakeOver(log *sumdb.Log, m module.Version, p *sumdb.Proof) (Record, error) {
	logged, _, err := p.Verify(log, m)
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w", m, err)
	}
	r := Record{Module: m}
	var zip, goMod bool
	r.Zip, zip = logged.Hash(m, false)
	r.GoMod, goMod = logged.Hash(m, true)
	if !zip || !goMod {
		return Record{}, fmt.Errorf("%s: record %d of %s has not both hashes", m, logged.ID, log.Name)
	}
	return r, r.Check()
}
