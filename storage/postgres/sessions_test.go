package postgres_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/proffer/proffer/storage/postgres"
	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
)

func manager(s subject) *scs.SessionManager {
	m := scs.New()
	m.Store, m.HashTokenInStore = s.Sessions(), true
	return m
}

// browse makes one request with a cookie and returns the cookie that it leaves.
func browse(t *testing.T, m *scs.SessionManager, cookie string, page func(context.Context)) string {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: m.Cookie.Name, Value: cookie})
	w := httptest.NewRecorder()
	m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { page(r.Context()) })).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	for _, c := range w.Result().Cookies() {
		cookie = c.Value
	}
	return cookie
}

func (s subject) sessions(of account.ID) (list []account.Session) {
	s.t.Helper()
	if err := s.View(s.t.Context(), func(tx triage.Tx) (err error) {
		list, err = tx.Sessions(s.t.Context(), of)
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
	return list
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, ann, _ := s.people()
	m := manager(s)
	signIn := func(ctx context.Context) {
		if err := m.RenewToken(ctx); err != nil {
			t.Fatal(err)
		}
		m.Put(ctx, postgres.SessionAccount, string(ann.ID))
		m.Put(ctx, postgres.SessionAgent, "Firefox"+strings.Repeat(" é", 300))
	}
	who := func(cookie string) (id string) {
		browse(t, m, cookie, func(ctx context.Context) { id = m.GetString(ctx, postgres.SessionAccount) })
		return id
	}
	before := browse(t, m, "", func(ctx context.Context) { m.Put(ctx, "seen", true) })
	cookie := browse(t, m, before, signIn)
	if cookie == before || who(cookie) != string(ann.ID) || who(before) != "" {
		t.Fatal("the token was not rotated at sign-in")
	}
	list := s.sessions(ann.ID)
	if len(list) != 1 || !strings.HasPrefix(list[0].UserAgent, "Firefox é") || len(list[0].UserAgent) > 200 || time.Until(list[0].Expires) <= 0 {
		t.Fatalf("got %+v", list)
	}
	for _, row := range s.ask("SELECT token, id FROM sessions") {
		if row[0] == cookie || row[1] == cookie || strings.Contains(row[0]+row[1], cookie) {
			t.Fatal("a token that can be used is in the database")
		}
	}
	if id, err := s.Store.Sessions().Handle(t.Context(), cookie); id != list[0].ID || err != nil {
		t.Errorf("handle %q, %v; want %q", id, err, list[0].ID)
	}
	s.update(func(ctx context.Context, tx triage.Tx) error { return tx.DeleteSession(ctx, ann.ID, list[0].ID) })
	if who(cookie) != "" || len(s.sessions(ann.ID)) != 0 {
		t.Fatal("a revoked session still works")
	}
}

// TestSessionStaysRevoked revokes a session while a request is under way that saves it in the end.
func TestSessionStaysRevoked(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, ann, _ := s.people()
	m := manager(s)
	cookie := browse(t, m, "", func(ctx context.Context) { m.Put(ctx, postgres.SessionAccount, string(ann.ID)) })
	browse(t, m, cookie, func(ctx context.Context) {
		s.update(func(ctx context.Context, tx triage.Tx) error { return tx.DeleteSessions(ctx, ann.ID) })
		m.Put(ctx, "anything", 1)
	})
	browse(t, m, cookie, func(ctx context.Context) {
		if id := m.GetString(ctx, postgres.SessionAccount); id != "" {
			t.Error("the revoked session came back")
		}
	})
	if list := s.sessions(ann.ID); len(list) != 0 {
		t.Errorf("got %+v", list)
	}
}
