package e2ee

import (
	"crypto/ed25519"
	"errors"
)

// Device is one device's key for ever (§2). Who keeps it keeps it in a file of mode 0600 or better.
type Device struct {
	private ed25519.PrivateKey
	Key     Key // its public half, and its name
}

// NewDevice makes a device of a seed of 32 random bytes.
func NewDevice(seed []byte) (*Device, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, errors.New("e2ee: a device's seed has 32 bytes")
	}
	private := ed25519.NewKeyFromSeed(seed)
	return &Device{private: private, Key: Key(private.Public().(ed25519.PublicKey))}, nil
}

// Sign signs what has been made ready for it (§1: SHA-256 of a context, and of what is signed), such as a proof (§18).
func (d *Device) Sign(b []byte) [64]byte { return [64]byte(ed25519.Sign(d.private, b)) }

// sign gives the signed bytes of a body, and the body's own bytes.
func (d *Device) sign(b body) (signed, raw []byte) {
	raw = marshal(b)
	_, kind := b.meta()
	s := Signed{Body: raw, Signer: d.Key}
	copy(s.Signature[:], ed25519.Sign(d.private, toSign(contexts[kind], raw)))
	return encode(s), raw
}

// message signs a body as a message of the board without a mac.
func (d *Device) message(b body) []byte {
	signed, _ := d.sign(b)
	_, kind := b.meta()
	return Message{Kind: kind, Signed: signed}.Encode()
}
