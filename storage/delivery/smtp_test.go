package delivery_test

import (
	"bufio"
	"context"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/proffer/proffer/storage/delivery"
	"github.com/proffer/proffer/triage"
)

// mailServer speaks just enough of RFC 5321 to take one message; it refuses recipients that start with "refused".
func mailServer(t *testing.T) (addr string, got <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	messages := make(chan string, 4)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			talk(c, messages)
		}
	}()
	return l.Addr().String(), messages
}

func talk(c net.Conn, messages chan<- string) {
	defer c.Close()
	r := bufio.NewReader(c)
	say := func(s string) { io.WriteString(c, s+"\r\n") }
	say("220 test")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.TrimSpace(line), " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250 test")
		case "RCPT":
			if strings.Contains(line, "refused") {
				say("550 no such mailbox")
				continue
			}
			say("250 ok")
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for line, err := r.ReadString('\n'); err == nil && line != ".\r\n"; line, err = r.ReadString('\n') {
				b.WriteString(line)
			}
			messages <- b.String()
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func sender(addr string) *delivery.SMTP {
	return &delivery.SMTP{Addr: addr, From: mail.Address{Name: "Trust & Safety", Address: "safety@example.org"}, Insecure: true,
		Clock: func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }}
}

func TestSend(t *testing.T) {
	addr, got := mailServer(t)
	m := triage.Message{ID: "S-00000-00001", Address: "ann@example.org", Subject: "Grüße\r\nBcc: evil@example.org",
		Body: "Zeile eins: ü\n.\nline three\n"}
	if err := sender(addr).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(strings.NewReader(<-got))
	if err != nil {
		t.Fatal(err)
	}
	if msg.Header.Get("Bcc") != "" || msg.Header.Get("Message-ID") != "<S-00000-00001@example.org>" || msg.Header.Get("Auto-Submitted") == "" {
		t.Errorf("headers: %v", msg.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if want := "Zeile eins: ü\r\n.\r\nline three\r\n"; err != nil || strings.ReplaceAll(string(body), "\r\n..\r\n", "\r\n.\r\n") != want {
		t.Errorf("body %q, %v; want %q", body, err, want)
	}
}

func TestSendFails(t *testing.T) {
	addr, _ := mailServer(t)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	secure := sender(addr)
	secure.Insecure = false
	for name, try := range map[string]func() error{
		"a recipient that the server refuses": func() error { return sender(addr).Send(t.Context(), triage.Message{Address: "refused@example.org"}) },
		"an address with a line break": func() error {
			return sender(addr).Send(t.Context(), triage.Message{Address: "a@b.example\r\nRCPT TO:<x@y>"})
		},
		"no server": func() error {
			return sender(gone.Addr().String()).Send(t.Context(), triage.Message{Address: "ann@example.org"})
		},
		"a server without TLS":  func() error { return secure.Send(t.Context(), triage.Message{Address: "ann@example.org"}) },
		"a caller that gave up": func() error { return sender(addr).Send(ctx, triage.Message{Address: "ann@example.org"}) },
	} {
		if err := try(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
