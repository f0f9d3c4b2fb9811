package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/a-h/templ"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// freshContext keeps a context's end but none of its values.
type freshContext struct{ context.Context }

func (freshContext) Value(any) any { return nil }

// bare is a page's frame without the numbers in the menu; it cannot fail.
func (s *server) bare(r *http.Request, title string) web.Page {
	q := requestOf(r)
	p := web.Page{Title: title, Path: r.URL.RequestURI(), Now: s.desk.Clock(), Actor: q.actor, Assets: s.Assets, RequestID: q.id,
		Nav: web.Menu(q.actor, web.Counts{})}
	if s.Demo {
		p.Demo = &web.Demo{}
		for _, acc := range s.People {
			p.Demo.People = append(p.Demo.People, web.DemoPerson{Account: acc.ID, Name: acc.Name, Role: roleWords(acc.Roles),
				Current: acc.ID == q.actor.Account})
		}
	}
	return p
}

func roleWords(rs account.Roles) string { return web.Page{Actor: triage.Actor{Roles: rs}}.RoleWords() }

// page is a page's frame. Path is the address that shows the same page again.
func (s *server) page(r *http.Request, title, path string) (web.Page, error) {
	p := s.bare(r, title)
	p.Path = path
	if p.SignedIn() {
		n, err := s.desk.CountWaiting(r.Context(), p.Actor)
		if err != nil {
			return p, err
		}
		p.Nav = web.Menu(p.Actor, web.Counts{Open: n.Open, Approvals: n.Decisions + n.Packages + n.Visits, Packages: n.Packages, Opinions: n.Opinions})
	}
	if r.Method != head && r.Header.Get("Sec-Fetch-Dest") != "empty" { // else nobody reads the message: a script looks what is new
		p.Flash = flashes(s.sessions.PopString(r.Context(), keyFlash))
	}
	return p, nil
}

// flash leaves a message for the next page.
func (s *server) flash(r *http.Request, k web.FlashKind, text string) {
	s.leave(r, web.Flash{Kind: k, Text: text})
}

// leave leaves a message with a link or a way to undo what was done, beside those that are left already.
func (s *server) leave(r *http.Request, f web.Flash) {
	if b, err := json.Marshal(append(flashes(s.sessions.GetString(r.Context(), keyFlash)), f)); err == nil {
		s.sessions.Put(r.Context(), keyFlash, string(b))
	}
}

// flashes reads messages that were left; what cannot be read is none.
func flashes(text string) (fs []web.Flash) {
	if text == "" || json.Unmarshal([]byte(text), &fs) != nil {
		return nil
	}
	return fs
}

// render writes a page. It is made whole before the first byte is sent, so that a failure can still be answered.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the peer is gone; there is nobody left to tell
	return nil
}

// seeOther sends the browser to a page of this site after a form was taken.
func seeOther(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
