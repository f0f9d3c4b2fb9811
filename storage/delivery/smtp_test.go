package delivery_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/delivery"
	"github.com/proffer/proffer/triage"
)

// trusted is a certificate for localhost that this process trusts; stranger is one that it does not.
var trusted, stranger tls.Certificate

// TestMain makes the system's roots of this process those of a folder of its own, before anything has read them.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "proffer-mail-")
	if err != nil {
		panic(err)
	}
	var root []byte
	trusted, root = certificate()
	stranger, _ = certificate()
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, root, 0o600); err != nil {
		panic(err)
	}
	os.Setenv("SSL_CERT_FILE", file)
	os.Setenv("SSL_CERT_DIR", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// certificate makes a self-signed certificate for localhost.
func certificate() (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// letter is one message as the server took it.
type letter struct {
	from, to string
	tls      bool
	login    string // what AUTH PLAIN said
	text     string // without dot-stuffing
}

// mailServer speaks enough of RFC 5321 to take messages. Answers hold what it says instead of the usual to a verb; "" says
// nothing at all, and "drop" closes the connection.
type mailServer struct {
	cert    *tls.Certificate // offers STARTTLS where set
	answers map[string]string
	got     chan letter
	silent  chan struct{} // something was left without an answer
	addr    string
}

func (m *mailServer) listen(t *testing.T) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	m.got, m.silent = make(chan letter, 8), make(chan struct{}, 8)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	m.addr = "localhost:" + port
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go m.talk(c)
		}
	}()
	return m
}

func (m *mailServer) talk(c net.Conn) {
	defer func() { c.Close() }()
	r, now := bufio.NewReader(c), letter{}
	say := func(verb, usual string) bool {
		answer, other := m.answers[verb]
		if !other {
			answer = usual
		}
		switch answer {
		case "":
			m.silent <- struct{}{}
		case "drop":
		default:
			io.WriteString(c, answer+"\r\n")
		}
		return answer != "drop"
	}
	if !say("hello", "220 test") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		usual := "250 ok"
		switch verb {
		case "EHLO":
			if usual = "250-test\r\n250 AUTH PLAIN"; m.cert != nil && !now.tls {
				usual = "250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS"
			}
		case "STARTTLS":
			if say(verb, "220 go on") && m.cert != nil {
				secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*m.cert}})
				c, r, now.tls = secure, bufio.NewReader(secure), true
			}
			continue
		case "AUTH":
			plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			now.login, usual = string(plain), "235 welcome"
		case "MAIL":
			now.from = rest
		case "RCPT":
			now.to = rest
		case "DATA":
			if !say(verb, "354 go on") {
				return
			}
			text, err := io.ReadAll(textproto.NewReader(r).DotReader())
			if err != nil {
				return
			}
			now.text = string(text)
			m.got <- now
			verb = "text"
		case "QUIT":
			usual = "221 bye"
		}
		if !say(verb, usual) {
			return
		}
	}
}

func sender(m *mailServer) *delivery.SMTP {
	return &delivery.SMTP{Addr: m.addr, From: mail.Address{Name: "Trust & Safety", Address: "safety@example.org"}, Insecure: m.cert == nil,
		Clock: func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }}
}

var note = triage.Message{ID: "S-00000-00001", Address: "ann@example.org", Subject: "What came of it", Body: "Thank you.\n"}

