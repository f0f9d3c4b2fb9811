// Package custody is the tamper-evident record of every touch of evidence (DESIGN I6): events, the Merkle tree they
// are sequenced into, signed checkpoints of that tree, proofs, capture receipts, and the keys that sign all of it.
//
// The way of one event: NewEvent commits to its detail under a fresh salt; the store writes it in the transaction of
// the act; the sequencer takes what is new in one fixed order, calls Append, and signs a checkpoint of the result. From
// then on the event has an index, and ProveInclusion and Verify speak about it.
//
// What it defends against: an event changed, removed, put in between or moved to another place after a checkpoint
// was signed; a log that shows different people different pasts (consistency proofs between any two checkpoints); a
// signature made for one purpose passed off for another (the role is part of the key's name and is checked, and each
// text starts with its own context); a detail guessed from the log (salted HMAC); one message with two encodings
// (every parser accepts one form only, signatures included).
//
// What it does not do: it stores nothing but keys and that checkpoint, and reads no clock. It cannot see an act for which no event was ever written,
// nor a whole log rewritten by somebody who holds the log key and whose earlier checkpoints nobody kept: therefore
// packages and receipts carry checkpoints and positions out of the house. Somebody who holds the database alone is found
// out by the Witness, which keeps the newest checkpoint beside the keys. It does not decide who may do what.
//
// # Erasure
//
// A leaf holds ids, act, time and a salted hash. Names, notes, addresses and hashes of clips belong in Detail, which is
// stored beside the leaf with its Salt. Retention deletes both; the leaf stays, the tree still verifies, and without
// the 32 random bytes of the salt the hash tells nothing about what it was a hash of.
//
// # Context strings
//
// Every hash, MAC and signature of this package starts with, or is keyed apart by, one of these; no two are equal and
// none is a prefix of another up to its line end.
//
//	bytes                                first bytes of what is hashed or signed      key
//	leaf (RFC 6962 record hash)          0x00 || LeafContext || "\n"                   –
//	tree node (RFC 6962)                 0x01                                          –
//	detail commitment (HMAC-SHA256)      DetailContext || "\n"                         salt, 32 bytes
//	capture receipt (Ed25519)            ReceiptContext || "\n"                        <origin>/receipt
//	checkpoint (Ed25519)                 <origin> || "/log\n" (C2SP tlog-checkpoint)   <origin>/log
//	package manifest (Ed25519)           set by triage/export                          <origin>/package
//	chunk list of an original (SHA-256)  triage.ChunksContext || "\n"                  –
//
// InclusionContext and ConsistencyContext head the text form of proofs, which are neither hashed nor signed.
package custody

// The context strings of this package; see the table in the package comment.
const (
	LeafContext        = "proffer custody v1"
	DetailContext      = "proffer custody detail v1"
	ReceiptContext     = "proffer receipt v1"
	InclusionContext   = "proffer inclusion v1"
	ConsistencyContext = "proffer consistency v1"
)
