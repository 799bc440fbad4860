// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"go/version"
	"slices"
	"strconv"
)

// weakSettings returns those of GODEBUG's settings that weaken a program of a
// release, sorted, as name=value.
func weakSettings(settings map[string]string, release string) []string {
	var weak []string
	for name, value := range settings {
		if isWeak(name, value, release) {
			weak = append(weak, name+"="+value)
		}
	}
	slices.Sort(weak)
	return weak
}

func isWeak(name, value, release string) bool {
	if limit, ok := limitSettings[name]; ok {
		n, err := strconv.Atoi(value)
		return err == nil && (n > limit.byDefault || n == 0 && limit.zeroUnlimited)
	}
	if name == "x509sha1" { // removed in Go 1.24
		return value == "1" && version.Compare(release, "go1.24rc1") < 0
	}
	weak, ok := weakValues[name]
	return ok && value == weak
}

// weakValues are values of GODEBUG settings that switch a protection off.
// See internal/godebugs and go.dev/doc/godebug. Not among them are settings
// whose weak value is the default anyway, such as zipinsecurepath=1.
var weakValues = map[string]string{
	"execerrdot":         "0", // runs programs that PATH finds in the current directory
	"fips140ems":         "0", // TLS 1.2 without extended master secret in FIPS mode
	"rsa1024min":         "0", // RSA keys under 1024 bits
	"tls10server":        "1", // TLS 1.0 and 1.1
	"tls3des":            "1",
	"tlsmlkem":           "0", // no post-quantum key exchange
	"tlsrsakex":          "1", // no forward secrecy
	"tlssha1":            "1",
	"tlsunsafeekm":       "1",
	"x509negativeserial": "1",
	"x509rsacrt":         "0",
}

// limitSettings are limits of resources. A value above the default weakens,
// and where zero means no limit, zero does.
var limitSettings = map[string]struct {
	byDefault     int
	zeroUnlimited bool
}{
	"httpcookiemaxnum":    {3000, true},
	"multipartmaxheaders": {10_000, false},
	"multipartmaxparts":   {1000, false},
	"urlmaxqueryparams":   {10_000, true},
}
