package participant

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/proffer/proffer/media/e2ee"
)

// maxAnswer is the most bytes that the server may answer to a request for a certificate.
const maxAnswer = 64 << 10

// fetchCertificate asks the server to vouch for a device: of the account that client is signed in with, or of a guest with this name
// (PROTOCOL.md section 2). It gives the certificate and the identity key that signed it, both unchecked.
func fetchCertificate(ctx context.Context, client *http.Client, l Link, device e2ee.Key, name string) ([]byte, e2ee.Key, error) {
	body, err := json.Marshal(map[string]string{"device": base64.RawURLEncoding.EncodeToString(device[:]), "name": name})
	if err != nil {
		return nil, e2ee.Key{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.at("certificate"), bytes.NewReader(body))
	if err != nil {
		return nil, e2ee.Key{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", l.Server)
	res, err := client.Do(req)
	if err != nil {
		return nil, e2ee.Key{}, fmt.Errorf("asking for a certificate: %w", err)
	}
	defer res.Body.Close()
	return readCertificate(res.StatusCode, io.LimitReader(res.Body, maxAnswer))
}

// readCertificate reads the server's answer: a certificate and its signer, or why there is none.
func readCertificate(status int, body io.Reader) ([]byte, e2ee.Key, error) {
	var answer struct {
		Certificate, Identity base64URL
		Error                 string
	}
	err := json.NewDecoder(body).Decode(&answer)
	switch {
	case answer.Error != "":
		return nil, e2ee.Key{}, fmt.Errorf("participant: the server gives no certificate: %.500q", answer.Error)
	case err != nil || status != http.StatusOK:
		return nil, e2ee.Key{}, fmt.Errorf("participant: the server gives no certificate (status %d); is this the address of a Proffer server?", status)
	case len(answer.Identity) != len(e2ee.Key{}):
		return nil, e2ee.Key{}, fmt.Errorf("participant: the server's identity key has %d bytes", len(answer.Identity))
	}
	return answer.Certificate, e2ee.Key(answer.Identity), nil
}

// base64URL is bytes that stand in JSON as base64url without padding.
type base64URL []byte

func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().DecodeString(string(text))
	return err
}
