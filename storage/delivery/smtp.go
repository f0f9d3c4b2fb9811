// Package delivery sends what leaves by wire. For now that is e-mail; webhooks, CyberTipline and timestamps come with
// their own issues.
//
// What it defends against: header injection (addresses and subjects are checked and encoded, never pasted), a mail
// server without TLS (credentials never go in the clear), a mail server that hangs (every connection has a deadline).
// It keeps nothing: the outbox in the store says what was delivered.
package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"

	"github.com/proffer/proffer/triage"
)

// sendTime bounds one delivery, from the first packet of the connection to the server's last word.
const sendTime = 30 * time.Second

// SMTP hands messages to one mail server (RFC 5321), with STARTTLS (RFC 3207) wherever the server offers it.
type SMTP struct {
	Addr     string       // host:port
	From     mail.Address // sender of every message
	User     string       // "" for none; then nothing is authenticated
	Password string
	Insecure bool         // do not insist on TLS: only for servers on this machine
	Clock    triage.Clock // dates the messages
}

// Send delivers one message. The message's own number is its Message-ID, so a mail server can drop what a retry sends
// twice.
func (s *SMTP) Send(ctx context.Context, m triage.Message) error {
	to, err := mail.ParseAddress(m.Address)
	if err != nil {
		return fmt.Errorf("the address of message %s cannot be written to: %w", m.ID, err)
	}
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return fmt.Errorf("the mail server's address: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	err = s.deliver(ctx, host, to.Address, s.compose(m, to))
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("handing over message %s: the mail server did not answer in time: %w", m.ID, ctx.Err())
	} else if err != nil {
		return fmt.Errorf("handing over message %s: %w", m.ID, err)
	}
	return nil
}

func (s *SMTP) deliver(ctx context.Context, host, to string, text []byte) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("reaching the mail server: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })() // net/smtp knows no context: its reads end with the connection
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return fmt.Errorf("greeting the mail server: %w", err)
	}
	if err := s.secure(c, host); err != nil {
		return err
	}
	return s.hand(c, to, text)
}

func (s *SMTP) secure(c *smtp.Client, host string) error {
	if ok, _ := c.Extension("STARTTLS"); ok {
		if err := c.StartTLS(&tls.Config{ServerName: host}); err != nil {
			return fmt.Errorf("starting TLS with the mail server: %w", err)
		}
	} else if !s.Insecure {
		return errors.New("the mail server offers no TLS; set PROFFER_SMTP_INSECURE=true only for a server on this machine")
	}
	if s.User == "" {
		return nil
	}
	if err := c.Auth(smtp.PlainAuth("", s.User, s.Password, host)); err != nil {
		return fmt.Errorf("signing in to the mail server: %w", err)
	}
	return nil
}

func (s *SMTP) hand(c *smtp.Client, to string, text []byte) error {
	if err := c.Mail(s.From.Address); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	c.Quit() // the server took the message: however it says goodbye, sending it again would double it
	return nil
}

// compose writes the message by RFC 5322, its text as UTF-8 in quoted-printable (RFC 2045, section 6.7).
func (s *SMTP) compose(m triage.Message, to *mail.Address) []byte {
	_, domain, _ := strings.Cut(s.From.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", s.From.String()},
		{"To", (&mail.Address{Address: to.Address}).String()},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", s.Clock().Format(time.RFC1123Z)},
		{"Message-ID", fmt.Sprintf("<%s@%s>", m.ID, domain)},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	w.Write([]byte(strings.ReplaceAll(m.Body, "\n", "\r\n"))) // to a buffer: cannot fail
	w.Close()
	return b.Bytes()
}
