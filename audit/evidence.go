// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An EvidenceRef names bytes that a verdict rests on.
type EvidenceRef struct {
	Digest string `json:"digest"` // "sha256:" and 64 hexadecimal digits
	Kind   string `json:"kind"`
	Size   int64  `json:"size"`
	Check  string `json:"check"`
}

// Bounds on what is read back, in bytes.
const (
	maxEvidence = 1 << 30 // one piece of evidence
	maxReport   = 256 << 20
)

// Digest returns the digest by which evidence is named.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// An EvidenceStore keeps evidence by its digest. Several checks may put at once.
type EvidenceStore interface {
	Put(digest string, data []byte) error
}

// An EvidenceDir is a folder that keeps evidence by its digest, beside the
// report that names it:
//
//	report.json
//	sha256/<first two digits>/<all 64 digits>
type EvidenceDir struct{ dir string }

// ReportFile is the name of the report in an evidence folder.
const ReportFile = "report.json"

// CreateEvidenceDir makes or reuses the folder. It refuses a folder that holds
// anything but evidence.
func CreateEvidenceDir(dir string) (*EvidenceDir, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			continue // left behind by a run that was killed
		}
		if e.Name() != ReportFile && e.Name() != "sha256" {
			return nil, fmt.Errorf("%s is not an evidence folder: it holds %s", dir, e.Name())
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return &EvidenceDir{dir}, nil
}

// OpenEvidenceDir opens a folder made earlier.
func OpenEvidenceDir(dir string) (*EvidenceDir, error) {
	if _, err := os.Stat(filepath.Join(dir, ReportFile)); err != nil {
		return nil, err
	}
	return &EvidenceDir{dir}, nil
}

// path returns where the evidence of that digest lies.
func (d *EvidenceDir) path(digest string) (string, error) {
	sum, ok := strings.CutPrefix(digest, "sha256:")
	if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != sha256.Size || strings.ToLower(sum) != sum {
		return "", fmt.Errorf("malformed digest %q", digest)
	}
	return filepath.Join(d.dir, "sha256", sum[:2], sum), nil
}

// Put stores data under its digest.
func (d *EvidenceDir) Put(digest string, data []byte) error {
	name, err := d.path(digest)
	if err != nil {
		return err
	}
	if _, err := d.Get(digest); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return WriteFile(name, data)
}

// Get returns the evidence of that digest, once it has been hashed again.
func (d *EvidenceDir) Get(digest string) ([]byte, error) {
	name, err := d.path(digest)
	if err != nil {
		return nil, err
	}
	data, err := readRegular(name, maxEvidence)
	if err != nil {
		return nil, fmt.Errorf("evidence %s: %w", digest, err)
	}
	if got := Digest(data); got != digest {
		return nil, fmt.Errorf("evidence %s: content has digest %s", digest, got)
	}
	return data, nil
}

// WriteReport stores the report beside its evidence.
func (d *EvidenceDir) WriteReport(data []byte) error {
	return WriteFile(filepath.Join(d.dir, ReportFile), data)
}

// Report reads the folder's report.
func (d *EvidenceDir) Report() (*Report, error) {
	data, err := readRegular(filepath.Join(d.dir, ReportFile), maxReport)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ReportFile, err)
	}
	return ParseReport(data)
}

// readRegular reads a file of at most max bytes. It follows no link and opens
// no pipe or device: the folder comes from somebody else, and those may block
// or never end. Errors do not repeat the name.
func readRegular(name string, max int64) ([]byte, error) {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > max:
		return nil, fmt.Errorf("larger than %d bytes", max)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max))
	return data, withoutPath(err)
}

