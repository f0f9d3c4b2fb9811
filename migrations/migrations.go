// Package migrations holds the schema of Proffer's database as goose migrations, embedded and forward only: going back
// would lose evidence, so there is no way back but a restore.
//
// The schema states the invariants that the database can see for itself: states are enumerated, approver and proposer
// differ, a meeting never leaves end-to-end encryption, evidence rows and the custody log are append-only, retention
// only grows. It has no column that could hold a device key, a plaintext frame, or a key of an end-to-end encrypted
// meeting; that of a standard one is there under a master key only, which is not (DESIGN I1).
//
// What it does not do: it does not protect against the owner of the database, who can drop a trigger; the custody
// log's signed checkpoints are what shows that.
package migrations

import "embed"

// FS holds the migrations, named by their order.
//
//go:embed *.sql
var FS embed.FS
