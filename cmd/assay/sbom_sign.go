// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"

	"github.com/goassay/assay/sbom/attest"
	"github.com/goassay/assay/sbom/format"
)

// attestationSuffix follows the name of a document in that of its attestation: what
// in-toto calls a bundle that is relevant for a file (attestation framework,
// "Bundle", file naming convention). It holds one envelope.
const attestationSuffix = ".intoto.jsonl"

// signingKey reads the key of --sign, after it was seen that the documents can be
// signed. It is nil where none is to be. Nothing of a key gets into an error.
func (inv *invocation) signingKey(file string, docs []document) (*attest.PrivateKey, error) {
	if file == "" {
		return nil, nil
	}
	for _, d := range docs {
		switch {
		case d.file == "":
			return nil, usagef("write the document into a file: -o FILE", "--sign: a document on standard output has no file to put its attestation beside")
		case predicateType(d.format) == "":
			return nil, usagef("sign a form in JSON: cyclonedx-json, spdx-json or spdx3-json", "--sign: %s: a statement holds documents in JSON", d.format)
		}
		if info, err := os.Stat(d.file); err == nil && !info.Mode().IsRegular() { // a device, or a pipe
			return nil, usagef("write the document into a file: -o FILE", "--sign: %s is no file to put an attestation beside", shown(d.file))
		}
		if err := writable(d.file + attestationSuffix); err != nil {
			return nil, err
		}
	}
	data, err := inv.readInput(file)
	if err != nil {
		return nil, err
	}
	key, err := attest.ParsePrivateKey(data)
	if err != nil {
		hint := "make one: openssl genpkey -algorithm ed25519 -out KEY.pem"
		if errors.Is(err, attest.ErrEncrypted) {
			hint = "decrypt it on the way: openssl pkey -in KEY.pem | assay sbom --sign - -o FILE"
		}
		return nil, usagef(hint, "--sign %s: %v", shown(file), err)
	}
	return key, nil
}

// signDocument returns the attestation of a document as it stands in its file.
func signDocument(key *attest.PrivateKey, doc []byte, f format.Format) ([]byte, error) {
	d, _, err := format.Read(doc)
	if err != nil {
		return nil, err
	}
	return attest.Sign(doc, predicateType(f), attest.Subjects(d, doc), key)
}

// predicateType is that of a document in a form; "" if the form is not JSON.
func predicateType(f format.Format) string {
	switch {
	case f.Name == "cyclonedx-json":
		return attest.CycloneDX
	case f.Name == "spdx3-json":
		return attest.SPDX3
	case f.Name == "spdx-json":
		return attest.SPDX
	}
	return ""
}
