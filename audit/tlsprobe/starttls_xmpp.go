// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"encoding/xml"
	"io"
	"strings"
)

// Namespaces of XMPP (RFC 6120, sections 4.8 and 5).
const (
	xmppStream = "http://etherx.jabber.org/streams"
	xmppTLS    = "urn:ietf:params:xml:ns:xmpp-tls"
	xmppSASL   = "urn:ietf:params:xml:ns:xmpp-sasl"
)

func surveyXMPP(t *talk) error { return t.surveyXMPP("jabber:client") }

func surveyXMPPServer(t *talk) error { return t.surveyXMPP("jabber:server") }

// surveyXMPP opens a stream and reads its features (RFC 6120, sections 4.3 and 5.4.1).
func (t *talk) surveyXMPP(namespace string) error {
	var to strings.Builder
	xml.EscapeText(&to, []byte(t.host))
	err := t.say("<?xml version='1.0'?><stream:stream to='%s' version='1.0' xmlns='%s' xmlns:stream='%s'>", to.String(), namespace, xmppStream)
	if err != nil {
		return err
	}
	d := xml.NewDecoder(t.r) // reads byte by byte, and nothing beyond what it needs
	t.state = d
	open, err := nextElement(d)
	if err == nil && open.Name != (xml.Name{Space: xmppStream, Local: "stream"}) {
		err = refused("the stream", open.Name.Local)
	}
	if err == nil && xmlAttribute(open, "version") == "" { // before XMPP 1.0 there are no features
		return errNoStartTLS
	}
	var features xml.StartElement
	if err == nil {
		features, err = nextElement(d)
	}
	if err != nil {
		return err
	}
	if features.Name != (xml.Name{Space: xmppStream, Local: "features"}) {
		return xmppRefused(d, "the stream", features)
	}
	t.fact.StartTLS = NotOffered
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case e.Name == (xml.Name{Space: xmppTLS, Local: "starttls"}):
				t.fact.StartTLS = Offered
			case e.Name == (xml.Name{Space: xmppSASL, Local: "mechanism"}):
				var name string
				if err := d.DecodeElement(&name, &e); err != nil {
					return err
				}
				depth--
				t.fact.Auth = t.fact.Auth || tellsSecret(strings.TrimSpace(name))
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

func startXMPP(t *talk) error {
	d := t.state.(*xml.Decoder)
	if err := t.say("<starttls xmlns='%s'/>", xmppTLS); err != nil {
		return err
	}
	e, err := nextElement(d)
	if err != nil {
		return err
	}
	if e.Name != (xml.Name{Space: xmppTLS, Local: "proceed"}) {
		return xmppRefused(d, "starttls", e)
	}
	return d.Skip()
}

// xmppRefused is the error of an element that does not lead on. What stands in an error
// of the stream names it (RFC 6120, section 4.9.3).
func xmppRefused(d *xml.Decoder, step string, e xml.StartElement) error {
	text := e.Name.Local
	if e.Name == (xml.Name{Space: xmppStream, Local: "error"}) {
		if inner, err := nextElement(d); err == nil {
			text += " " + inner.Name.Local
		}
	}
	return refused(step, text)
}

func nextElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			return e, nil
		case xml.EndElement:
			return xml.StartElement{}, io.EOF // of the stream
		}
	}
}

func xmlAttribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
