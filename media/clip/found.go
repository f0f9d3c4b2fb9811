package clip

// Found is what was found about an exhibit: one of the two. It is the one form in which verdicts are kept, as JSON:
//
//	{"clip": {…}} or {"lines": {…}}
type Found struct {
	Clip  *Verdict      `json:"clip,omitempty"`
	Lines *LinesVerdict `json:"lines,omitempty"`
}

// Grade is that of the verdict; Unverified where there is none.
func (f Found) Grade() Grade {
	switch {
	case f.Clip != nil:
		return f.Clip.Grade
	case f.Lines != nil:
		return f.Lines.Grade
	}
	return Unverified
}

// Findings are those of the verdict.
func (f Found) Findings() []Finding {
	switch {
	case f.Clip != nil:
		return f.Clip.Findings
	case f.Lines != nil:
		return f.Lines.Findings
	}
	return nil
}

// HeadOfLines is how many bytes of a file AreLines has to see.
const HeadOfLines = 16

// AreLines reports whether a file that begins like this is meant as a file of lines, whatever its name. Whether it is a good one, VerifyLines says.
func AreLines(head []byte) bool {
	r := &reader{b: head}
	r.array(3)
	n := r.head(majorBytes) // the body's length; only its beginning has to be here
	r.array(5)
	kind := r.text()
	return r.err == nil && n > uint64(len(kind)) && kind == kindLines
}
