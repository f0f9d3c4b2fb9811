package sfu

import (
	"time"

	"github.com/livekit/protocol/auth"
)

// ticketTime is how long a token may be used to join. A participant that is in stays in.
const ticketTime = 2 * time.Minute

// Ticket mints the token with which one join enters the room of its meeting. This is the only place that mints tokens for
// participants (DESIGN §5): visible to all, no data channel, no administration.
func (s *Server) Ticket(room, identity string) (string, error) {
	yes, no := true, false
	return auth.NewAccessToken(s.key, s.secret).
		SetIdentity(identity).
		SetValidFor(ticketTime).
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: room, CanPublish: &yes, CanSubscribe: &yes,
			CanPublishData: &no, CanUpdateOwnMetadata: &no, CanSubscribeMetrics: &no}).
		ToJWT()
}
