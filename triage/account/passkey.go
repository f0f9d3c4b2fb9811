package account

import "time"

// Passkey is one WebAuthn credential of an account: a key on a device of its owner, which signs after it has verified them.
type Passkey struct {
	ID         string // public handle, of the form "K-XXXXX-XXXXX"
	Account    ID
	Name       string // what the owner calls it
	Credential []byte // the authenticator's name for it, unique
	Public     []byte // COSE_Key (RFC 9052)
	Count      uint32 // signature counter as last seen; 0: it has none
	Synced     bool   // its owner's devices may share it
	Created    time.Time
	Used       time.Time // zero: never
}
