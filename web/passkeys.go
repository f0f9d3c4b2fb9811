package web

// passkeyThen is where to go once a passkey was made: to work, for who could not before.
func passkeyThen(v MeView) string {
	if v.Unkeyed {
		return "/"
	}
	return ""
}
