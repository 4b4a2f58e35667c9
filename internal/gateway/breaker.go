package gateway

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// opensAfter is how many attempts in a row must fail before a target is left
	// alone, and openFor for how long that is: then one request tries it again. It is
	// shorter than the longest retry-after that agents keep.
	opensAfter = 5
	openFor    = 30 * time.Second
)

// errTargetFailed and errNoVerdict are what a breaker is told of an attempt.
var (
	errTargetFailed = errors.New("the target failed")
	errNoVerdict    = errors.New("it says nothing about the target")
)

// breaker leaves a target alone that fails again and again.
type breaker struct {
	cb    *gobreaker.TwoStepCircuitBreaker[struct{}]
	until time.Time // when an open one lets a request through
}

func newBreaker() *breaker {
	b := &breaker{}
	b.cb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1,
		Timeout:     openFor,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= opensAfter },
		IsExcluded:  func(err error) bool { return errors.Is(err, errNoVerdict) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.until = time.Now().Add(openFor)
			}
		},
	})
	return b
}

// busy reports whether a half-open breaker's one request is on its way.
func (b *breaker) busy() bool {
	c := b.cb.Counts()
	return c.Requests > c.TotalSuccesses+c.TotalFailures+c.TotalExclusions
}

// down reports whether requests should go elsewhere.
func (b *breaker) down() bool {
	switch b.cb.State() {
	case gobreaker.StateOpen:
		return true
	case gobreaker.StateHalfOpen:
		return b.busy()
	}
	return false
}

// state is the breaker's state in gobreaker's word: closed, half-open or open.
func (b *breaker) state() string { return b.cb.State().String() }
