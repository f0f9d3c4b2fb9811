// Package participant takes part in meetings without a browser: it joins, speaks the protocol of ../PROTOCOL.md, sends sealed video
// and sound, and hands on what it opens. Tests, the demonstration's guests and load use it, and it is the model for native clients.
//
// # How it is put together
//
//   - participant.go, decide.go: Participant, whose one goroutine owns the e2ee.Member; everything else talks to it through channels
//   - session.go: the control session (PROTOCOL.md section 10), which comes back by itself after a loss
//   - link.go, certificate.go: where the meeting is, and the server's word for who this is
//   - folder.go: what outlives the program: the device's key, lasting notes, devices and identity keys met
//   - keyring.go: the keys that are held now, for the goroutines that seal and open frames
//   - room.go, send.go, receive.go: media over LiveKit (media/rtpframe receives); a sealed frame is what is cut into packets
//   - chat.go: lines, sealed as frames are; lines.go: what waits for the notary's word before it is shown
//   - source.go, ivf.go, ogg.go, simulated.go: what is sent
//
// # Threats
//
// Those of media/e2ee and media/sframe, which decide what is believed. This package adds that nothing leaves unsealed (a frame that
// cannot be sealed is dropped and counted), that what LiveKit says about participants and tracks decides nothing but where packets
// go, and that what the server sends can make it neither crash nor grow without bound.
//
// # Not done here
//
// No codecs: frames come in encoded and go out encoded. No ring of the last seconds and no reports.
package participant
