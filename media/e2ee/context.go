package e2ee

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
)

// The context strings of §12. Each is used for one thing.
const (
	contextCertificate = "proffer certificate v1"
	contextJoin        = "proffer join v1"
	contextJoinMAC     = "proffer link v1"
	contextKeys        = "proffer keys v1"
	contextBox         = "proffer epoch secret v1"
	contextCommitment  = "proffer epoch commitment v1"
	contextLive        = "proffer live v1"
	contextLeave       = "proffer leave v1"
	contextDeny        = "proffer deny v1"
	contextEnd         = "proffer end v1"
	contextLeader      = "proffer leader v1"
	contextUpgrade     = "proffer upgrade v1"
	contextLink        = "proffer link list v1"
	contextLinkMAC     = "proffer link list mac v1"
	contextCode        = "proffer security code v1"
	contextSession     = "proffer session v1"
	contextTestimony   = "proffer testimony v1"
)

type (
	// Hash is what the hash of §1 gives.
	Hash [32]byte
	// J names a join: the hash of its body (§3.1).
	J [32]byte
	// Key is an Ed25519 public key; a device's key is its name (§2).
	Key [32]byte
	// Secret is a link secret or an epoch secret.
	Secret [32]byte
)

// String hides the secret from logs.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "(secret)" }

// hash is hash(context, x) of §1.
func hash(context string, x []byte) Hash {
	c := sha256.Sum256([]byte(context))
	return sha256.Sum256(append(c[:], x...))
}

// mac is mac(key, context, x) of §1.
func mac(key Secret, context string, x []byte) []byte {
	c := sha256.Sum256([]byte(context))
	h := hmac.New(sha256.New, key[:])
	h.Write(c[:])
	h.Write(x)
	return h.Sum(nil)
}

func macHolds(key Secret, context string, x, tag []byte) bool {
	return hmac.Equal(mac(key, context, x), tag)
}

// toSign is what Ed25519 signs (§1).
func toSign(context string, x []byte) []byte {
	c, h := sha256.Sum256([]byte(context)), sha256.Sum256(x)
	return append(c[:], h[:]...)
}

func signatureHolds(key Key, context string, x []byte, signature [64]byte) bool {
	return ed25519.Verify(key[:], toSign(context, x), signature[:])
}
