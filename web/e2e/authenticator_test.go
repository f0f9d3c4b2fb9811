package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/proffer/proffer/triage/passkey/passkeytest"
)

// authenticator gives a browser a platform authenticator with discoverable credentials, which says yes by itself where verified is true, and
// otherwise fails to verify its user.
func authenticator(verified bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
			IsUserVerified: verified, AutomaticPresenceSimulation: true}})
		return err
	})
}

// signedPost sends a form as the page does: where the server wants it signed, with what the account's passkey signed of it.
func (c *client) signedPost(path string, form url.Values) (reply, error) {
	at := askPath(path)
	if at == "" {
		return c.post(path, form)
	}
	r, err := c.post(at, form)
	if err != nil {
		return r, err
	}
	var asked struct{ Get *struct{ Challenge string } }
	if r.status == http.StatusOK {
		if err := json.Unmarshal([]byte(r.body), &asked); err != nil {
			return r, err
		}
	}
	if asked.Get == nil { // nothing is to be signed, or the answer to the form itself says what is wrong
		return c.post(path, form)
	}
	if err := c.needsKey(); err != nil {
		return reply{}, err
	}
	challenge, err := base64.RawURLEncoding.DecodeString(asked.Get.Challenge)
	if err != nil {
		return r, err
	}
	signed := url.Values{}
	for k, v := range form {
		signed[k] = v
	}
	signed.Set("passkey", string(c.key.Sign(challenge)))
	return c.post(path, signed)
}

// askPath is where the server says what is to be signed of a form, or "".
func askPath(path string) string {
	if path == "/packages" || strings.HasSuffix(path, "/decisions") {
		return path + "/ask"
	}
	if thing, ok := strings.CutSuffix(path, "/approve"); ok {
		return thing + "/ask"
	}
	return ""
}

// needsKey makes a passkey of the account, the first time.
func (c *client) needsKey() error {
	if c.key != nil {
		return nil
	}
	r, err := c.post("/me/passkeys/ask", nil)
	if err != nil {
		return err
	}
	var asked struct {
		Create struct {
			Challenge string
			User      struct{ ID string }
		}
	}
	if err := json.Unmarshal([]byte(r.body), &asked); err != nil || r.status != http.StatusOK {
		return fmt.Errorf("asking for a passkey: %d %s", r.status, r.body)
	}
	challenge, _ := base64.RawURLEncoding.DecodeString(asked.Create.Challenge)
	user, _ := base64.RawURLEncoding.DecodeString(asked.Create.User.ID)
	key := passkeytest.New(c.s.URL, string(user))
	if r, err = c.post("/me/passkeys", url.Values{"name": {"A client"}, "passkey": {string(key.Register(challenge))}}); err != nil {
		return err
	}
	if r.status != http.StatusCreated {
		return fmt.Errorf("making a passkey: %d %s", r.status, r.body)
	}
	c.key = key
	return nil
}
