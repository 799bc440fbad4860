// The module that carries the JSON Schema of SARIF 2.1.0, pinned by go.sum.
// It is no dependency of assay: a test reads one file of it.
module sarif

go 1.26

require github.com/owenrumney/go-sarif/v3 v3.3.1
