package handlers

import (
	"net/http"
	"net/url"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/triage/account"
	"github.com/proffer/proffer/web"
)

// viewRoutes is what is about saved views of the queue.
func (s *server) viewRoutes() []route {
	return []route{
		{Method: get, Pattern: "/views", Needs: triage.QueueRead, serve: s.views},
		{Method: post, Pattern: "/views", Needs: triage.ViewKeep, serve: s.keepView},
		{Method: get, Pattern: "/views/{id}", Needs: triage.QueueRead, serve: s.openView},
		{Method: post, Pattern: "/views/{id}", Needs: triage.ViewKeep, serve: s.changeView},
		{Method: post, Pattern: "/views/{id}/delete", Needs: triage.ViewKeep, serve: s.deleteView},
		{Method: post, Pattern: "/views/{id}/restore", Needs: triage.ViewKeep, serve: s.restoreView},
	}
}

func viewID(r *http.Request) (triage.ViewID, error) { return pathID[triage.ViewID](r, "id", "VW") }

// viewAddress is the page that a view leads to.
func viewAddress(v triage.View) string {
	if v.Tab != "" {
		return queueAddress(v.Tab, triage.QueueQuery{Policy: v.Ask.Policy, Text: v.Ask.Text}, "")
	}
	return searchAddress(v.Ask, "")
}

// readView reads the filters of an address of the queue or of the search. Whatever else the address says is left out.
func readView(address string) (v triage.View, ok bool) {
	u, err := url.Parse(address)
	if err != nil || len(address) > 8192 || u.Host != "" || u.Scheme != "" {
		return v, false
	}
	in := u.Query()
	switch u.Path {
	case "/queue":
		v.Tab = triage.Tab(in.Get("tab"))
		v.Ask = triage.FindAsk{Policy: triage.PolicyID(in.Get("policy")), Text: account.CleanName(in.Get("q"), triage.MaxName)}
		return v, contains(tabNames, string(v.Tab))
	case "/search":
		v.Ask, _ = readAsk(in)
		v.Ask.Limit = 0
		return v, true
	}
	return v, false
}

var tabNames = func() (out []string) {
	for _, t := range triage.Tabs {
		out = append(out, string(t))
	}
	return out
}()

// viewBar is the row of views above a page of that address.
func (s *server) viewBar(r *http.Request, a triage.Actor, address string) (b web.ViewBar, err error) {
	b.Items, err = s.viewItems(r, a)
	v, ok := readView(address)
	b.Address, b.CanKeep = address, ok && (v.Tab != "" || !v.Ask.Empty())
	b.CanShare = len(triage.Lanes(a, triage.ViewShare)) > 0
	return b, err
}

func (s *server) viewItems(r *http.Request, a triage.Actor) (out []web.ViewItem, err error) {
	rows, err := s.desk.Views(r.Context(), a)
	for _, v := range rows {
		out = append(out, web.ViewItem{ViewRow: v, Address: viewAddress(v.View)})
	}
	return out, err
}

func (s *server) views(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	return s.viewsPage(w, r, a, http.StatusOK, url.Values{}, nil)
}

func (s *server) viewsPage(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, typed url.Values, m web.Messages) error {
	items, err := s.viewItems(r, a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Saved views", "/views")
	if err != nil {
		return err
	}
	v := web.ViewsView{Page: p, Items: items, Name: typed.Get("name"), Shared: typed.Get("shared") == "yes", Messages: m,
		CanShare: len(triage.Lanes(a, triage.ViewShare)) > 0}
	if from, ok := readView(typed.Get("from")); ok {
		v.From = viewAddress(from)
	}
	return s.render(w, r, status, web.Views(v))
}

// viewsAgain shows the page again where an error belongs into one of its forms.
func (s *server) viewsAgain(w http.ResponseWriter, r *http.Request, a triage.Actor, typed url.Values, err error) error {
	if status, ok := again(err); ok {
		return s.viewsPage(w, r, a, status, typed, web.MessagesOf(err))
	}
	return err
}

func (s *server) keepView(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	in, err := form(r)
	if err != nil {
		return err
	}
	v, ok := readView(in.Get("from"))
	if !ok {
		return s.viewsAgain(w, r, a, in, triage.Errorf(triage.Invalid, "Open the queue or the search, filter it, and save the view from there."))
	}
	v.Name, v.Shared = in.Get("name"), in.Get("shared") == "yes"
	kept, err := s.desk.KeepView(r.Context(), a, v)
	if err != nil {
		return s.viewsAgain(w, r, a, in, err)
	}
	s.flash(r, web.FlashDone, "Saved as “"+kept.Name+"”. It is above the queue from now on.")
	return seeOther(w, r, viewAddress(kept))
}

func (s *server) openView(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	v, err := s.desk.OpenView(r.Context(), a, id)
	if err != nil {
		return err
	}
	return seeOther(w, r, viewAddress(v))
}

func (s *server) changeView(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	in, err := form(r)
	if err != nil {
		return err
	}
	if err := s.desk.ChangeView(r.Context(), a, id, in.Get("name"), in.Get("shared") == "yes"); err != nil {
		return s.viewsAgain(w, r, a, url.Values{}, err)
	}
	s.flash(r, web.FlashDone, "Changed.")
	return seeOther(w, r, "/views")
}

func (s *server) deleteView(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	v, err := s.desk.DeleteView(r.Context(), a, id)
	if err != nil {
		return s.viewsAgain(w, r, a, url.Values{}, err)
	}
	s.leave(r, web.Flash{Kind: web.FlashDone, Text: "Deleted “" + v.Name + "”.", Undo: "/views/" + string(id) + "/restore", Link: "Bring it back"})
	return seeOther(w, r, "/views")
}

func (s *server) restoreView(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	if err := s.desk.RestoreView(r.Context(), a, id); err != nil {
		return s.viewsAgain(w, r, a, url.Values{}, err)
	}
	s.flash(r, web.FlashDone, "It is back.")
	return seeOther(w, r, "/views")
}
