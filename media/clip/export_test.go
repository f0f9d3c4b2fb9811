package clip

// OpenProof reads a proof, for tests that change it and sign it again.
func OpenProof(data []byte) (*Proof, error) {
	p, _, err := openProof(data)
	return p, err
}

// LayoutOf is the form of the clip that a proof describes.
func LayoutOf(p *Proof) (*Layout, error) { return p.layout() }

// BodyOf is what a proof's signature is over.
func BodyOf(proof []byte) []byte {
	body, _, err := openSigned(proof)
	if err != nil {
		panic(err)
	}
	return body
}

// Recode reads a proof's body and writes it with the encoder for any type.
func Recode(body []byte) ([]byte, error) {
	p, err := decodeProof(body)
	if err != nil {
		return nil, err
	}
	return encode(p), nil
}

// OpenLines reads a file of lines, for tests that change it and sign it again.
func OpenLines(data []byte) (*Lines, error) {
	l, _, err := openLines(data)
	return l, err
}

// RecodeLines reads the body of a file of lines and writes it with the encoder for any type.
func RecodeLines(body []byte) ([]byte, error) {
	l, err := decodeLines(body)
	if err != nil {
		return nil, err
	}
	return encode(l), nil
}

// Held is how many frames a ring holds.
func (r *Ring) Held() (n int) {
	for _, fs := range r.tracks {
		n += len(fs)
	}
	return n
}
