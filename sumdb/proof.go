// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package sumdb

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/transparency-dev/formats/proof"
)

// A Proof shows, without any network, that a record is in a signed tree.
type Proof struct {
	ID         int64
	Text       []byte           // the record
	Hashes     tlog.RecordProof // RFC 6962, section 2.1.1: from the leaf upwards
	Checkpoint []byte           // the signed tree head
}

// MarshalText writes the proof in the form c2sp.org/tlog-proof@v1, with the
// record as its extra data.
func (p *Proof) MarshalText() ([]byte, error) {
	out := proof.TLogProof{Index: uint64(p.ID), ExtraData: p.Text, Checkpoint: p.Checkpoint}
	for _, h := range p.Hashes {
		out.Hashes = append(out.Hashes, h)
	}
	return out.Marshal(), nil
}

// UnmarshalText reads what MarshalText writes, byte for byte: any other
// spelling of the same proof is an error, so that no two files carry one proof.
func (p *Proof) UnmarshalText(data []byte) error {
	var in proof.TLogProof
	if err := in.Unmarshal(data); err != nil {
		return err
	}
	if !bytes.Equal(in.Marshal(), data) {
		return fmt.Errorf("tlog proof is not in its canonical form")
	}
	*p = Proof{ID: int64(in.Index), Text: in.ExtraData, Checkpoint: in.Checkpoint}
	for _, h := range in.Hashes {
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	return nil
}

// Verify verifies the log's signature, the inclusion of the record, and that
// the record is about m. It returns the record and the tree head it was proven
// against. The error is a [*Violation].
func (p *Proof) Verify(log *Log, m module.Version) (*Record, *Checkpoint, error) {
	cp, err := log.OpenCheckpoint(p.Checkpoint)
	if err != nil {
		return nil, nil, err
	}
	fail := func(err error) error {
		return &Violation{Kind: BadRecord, Subject: "proof of " + m.String(), Detail: err.Error()}
	}
	if p.ID < 0 || p.ID >= cp.Size {
		return nil, nil, fail(fmt.Errorf("record %d is outside the tree of %d", p.ID, cp.Size))
	}
	if err := tlog.CheckRecord(p.Hashes, cp.Size, cp.Root, p.ID, tlog.RecordHash(p.Text)); err != nil {
		return nil, nil, fail(err)
	}
	if err := checkRecordText(m, p.Text); err != nil {
		return nil, nil, fail(err)
	}
	return &Record{ID: p.ID, Text: p.Text, Proof: p}, cp, nil
}
