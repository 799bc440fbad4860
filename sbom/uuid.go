// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"crypto/fips140"
	"crypto/sha1"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrAltered reports a document whose identifier is not the one derived from its content.
var ErrAltered = errors.New("content does not have this identifier")

// urlNamespace is the UUID namespace for URLs (RFC 9562, section 6.6).
var urlNamespace = [16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// uuid5 returns the name-based UUID of a document (RFC 9562, section 5.5). That
// is SHA-1 by definition; nothing is protected by it.
func uuid5(name []byte) string {
	var id [sha1.Size]byte
	fips140.WithoutEnforcement(func() {
		h := sha1.New()
		h.Write(urlNamespace[:])
		h.Write(name)
		h.Sum(id[:0])
	})
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// Timestamp returns the time that a reproducible document carries:
// SOURCE_DATE_EPOCH of the environment, in seconds since 1970, else now.
// As its specification asks, a malformed value is an error.
func Timestamp(environ []string, now time.Time) (time.Time, error) {
	value := ""
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, "SOURCE_DATE_EPOCH="); ok {
			value = v
		}
	}
	if value == "" {
		return now.UTC(), nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 || seconds > maxTime {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s: not a number of seconds since 1970", value)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// maxTime is the last second that RFC 3339 can write.
const maxTime = 253402300799