func TestSend(t *testing.T) {
	t.Parallel()
	m := (&mailServer{}).listen(t)
	n := note
	n.Subject = "Grüße, " + strings.Repeat("ganz lange ", 30)
	n.Body = "Zeile eins: ü\n.\n..zwei Punkte\n" + strings.Repeat("x", 2000) + "\nFrom here\n"
	if err := sender(m).Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	l := <-m.got
	for i, line := range strings.Split(l.text, "\n") {
		if len(line) > 998 { // RFC 5322, section 2.1.1
			t.Errorf("line %d has %d bytes", i, len(line))
		}
	}
	msg, err := mail.ReadMessage(strings.NewReader(l.text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil || subject != n.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	if from, err := msg.Header.AddressList("From"); err != nil || from[0].Name != "Trust & Safety" || !strings.Contains(l.from, "<safety@example.org>") {
		t.Errorf("from %v, %q, %v", from, l.from, err)
	}
	if at, err := msg.Header.Date(); err != nil || at.Hour() != 9 || msg.Header.Get("Message-ID") != "<S-00000-00001@example.org>" || msg.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v, %v", msg.Header, err)
	}
	if body, err := io.ReadAll(quotedprintable.NewReader(msg.Body)); err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != n.Body {
		t.Errorf("body %q, %v", body, err)
	}
}

// TestNoHeaderIsInjected hands over line breaks wherever something from outside becomes part of the conversation.
func TestNoHeaderIsInjected(t *testing.T) {
	t.Parallel()
	m := (&mailServer{}).listen(t)
	for _, subject := range []string{"a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "a\r\n\r\nBcc: eve@example.org", "a\rBcc: eve@example.org", "=?utf-8?q?a=0D=0ABcc:_eve?="} {
		n := note
		n.Subject = subject
		if err := sender(m).Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		msg, err := mail.ReadMessage(strings.NewReader((<-m.got).text))
		if err != nil || msg.Header.Get("Bcc") != "" || len(msg.Header) != 9 {
			t.Errorf("%q: %v, %v", subject, msg.Header, err)
		}
	}
	for _, to := range []string{"", "nobody", "a@b.example\r\nRCPT TO:<eve@example.org>", "a@b.example>\r\nDATA", "a@b.example, eve@example.org", "\"a\r\nb\"@c.example"} {
		n := note
		n.Address = to
		if err := sender(m).Send(t.Context(), n); err == nil {
			t.Errorf("%q was written to: %+v", to, <-m.got)
		}
	}
	select {
	case l := <-m.got:
		t.Errorf("the server took %+v", l)
	default:
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	safe := (&mailServer{cert: &trusted}).listen(t)
	s := sender(safe)
	s.User, s.Password = "proffer", "secret"
	if err := s.Send(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	if l := <-safe.got; !l.tls || l.login != "\x00proffer\x00secret" {
		t.Errorf("TLS %v, login %q", l.tls, l.login)
	}
	forged := (&mailServer{cert: &stranger}).listen(t)
	for _, insecure := range []bool{false, true} { // Insecure is about servers without TLS, not about forged ones
		s := sender(forged)
		s.Insecure, s.User, s.Password = insecure, "proffer", "secret"
		var unknown x509.UnknownAuthorityError
		if err := s.Send(t.Context(), note); !errors.As(err, &unknown) {
			t.Errorf("insecure %v: a forged certificate: %v", insecure, err)
		}
	}
	plain := (&mailServer{}).listen(t)
	s = sender(plain)
	s.Insecure, s.User, s.Password = false, "proffer", "secret"
	if err := s.Send(t.Context(), note); err == nil || !strings.Contains(err.Error(), "PROFFER_SMTP_INSECURE") {
		t.Errorf("a server without TLS: %v", err)
	}
	if len(forged.got)+len(plain.got) > 0 {
		t.Error("a message went out in the clear")
	}
}

func TestServersThatRefuse(t *testing.T) {
	t.Parallel()
	for verb, answer := range map[string]string{"hello": "554 go away", "EHLO": "drop", "MAIL": "451 later", "RCPT": "550 no such mailbox",
		"DATA": "452 full", "text": "554 spam", "AUTH": "535 who are you"} {
		m := (&mailServer{answers: map[string]string{verb: answer}}).listen(t)
		s := sender(m)
		if verb == "AUTH" {
			s.User = "proffer"
		}
		if err := s.Send(t.Context(), note); err == nil {
			t.Errorf("%s is answered with %q, and nobody is told", verb, answer)
		} else if _, words, _ := strings.Cut(answer, " "); !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v does not say %q", verb, err, words)
		}
	}
}

// TestTakenIsTaken meets servers that take the message and then misbehave: to send it again would double it.
func TestTakenIsTaken(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"drop", "421 shutting down", "garbage"} {
		m := (&mailServer{answers: map[string]string{"QUIT": answer}}).listen(t)
		if err := sender(m).Send(t.Context(), note); err != nil {
			t.Errorf("%q for goodbye: %v", answer, err)
		}
	}
}

// TestServersThatHang meets servers that say nothing more at some place: the caller's end is the end.
func TestServersThatHang(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"hello", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "text"} {
		m := &mailServer{answers: map[string]string{verb: ""}}
		if verb == "STARTTLS" {
			m.cert = &trusted
		}
		m.listen(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- sender(m).Send(ctx, note) }()
		<-m.silent
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("silent after %s: %v", verb, err)
		}
	}
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := sender(&mailServer{addr: l.Addr().String()})
	if err := s.Send(t.Context(), note); err == nil {
		t.Error("nobody listens, and the message was sent")
	}
	s.Addr = "no port"
	if err := s.Send(t.Context(), note); err == nil || !strings.Contains(err.Error(), "address") {
		t.Error(fmt.Sprint("an address without a port: ", err))
	}
}
