// Copyright 2026 The assay authors. SPDX-License-Identifier: Apache-2.0

package tlsprobe

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// reply reads a reply of SMTP or FTP, which may have several lines (RFC 5321, section
// 4.2.1; RFC 959, section 4.2). The lines are without the code, where they have it.
func (t *talk) reply() (code int, lines []string, err error) {
	line, err := t.line()
	if err != nil {
		return 0, nil, err
	}
	prefix, _, _ := strings.Cut(strings.ReplaceAll(line, "-", " "), " ")
	code, err = strconv.Atoi(prefix)
	if err != nil || len(prefix) != 3 || code < 100 || code > 599 {
		return 0, nil, refused("the connection", line)
	}
	for last := line; ; {
		text, more := strings.CutPrefix(last, prefix+"-")
		text, end := strings.CutPrefix(text, prefix+" ")
		lines = append(lines, text)
		if last == prefix || end || !more && len(lines) == 1 {
			return code, lines, nil
		}
		if last, err = t.line(); err != nil {
			return 0, nil, err
		}
	}
}

// ask sends a line and reads the reply.
func (t *talk) ask(command string) (code int, lines []string, err error) {
	if err := t.say("%s", command); err != nil {
		return 0, nil, err
	}
	return t.reply()
}

// greeting reads the greeting of SMTP or FTP.
func (t *talk) greeting() error {
	for {
		code, lines, err := t.reply()
		switch {
		case err != nil:
			return err
		case code == 120: // FTP: ready in some minutes
			continue
		case code != 220:
			return refused("the connection", strconv.Itoa(code)+" "+lines[0])
		}
		return nil
	}
}

// noop tells SMTP, which answers NOOP with 250, from FTP, which answers 200, or that one
// has to log in (RFC 5321, section 4.1.1.9; RFC 959, section 5.4).
func (t *talk) noop() (smtp bool, err error) {
	code, _, err := t.ask("NOOP")
	return code == 250, err
}

// self is what a client without a name calls itself: its address (RFC 5321, section
// 4.1.3).
func (t *talk) self() string {
	if a, ok := t.conn.LocalAddr().(*net.TCPAddr); ok {
		if ip, ok := netip.AddrFromSlice(a.IP); ok {
			if ip = ip.Unmap().WithZone(""); ip.Is6() {
				return "[IPv6:" + ip.String() + "]"
			}
			return "[" + ip.String() + "]"
		}
	}
	return "localhost"
}

func surveySMTP(t *talk) error { return t.surveySMTP("EHLO") }

func surveyLMTP(t *talk) error { return t.surveySMTP("LHLO") } // RFC 2033, section 4.1

// errOtherProtocol is of a server that greets as another one does, and goes on otherwise.
var errOtherProtocol = errors.New("the server does not speak it")

func (t *talk) surveySMTP(hello string) error {
	if err := t.greeting(); err != nil {
		return err
	}
	code, lines, err := t.ask(hello + " " + t.self())
	switch {
	case err != nil:
		return err
	case code == 500, code == 502, code == 530: // no extensions (RFC 5321, section 3.2), or FTP
		smtp, err := t.noop()
		switch {
		case err != nil:
			return err
		case !smtp:
			return errOtherProtocol
		case code != 530:
			return errNoStartTLS
		}
		fallthrough
	case code != 250:
		return refused(hello, strconv.Itoa(code)+" "+lines[0])
	}
	t.fact.StartTLS = NotOffered
	for _, line := range lines[1:] {
		words := strings.Fields(strings.ToUpper(strings.Replace(line, "AUTH=", "AUTH ", 1))) // as servers of before RFC 4954 have it
		switch {
		case len(words) == 0:
		case words[0] == "STARTTLS":
			t.fact.StartTLS = Offered
		case words[0] == "AUTH":
			t.fact.Auth = t.fact.Auth || slices.ContainsFunc(words[1:], tellsSecret)
		}
	}
	return nil
}

// tellsSecret reports whether a SASL mechanism sends the password, or what is as good, as
// it is.
func tellsSecret(mechanism string) bool {
	return slices.Contains([]string{"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"}, mechanism)
}

func startSMTP(t *talk) error {
	code, lines, err := t.ask("STARTTLS")
	if err == nil && code != 220 { // RFC 3207, section 4: 454 is for now
		err = refused("STARTTLS", strconv.Itoa(code)+" "+lines[0])
	}
	return err
}

func surveyFTP(t *talk) error { return t.greeting() }

