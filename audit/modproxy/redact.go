// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package modproxy

import (
	"net/url"
	"strings"
)

// redactURL gives u with nothing in it that could be a secret.
func redactURL(u *url.URL) string {
	r := *u
	if r.User != nil {
		r.User = url.User("xxxxx")
	}
	if r.RawQuery != "" {
		r.RawQuery = "xxxxx"
	}
	r.Fragment, r.RawFragment = "", ""
	return r.String()
}

// redactText gives text, which need not be a valid URL, without user
// information and query.
func redactText(text string) string {
	text, _, _ = strings.Cut(text, "#")
	text, _, query := strings.Cut(text, "?")
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "xxxxx" + rest[at:]
	}
	if ok {
		rest = scheme + "://" + rest
	}
	if query {
		rest += "?xxxxx"
	}
	return rest
}
