// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package filetree

import (
	"bytes"
	"cmp"
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
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// An Image is a container image, as a file's program would be started from it.
type Image struct {
	Name       string   // such as "linux/arm64" or "app:1.2"
	Digest     string   // of the configuration: "sha256:" and hexadecimal
	Manifest   string   // digest of the manifest; "" if there is none: older versions of "docker save" write none
	Reference  string   // by which the archive names it, such as "example.com/app:1.2"; "" if it does not
	Platform   string   // as the configuration says: "linux/amd64"
	Env        []string // that a container is started with, name=value
	Entrypoint []string
	Cmd        []string
}

// A store has the files of one or more images.
type store interface {
	// has returns the name of the file that a name leads to.
	has(name string) (file string, ok bool)

	// each calls fn once for each of these files, in an order of its own, with the
	// content or, where that cannot be read, a reader that fails. It ends with
	// fn's error.
	each(files []string, fn func(file string, r io.Reader) error) error
}

// isImage reports whether a store has images: of the OCI layout, or as "docker
// save" writes them.
func isImage(s store) bool {
	saved, err := savedImages(s)
	return isOCI(s) || len(saved) > 0 || err != nil
}

func isOCI(s store) bool {
	_, layout := s.has("oci-layout")
	_, index := s.has("index.json")
	return layout && index
}

// isLayout reports whether a directory is an image of the OCI layout.
func isLayout(entries []os.DirEntry) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == name })
	}
	return has("oci-layout") && has("index.json")
}

// layout has the images of a directory in the OCI layout read, beside others. What
// else is in the directory is left to be walked.
func (w *walk) layout(dir string) error {
	at := place{path: dir, outer: dir, budget: w.newBudget(MaxUnpacked)}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return w.failed(at, err)
	}
	s := dirStore{root}
	list := findImages(s)
	for _, im := range list {
		for _, l := range im.layers {
			if l.file != "" {
				w.layers[filepath.Join(dir, filepath.FromSlash(l.file))] = true
			}
		}
	}
	w.group.Go(func() error {
		defer root.Close()
		return w.readImages(at, s, list)
	})
	return nil
}

// dirStore is a directory in the OCI layout. What symbolic links lead to outside
// is not in it.
type dirStore struct{ root *os.Root }

func (s dirStore) has(name string) (string, bool) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", false
	}
	info, err := s.root.Stat(filepath.FromSlash(name))
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	return name, true
}

func (s dirStore) each(files []string, fn func(file string, r io.Reader) error) error {
	for _, name := range files {
		f, err := s.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			f, _, err = opened(name, f)
		}
		if err != nil {
			err = fn(name, failing{err})
		} else {
			err = fn(name, f)
			f.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxManifest bounds a manifest, an index and a configuration, in bytes: the
// limit that registries have.
const maxManifest = 4 << 20

// maxImages bounds the images in one place, and maxLayers the layers of one.
const (
	maxImages = 256
	maxLayers = 1024
)

// small reads a file that must be small. Of one that is not, or is cut, it returns
// what was read beside the error.
func small(s store, name string) (data []byte, err error) {
	file, ok := s.has(name)
	if !ok {
		return nil, fmt.Errorf("%s: %w", printable(name), fs.ErrNotExist)
	}
	err = s.each([]string{file}, func(_ string, r io.Reader) error {
		data, err = io.ReadAll(io.LimitReader(r, maxManifest+1))
		return err
	})
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxManifest)
	}
	if err != nil {
		return data, fmt.Errorf("%s: %w", printable(name), err)
	}
	return data, nil
}

// blobName is where a blob stands.
func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// blob reads a small blob, and verifies it.
func blob(s store, h v1.Hash) ([]byte, error) {
	if h.Algorithm != "sha256" {
		return nil, fmt.Errorf("%w: digest %s", ErrMalformed, h)
	}
	data, err := small(s, blobName(h))
	if err != nil {
		return nil, err
	}
	if found := digestOf(data); found != h.String() {
		return nil, fmt.Errorf("%s: %w: is %s", blobName(h), ErrDigest, found)
	}
	return data, nil
}

