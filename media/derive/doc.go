// Package derive makes what a reviewer looks at first — a contact sheet, a poster, a waveform and, where browsers would
// not play the original, a preview — from a clip that a stranger sent. The original is only ever read.
//
// # Threats
//
// A clip is hostile until proven otherwise, and a decoder that reads it may be taken over by it. So every run of ffmpeg
// and ffprobe happens under bubblewrap: no network, no processes but its own, a file system that holds the program's
// libraries and that one clip (all read-only) and at most one output file, no capabilities, no new privileges, a system
// call filter, the user nobody both inside and outside, and limits on memory, processor time, file size, processes, open
// files and wall time. When the time is up, or when this process dies, the whole process namespace is killed. ffmpeg is
// told which demuxer to use (from our own sniffing, never from its guess), which decoders it may load, and that nothing
// but a file may be opened. What comes back is hostile as well: stills come as raw pixels of a size known in advance and
// are encoded to JPEG here; sound comes as raw samples and is reduced to peaks here; ffprobe's words are bounded,
// filtered and clamped. Only the preview is ffmpeg's own file: it is checked to be WebM and is meant for a browser's
// own sandbox.
//
// Where the sandbox cannot run, nothing is decoded: Check says why in words, and each call returns a DecodeError that may
// be retried.
//
// # Not done here
//
// No judgement of content, no storage, no jobs: the caller retries, stores and prints. Other processes that run as the
// user nobody on this machine are not kept from a staged clip whose random folder name they know.
package derive
