package participant

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A foreign client's way of reporting: clip and proof by tus 1.0, then the report by JSON.

// filed is the server's answer about a report.
type filed struct {
	Report  string
	State   string
	Receipt string
	Clips   []struct {
		SHA256, State, Trust string
		Size                 int64
	}
}

// uploads sends a file and gives the number of the upload.
func (s *server) uploads(c *http.Client, name string, data []byte) string {
	s.t.Helper()
	sum := sha256.Sum256(data)
	b64 := base64.StdEncoding.EncodeToString
	res := s.calls(c, "POST", "/uploads/", nil, map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(len(data)),
		"Upload-Metadata": "filename " + b64([]byte(name)) + ",sha256 " + b64([]byte(hex.EncodeToString(sum[:])))})
	at := res.Header.Get("Location")
	s.calls(c, "PATCH", at, data, map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
	return at[strings.LastIndex(at, "/")+1:]
}

// calls makes a request that has to succeed.
func (s *server) calls(c *http.Client, method, path string, body []byte, header map[string]string) *http.Response {
	s.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = s.url + path
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Origin", s.url)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer bytes.Buffer
	answer.ReadFrom(res.Body)
	if res.StatusCode >= 400 {
		s.t.Fatalf("%s %s is answered %d %s", method, path, res.StatusCode, answer.String())
	}
	res.Body = &closer{bytes.NewReader(answer.Bytes())}
	return res
}

type closer struct{ *bytes.Reader }

func (closer) Close() error { return nil }

// reports files a report about somebody with a clip and its proof, and waits until it was looked at.
func (s *server) reports(c *http.Client, link Link, name string, file, proof []byte) filed {
	s.t.Helper()
	clip := s.uploads(c, "clip.webm", file)
	with := map[string]any{"upload": clip, "proof": ""}
	if proof != nil {
		with["proof"] = s.uploads(c, "clip.proof", proof)
	}
	body, err := json.Marshal(map[string]any{"key": rand.Text(), "meeting": link.Meeting, "occurred": time.Now().UTC(), "policy": "hate", "words": "What happened.",
		"people": []any{map[string]any{"name": name}}, "clips": []any{with}, "declared": true})
	if err != nil {
		s.t.Fatal(err)
	}
	var f filed
	s.decode(s.calls(c, "POST", "/api/v1/reports", body, map[string]string{"Content-Type": "application/json"}), &f)
	for over := time.Now().Add(ready); len(f.Clips) != 1 || f.Clips[0].Trust == ""; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(over) {
			s.t.Fatalf("the report is not looked at: %+v", f)
		}
		s.decode(s.calls(c, "GET", "/api/v1/reports/"+f.Report, nil, nil), &f)
	}
	return f
}

func (s *server) decode(res *http.Response, v any) {
	s.t.Helper()
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		s.t.Fatal(err)
	}
}
