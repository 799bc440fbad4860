// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/audit/checks"
)

// maxAuthor bounds the name of who issues VEX documents, in bytes.
const maxAuthor = 1024

// checkFiles checks that the VEX documents can be written, each into a file of its own.
func (v *vulnFlags) checkFiles() error {
	if v.author != "" && v.openVEX == "" && v.cdxVEX == "" {
		return usagef("name the file with --openvex or --cyclonedx", "--author: no VEX document is written")
	}
	if v.author != clean(v.author) || len(v.author) > maxAuthor {
		return usagef("", "--author: control characters, or more than %d bytes", maxAuthor)
	}
	if v.openVEX != "" && filepath.Clean(v.openVEX) == filepath.Clean(v.cdxVEX) {
		return usagef("name two files", "--openvex and --cyclonedx: two documents into one place")
	}
	for _, file := range []string{v.openVEX, v.cdxVEX} {
		if file == "" {
			continue
		}
		if err := writable(file); err != nil {
			return err
		}
	}
	return nil
}

// writeVEX writes the VEX documents of what a report says of its targets. An old
// OpenVEX document does not stay in the place of one that would have no statements.
func (inv *invocation) writeVEX(v *vulnFlags, rep *audit.Report) error {
	var facts checks.VulnFacts
	if raw, ok := rep.Facts[checks.Vuln.ID]; ok {
		if err := json.Unmarshal(raw, &facts); err != nil {
			return err
		}
	} else { // the check ended before it looked at anything
		for _, c := range rep.Checks {
			facts.Unread = append(facts.Unread, strings.TrimSpace(c.Reason))
		}
	}
	tool := rep.Tool.Name + " " + rep.Tool.Version
	if v.cdxVEX != "" {
		doc, err := facts.CycloneDX(tool, v.author, rep.Finished)
		if err != nil {
			return usagef("", "--cyclonedx %s: %v", v.cdxVEX, err)
		}
		if err := writeFile(v.cdxVEX, line(doc)); err != nil {
			return err
		}
	}
	if v.openVEX == "" {
		return nil
	}
	doc, err := facts.OpenVEX(tool, v.author, rep.Finished)
	if errors.Is(err, checks.ErrNoStatements) {
		fmt.Fprintf(inv.stderr, inv.say(text{
			"assay: --openvex %s: not written: there is nothing to state, and OpenVEX has no document without statements\n",
			"assay: --openvex %s：未写入：没有可声明的内容，而 OpenVEX 文档至少须含一条声明\n",
		}), clean(v.openVEX))
		if info, err := os.Stat(v.openVEX); err == nil && info.Mode().IsRegular() {
			if err := os.Remove(v.openVEX); err != nil {
				return pathError(v.openVEX, err)
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	return writeFile(v.openVEX, doc)
}
