// Package e2ee is the client side of the meeting core: devices, joins, the signed participant list, epochs and their keys, the
// security code, and the state machine that an honest client runs. media/PROTOCOL.md is normative; the section (§) stands at
// the line that checks it.
//
// The package is pure. It opens no connection, starts no goroutine and reads no clock: time comes in with each Step, randomness
// from Config.Rand, and what must survive a reload goes through Memory. Only the ephemeral part of an HPKE seal is drawn from the
// system's own source, because the standard library gives no other way.
//
// # Threats
//
// The server is hostile: it may mint accounts and certificates, and drop, delay, replay, reorder and split what it relays. It gets
// no key and can put nobody in; what it disturbs is shown in words (Warning) or ends the meeting for this client (Reason). A member
// may lie about what it has been shown; it is then left out, and cannot stop the meeting for others. A leader may admit and remove,
// openly. See §13 for the whole table.
//
// # Not done here
//
// No frames and no commitments: Member.SendKeys and Member.FrameKeys hand over the keys of a stream, media/sframe and
// media/franking use them. No transport: media/participant carries Posts and Entries.
package e2ee
