// Package franking makes and checks the commitments that turn a frame into evidence (../PROTOCOL.md section 7): with each frame its
// sender commits to what it encrypted, and to where, when and as whom; a receiver refuses a frame whose commitment is another's;
// and whoever is given the opening of one frame can check that frame, and no other.
//
// Threats: a sender whose frame shows one thing to some and another to those who report it. AES-GCM does not prevent that, since
// one ciphertext and tag can be made that open under two keys (“invisible salamanders”: salamander_test.go builds one). The
// commitment does, since HMAC-SHA256 under a 32-byte key is collision-resistant in key and message. And a reporter who makes
// frames up: the commitments that the notary stamped are not theirs.
//
// What it does not do: it encrypts nothing (media/sframe does), and it proves nothing about when a commitment was made, or by whom:
// batches, stamps and openings do, and come with verifiable reports.
package franking
