package handlers

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// hashRoutes is about lists of hashes of known clips.
func (s *server) hashRoutes() []route {
	return []route{
		{Method: get, Pattern: "/hashlists", Needs: triage.HashListRead, serve: s.hashLists},
		{Method: post, Pattern: "/hashlists", Needs: triage.HashListChange, kind: kindFile, serve: s.importHashList},
		{Method: get, Pattern: "/hashlists/{id}", Needs: triage.HashListRead, serve: s.hashList},
		{Method: post, Pattern: "/hashlists/{id}/remove", Needs: triage.HashListChange, serve: s.removeHashList},
	}
}

func hashListID(r *http.Request) (triage.HashListID, error) {
	return pathID[triage.HashListID](r, "id", "HL")
}

func (s *server) hashLists(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.hashListsPage(w, r, a, http.StatusOK, web.HashListsView{})
}

// hashListsPage shows the lists and the form; v has what was typed, and what is wrong with it or was found in it.
func (s *server) hashListsPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, v web.HashListsView) (err error) {
	if v.Lists, v.Names, err = s.desk.HashLists(r.Context(), a); err != nil {
		return err
	}
	if v.Page, err = s.page(r, "Hash lists", "/hashlists"); err != nil {
		return err
	}
	v.Lanes = triage.Lanes(a, triage.HashListChange)
	return s.render(w, r, status, web.HashLists(v))
}

func (s *server) importHashList(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, file, err := fileForm(r)
	if status, ok := again(err); ok {
		return s.hashListsPage(w, r, a, status, web.HashListsView{Messages: web.MessagesOf(err)})
	} else if err != nil {
		return err
	}
	if len(file) == 0 {
		file = []byte(v.Get("hashes"))
	}
	n := triage.NewHashList{Lane: triage.Lane(v.Get("lane")), Source: v.Get("source"), Label: v.Get("label"), Kind: triage.HashKind(v.Get("kind")), File: file}
	typed := web.HashListsView{Typed: n, Pasted: v.Get("hashes")}
	if v.Get("check") != "" {
		if typed.Checked, err = s.desk.CheckHashList(a, n); err == nil {
			return s.hashListsPage(w, r, a, http.StatusOK, typed)
		}
	} else {
		var l triage.HashList
		if l, err = s.desk.ImportHashList(r.Context(), a, n); err == nil {
			s.flash(r, web.FlashDone, "Imported. Clips that are here already are being compared with it; what comes from now on is, when it is prepared.")
			return seeOther(w, r, "/hashlists/"+string(l.ID))
		}
	}
	if status, ok := again(err); ok {
		typed.Messages = web.MessagesOf(err)
		return s.hashListsPage(w, r, a, status, typed)
	}
	return err
}

func (s *server) hashList(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := hashListID(r)
	if err != nil {
		return err
	}
	x, err := s.desk.OpenHashList(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, x.Label, "/hashlists/"+string(id))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.HashList(web.HashListView{Page: p, HashListView: x}))
}

func (s *server) removeHashList(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := hashListID(r)
	if err != nil {
		return err
	}
	if _, err := form(r); err != nil {
		return err
	}
	if err := s.desk.RemoveHashList(r.Context(), a, id); err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Removed, with what matched it. That it was here stays in the custody log.")
	return seeOther(w, r, "/hashlists")
}

// maxFileForm is the most that a form with a file may hold, in bytes.
const maxFileForm = triage.MaxHashFile + maxForm

// fileForm reads a form that may have one file, "file". Both are in memory, within the bound that the route set.
func fileForm(r *http.Request) (url.Values, []byte, error) {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || t != "multipart/form-data" {
		v, err := form(r)
		return v, nil, err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, errForm
	}
	v, file := url.Values{}, []byte(nil)
	for range 20 {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return v, file, nil
		}
		var b []byte
		if err == nil {
			b, err = io.ReadAll(p)
		}
		var big *http.MaxBytesError
		switch {
		case errors.As(err, &big):
			return nil, nil, fieldError("file", fmt.Sprintf("A list has at most %d MiB. Divide it, and import the parts one after the other.", triage.MaxHashFile>>20))
		case err != nil:
			return nil, nil, errForm
		case p.FormName() == "file":
			file = b
		default:
			v.Add(p.FormName(), string(b))
		}
	}
	return nil, nil, errForm
}
