// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/report"
	"github.com/goassay/assay/sbom/format"
)

func (inv *invocation) inventoryFlag(cmd *cobra.Command, o *options) {
	cmd.Flags().StringArrayVar(&o.inventories, "inventory", nil, inv.say(text{
		"write certificates and keys into `FILE`: .csv, .json, or .ics, a calendar of the days on which they end; cbom=FILE: all cryptography, as CycloneDX has it; repeatable",
		"将证书与密钥清单写入 `FILE`：.csv、.json，或 .ics（到期日历）；cbom=文件名 则写出密码物料清单（CBOM，CycloneDX 格式）；可多次指定",
	}))
}

// cbomForms are the words before the name of a file for a bill of materials of
// cryptography.
var cbomForms = map[string]format.Format{
	"cbom":     {Name: "cyclonedx-json", Version: "1.6"},
	"cbom@1.6": {Name: "cyclonedx-json", Version: "1.6"},
	"cbom@1.7": {Name: "cyclonedx-json", Version: "1.7"},
}

// An inventory is one that is to be written.
type inventory struct {
	file string
	form report.InventoryForm // by the file's ending
	cbom *format.Format       // in place of it
}

func parseInventory(value string) (inventory, error) {
	if word, file, named := strings.Cut(value, "="); named {
		if f, ok := cbomForms[word]; ok {
			if file == "" {
				return inventory{}, usagef("", "--inventory %s: no file name after =", value)
			}
			return inventory{file: file, cbom: &f}, writable(file)
		}
	}
	form := report.InventoryForm(strings.TrimPrefix(strings.ToLower(filepath.Ext(value)), "."))
	if !slices.Contains([]report.InventoryForm{report.InventoryCSV, report.InventoryJSON, report.InventoryICS}, form) {
		return inventory{}, usagef("name a file that ends in .csv, .json or .ics, or write cbom=FILE", "--inventory %s: unknown form", value)
	}
	return inventory{file: value, form: form}, writable(value)
}

// encode writes the inventory of a report.
func (i inventory) encode(rep *audit.Report) ([]byte, error) {
	if i.cbom == nil {
		var buf bytes.Buffer
		err := report.WriteInventory(&buf, i.form, rep)
		return buf.Bytes(), err
	}
	d, err := report.CBOM(rep)
	if err != nil {
		return nil, err
	}
	return format.Write(d, *i.cbom)
}

// checkInventories finds, before an audit that takes its time, what cannot be written.
func (o *options) checkInventories() error {
	for _, value := range o.inventories {
		if _, err := parseInventory(value); err != nil {
			return err
		}
	}
	return nil
}

// writeInventories writes the certificates, keys and other cryptography of a report.
func (o *options) writeInventories(rep *audit.Report) error {
	for _, value := range o.inventories {
		i, err := parseInventory(value)
		if err != nil {
			return err
		}
		data, err := i.encode(rep)
		if err != nil {
			return err
		}
		if i.cbom != nil {
			data = line(data)
		}
		if err := writeFile(i.file, data); err != nil {
			return err
		}
	}
	return nil
}
