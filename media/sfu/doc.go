// Package sfu runs the media server: LiveKit inside this process, or somebody's cluster. It forwards packets between the
// people of a meeting and sees SFrame ciphertext only (media/PROTOCOL.md, section 6).
//
// # Threats
//
// Whoever holds a token may join a room, so tokens are minted in one place (Ticket), for one room and one identity, for a
// short time, and without any of the grants that would hide a participant, make it a recorder, or let it administer
// anything; a test holds that for every claim. The embedded LiveKit's own HTTP server listens on loopback; of it, the edge passes on
// the signalling of participants alone (Handler), never the room API. The API key and secret of the embedded server are
// drawn at each start and kept in memory.
//
// # Not done here
//
// Nothing that needs a key of a meeting, no policy (media/meeting), no participant lists: what LiveKit says of names and
// tracks is believed by nobody.
package sfu
