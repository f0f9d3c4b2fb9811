// Package passkey is the relying party's side of WebAuthn (Level 3) as Proffer uses it: what a browser hands in is read and verified, and what
// a passkey signs is a statement in words, whose SHA-256 is the challenge. It is a leaf: it knows no storage, no HTTP and no person.
//
// Every assertion and every new passkey needs user verification (a fingerprint, a face, a PIN): possession of a device alone is not a person.
// No attestation is asked for, so what kind of device a passkey lives on is not known and is not judged.
package passkey
