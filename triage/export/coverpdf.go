package export

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// Measures of the cover, in millimetres and points.
const (
	marginSide   = 20.0
	marginTop    = 22.0
	marginBottom = 20.0
	widthText    = 210 - 2*marginSide
	lineHeight   = 4.8
	labelWidth   = 38.0
	sizeText     = 9.5
	sizeSmall    = 8.0
)

// sheet lays text out on A4 pages, and keeps what it prints so that the key gate can look through it.
type sheet struct {
	*fpdf.Fpdf
	fonts   map[string]*sfnt.Font
	buf     sfnt.Buffer
	printed bytes.Buffer
}

// newSheet begins a document whose every page carries the running head, and in red a banner where there is one.
func newSheet(title, running, banner string, at time.Time) (*sheet, error) {
	s := &sheet{Fpdf: fpdf.New("P", "mm", "A4", ""), fonts: map[string]*sfnt.Font{}}
	for style, ttf := range map[string][]byte{"": goregular.TTF, "B": gobold.TTF, "M": gomono.TTF} {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("reading a font: %w", err)
		}
		s.fonts[style] = f
	}
	// Copies, since fpdf writes into what it is given when it cuts a font down to the letters that are used.
	s.AddUTF8FontFromBytes("go", "", bytes.Clone(goregular.TTF))
	s.AddUTF8FontFromBytes("go", "B", bytes.Clone(gobold.TTF))
	s.AddUTF8FontFromBytes("gomono", "", bytes.Clone(gomono.TTF))
	s.SetCatalogSort(true) // the same bytes each time
	s.SetCreationDate(at)
	s.SetModificationDate(at)
	s.SetTitle(title, true)
	s.SetLang("en")
	s.SetMargins(marginSide, marginTop, marginSide)
	s.SetAutoPageBreak(true, marginBottom)
	s.AliasNbPages("{pages}")
	s.SetHeaderFunc(func() {
		if banner != "" {
			s.SetFillColor(176, 0, 32)
			s.SetTextColor(255, 255, 255)
			s.font("B", 10)
			s.SetXY(0, 0)
			s.CellFormat(210, 9, s.safe("B", banner), "", 0, "C", true, 0, "")
		}
		s.SetTextColor(95, 95, 95)
		s.font("", sizeSmall)
		s.SetXY(marginSide, 12)
		s.CellFormat(widthText, 4, s.safe("", running), "", 0, "L", false, 0, "")
		s.SetTextColor(0, 0, 0)
		s.SetXY(marginSide, marginTop)
	})
	s.SetFooterFunc(func() {
		s.SetXY(marginSide, -14)
		s.SetTextColor(95, 95, 95)
		s.font("", sizeSmall)
		s.CellFormat(widthText, 4, fmt.Sprintf("Page %d of {pages}", s.PageNo()), "", 0, "R", false, 0, "")
		s.SetTextColor(0, 0, 0)
	})
	s.AddPage()
	return s, nil
}

func (s *sheet) font(style string, size float64) {
	if style == "M" {
		s.SetFont("gomono", "", size)
		return
	}
	s.SetFont("go", style, size)
}

// textEnd stands between two printed texts: no form of key reaches across it, and no text that comes in may hold it.
const textEnd = '\x1f'

