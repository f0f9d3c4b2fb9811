package main

import (
	"context"
	"time"

	"github.com/proffer/proffer/media/clip"
	"github.com/proffer/proffer/media/franking"
	"github.com/proffer/proffer/media/meeting"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/custody"
)

// notary stamps what senders commit to, and checks stamps, with the secrets of the key folder.
func (s *services) notary() (*franking.Notary, error) {
	secrets, err := s.ring.Seeds(custody.SeedNotary)
	if err != nil {
		return nil, err
	}
	return franking.NewNotary(secrets...), nil
}

// platform is what proofs of clips are held against: this server's keys, and its boards.
type platform struct {
	identity [32]byte
	notary   *franking.Notary
	boards   meeting.Store
}

// platform reads the keys that it takes.
func (s *services) platform() (triage.Platform, error) {
	seed, err := s.ring.Seed(custody.SeedIdentity)
	if err != nil {
		return nil, err
	}
	notary, err := s.notary()
	if err != nil {
		return nil, err
	}
	return platform{[32]byte(meeting.NewIdentity(seed).Key()), notary, s.store}, nil
}

// Platform implements triage.Platform.
func (p platform) Platform(ctx context.Context, id triage.MeetingID) (clip.Platform, error) {
	return clip.Platform{Identity: p.identity, Notary: p.notary.Key, Present: func(m clip.Member, from, to uint64) (string, error) {
		if m.Connector {
			return "", nil // it has no join; the stamps say that it was there
		}
		why, err := meeting.Present(ctx, p.boards, string(id), meeting.J(m.Join), time.UnixMilli(int64(from)), time.UnixMilli(int64(to)))
		if why != "" {
			why = m.Name + ": " + why
		}
		return why, err
	}}, nil
}
