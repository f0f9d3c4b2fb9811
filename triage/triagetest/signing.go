package triagetest

import (
	"context"
	"sync"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/triage/passkey/passkeytest"
)

// Signing is a desk whose people all have a passkey, and use it wherever they are asked to. It is for tests about something else.
type Signing struct {
	*triage.Desk
	mu   sync.Mutex
	keys map[account.ID]*passkeytest.Authenticator // guarded by mu
}

// NewSigning makes people of a desk sign.
func NewSigning(d *triage.Desk) *Signing {
	return &Signing{Desk: d, keys: map[account.ID]*passkeytest.Authenticator{}}
}

// Key is somebody's passkey; the first time it is made and kept, as if it had been there before.
func (s *Signing) Key(ctx context.Context, id account.ID) (*passkeytest.Authenticator, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.keys[id]; ok {
		return k, nil
	}
	k := passkeytest.New(s.URL, string(id))
	err := s.Store.Update(ctx, func(tx triage.Tx) error {
		return tx.InsertPasskey(ctx, account.Passkey{ID: triage.NewID("K"), Account: id, Name: "In this test", Credential: k.Credential, Public: k.Public(), Created: s.Clock().UTC()})
	})
	if err == nil {
		s.keys[id] = k
	}
	return k, err
}

// Sign is what somebody's passkey answers, where one is asked for.
func (s *Signing) Sign(ctx context.Context, a triage.Actor, asked *triage.Asked, err error) ([]byte, error) {
	if err != nil || asked == nil {
		return nil, err
	}
	k, err := s.Key(ctx, a.Account)
	if err != nil {
		return nil, err
	}
	return k.Sign(asked.Challenge[:]), nil
}

// Decide is triage.Desk.Decide, signed.
func (s *Signing) Decide(ctx context.Context, a triage.Actor, id triage.CaseID, findings []triage.Finding) (triage.Decision, error) {
	asked, err := s.AskDecide(ctx, a, id, findings)
	answer, err := s.Sign(ctx, a, asked, err)
	if err != nil {
		return triage.Decision{}, err
	}
	return s.Desk.Decide(ctx, a, id, findings, answer)
}

// Answer is triage.Desk.Answer, signed.
func (s *Signing) Answer(ctx context.Context, a triage.Actor, id triage.CaseID, d triage.DecisionID, approve bool, words string) (err error) {
	var answer []byte
	if approve {
		asked, err := s.AskAnswer(ctx, a, id, d)
		if answer, err = s.Sign(ctx, a, asked, err); err != nil {
			return err
		}
	}
	return s.Desk.Answer(ctx, a, id, d, approve, words, answer)
}

// RequestPackage is triage.Desk.RequestPackage, signed.
func (s *Signing) RequestPackage(ctx context.Context, a triage.Actor, n triage.NewPackage) (triage.Package, error) {
	asked, err := s.AskRequest(ctx, a, n)
	answer, err := s.Sign(ctx, a, asked, err)
	if err != nil {
		return triage.Package{}, err
	}
	return s.Desk.RequestPackage(ctx, a, n, answer)
}

// AnswerPackage is triage.Desk.AnswerPackage, signed.
func (s *Signing) AnswerPackage(ctx context.Context, a triage.Actor, id triage.PackageID, approve bool, words string) (err error) {
	var answer []byte
	if approve {
		asked, err := s.AskAnswerPackage(ctx, a, id)
		if answer, err = s.Sign(ctx, a, asked, err); err != nil {
			return err
		}
	}
	return s.Desk.AnswerPackage(ctx, a, id, approve, words, answer)
}

// RequestVisit is triage.Desk.RequestVisit, signed.
func (s *Signing) RequestVisit(ctx context.Context, a triage.Actor, id triage.CaseID, reason string) (triage.Visit, error) {
	asked, err := s.AskVisit(ctx, a, id, reason)
	answer, err := s.Sign(ctx, a, asked, err)
	if err != nil {
		return triage.Visit{}, err
	}
	return s.Desk.RequestVisit(ctx, a, id, reason, answer)
}

// AnswerVisit is triage.Desk.AnswerVisit, signed.
func (s *Signing) AnswerVisit(ctx context.Context, a triage.Actor, id triage.VisitID, approve bool, words string) (v triage.Visit, err error) {
	var answer []byte
	if approve {
		asked, err := s.AskAnswerVisit(ctx, a, id)
		if answer, err = s.Sign(ctx, a, asked, err); err != nil {
			return v, err
		}
	}
	return s.Desk.AnswerVisit(ctx, a, id, approve, words, answer)
}
