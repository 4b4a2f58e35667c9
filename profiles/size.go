package profiles

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/ringlet/ringlet/internal/fault"
)

// sizeShape is a whole number with a unit of 1024: 256M, 256m or 256MiB.
var sizeShape = regexp.MustCompile(`^([1-9][0-9]{0,15})(?:([KMGT])(?:iB)?)?$`)

// sizeRange is what a size may be.
type sizeRange struct {
	what        string // "memory limit"
	least, most int64  // bytes
	remedy      string
}

// parse reads a size in bytes.
func (r sizeRange) parse(s string) (int64, error) {
	bad := func(format string, args ...any) (int64, error) {
		return 0, fault.New(fault.Usage, r.remedy, "%s %q %s", r.what, s, fmt.Sprintf(format, args...))
	}
	text := s
	if n := len(s); n > 0 && strings.ContainsRune("kmgt", rune(s[n-1])) {
		text = s[:n-1] + strings.ToUpper(s[n-1:])
	}
	m := sizeShape.FindStringSubmatch(text)
	if m == nil {
		digits := 0
		for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
			digits++
		}
		switch {
		case digits == 0:
			return bad("is no size: it does not begin with a number")
		case s[0] == '0':
			return bad("is no size: it begins with 0")
		case digits == len(s):
			return bad("is no size: it is too long")
		}
		return bad("is no size: column %d, %q is none of the units K, M, G and T", digits+1, s[digits:])
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	unit := map[string]int64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}[m[2]]
	switch {
	case err != nil || n > r.most/unit:
		return bad("is more than %s, the most that can be meant", sizeText(r.most))
	case n*unit < r.least:
		return bad("is less than %s, the least", sizeText(r.least))
	}
	return n * unit, nil
}

// sizeText is a number of bytes as sizes are typed.
func sizeText(n int64) string {
	for _, u := range []struct {
		suffix string
		size   int64
	}{{"T", 1 << 40}, {"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		if n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatInt(n, 10)
}
