// Package phone lets people dial into standard meetings: SIP for the call, RTP with G.711 for the voice, digits (RFC 4733) for the
// meeting's PIN. Each caller is a connector, which everyone in the meeting sees by the caller's number.
//
//   - server.go, invite.go: the SIP side (RFC 3261), as a callee only
//   - door.go: who may call, and what a message must have before the SIP library sees it
//   - offer.go: session descriptions (RFC 4566, RFC 3264)
//   - media.go, jitter.go, digits.go, tone.go: RTP of one call
//   - call.go: one call, from the tone that asks for the PIN to the goodbye
//   - bridge.go, speaker.go: the callers of one meeting, what they hear and how they are heard
//
// # Threats
//
// Strangers must not get in, nor make this machine call, answer or flood anybody. Packets are taken from the trunks' addresses alone,
// each is read and checked before the SIP library acts on it, and their rate, the calls and all that a call holds are bounded. Requests
// go back to where the caller's came from, wherever its Contact points; nothing is ever forwarded. Voice is sent to the address that
// the caller described only after a packet has come from there, so that a description cannot aim at a bystander.
//
// A PIN has ten digits. Wrong ones are counted over all calls, and beyond one a second every call is turned away for a while: the
// trunk hides who calls, so there is nobody else to count against. With a hundred meetings open, a guess takes years.
//
// G.711 over RTP is not encrypted between the trunk and here: a meeting that somebody joined by telephone is as private as that line.
// That is why it is shown, and why it cannot be in an end-to-end encrypted meeting.
//
// # Not done here
//
// Outgoing calls, registration, video, hold music, SRTP, speech.
package phone
