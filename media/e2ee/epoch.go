package e2ee

// EpochName names an epoch beyond doubt: two epochs of one number, on two sides of a split, differ in Link.
type EpochName struct {
	Term, Epoch uint64
	Link        Hash // of the link that named it first; in a standard meeting the name of §9
}

// Epoch is one epoch's secret and what its keys are bound to (§5).
type Epoch struct {
	Name    EpochName
	Meeting string
	secret  Secret
	dropAt  uint64 // when the keys go, in milliseconds; 0 while it is the newest
	gone    bool   // the secret is erased
}

// StreamKeys are the two keys of one stream of one join in one epoch.
type StreamKeys struct {
	Base     Secret // for SFrame
	Franking Secret // for commitments
}

// streamInfo is the HKDF info of a stream's keys (§5).
//
//	info = [ label, meeting, link: bstr, J, stream: uint ]
type streamInfo struct {
	_       struct{} `cbor:",toarray"`
	Label   string
	Meeting string
	Link    Hash
	J       J
	Stream  uint64
}

// Keys derives the keys of a stream (§5), unless the epoch has been dropped: keys of an erased secret would be anybody's.
func (e *Epoch) Keys(j J, stream uint64) (StreamKeys, error) {
	if e.gone {
		return StreamKeys{}, ErrKID
	}
	info := func(label string) []byte {
		return encode(streamInfo{Label: label, Meeting: e.Meeting, Link: e.Name.Link, J: j, Stream: stream})
	}
	return StreamKeys{Base: derive(e.secret, info(contextBaseKey)), Franking: derive(e.secret, info(contextFrankingKey))}, nil
}

// KID is a key identifier, unpacked (§5).
type KID struct{ Term, Epoch, Index, Stream uint64 }

// Pack gives term << 52 | epoch << 28 | index << 16 | stream.
func (k KID) Pack() uint64 { return k.Term<<52 | k.Epoch<<28 | k.Index<<16 | k.Stream }

// UnpackKID reads a key identifier; every 64 bits are one.
func UnpackKID(kid uint64) KID {
	return KID{Term: kid >> 52, Epoch: kid >> 28 & maxEpoch, Index: kid >> 16 & maxIndex, Stream: kid & maxStream}
}
