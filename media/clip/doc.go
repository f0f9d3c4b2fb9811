// Package clip is the evidence of a report from a live meeting (../PROTOCOL.md sections 16 to 18): the ring that a host's device keeps, the
// clip that is made of it, and the proof beside the clip, by which the platform checks, without any key of the meeting, who sent each frame, and
// when.
//
// A clip is WebM in exactly one form. Layout computes that form from a list of frames; writing a clip and verifying one are the same walk
// over it, once with an output and once with an input that has to be equal. So there is no demultiplexer that a hostile file could mislead, and
// nothing that a player could show and the verifier not see.
//
// Files: frame.go and layout.go have the form of a clip, ebml.go its bytes, picture.go what is read of a key frame; proof.go has the proof and
// its encoding, verify.go and verdict.go what is found, ring.go the ring, lines.go the lines of chat.
package clip
