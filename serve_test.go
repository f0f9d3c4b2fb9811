package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestHeadersAreBounded holds that nobody can make the server keep long headers.
func TestHeadersAreBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httpServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), t.Context())
	go s.Serve(l)
	defer s.Close()
	for length, want := range map[int]int{maxHeader / 2: 200, 2 * maxHeader: 431} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", length)+"\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want {
			t.Errorf("headers of %d bytes are answered %d, not %d", length, res.StatusCode, want)
		}
	}
}
