package sfu

import (
	"context"
	"errors"
	"fmt"

	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"
)

// Remove takes a participant out of a room. One that is not there is no error: it is what was wanted.
func (s *Server) Remove(ctx context.Context, room, identity string) error {
	_, err := s.rooms.RemoveParticipant(ctx, &livekit.RoomParticipantIdentity{Room: room, Identity: identity})
	return orGone(err, "removing a participant from the media server's room")
}

// End closes a room, and puts everybody in it out.
func (s *Server) End(ctx context.Context, room string) error {
	_, err := s.rooms.DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: room})
	return orGone(err, "closing a room of the media server")
}

func orGone(err error, doing string) error {
	var answer twirp.Error
	if err == nil || errors.As(err, &answer) && answer.Code() == twirp.NotFound {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
