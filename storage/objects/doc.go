// Package objects keeps bytes in S3: originals in an evidence bucket under object lock, everything else in a derivative
// bucket. Store is triage.Objects on minio-go; Intake takes clips in by the resumable upload protocol tus 1.0.
//
// # The way in
//
// A page declares size and SHA-256 of a clip, then sends its bytes in as many requests as it likes. They go as parts of
// one multipart upload straight to the evidence bucket, under the key of the declared digest; what does not fill a part
// waits in a staging object. After each part that S3 acknowledged, offset, parts and the state of the running SHA-256
// are saved in triage.Store, guarded by version, so any node can go on with any upload, also after kill -9. The
// multipart upload is completed only if the whole agrees with the declaration, while the digest is locked in the
// database. Until then no object exists: a wrong or unfinished upload leaves nothing behind.
//
//	          POST              PATCH…                 last byte
//	(nothing) ────► open ───────────────► open, whole ───────────► sealed     hashes agree
//	                 │ DELETE                 │      └───────────► refused    they do not, or S3 lost parts
//	                 ├──────► cancelled       │ S3 or database away:
//	                 └──────► expired         └ the next HEAD, PATCH or Collect tries again
//
// # Threats
//
// The sender is hostile: headers are parsed strictly and bounded, offsets and sizes are checked on every request,
// somebody else's upload does not exist for them, what one account can hold open is limited, and so is the memory of
// all uploads together. That a digest is known already never skips a byte, since it would tell a stranger what the
// platform holds. A node, S3 or the database may stop at any moment; every step can be repeated.
//
// # What it does not do
//
// It does not look into the bytes (the sandbox of media/derive does), does not decide who may report (triage.Can does),
// and does not protect against somebody who holds the keys of the object store, beyond what compliance-mode object lock
// refuses even to them.
package objects
