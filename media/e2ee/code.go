package e2ee

import (
	"fmt"
	"math/big"
	"strings"
)

// codeInput is what the security code is a hash of (§4).
//
//	[ meeting, leader's device key: bstr .size 32, leader: J ]
type codeInput struct {
	_       struct{} `cbor:",toarray"`
	Meeting string
	Device  Key
	Leader  J
}

// SecurityCode is the 39 digits by which people see that they share a leader, in 13 groups of three (§4).
// device is that of the join that leads.
func SecurityCode(meeting string, device Key, leader J) string {
	h := hash(contextCode, encode(codeInput{Meeting: meeting, Device: device, Leader: leader}))
	n := new(big.Int).SetBytes(h[:])
	n.Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(39), nil))
	digits := fmt.Sprintf("%039s", n)
	groups := make([]string, 13)
	for i := range groups {
		groups[i] = digits[3*i : 3*i+3]
	}
	return strings.Join(groups, " ")
}
