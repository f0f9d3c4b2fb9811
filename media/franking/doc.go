// Package franking makes and checks the commitments that turn a frame into evidence (../PROTOCOL.md section 7): with each frame its
// sender commits to what it encrypted, and to where, when and as whom; a receiver refuses a frame whose commitment is another's;
// and whoever is given the opening of one frame can check that frame, and no other.
//
// Threats: a sender whose frame shows one thing to some and another to those who report it. AES-GCM does not prevent that, since
// one ciphertext and tag can be made that open under two keys (“invisible salamanders”: salamander_test.go builds one). The
// commitment does, since it is one SHA-256 over the frame and all that is said of it. And a reporter who makes frames up: the
// commitments that the notary stamped are not theirs.
//
// When a commitment was made, and in whose session, is the Notary's word: a stamp over a run of commitments (section 15). media/clip puts
// openings, runs and stamps together into the proof of a clip.
//
// What it does not do: it encrypts nothing (media/sframe does).
package franking
