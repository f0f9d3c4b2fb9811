// Package rtpframe makes frames of the packets of a track, and opens them: what every receiver of a meeting's media does, a participant
// (media/participant) and a connector (media/connector) alike.
//
//   - assemble.go: packets in order, and put together
//   - track.go: a track, read, opened (media/sframe) and held against its label
//
// Threats: the media server and whoever sends can put anything into packets. Nothing here trusts a length or a number in one: what is
// held is bounded, what is incomplete is left out, and what does not open goes nowhere.
//
// What it does not do: no codecs, no keys, no signalling.
package rtpframe
