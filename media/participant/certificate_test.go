package participant

import (
	"net/http"
	"strings"
	"testing"
)

const aKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

func TestReadCertificate(t *testing.T) {
	c, key, err := readCertificate(http.StatusOK, strings.NewReader(`{"certificate": "AQI", "identity": "`+aKey+`"}`))
	if err != nil || string(c) != "\x01\x02" || key[31] != 31 {
		t.Errorf("%x %x %v", c, key, err)
	}
	if _, _, err := readCertificate(http.StatusForbidden, strings.NewReader(`{"error": "The meeting is over."}`)); err == nil ||
		!strings.Contains(err.Error(), "The meeting is over.") {
		t.Errorf("the server's reason is lost: %v", err)
	}
	for _, bad := range []string{``, `{}`, `<html>`, `{"certificate": "AQI", "identity": "AQI"}`, `{"certificate": "AQI=", "identity": "` + aKey + `"}`} {
		if _, _, err := readCertificate(http.StatusOK, strings.NewReader(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// FuzzReadCertificate: whatever the server answers, there is a certificate with a key, or words.
func FuzzReadCertificate(f *testing.F) {
	f.Add(200, `{"certificate": "AQI", "identity": "`+aKey+`"}`)
	f.Add(403, `{"error": "no"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if c, _, err := readCertificate(status, strings.NewReader(body)); err != nil && (c != nil || err.Error() == "") {
			t.Errorf("%x with %v", c, err)
		}
	})
}