// digestOf returns "sha256:" and hexadecimal.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// A foundImage is an image, its layers, the lowest first, and what keeps it from
// being read as a whole.
type foundImage struct {
	Image
	layers []foundLayer
	errs   []error
}

// A foundLayer is a layer, by the digests that it should have, which may be "".
type foundLayer struct {
	file   string // in the store; "" if it is not there
	digest string // of the file
	diffID string // of what the file is when it is not compressed
}

func (im *foundImage) fail(err error) *foundImage {
	im.errs = append(im.errs, err)
	return im
}

func newImage(name string) *foundImage { return &foundImage{Image: Image{Name: name}} }

// findImages lists the images in a store: those of manifest.json, and of
// index.json. Newer versions of "docker save" write both, and the latter names
// other platforms too, whose files they leave out.
func findImages(s store) []*foundImage {
	var out []*foundImage
	saved, err := savedImages(s)
	if err != nil {
		out = append(out, newImage("manifest.json").fail(err))
	}
	for _, m := range saved {
		out = append(out, m.find(s))
	}
	if isOCI(s) {
		data, err := small(s, "index.json")
		if err != nil {
			out, data = append(out, newImage("index.json").fail(err)), nil
		}
		for _, im := range indexImages(s, data, "", len(saved) > 0, 0) {
			known := func(o *foundImage) bool {
				if o.Digest != "" && o.Digest == im.Digest && o.Manifest == "" && slices.EqualFunc(o.layers, im.layers, sameFile) {
					o.Manifest = im.Manifest
				}
				return o.Digest != "" && o.Digest == im.Digest && slices.EqualFunc(o.layers, im.layers, sameFile)
			}
			if !slices.ContainsFunc(out, known) {
				out = append(out, im)
			}
		}
	}
	names := map[string]int{}
	for _, im := range out {
		if names[im.Name]++; names[im.Name] > 1 {
			im.Name = fmt.Sprintf("%s#%d", im.Name, names[im.Name])
		}
	}
	return out
}

func sameFile(a, b foundLayer) bool {
	return a.file == b.file && a.digest == b.digest && (a.file != "" || a.digest != "")
}

// savedImage is an element of manifest.json of "docker save".
type savedImage struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// savedImages returns what manifest.json lists; nil if it is another file of that
// name. One that cannot be read, or is too large, and may be a list, is an error: an
// image without its configuration would pass for one that sets nothing.
func savedImages(s store) ([]savedImage, error) {
	const name = "manifest.json"
	data, err := small(s, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if begin := bytes.TrimLeft(data, " \t\r\n"); len(begin) > 0 && begin[0] != '[' {
			return nil, nil
		}
		return nil, err
	}
	var list []savedImage
	if json.Unmarshal(data, &list) != nil || !slices.ContainsFunc(list, func(m savedImage) bool { return m.Config != "" }) {
		return nil, nil
	}
	return list, nil
}

func (m savedImage) find(s store) *foundImage {
	im := newImage(cmp.Or(m.Config, "manifest.json"))
	if len(m.RepoTags) > 0 {
		im.Name, im.Reference = m.RepoTags[0], m.RepoTags[0]
	}
	for _, l := range m.Layers {
		im.addLayer(s, clean(l))
	}
	data, err := small(s, clean(m.Config))
	if err != nil {
		return im.fail(err)
	}
	im.configure(data)
	return im
}

// addLayer adds the layer of a name, which is a digest if it is a blob's.
func (im *foundImage) addLayer(s store, name string) {
	file, ok := s.has(name)
	if !ok {
		im.fail(fmt.Errorf("layer %s: %w", printable(name), fs.ErrNotExist))
	}
	l := foundLayer{file: file}
	if hex, ok := strings.CutPrefix(name, "blobs/sha256/"); ok {
		l.digest = "sha256:" + hex
	}
	im.layers = append(im.layers, l)
}

