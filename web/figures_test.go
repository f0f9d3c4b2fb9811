package web

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFigureFiles holds every figure's file against its table: the same rows, under the same heads.
func TestFigureFiles(t *testing.T) {
	f := newWorld("Mara", "They shouted.").figures()
	for _, x := range figures(f) {
		b, ok := FigureCSV(f, x.id)
		if !ok {
			t.Fatalf("%s has no file", x.id)
		}
		rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
		if err != nil || len(rows) != len(x.rows)+1 || len(x.rows) == 0 || !slices.Equal(rows[0], x.head) {
			t.Errorf("%s: %v, %q of %d rows", x.id, err, rows, len(x.rows))
		}
	}
	if _, ok := FigureCSV(f, "names"); ok {
		t.Error("there is a file of a figure that is not there")
	}
}

func TestFiguresSayWhatTheyShow(t *testing.T) {
	v := FiguresView{Figures: newWorld("Mara", "They shouted.").figures()}
	said := strings.Join(v.headlines(), " ")
	for _, x := range figures(v.Figures) {
		said += " " + x.says
	}
	for _, want := range []string{"6 cases wait, most of them about: Hate (5). Late are 2: Hate (2 of 5).", "35 more cases came in than were decided (63 and 28)",
		"84 reports opened 63 cases, and 28 decisions came into force.", "half of its cases within 20 min, nine of ten within 5.0 h", "2 cases were looked at late, and 3 cases were decided late",
		"Decided about 4 people; no violation was found in 25% of that.", "102 minutes of clips were watched, most of “Hate”. More was watched"} {
		if !strings.Contains(said, want) {
			t.Errorf("the page does not say %q, but\n%s", want, said)
		}
	}
}

// TestChartsStayInTheirFrame draws extreme numbers: nothing lies outside of the picture, and what is twice as much is twice as long.
func TestChartsStayInTheirFrame(t *testing.T) {
	days := make([]time.Time, 365)
	most := make([]int, 365)
	most[3], most[4] = 1_234_567, 617_283
	c := columns(chart{}, days, most, most)
	for _, b := range c.bars {
		if b.x < plotLeft || b.x+b.w > plotRight || b.y < plotTop-0.01 || b.y+b.h > plotBottom+0.01 {
			t.Errorf("a column at %+v", b)
		}
	}
	if r := c.bars[0].h / c.bars[1].h; r < 1.99 || r > 2.01 || len(c.ys) > 6 {
		t.Errorf("twice as much is %v times as high, %d marks", r, len(c.ys))
	}
	s := stacked(chart{}, ageSeries, bars{[]string{"a", "b"}, []string{"", ""}, [][]float64{{1, 0, 0, 0, 1e6}, {1e6, 1e6, 0, 0, 0}}})
	for _, r := range s.rows {
		for _, p := range r.pieces {
			if p.x < 0 || p.w <= 0 || p.x+p.w > chartWidth+0.9 || p.y+p.h > s.height {
				t.Errorf("a piece at %+v", p)
			}
		}
	}
	for _, d := range []time.Duration{-time.Hour, 0, time.Second, time.Hour, 1e6 * time.Hour} {
		if at := spanAt(d); at < 0 || at > chartWidth {
			t.Errorf("%v is at %v", d, at)
		}
	}
	for most, want := range map[int]int{0: 1, 1: 1, 4: 4, 5: 6, 9: 10, 40: 40, 41: 60, 1_234_567: 1_500_000} {
		if top, step := niceScale(most); top < most || top%step != 0 || top/step > 5 || most > 0 && top != want {
			t.Errorf("%d is on a scale to %d by %d", most, top, step)
		}
	}
}