func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Verify verifies the folder's report with no network: every digest resolves
// and fits its content, verdict and outcomes follow from findings and reasons,
// findings follow from facts, and facts from the evidence, as far as checks can
// say. All that is wrong is in the error.
func (d *EvidenceDir) Verify(rep *Report, checks []*Check) error {
	errs := []error{rep.consistent()}
	sizes := map[string]int64{} // by digest
	for _, ref := range rep.Evidence {
		size, ok := sizes[ref.Digest]
		if !ok {
			data, err := d.Get(ref.Digest)
			if size = int64(len(data)); err != nil {
				size = ref.Size
				errs = append(errs, err)
			}
			sizes[ref.Digest] = size
		}
		if size != ref.Size {
			errs = append(errs, fmt.Errorf("evidence %s: %d bytes, the report says %d", ref.Digest, size, ref.Size))
		}
	}
	cited := map[string]bool{}
	for _, digest := range rep.digests() {
		cited[digest] = true
		if _, ok := sizes[digest]; !ok {
			errs = append(errs, fmt.Errorf("evidence %s is cited and not in the report's list", digest))
		}
	}
	for _, ref := range rep.Evidence {
		derived := slices.ContainsFunc(checks, func(c *Check) bool { return c.ID == ref.Check && c.Conclude != nil })
		_, whole := rep.Facts[ref.Check]            // else it ended before it said what rests on what
		if derived && whole && !cited[ref.Digest] { // what cited it was taken out
			errs = append(errs, fmt.Errorf("evidence %s of %s is in the report's list, and nothing rests on it", ref.Digest, ref.Check))
		}
	}
	for id := range rep.Facts {
		if _, ok := rep.Check(id); !ok {
			errs = append(errs, fmt.Errorf("%s: facts of no check of the report", id))
		}
	}
	for _, c := range checks {
		if err := rep.recheck(c, d.Get); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.ID, err))
		}
	}
	return errors.Join(errs...)
}

// recheck verifies what the report says of a check by its facts, and those by
// the evidence.
func (r *Report) recheck(c *Check, evidence func(string) ([]byte, error)) error {
	facts, ok := r.Facts[c.ID]
	if !ok {
		res, ok := r.Check(c.ID)
		whole := res.Outcome == Passed || res.Outcome == Failed && res.ReasonID == "" && res.Reason == "" // it came to its end
		if ok && whole && (c.Recheck != nil || c.Conclude != nil) {
			return fmt.Errorf("is %s without facts", res.Outcome)
		}
		return nil
	}
	return guard(func() error { // the facts come from somebody else
		var errs []error
		if c.Recheck != nil {
			errs = append(errs, c.Recheck(facts, evidence))
		}
		if c.Conclude != nil {
			findings, err := c.Conclude(facts)
			errs = append(errs, r.concluded(c, findings, err))
		}
		return errors.Join(errs...)
	})
}

// concluded verifies that the report says what its facts demand.
func (r *Report) concluded(c *Check, findings []Finding, err error) error {
	var errs []error
	reported := map[string]bool{}
	for _, f := range r.Findings {
		reported[fingerprint(f.Rule, f.Subject)] = true
	}
	for _, f := range findings {
		if !reported[fingerprint(f.Rule, f.Subject)] {
			errs = append(errs, fmt.Errorf("finding %s of %s is missing", f.Rule, f.Subject.Name))
		}
	}
	res, _ := r.Check(c.ID)
	var na *notAssessed
	switch {
	case errors.As(err, &na):
		if res.Outcome == Passed || res.Outcome == NotApplicable || res.Outcome == Failed && res.ReasonID == "" {
			errs = append(errs, fmt.Errorf("is %s, and its facts leave it open: %s", res.Outcome, na.reason))
		}
	case err != nil:
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// digests returns every digest that findings and facts cite as evidence. In
// facts, those are the values of fields called evidence.
func (r *Report) digests() []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Evidence...)
	}
	for _, raw := range r.Facts {
		var v any
		if json.Unmarshal(raw, &v) == nil {
			out = appendDigests(out, v, false)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func appendDigests(out []string, v any, cited bool) []string {
	switch v := v.(type) {
	case string:
		if cited && v != "" {
			out = append(out, v)
		}
	case []any:
		for _, e := range v {
			out = appendDigests(out, e, cited)
		}
	case map[string]any:
		for k, e := range v {
			out = appendDigests(out, e, k == "evidence")
		}
	}
	return out
}

// tempPrefix begins the name of a file that is being written.
const tempPrefix = ".assay-"

// WriteFile writes a file under a temporary name and renames it, so that it is
// never seen half-written.
func WriteFile(name string, data []byte) (err error) {
	f, err := createTemp(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// createTemp is [os.CreateTemp] for a file that others may read, as far as the
// umask lets them.
func createTemp(dir string) (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Join(dir, tempPrefix+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}