// configure takes over what the configuration says.
func (im *foundImage) configure(data []byte) {
	c, err := v1.ParseConfigFile(bytes.NewReader(data))
	if err != nil {
		im.fail(malformed(err))
		return
	}
	im.Digest = digestOf(data)
	if p := c.Platform(); p != nil {
		im.Platform = p.String()
	}
	im.Env, im.Entrypoint, im.Cmd = c.Config.Env, c.Config.Entrypoint, c.Config.Cmd
	if ids := c.RootFS.DiffIDs; len(ids) == len(im.layers) {
		for i, id := range ids {
			im.layers[i].diffID = id.String()
		}
	} else {
		im.fail(fmt.Errorf("%w: %d layers, and %d in the configuration", ErrMalformed, len(im.layers), len(ids)))
	}
}

// indexImages lists the images of an index, and of those in it. Where absent ones
// are expected they are passed over. What is no image is: if it has files of
// its own, they are read as files of the store.
func indexImages(s store, data []byte, reference string, absent bool, depth int) []*foundImage {
	if data == nil {
		return nil
	}
	index, err := v1.ParseIndexManifest(bytes.NewReader(data))
	if err != nil {
		return []*foundImage{newImage("index").fail(malformed(err))}
	}
	var out []*foundImage
	for _, d := range index.Manifests {
		if len(out) > maxImages {
			break // which is too many already
		}
		if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
			continue
		}
		name := d.Digest.String()
		if d.Platform != nil {
			name = d.Platform.String()
		}
		reference := cmp.Or(referenceIn(d.Annotations), reference)
		data, err := blob(s, d.Digest)
		switch {
		case errors.Is(err, fs.ErrNotExist) && absent:
		case err != nil:
			out = append(out, newImage(name).fail(err))
		case d.MediaType.IsImage():
			if im := manifestImage(s, name, data); im != nil {
				im.Manifest, im.Reference = d.Digest.String(), reference
				out = append(out, im)
			}
		case depth >= maxIndexes:
			out = append(out, newImage(name).fail(fmt.Errorf("%w: indexes in each other", ErrTooLarge)))
		default:
			out = append(out, indexImages(s, data, reference, absent, depth+1)...)
		}
	}
	return out
}

// referenceIn returns the name of an image among the annotations of its
// descriptor. The one that the OCI layout defines may be a tag alone, which
// names nothing.
func referenceIn(annotations map[string]string) string {
	if name := annotations["io.containerd.image.name"]; name != "" {
		return name
	}
	if name := annotations["org.opencontainers.image.ref.name"]; strings.ContainsAny(name, "/:") {
		return name
	}
	return ""
}

// maxIndexes bounds how many indexes stand in each other.
const maxIndexes = 3

// manifestImage returns the image of a manifest; nil if it is of something else,
// such as an attestation, which has no layers of files.
func manifestImage(s store, name string, data []byte) *foundImage {
	im := newImage(name)
	m, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return im.fail(malformed(err))
	}
	ofFiles := func(l v1.Descriptor) bool { return l.MediaType.IsLayer() }
	if !m.Config.MediaType.IsConfig() || len(m.Layers) > 0 && !slices.ContainsFunc(m.Layers, ofFiles) {
		return nil
	}
	for _, l := range m.Layers {
		im.addLayer(s, blobName(l.Digest))
		if !ofFiles(l) { // then it is a file of the store
			im.layers[len(im.layers)-1].file = ""
			im.fail(fmt.Errorf("%w: layer of type %q", ErrMalformed, l.MediaType))
		}
	}
	config, err := blob(s, m.Config.Digest)
	if err != nil {
		return im.fail(err)
	}
	im.configure(config)
	return im
}
