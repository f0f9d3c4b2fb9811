package franking

import "crypto/sha256"

// Contexts of PROTOCOL.md section 12.
const (
	contextStandard  = "proffer standard epoch v1"
	contextConnector = "proffer connector v1"
)

// StandardLink is what takes the place of the link's hash where an epoch of a standard meeting is named (PROTOCOL.md section 9):
//
//	hash("proffer standard epoch v1", cbor([ meeting, epoch ]))
func StandardLink(meeting string, epoch uint32) [32]byte {
	name := appendHead(nil, majorArray, 2)
	name = appendText(name, meeting)
	return named(contextStandard, appendUint(name, uint64(epoch)))
}

// ConnectorJoin is what takes the place of J for a connector of a standard meeting, by its number (PROTOCOL.md section 9).
func ConnectorJoin(number string) [32]byte { return named(contextConnector, []byte(number)) }

// named is SHA-256(SHA-256(context) || x) (PROTOCOL.md section 1).
func named(context string, x []byte) [32]byte {
	c := sha256.Sum256([]byte(context))
	return sha256.Sum256(append(c[:], x...))
}
