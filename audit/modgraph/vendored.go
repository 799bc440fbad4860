// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modgraph

import (
	"errors"
	"io/fs"
	"path/filepath"

	"golang.org/x/mod/module"
)

// A VendoredModule is a module whose packages a vendor folder holds.
type VendoredModule struct {
	Module module.Version // what replaces it, where it is replaced by a module
	Line   int            // in modules.txt
}

// ReadVendored lists the modules whose packages the vendor folder in dir holds,
// without those that a folder replaces. It returns nothing if there is no list.
func ReadVendored(dir string) ([]VendoredModule, error) {
	data, err := readFile(filepath.Join(dir, "vendor", "modules.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list := parseVendorList(string(data))
	var out []VendoredModule
	for _, m := range list.providers {
		line := 0
		if v := list.modules[m]; v != nil {
			line = v.line
			if v.replacement.Path != "" {
				m = v.replacement
			}
		}
		if m.Version != "" {
			out = append(out, VendoredModule{m, line})
		}
	}
	return out, nil
}
