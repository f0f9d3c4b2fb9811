// Package postgres keeps everything but the bytes of clips in PostgreSQL (15 or newer): it implements triage.Store, the
// session store of the HTTP edge, the background jobs (on River) and live updates between nodes (LISTEN/NOTIFY).
//
// What it defends against: a lost update (every save is guarded by a version and the rows are counted), a case claimed
// twice (FOR UPDATE SKIP LOCKED), an act without its custody event or its job (one transaction), an event that commits
// late and is never sequenced (custody_pending), a session that comes back after it was revoked. The schema in package
// migrations states what the database can check for itself.
//
// Transactions: View is REPEATABLE READ, READ ONLY, so that a page shows one moment. Update is READ COMMITTED. The
// guards are versions, unique constraints and locks, and each of them must see what committed while it waited: a
// snapshot taken before the wait (REPEATABLE READ) would turn every wait for a lock into a retry. Deadlocks and
// serialisation failures are retried; so is a lost connection, as long as COMMIT was not sent.
//
// What it does not do: it decides nothing about who may do what (triage.Can does), and it cannot keep the owner of the
// database from dropping a trigger; the signed checkpoints of the custody log show that.
package postgres
