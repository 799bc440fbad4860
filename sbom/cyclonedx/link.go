// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package cyclonedx

import (
	"strconv"
	"strings"

	"github.com/goassay/assay/sbom"
)

// Link returns the BOM-Link of a component of a document, given by its Ref, or of the
// document itself if that is "": urn:cdx:serial/version#bom-ref. It is "" for a
// document without a serial number, and for a component that has no bom-ref of its own.
// See https://cyclonedx.org/capabilities/bomlink/.
func Link(doc *sbom.Document, ref string) string {
	if !serial.MatchString(doc.ID) || strings.HasPrefix(ref, "#") {
		return ""
	}
	link := "urn:cdx:" + strings.TrimPrefix(doc.ID, "urn:uuid:") + "/" + strconv.Itoa(max(doc.Version, 1))
	if ref == "" {
		return link
	}
	return link + "#" + fragment(ref)
}

// fragment encodes a bom-ref as the fragment of a URI (RFC 3986, section 3.5). A
// plus sign is encoded, too: some programs take it for a space.
func fragment(ref string) string {
	const kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*,;=:@/?"
	var b strings.Builder
	for _, c := range []byte(ref) {
		if strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		}
	}
	return b.String()
}
