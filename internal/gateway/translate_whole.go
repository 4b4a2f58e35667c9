package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// translateWhole gives the client an answer in one piece in its own format.
func (a *attempt) translateWhole() *failure {
	a.quiet.stop() // it answered, and the rest may take its time
	var (
		data []byte
		err  error
	)
	a.x.keptAlive(a.x.untilPromise(), func() { data, err = io.ReadAll(io.LimitReader(a.resp.Body, maxBody+1)) })
	switch {
	case err != nil:
		return &failure{status: http.StatusBadGateway, kind: apiFailure, rank: rankNoAnswer, result: "cut", reason: "its answer broke off"}
	case len(data) > maxBody:
		return a.notAnswered("its answer is too long to be translated")
	}
	if status, failed := a.lane.whole(data, &a.x.rec.usage); status != 0 {
		f := a.translatedFailure(status, failed)
		f.result, f.reason = "error-in-200", "it answered with the status 200 and an error in it"
		return f
	}
	response, err := a.tr.target.DecodeResponse(data)
	if err != nil {
		return a.notAnswered("its answer is not what its wire format says")
	}
	out, err := a.tr.client.EncodeResponse(response, a.tr.request)
	if err != nil {
		return a.notAnswered("its answer cannot be translated")
	}
	a.x.rec.usage.take(response.Usage)
	tap := a.sealTap()
	tap.whole(data)
	return a.passOnTranslated(http.StatusOK, out)
}

// passOnTranslated gives the client a body of ours in place of the upstream's.
func (a *attempt) passOnTranslated(status int, body []byte) *failure {
	a.resp.StatusCode = status
	a.resp.ContentLength = int64(len(body))
	a.resp.Header.Set("Content-Type", "application/json")
	return a.passOn(body, true)
}

// translatedFailure is an upstream's error in the client's format.
func (a *attempt) translatedFailure(status int, body []byte) *failure {
	f := &failure{kind: apiFailure, header: a.resp.Header, rank: rankStatus(status, a.resp.Header), result: strconv.Itoa(status),
		reason: fmt.Sprintf("it answered with the status %d", status)}
	f.status, f.body = a.tr.failed(status, body)
	f.header.Set("Content-Type", "application/json")
	return f
}

// translateRefusal handles an error status.
func (a *attempt) translateRefusal(ctx context.Context) *failure {
	status := a.resp.StatusCode
	body, err := readError(ctx, a.resp.Body)
	if err != nil && !errors.Is(err, errErrorTooLong) {
		body = nil // what is not complete says nothing
	}
	f := a.translatedFailure(status, body)
	switch {
	case status == http.StatusBadRequest && a.sealed && meansSeal(a.lane.format(), body):
		f.unseal, f.reason = true, "it refused what another provider signed"
		return f
	case retryable(status):
		return f
	case status == http.StatusNotFound && meansModel(body, a.model):
		f.reason = "it does not have the model " + clean(a.model, 200)
		return f
	}
	return a.passOnTranslated(f.status, f.body)
}
