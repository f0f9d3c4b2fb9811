// Package triage is the domain of Proffer: reports of abuse, the cases they become, the evidence they carry, the
// decisions people take, what those decisions do, and what is disclosed. It knows no HTTP, SQL, S3 or WebRTC; what it
// needs of those it names as interfaces in store.go.
//
// Desk holds the use cases. Each one asks Can, reads and writes through one Store transaction, and appends to the
// custody log in that same transaction, so that an act and its record stand or fall together (DESIGN I6).
//
// The case state machine (lifecycle.go holds the table):
//
//	received ─► processing ─► queued ─► claimed ─► decided ─► closed
//	                            ▲  ▲      │ │ │       ▲          │
//	                            │  └──────┘ │ └► awaiting_approval
//	                            │ release,  │         │ refuse: back to queued
//	                            │ expire    ▼
//	                            │        escalated (a lead claims)
//	                            └──────── reopen from decided or closed
//
// What it defends against: one person acting alone where two are needed, a decision overwritten, a case seen by
// somebody outside its lane, a lost update (every save is guarded by a version), text that lies about itself
// (bidirectional overrides, control characters). What it does not do: it decodes no media and sends nothing.
package triage
