// Package triagetest helps to test what stands on triage.Store: MemStore keeps everything in memory and fails on
// demand, and Run is the conformance suite that every Store passes, this one and the one on PostgreSQL alike.
//
// What it does not do: MemStore checks no foreign keys and none of the database's own constraints, and its updates run one
// after the other, so that it shows none of the races that a database has. Run looks for those.
package triagetest