// startFTP sends AUTH TLS (RFC 4217, section 4).
func startFTP(t *talk) error {
	code, lines, err := t.ask("AUTH TLS")
	switch {
	case err != nil:
		return err
	case code == 234:
		return nil
	case code < 500: // 431: for now
		return refused("AUTH TLS", strconv.Itoa(code)+" "+lines[0])
	}
	if recognise(t.heard) == smtpOrFTP { // which knows no AUTH TLS either
		smtp, err := t.noop()
		if err != nil {
			return err
		}
		if smtp {
			return errOtherProtocol
		}
	}
	t.fact.Auth = true // there is nothing else before the password
	return errNoStartTLS
}

// tagged sends a command of IMAP, and returns the text of the lines before its result,
// and the result.
func (t *talk) tagged(tag, command string) (lines []string, result string, err error) {
	if err := t.say("%s %s", tag, command); err != nil {
		return nil, "", err
	}
	for {
		line, err := t.line()
		if err != nil {
			return nil, "", err
		}
		if text, ok := strings.CutPrefix(line, "* "); ok {
			lines = append(lines, text)
			continue
		}
		text, ok := strings.CutPrefix(line, tag+" ")
		if !ok {
			return nil, "", refused(command, line)
		}
		return lines, text, nil
	}
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return strings.ToUpper(word)
}

// surveyIMAP reads the capabilities (RFC 9051, sections 6.1.1 and 7.2.2).
func surveyIMAP(t *talk) error {
	line, err := t.line()
	if err != nil {
		return err
	}
	text, ok := strings.CutPrefix(line, "* ")
	switch {
	case ok && firstWord(text) == "PREAUTH": // in which state there is no STARTTLS
		return errNoStartTLS
	case !ok || firstWord(text) != "OK":
		return refused("the connection", line)
	}
	lines, result, err := t.tagged("a1", "CAPABILITY")
	if err != nil {
		return err
	}
	if firstWord(result) != "OK" {
		return refused("CAPABILITY", result)
	}
	t.fact.StartTLS, t.fact.Auth = NotOffered, true
	for _, line := range lines {
		words := strings.Fields(strings.ToUpper(line))
		if len(words) == 0 || words[0] != "CAPABILITY" {
			continue
		}
		if slices.Contains(words, "STARTTLS") {
			t.fact.StartTLS = Offered
		}
		t.fact.Auth = !slices.Contains(words, "LOGINDISABLED") || slices.ContainsFunc(words, func(w string) bool {
			mechanism, ok := strings.CutPrefix(w, "AUTH=")
			return ok && tellsSecret(mechanism)
		})
	}
	return nil
}

func startIMAP(t *talk) error {
	_, result, err := t.tagged("a2", "STARTTLS")
	if err == nil && firstWord(result) != "OK" {
		err = refused("STARTTLS", result)
	}
	return err
}

// status reads a status of POP3 (RFC 1939, section 3).
func (t *talk) status() (ok bool, text string, err error) {
	line, err := t.line()
	if err != nil {
		return false, "", err
	}
	switch firstWord(line) {
	case "+OK":
		return true, line, nil
	case "-ERR":
		return false, line, nil
	}
	return false, "", refused("the connection", line)
}

// surveyPOP3 reads the capabilities (RFC 2449, section 5; RFC 2595, section 4).
func surveyPOP3(t *talk) error {
	ok, text, err := t.status()
	if err == nil && !ok {
		err = refused("the connection", text)
	}
	if err == nil {
		err = t.say("CAPA")
	}
	if err == nil {
		ok, _, err = t.status()
	}
	if err != nil || !ok { // there is no such command: STLS itself will tell
		return err
	}
	t.fact.StartTLS = NotOffered
	for {
		line, err := t.line()
		if err != nil {
			return err
		}
		words := strings.Fields(strings.ToUpper(line))
		switch {
		case line == ".":
			return nil
		case len(words) == 0:
		case words[0] == "STLS":
			t.fact.StartTLS = Offered
		case words[0] == "USER", words[0] == "SASL" && slices.ContainsFunc(words[1:], tellsSecret):
			t.fact.Auth = true
		}
	}
}

func startPOP3(t *talk) error {
	if err := t.say("STLS"); err != nil {
		return err
	}
	ok, text, err := t.status()
	switch {
	case err != nil || ok:
		return err
	case t.fact.StartTLS == Offered, strings.Contains(text, "[SYS/TEMP]"), strings.Contains(text, "[IN-USE]"): // RFC 3206, section 4
		return refused("STLS", text)
	}
	return errNoStartTLS
}
