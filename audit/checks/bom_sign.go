// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package checks

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/goassay/assay/audit"
	"github.com/goassay/assay/sbom"
	"github.com/goassay/assay/sbom/attest"
	"github.com/goassay/assay/sbom/format"
)

// RecordedBOMKeys is the name under which a run records the public keys, PEM,
// of which one must have signed each document.
const RecordedBOMKeys = "bom-keys"

// SettingBOMAttestation is a file with an attestation; default: the one beside
// each document.
const SettingBOMAttestation = "bom.attestation"

// AttestationSuffix follows the name of a document in that of its attestation.
const AttestationSuffix = ".intoto.jsonl"

// BOMSignature is what became of the signature of a document.
type BOMSignature struct {
	File     string   `json:"file"`
	Evidence string   `json:"evidence,omitempty"`
	State    BOMState `json:"state"`             // matches: one of the keys signed a statement of this very document
	Signers  []string `json:"signers,omitempty"` // IDs of the keys
	Error    string   `json:"error,omitempty"`
}

// readSignature verifies the attestation of a document, if there are keys.
func readSignature(p *audit.Pass, b *BOMDocument) error {
	pem := p.Recorded[RecordedBOMKeys]
	if pem == nil {
		return nil
	}
	keys, err := attest.ParsePublicKeys(pem)
	if err != nil {
		return err
	}
	name, own := p.Settings[SettingBOMAttestation], false
	if name == "" {
		name, own = b.path+AttestationSuffix, true
	}
	b.Signature = &BOMSignature{File: nameIn(p.Target.Dir, name), State: BOMNotChecked}
	var envelope []byte
	if own {
		envelope, err = sbom.ReadBeside(b.path, filepath.Base(name))
	} else {
		envelope, err = format.ReadFile(name)
	}
	if err != nil {
		b.Signature.Error = err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			b.Signature.Error = "no attestation"
		}
		return nil
	}
	data, err := format.ReadFile(b.path)
	if err != nil {
		b.Signature.Error = err.Error()
		return nil
	}
	b.Signature.verify(envelope, data, keys)
	if b.Signature.State == BOMMatches {
		b.Signature.Evidence = p.Evidence("attestation", envelope)
	}
	return nil
}

func (s *BOMSignature) verify(envelope, document []byte, keys []*attest.PublicKey) {
	statement, err := attest.Verify(envelope, keys...)
	if err == nil {
		err = statement.Binds(document)
	}
	if err != nil {
		s.State, s.Error = BOMDiffers, err.Error()
		return
	}
	s.State, s.Signers = BOMMatches, statement.Signers
}
