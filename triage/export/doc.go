// Package export builds the package that goes to law enforcement and verifies it offline (DESIGN section 8).
//
// A package is a BagIt 1.0 bag (RFC 8493) in a zip archive of one canonical form. In the order of the archive:
//
//	<package>/bagit.txt
//	<package>/data/original/<number>-<exhibit>.<ext>     the bytes as they were received, never changed
//	<package>/data/proof/<number>-<exhibit>.cbor         the proof that came with a clip, by which the platform can look again who sent it, and when
//	<package>/data/derivative/<exhibit>/<kind>.<ext>     what was made of them, apart
//	<package>/data/…                                     package.json report.json decision.json receipt/ custody/ case.jsonld cover.pdf
//	<package>/bag-info.txt claimed-keys.txt
//	<package>/manifest-sha256.txt manifest-sha512.txt tagmanifest-sha256.txt tagmanifest-sha512.txt
//	<package>/signature.txt                              signed note over both tag manifests
//
// The signature covers the tag manifests, they cover every manifest and tag file, those cover every file of the
// payload, and the archive's own bytes follow from the names, sizes, checksums and time in them: so there is no bit of
// the file that could change unnoticed, and no place where anything could be added.
//
// Gather reads what may leave and nothing else (DESIGN I8), Build writes it in one pass with memory that does not grow
// with the clips, and Verify needs neither a server nor an account.
//
// Every word of report.json and decision.json, and of package.json all but the tool and the roles of staff, is in the custody
// log: triage writes it, with a salt, when somebody acts (triage/facts.go), and the time of the act is the leaf's. Gather and
// Verify both hold the documents against the entries by the same code (record.go, recordwords.go), so that neither the owner
// of the database nor a holder of the package key can put other words into a package, or leave any out: decisions are
// numbered, name how many findings they have, and have one about each person who was reported by then; additions are
// numbered; the approval says how many entries about the reports and the decisions there were. Where a decision stands
// follows from its entries. A finding about somebody whom no included report names is an entry of its own, and is withheld.
//
// What it defends against: reports, decisions and requests rewritten in the database or by whoever signs, a package
// changed after it was signed, one put together anew by a forger (only a key from outside the package makes a signer
// known), a swapped checkpoint or custody log, another exhibit than the one that was sealed, one person requesting and
// approving, hostile archives (bounded sizes, one encoding, no compression, no paths that lead out), and key material of
// any kind that would leave the house (the key gate).
//
// What it does not do: it decides nothing about who may build or read a package, does not encrypt, stores nothing, and
// proves nothing about what a clip shows, only that it is the clip that was sealed. It does not defend against whoever holds
// the log's key, nor against the program that wrote the log. cover.pdf and case.jsonld are made from the same words and are
// signed; they are not read back.
package export

// SignatureContext is the first line of what a package's signature signs (Ed25519, key <origin>/package).
const SignatureContext = "proffer package v1"
