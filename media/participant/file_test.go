package participant

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/proffer/proffer/media/clip"
)

// A foreign client's way, as the README says: a token, clip and proof by tus, the report, and then its state until the clip was looked at.

// token makes one on the page of somebody's account.
func (s *server) token(of *http.Client) string {
	s.t.Helper()
	page := s.body(of.PostForm(s.url+"/me/tokens", url.Values{"name": {"The test"}, "days": {"1"}, "scope": {"reports:write", "reports:read", "uploads"}}))
	secret := regexp.MustCompile(`pf_[A-Za-z0-9_-]{43}`).FindString(page)
	if secret == "" {
		s.t.Fatal("no token is shown")
	}
	return secret
}

// filed is what the test reads of a report.
type filed struct {
	Report, Receipt string
	Clips           []struct{ SHA256, Trust string }
}

// sendsIn files a report and waits until the server found out of the clip what v says.
func (s *server) sendsIn(token, meeting string, file, proof []byte, v clip.Verdict) {
	s.t.Helper()
	report := map[string]any{"key": rand.Text(), "meeting": meeting, "occurred": time.Now().UTC(), "policy": "harassment", "words": "What the guest did.",
		"people": []any{map[string]any{"name": v.Sender.Name}}, "declared": true,
		"clips": []any{map[string]any{"upload": s.upload(token, "clip.webm", file), "proof": s.upload(token, "clip.proof", proof)}}}
	body, err := json.Marshal(report)
	if err != nil {
		s.t.Fatal(err)
	}
	var f filed
	answer := s.body(s.client(token, "POST", "/api/v1/reports", map[string]string{"Content-Type": "application/json"}, body))
	if err := json.Unmarshal([]byte(answer), &f); err != nil || !strings.Contains(f.Receipt, f.Clips[0].SHA256) {
		s.t.Fatalf("filing is answered %s, %v", answer, err)
	}
	eventually(s.t, patient, "the server looked at the clip", func() bool {
		answer = s.body(s.client(token, "GET", "/api/v1/reports/"+f.Report, nil, nil))
		return json.Unmarshal([]byte(answer), &f) == nil && f.Clips[0].Trust != ""
	})
	if f.Clips[0].Trust != string(v.Grade) {
		s.t.Errorf("the clip is %s, and for the server: %s", v.Grade, answer)
	}
}

// upload sends a file by tus and gives the number of the upload.
func (s *server) upload(token, name string, data []byte) string {
	s.t.Helper()
	sum, b64 := sha256.Sum256(data), base64.StdEncoding.EncodeToString
	res, err := s.client(token, "POST", "/uploads/", map[string]string{"Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(len(data)),
		"Upload-Metadata": "filename " + b64([]byte(name)) + ",sha256 " + b64([]byte(hex.EncodeToString(sum[:])))}, nil)
	s.body(res, err)
	at := res.Header.Get("Location")
	s.body(s.client(token, "PATCH", at, map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, data))
	return strings.TrimPrefix(at, "/uploads/")
}

// client sends a request with a token and no cookie.
func (s *server) client(token, method, path string, header map[string]string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return http.DefaultClient.Do(req)
}
