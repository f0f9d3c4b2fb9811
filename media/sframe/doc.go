// Package sframe encrypts and decrypts the frames of a meeting: RFC 9605 (SFrame) with its cipher suite 0x0005,
// AES_256_GCM_SHA512_128, and around it the layout and the rules of ../PROTOCOL.md, section 6.
//
//   - header.go, key.go: RFC 9605 and nothing else
//   - kid.go, layout.go: how a meeting fills the key identifier, and what stands before and after the SFrame ciphertext
//   - sender.go: a Sender owns one stream and its counter; it drops what it cannot seal
//   - receiver.go, seen.go: a Receiver opens what one track brings, in the order of the page's checks, and counts by kind what it drops
//
// Threats: a media server that reads, changes, drops, repeats, delays, relabels and mixes frames; and a member that sends frames
// which differ for different people. Against the first the cipher, the additional data and what was Seen stand; against the second
// the commitment does, which media/franking makes and this package asks for through the interface Franking.
//
// What it does not do: it knows no epochs, no list and no members. Whoever owns those (media/e2ee, and media/connector in standard
// meetings) makes the keys, hands them to Senders, and answers Receivers through the interface Keys.
//
// Seal and Open append to the caller's buffer and allocate nothing once that is large enough; it must not overlap with what they read.
package sframe
