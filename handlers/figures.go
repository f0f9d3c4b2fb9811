package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/proffer/proffer/triage"
	"github.com/proffer/proffer/web"
)

// defaultDays is the period of figures where none is asked for.
const defaultDays = 30

// figuresOf counts the period that the address names.
func (s *server) figuresOf(r *http.Request, a triage.Actor) (triage.Figures, error) {
	days := defaultDays
	if asked := r.URL.Query().Get("days"); asked != "" {
		days, _ = strconv.Atoi(asked) // 0 is refused
	}
	return s.desk.Figures(r.Context(), a, days)
}

func (s *server) figures(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	f, err := s.figuresOf(r, a)
	if err != nil {
		return err
	}
	p, err := s.page(r, "Figures", "/team/figures")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, web.FiguresPage(web.FiguresView{Page: p, Figures: f}))
}

// figureFile is the table of one figure, to be worked on elsewhere.
func (s *server) figureFile(w http.ResponseWriter, r *http.Request, a triage.Actor) error {
	f, err := s.figuresOf(r, a)
	if err != nil {
		return err
	}
	id, csv := strings.CutSuffix(chi.URLParam(r, "file"), ".csv")
	b, known := web.FigureCSV(f, id)
	if !csv || !known {
		return errNothing
	}
	return downloadAs(w, "text/csv; charset=utf-8", web.FigureFile(id, f), b)
}
