package web

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// Charts are drawn on the server, as SVG without scripts or styles of their own: the page's style sheet gives colours, so that they follow
// light, dark and print. All have one width; a chart is as wide on a telephone as its letters need.
const (
	chartWidth  = 360.0
	plotLeft    = 34.0
	plotRight   = 352.0
	plotTop     = 10.0
	plotBottom  = 146.0
	chartHeight = 168.0
	rowHeight   = 30.0 // of charts with one row for each policy: a line of words above a bar
	barTop      = 15.0
	barHeight   = 9.0
)

// chart is what every chart has: a name and a sentence for those who do not see it.
type chart struct {
	id, title, says string
	height          float64
}

// tick is a place on an axis.
type tick struct {
	at    float64
	label string
}

// rect is a bar, or a piece of one.
type rect struct {
	x, y, w, h float64
	class      string
	tip        string // shown when one points at it
}

// columnChart has a column and a point for each day.
type columnChart struct {
	chart
	bars   []rect
	line   string // of the points
	ys, xs []tick
}

// columns draws two series over the same days.
func columns(c chart, days []time.Time, bars, line []int) columnChart {
	out := columnChart{chart: c}
	out.height = chartHeight
	most := 1
	for i := range days {
		most = max(most, bars[i], line[i])
	}
	top, step := niceScale(most)
	y := func(n int) float64 { return plotBottom - (plotBottom-plotTop)*float64(n)/float64(top) }
	for n := 0; n <= top; n += step {
		out.ys = append(out.ys, tick{y(n), num(n)})
	}
	pitch := (plotRight - plotLeft) / float64(max(len(days), 1))
	every := max(1, (len(days)+4)/5)
	for i, day := range days {
		x := plotLeft + pitch*float64(i)
		if i%every == 0 {
			out.xs = append(out.xs, tick{x, day.Format("2 Jan")})
		}
		if bars[i] > 0 {
			out.bars = append(out.bars, rect{x + pitch*0.1, y(bars[i]), pitch * 0.8, plotBottom - y(bars[i]), "tone-1",
				day.Format("2 January") + ": " + num(bars[i])})
		}
		out.line += px(x+pitch/2) + "," + px(y(line[i])) + " "
	}
	return out
}

// niceScale is a round top of an axis that holds most, and the step of its marks: at most five of them.
func niceScale(most int) (top, step int) {
	step = 1
	for i := 0; step*4 < most; i++ {
		step = []int{2, 5, 10}[i%3] * int(math.Pow10(i/3))
	}
	return (most + step - 1) / step * step, step
}

// stackChart has a bar in pieces for each row.
type stackChart struct {
	chart
	rows   []stackRow
	legend []legendEntry
}

type stackRow struct {
	label, value string
	y            float64
	pieces       []rect
}

type legendEntry struct{ class, words string }

// series is one kind of piece.
type series struct{ class, words string }

// bars is what a stack of bars is drawn of: for each its label, what is written at its end, and its pieces.
type bars struct {
	labels, values []string
	counts         [][]float64
}

func (b *bars) add(label, value string, counts ...float64) {
	b.labels, b.values, b.counts = append(b.labels, label), append(b.values, value), append(b.counts, counts)
}

// at is the bar with a label; where there is none, a new one of n pieces is added.
func (b *bars) at(label string, n int) int {
	i := slices.Index(b.labels, label)
	if i < 0 {
		i = len(b.labels)
		b.add(label, "", make([]float64, n)...)
	}
	return i
}

// stacked draws bars with a piece for each series.
func stacked(c chart, kinds []series, b bars) stackChart {
	out := stackChart{chart: c}
	for _, k := range kinds {
		out.legend = append(out.legend, legendEntry(k))
	}
	most := 0.0
	for _, row := range b.counts {
		most = max(most, sum(row))
	}
	for i, row := range b.counts {
		r := stackRow{label: b.labels[i], value: b.values[i], y: rowHeight * float64(i)}
		x := 0.0
		for j, n := range row {
			if n == 0 {
				continue
			}
			w := chartWidth * n / most
			r.pieces = append(r.pieces, rect{x, r.y + barTop, max(w-0.8, 0.8), barHeight, kinds[j].class,
				b.labels[i] + ", " + kinds[j].words + ": " + strconv.FormatFloat(n, 'f', -1, 64)})
			x += w
		}
		out.rows = append(out.rows, r)
	}
	out.height = rowHeight * float64(len(out.rows))
	return out
}

func sum(ns []float64) (s float64) {
	for _, n := range ns {
		s += n
	}
	return s
}

// spanChart has, for each row, a line from the median to the 90th percentile, and where it should have ended.
type spanChart struct {
	chart
	rows []spanRow
	xs   []tick
}

type spanRow struct {
	label, value     string
	y                float64
	median, p90, due float64 // due < 0: there is none
}

// spanMarks are the marks of the axis of lengths of time, which is logarithmic: minutes and days stand on one page.
var spanMarks = []struct {
	at    time.Duration
	label string
}{{time.Minute, "1 min"}, {10 * time.Minute, "10 min"}, {time.Hour, "1 h"}, {6 * time.Hour, "6 h"}, {24 * time.Hour, "1 d"}, {72 * time.Hour, "3 d"}, {240 * time.Hour, "10 d"}, {1000 * time.Hour, "42 d"}}

func spanAt(d time.Duration) float64 {
	low, high := math.Log(float64(time.Minute)), math.Log(float64(spanMarks[len(spanMarks)-1].at))
	at := (math.Log(max(float64(d), float64(time.Minute))) - low) / (high - low)
	return 6 + min(at, 1)*(chartWidth-30)
}

func spans(c chart, labels []string, medians, p90s, dues []time.Duration) spanChart {
	out := spanChart{chart: c}
	for i, l := range labels {
		r := spanRow{label: l, value: spanWords(medians[i]) + " – " + spanWords(p90s[i]), y: rowHeight * float64(i), median: spanAt(medians[i]), p90: spanAt(p90s[i]), due: -1}
		if dues[i] > 0 {
			r.due = spanAt(dues[i])
		}
		out.rows = append(out.rows, r)
	}
	for _, m := range spanMarks {
		out.xs = append(out.xs, tick{spanAt(m.at), m.label})
	}
	out.height = rowHeight*float64(len(labels)) + 16
	return out
}

// px is a length in the chart, to a tenth.
func px(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64) }

// box is the viewBox of a chart.
func (c chart) box() string { return "0 0 " + px(chartWidth) + " " + px(c.height) }
