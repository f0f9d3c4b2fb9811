// Package connector is the visible server-side participant of standard meetings (media/PROTOCOL.md section 9): it takes a Seat, which
// everyone sees in the roster, opens and seals frames under the key that the server drew, and leaves when it loses the seat. Below it
// are the two kinds that exist: recorder and phone.
//
//   - seat.go: what the meeting server gives a connector (Meetings, Seat), and nothing beyond
//   - keyring.go: the keys of a standard meeting, derived from its grant
//   - participant.go, voice.go: the participant of LiveKit's room
//
// # Threats
//
// A connector reads the meeting, so it must never be where it is not seen or not allowed. It holds a key only while it holds a seat:
// when the seat is lost (an upgrade above all) the key and all that was derived from it are forgotten before anything else happens, and
// nothing is retried. It cannot be in an end-to-end encrypted meeting: nobody seats it there, nobody gives it a key (this package does
// not link media/e2ee), and a Receiver for standard meetings refuses any frame of another term.
//
// What participants send is hostile: see media/rtpframe and media/sframe.
//
// # Not done here
//
// Who may start a recording or dial in, and what the roster shows: media/meeting and main.
package connector
