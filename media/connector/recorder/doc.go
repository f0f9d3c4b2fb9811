// Package recorder writes down a standard meeting: a WebM file for each person's camera and microphone, another for a screen that is
// shown, as they were received, without decoding anything. It is a connector, which everyone sees for as long as it writes.
//
//   - recorder.go: the connector, and whose frame goes where
//   - reel.go: one person's file after the other, on a goroutine of its own
//   - webm.go, ebml.go: the container (RFC 9559), written in whole clusters, so that a file that ends abruptly is valid
//
// # Threats
//
// Frames come from people who may be hostile, and are written as they are: nothing here looks into them beyond the few bytes that say
// how large a picture is. What is held in memory is bounded, whatever comes and however slow the storage is; what cannot be written in
// time is left out from there to the next key frame. Where the storage fails the recording ends, and everyone sees that it has.
//
// # Not done here
//
// Where files go (Sink), who may record, who may see it: media/meeting and main.
package recorder
