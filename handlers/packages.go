package handlers

import (
	"net/http"
	"slices"
	"strings"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// packagesShown is how many packages and cases the list shows.
const packagesShown = 100

func (s *server) packages(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	list, err := s.desk.ListPackages(r.Context(), a, packagesShown)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Law-enforcement packages", "/packages")
	if err != nil {
		return err
	}
	v := web.PackagesView{Page: p, CanAsk: triage.Can(a, triage.PackageRequest, triage.Target{}), Packages: packageItems(a, list)}
	if v.CanAsk {
		q, err := s.desk.ListQueue(r.Context(), a, triage.TabDecided, triage.QueueQuery{Limit: packagesShown})
		if err != nil {
			return err
		}
		for _, c := range q.Rows {
			if c.Exhibits > 0 && triage.Can(a, triage.PackageRequest, triage.Target{Lane: c.Lane, State: c.State}) {
				v.Cases = append(v.Cases, c.CaseRow)
			}
		}
	}
	return s.render(w, r, http.StatusOK, web.Packages(v))
}

func packageItems(a triage.Actor, rows []triage.PackageRow) (items []web.PackageItem) {
	for _, r := range rows {
		items = append(items, web.PackageItem{Package: r.Package, RequesterName: r.RequesterName, ApproverName: r.ApproverName,
			CanApprove: r.CanApprove, Own: r.Requester == a.Account})
	}
	return items
}

func (s *server) newPackage(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, ok := triage.ParseID("C", r.URL.Query().Get("case"))
	if !ok {
		return errNothing
	}
	return s.packageForm(w, r, a, http.StatusOK, triage.NewPackage{Case: triage.CaseID(id)}, nil)
}

func (s *server) packageForm(w http.ResponseWriter, r *http.Request, a triage.Actor, status int, n triage.NewPackage, m web.Messages) error {
	x, err := s.desk.OpenCase(r.Context(), a, n.Case)
	if err != nil {
		return err
	}
	if err := triage.Allow(a, triage.PackageRequest, x.On); err != nil {
		return err
	}
	if !x.Case.State.Settled() {
		return triage.Errorf(triage.Conflict, "Only a decided case can be disclosed; this one is “%s”.", strings.ToLower(x.Case.State.Title()))
	}
	p, err := s.page(r, "Ask for a package", "/packages/new?case="+string(n.Case))
	if err != nil {
		return err
	}
	v := web.PackageFormView{Page: p, Case: x.Case, Form: n, Messages: m}
	for _, person := range x.People {
		v.People = append(v.People, person.Name)
	}
	for _, e := range x.Exhibits {
		v.Exhibits = append(v.Exhibits, e.Exhibit)
	}
	for _, d := range x.Decisions {
		if d.State == triage.DecisionInForce {
			v.Decision = findingsWords(d.Findings)
		}
	}
	return s.render(w, r, status, web.NewPackage(v))
}

func (s *server) requestPackage(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	v, err := form(r)
	if err != nil {
		return err
	}
	n, err := readPackage(v)
	if err != nil {
		return err
	}
	asked := n
	asked.Exhibits = slices.Clone(n.Exhibits) // the use case sorts its own
	p, err := s.desk.RequestPackage(r.Context(), a, asked, signed(v))
	if status, ok := again(err); ok {
		return s.packageForm(w, r, a, status, n, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	s.flash(r, web.FlashDone, "Asked for. A second person has to approve it before anything is built.")
	return seeOther(w, r, "/packages/"+string(p.ID))
}

func (s *server) showPackage(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := packageID(r)
	if err != nil {
		return err
	}
	return s.packagePage(w, r, a, id, http.StatusOK, nil)
}

func (s *server) packagePage(w http.ResponseWriter, r *http.Request, a triage.Actor, id triage.PackageID, status int, m web.Messages) error {
	x, err := s.desk.OpenPackage(r.Context(), a, id)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Package "+string(id), "/packages/"+string(id))
	if err != nil {
		return err
	}
	v := web.PackageView{Page: p, PackageItem: packageItems(a, []triage.PackageRow{x.PackageRow})[0], Exhibits: x.Exhibits, Messages: m,
		Held: x.Held, CanDownload: x.CanDownload, CanRetry: x.CanRetry, FileName: "proffer-" + string(id) + ".zip"}
	for _, e := range x.Events {
		v.Events = append(v.Events, loggedEvent(e))
	}
	return s.render(w, r, status, web.Package(v))
}

func (s *server) answerPackage(approve bool) handler {
	return func(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
		id, err := packageID(r)
		if err != nil {
			return err
		}
		v, err := form(r)
		if err != nil {
			return err
		}
		err = s.desk.AnswerPackage(r.Context(), a, id, approve, v.Get("words"), signed(v))
		if status, ok := again(err); ok {
			return s.packagePage(w, r, a, id, status, web.MessagesOf(err))
		} else if err != nil {
			return err
		}
		words := "You approved the disclosure. The package is being built."
		if !approve {
			words = "You refused the disclosure. Nothing was built."
		}
		s.flash(r, web.FlashDone, words)
		return seeOther(w, r, "/packages/"+string(id))
	}
}

func (s *server) retryPackage(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := packageID(r)
	if err != nil {
		return err
	}
	err = s.desk.RetryPackage(r.Context(), a, id)
	if status, ok := again(err); ok {
		return s.packagePage(w, r, a, id, status, web.MessagesOf(err))
	} else if err != nil {
		return err
	}
	return seeOther(w, r, "/packages/"+string(id))
}

func (s *server) download(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	id, err := packageID(r)
	if err != nil {
		return err
	}
	pb, err := s.desk.DownloadPackage(r.Context(), a, id)
	if err != nil {
		return err
	}
	return serveBytes(w, r, pb, true)
}
