// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package report

// The parts of a SARIF log that a report fills (SARIF 2.1.0, OASIS Standard
// with Errata 01). Names and nesting are the standard's own.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

// sarifRun is a run object (3.14).
type sarifRun struct {
	Tool               sarifTool                        `json:"tool"`
	Language           string                           `json:"language"`
	AutomationDetails  sarifAutomation                  `json:"automationDetails"`
	Invocations        []sarifInvocation                `json:"invocations"`
	OriginalURIBaseIDs map[string]sarifArtifactLocation `json:"originalUriBaseIds"`
	Artifacts          []sarifArtifact                  `json:"artifacts,omitempty"`
	Taxonomies         []sarifComponent                 `json:"taxonomies,omitempty"`
	ColumnKind         string                           `json:"columnKind"`
	Results            []sarifResult                    `json:"results"`
	Properties         map[string]any                   `json:"properties,omitempty"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifTool struct {
	Driver sarifComponent `json:"driver"`
}

// sarifComponent is a toolComponent object (3.19): the tool, or a taxonomy.
type sarifComponent struct {
	Name                string                `json:"name"`
	Version             string                `json:"version,omitempty"`
	SemanticVersion     string                `json:"semanticVersion,omitempty"`
	InformationURI      string                `json:"informationUri,omitempty"`
	ShortDescription    *sarifMessage         `json:"shortDescription,omitempty"`
	Rules               []sarifDescriptor     `json:"rules,omitempty"`
	Notifications       []sarifDescriptor     `json:"notifications,omitempty"`
	SupportedTaxonomies []sarifComponentIndex `json:"supportedTaxonomies,omitempty"`
	Taxa                []sarifDescriptor     `json:"taxa,omitempty"`
}

// sarifComponentIndex is a toolComponentReference object (3.54).
type sarifComponentIndex struct {
	Name  string `json:"name"`
	Index int    `json:"index"`
}

// sarifDescriptor is a reportingDescriptor object (3.49).
type sarifDescriptor struct {
	ID                   string              `json:"id"`
	Name                 string              `json:"name,omitempty"`
	ShortDescription     *sarifMessage       `json:"shortDescription,omitempty"`
	FullDescription      *sarifMessage       `json:"fullDescription,omitempty"`
	Help                 *sarifMessage       `json:"help,omitempty"`
	HelpURI              string              `json:"helpUri,omitempty"`
	DefaultConfiguration *sarifConfiguration `json:"defaultConfiguration,omitempty"`
	Relationships        []sarifRelationship `json:"relationships,omitempty"`
	Properties           map[string]any      `json:"properties,omitempty"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifRelationship struct {
	Target sarifReference `json:"target"`
	Kinds  []string       `json:"kinds"`
}

// sarifReference is a reportingDescriptorReference object (3.52).
type sarifReference struct {
	ID            string               `json:"id"`
	Index         int                  `json:"index"`
	ToolComponent *sarifComponentIndex `json:"toolComponent,omitempty"`
}

// sarifMessage is a message (3.11) or a multiformatMessageString (3.12).
type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

// sarifInvocation is an invocation object (3.20).
type sarifInvocation struct {
	ExecutionSuccessful        bool                `json:"executionSuccessful"`
	ExitCode                   int                 `json:"exitCode"`
	StartTimeUTC               string              `json:"startTimeUtc"`
	EndTimeUTC                 string              `json:"endTimeUtc"`
	ToolExecutionNotifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

// sarifNotification is a notification object (3.58).
type sarifNotification struct {
	Descriptor sarifReference `json:"descriptor"`
	Level      string         `json:"level"`
	Message    sarifMessage   `json:"message"`
	Properties map[string]any `json:"properties,omitempty"`
}

// sarifArtifact is an artifact object (3.24).
type sarifArtifact struct {
	Location sarifArtifactLocation `json:"location"`
	Roles    []string              `json:"roles,omitempty"`
}

// sarifArtifactLocation is an artifactLocation object (3.4).
type sarifArtifactLocation struct {
	URI         string        `json:"uri,omitempty"`
	URIBaseID   string        `json:"uriBaseId,omitempty"`
	Index       *int          `json:"index,omitempty"`
	Description *sarifMessage `json:"description,omitempty"`
}

// sarifResult is a result object (3.27).
type sarifResult struct {
	RuleID              string              `json:"ruleId"`
	RuleIndex           int                 `json:"ruleIndex"`
	Kind                string              `json:"kind"`
	Level               string              `json:"level"`
	Message             sarifMessage        `json:"message"`
	Locations           []sarifLocation     `json:"locations"`
	PartialFingerprints map[string]string   `json:"partialFingerprints"`
	Taxa                []sarifReference    `json:"taxa,omitempty"`
	BaselineState       string              `json:"baselineState,omitempty"`
	Suppressions        *[]sarifSuppression `json:"suppressions,omitempty"` // nil: left out; empty: known to be none
	Properties          map[string]any      `json:"properties,omitempty"`
}

// sarifLocation is a location object (3.28).
type sarifLocation struct {
	PhysicalLocation sarifPhysicalLocation  `json:"physicalLocation"`
	LogicalLocations []sarifLogicalLocation `json:"logicalLocations"`
}

type sarifPhysicalLocation struct {
	ArtifactLocation sarifArtifactLocation `json:"artifactLocation"`
	Region           sarifRegion           `json:"region"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

// sarifLogicalLocation is a logicalLocation object (3.33).
type sarifLogicalLocation struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

// sarifSuppression is a suppression object (3.35).
type sarifSuppression struct {
	Kind          string         `json:"kind"`
	Status        string         `json:"status"`
	Justification string         `json:"justification"`
	Properties    map[string]any `json:"properties,omitempty"`
}
