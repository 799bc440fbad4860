// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/CycloneDX/cyclonedx-go"
)

// ErrAltered reports a document whose serial number is not that of its content.
var ErrAltered = errors.New("content does not have this serial number")

// Read parses a document that [Build] made, and proves that it is unchanged:
// its serial number is the name-based UUID of the rest. This is no signature:
// whoever changes a document can give it another number.
func Read(document []byte) (*cyclonedx.BOM, error) {
	bom := new(cyclonedx.BOM)
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(document), cyclonedx.BOMFileFormatJSON).Decode(bom); err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	stripped := *bom
	stripped.SerialNumber = ""
	var content bytes.Buffer
	if err := Write(&content, &stripped); err != nil {
		return nil, fmt.Errorf("read bill of materials: %w", err)
	}
	if bom.SerialNumber != serialNumber(content.Bytes()) {
		return nil, fmt.Errorf("read bill of materials: %s: %w", bom.SerialNumber, ErrAltered)
	}
	if bom.Metadata == nil || bom.Metadata.Component == nil || bom.Components == nil {
		return nil, errors.New("read bill of materials: no root or no components")
	}
	return bom, nil
}

// ComponentProperty returns the value of a component's property, or "".
func ComponentProperty(c cyclonedx.Component, name string) string {
	if c.Properties == nil {
		return ""
	}
	i := slices.IndexFunc(*c.Properties, func(p cyclonedx.Property) bool { return p.Name == name })
	if i < 0 {
		return ""
	}
	return (*c.Properties)[i].Value
}
