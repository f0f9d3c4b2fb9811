package triage

import (
	"encoding/json"

	"github.com/proffer/proffer/triage/account"
)

// HoldsKey reports whether words must not come in because they look like a secret key, in any form in which a package
// would hold them. No package may carry a key, and the builder cannot know a real one from a pasted one: so whoever
// could bring such words in could keep a case from being disclosed.
//
// A package holds words as JSON strings, on the cover as they are, and in the log on one line. None of its patterns
// reaches from one text into the next, but that of a JSON Web Key, whose members may lie apart: so its mark alone is
// refused.
func HoldsKey(words string) bool {
	for _, form := range []string{words, account.CleanName(words, len(words)+1)} {
		quoted, err := json.Marshal(form)
		if err != nil {
			return true // strings always marshal
		}
		for _, b := range [][]byte{[]byte(form), quoted} {
			if (&KeyScan{Document: true}).Find(b) != "" || holdsJWK(b) {
				return true
			}
		}
	}
	return false
}

// holdsJWK reports whether the member that every JSON Web Key has, kty, stands somewhere.
func holdsJWK(b []byte) bool {
	for at := nextKeyWord(b, 0); at >= 0; at = nextKeyWord(b, at+1) {
		if jwkKind.Match(b[at:]) {
			return true
		}
	}
	return false
}

// noKey notes that a field holds what looks like a key.
func (fe *FieldErrors) noKey(field string, words ...string) {
	for _, w := range words {
		if HoldsKey(w) {
			fe.Add(field, "This looks like a secret key. Proffer never needs one: take it out.")
			return
		}
	}
}

// refuseKey is noKey for a form of one field.
func refuseKey(field string, words ...string) error {
	var fe FieldErrors
	fe.noKey(field, words...)
	return fe.Err()
}
