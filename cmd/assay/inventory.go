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
)

func (inv *invocation) inventoryFlag(cmd *cobra.Command, o *options) {
	cmd.Flags().StringArrayVar(&o.inventories, "inventory", nil, inv.say(text{
		"write certificates and keys into `FILE`: .csv, .json, or .ics, a calendar of the days on which they end; repeatable",
		"将证书与密钥清单写入 `FILE`：.csv、.json，或 .ics（到期日历）；可多次指定",
	}))
}

// inventoryForm is the form of a file by its ending.
func inventoryForm(file string) (report.InventoryForm, error) {
	form := report.InventoryForm(strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), "."))
	if !slices.Contains([]report.InventoryForm{report.InventoryCSV, report.InventoryJSON, report.InventoryICS}, form) {
		return "", usagef("name a file that ends in .csv, .json or .ics", "--inventory %s: unknown form", file)
	}
	return form, writable(file)
}

// checkInventories finds, before an audit that takes its time, what cannot be written.
func (o *options) checkInventories() error {
	for _, file := range o.inventories {
		if _, err := inventoryForm(file); err != nil {
			return err
		}
	}
	return nil
}

// writeInventories writes the certificates and keys of a report.
func (o *options) writeInventories(rep *audit.Report) error {
	for _, file := range o.inventories {
		form, err := inventoryForm(file)
		if err != nil {
			return err
		}
		var buf bytes.Buffer
		if err := report.WriteInventory(&buf, form, rep); err != nil {
			return err
		}
		if err := writeFile(file, buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
