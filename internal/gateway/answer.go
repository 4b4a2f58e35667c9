package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// answerJSON answers a question about the engine itself with v, or with its head alone.
func (x *exchange) answerJSON(v any) {
	body, err := json.Marshal(v)
	if err != nil {
		x.refuse(&apiError{status: http.StatusInternalServerError, kind: apiFailure, message: "the answer cannot be encoded"})
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	if x.r.Method != http.MethodHead {
		_, _ = x.w.Write(body) // who asks again gets it again
	}
}
