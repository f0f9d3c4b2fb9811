// Package meeting is the server's side of meetings (media/PROTOCOL.md, sections 2, 3, 9 and 10): who may have an end-to-end
// encrypted one and how a meeting ends, the board, certificates, the roster, lobby and key of a standard meeting, the
// upgrade, and the hub that carries all of it between the control sessions of this process and, through a Relay, of others.
//
// # Threats
//
// Clients are hostile. What arrives is decoded strictly, bounded in size and rate, and put on the board only when it is for
// this meeting and signed by the device of the session that sends it; entries that only a leader, a successor or a host can
// make are taken from nobody else, so that a stranger who knows a meeting's number can neither fill its board nor have
// people taken out of the media server's room. A client that does not read is cut off and keeps nobody waiting. Who is
// banned, suspended or kept out of a host's meetings loses the session at once, in every process.
//
// The server itself is believed by nobody in an end-to-end encrypted meeting (section 13), and there is nothing here, in
// its types or in the store's, that could hold a key of one: macs are not checked, boxes are not opened. The key of a
// standard meeting lies in the database only under the master key (Master), which lies in a file, and is gone with the
// upgrade and the end. What processes tell each other passes through the database sealed under another such key: whoever has
// the database alone can neither read it nor say anything in it.
//
// # Not done here
//
// HTTP and WebSockets (handlers), tables (storage/postgres), media (media/sfu), authorisation of pages (triage.Can).
package meeting