// safe is text that a font can show. Anything that it cannot is written out as its code point, in brackets, and never
// dropped: the exact text is in the JSON files. Direction marks have no shape and so are written out as well.
func (s *sheet) safe(style, text string) string {
	s.printed.WriteString(text)
	s.printed.WriteByte(textEnd)
	var out strings.Builder
	for _, r := range text {
		if r == '\n' || r == '\t' {
			out.WriteRune(map[rune]rune{'\n': '\n', '\t': ' '}[r])
			continue
		}
		i, err := s.fonts[style].GlyphIndex(&s.buf, r)
		if err != nil || i == 0 || r > 0xffff || r < 0x20 || invisible(r) {
			fmt.Fprintf(&out, "[U+%04X]", r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// invisible are characters that change how others look without being seen.
func invisible(r rune) bool {
	return r == 0xad || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r == 0xfeff
}

// heading begins a section, with room for a few lines below it.
func (s *sheet) heading(text string) {
	s.room(20)
	s.Ln(4)
	s.font("B", 12)
	s.MultiCell(widthText, 6, s.safe("B", text), "", "L", false)
	s.SetDrawColor(180, 180, 180)
	s.Line(marginSide, s.GetY(), marginSide+widthText, s.GetY())
	s.Ln(1.6)
}

// room starts a new page if fewer than mm are left on this one.
func (s *sheet) room(mm float64) {
	if s.GetY()+mm > 297-marginBottom {
		s.AddPage()
	}
}

func (s *sheet) para(text string) { s.write("", sizeText, marginSide, widthText, text) }
func (s *sheet) bold(text string) { s.write("B", sizeText, marginSide, widthText, text) }
func (s *sheet) mono(text string) { s.write("M", sizeSmall, marginSide, widthText, text) }

func (s *sheet) write(style string, size, x, w float64, text string) {
	s.font(style, size)
	s.SetX(x)
	s.MultiCell(w, lineHeight, s.wrap(s.safe(style, text), w), "", "L", false)
}

// wrap breaks words that are wider than the line, which MultiCell would let run out of the page.
func (s *sheet) wrap(text string, w float64) string {
	w -= 2 * s.GetCellMargin()
	var out strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteByte('\n')
		}
		for j, word := range strings.Split(line, " ") {
			if j > 0 {
				out.WriteByte(' ')
			}
			s.breakWord(&out, word, w)
		}
	}
	return out.String()
}

func (s *sheet) breakWord(out *strings.Builder, word string, w float64) {
	for s.GetStringWidth(word) > w {
		rs := []rune(word)
		n := len(rs)
		for n > 1 && s.GetStringWidth(string(rs[:n])) > w {
			n = n * 3 / 4
		}
		out.WriteString(string(rs[:n]))
		out.WriteByte('\n')
		word = string(rs[n:])
	}
	out.WriteString(word)
}

// field prints a label and its value beside it.
func (s *sheet) field(label, value string) { s.fieldIn("", label, value) }

func (s *sheet) fieldIn(style, label, value string) {
	s.room(2 * lineHeight)
	y, page := s.GetY(), s.PageNo()
	s.font("B", sizeText)
	s.SetX(marginSide)
	s.CellFormat(labelWidth, lineHeight, s.safe("B", label), "", 0, "L", false, 0, "")
	s.SetY(y)
	if s.PageNo() != page {
		s.SetY(marginTop)
	}
	size := sizeText
	if style == "M" {
		size = sizeSmall
	}
	s.write(style, size, marginSide+labelWidth, widthText-labelWidth, value)
}

// row prints one line of a table whose cells wrap.
func (s *sheet) row(style string, widths []float64, cells ...string) {
	s.font(style, sizeSmall)
	lines, most := make([][]string, len(cells)), 1
	for i, c := range cells {
		lines[i] = s.SplitText(s.wrap(s.safe(style, c), widths[i]), widths[i])
		most = max(most, len(lines[i]))
	}
	for n := range most { // line by line, so that a long cell may run on to the next page
		s.room(4)
		s.font(style, sizeSmall)
		y, x := s.GetY(), marginSide
		for i := range cells {
			s.SetXY(x, y)
			if n < len(lines[i]) {
				s.CellFormat(widths[i], 4, lines[i][n], "", 0, "L", false, 0, "")
			}
			x += widths[i]
		}
		s.SetY(y + 4)
	}
	s.SetDrawColor(225, 225, 225)
	s.Line(marginSide, s.GetY()+0.4, marginSide+widthText, s.GetY()+0.4)
	s.SetY(s.GetY() + 0.8)
}

func (s *sheet) finish() (pdf, printed []byte, err error) {
	var b bytes.Buffer
	if err := s.Output(&b); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), s.printed.Bytes(), nil
}
