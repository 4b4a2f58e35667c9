package gateway

import (
	"errors"

	"github.com/ringlet/ringlet/routes"
)

// Facts are what the rules see of a request's body in a wire format
// ("messages", "chat" or "responses"); what does not stand in the body, as the
// time of day, is not set. The error says where the body is wrong, and never quotes it.
func Facts(format string, body []byte) (routes.Request, error) {
	f, bad := inspect(format, body)
	if bad != nil {
		return routes.Request{}, errors.New(bad.describe(body))
	}
	f.measure(body)
	return f.Request, nil
}
