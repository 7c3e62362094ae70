package openwhisk

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// boolean reads a query parameter that is true or false; other when absent.
func boolean(q url.Values, name string, other bool) (bool, error) {
	if !q.Has(name) {
		return other, nil
	}
	switch strings.ToLower(q.Get(name)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, malformedQuery(name, "Expected 'true' or 'false' but got '"+q.Get(name)+"'.")
}

// list is what every listing takes.
type list struct {
	control.Page
	count bool
}

// listOf reads the query of a listing of the collection.
func listOf(q url.Values, collection string) (list, error) {
	limit, err := integer(q, "limit", core.DefaultList, collection)
	if err != nil {
		return list{}, err
	}
	if limit < 0 || limit > core.MaxList {
		return list{}, malformedQuery("limit", fmt.Sprintf(
			"The value '%d' is not in the range of 0 to %d for %s.", limit, core.MaxList, collection))
	}
	skip, err := integer(q, "skip", 0, collection)
	if err != nil {
		return list{}, err
	}
	if skip < 0 {
		return list{}, malformedQuery("skip", fmt.Sprintf(
			"The value '%d' is not greater than or equal to 0 for %s.", skip, collection))
	}
	count, err := boolean(q, "count", false)
	return list{control.Page{Skip: skip, Limit: limit}, count}, err
}

func integer(q url.Values, name string, other int, collection string) (int, error) {
	if !q.Has(name) {
		return other, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil {
		return 0, malformedQuery(name, fmt.Sprintf(
			"The value '%s' is not an integer for %s.", q.Get(name), collection))
	}
	return n, nil
}

// epoch reads a time in milliseconds; zero when absent.
func epoch(q url.Values, name string) (time.Time, error) {
	if !q.Has(name) {
		return time.Time{}, nil
	}
	ms, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil || ms < 0 {
		return time.Time{}, malformedQuery(name,
			"Parameter is not a valid value for epoch seconds: "+q.Get(name))
	}
	return time.UnixMilli(ms), nil
}

// activationName reads the filter of activations: "x" or "package/x".
func activationName(q url.Values) (string, error) {
	name := q.Get("name")
	if name == "" {
		return "", nil
	}
	parts := strings.Split(name, "/")
	bad := func(s string) bool { return core.ValidSegment(s) != nil }
	if len(parts) > 2 || slices.ContainsFunc(parts, bad) {
		return "", malformedQuery("name",
			"Parameter may be a 'simple' name or 'package-name/simple' name: "+name)
	}
	return name, nil
}

// wait reads the query of an invocation.
type wait struct {
	blocking, result bool
	timeout          time.Duration
}

func waitOf(q url.Values, most time.Duration) (wait, error) {
	blocking, err := boolean(q, "blocking", false)
	if err != nil {
		return wait{}, err
	}
	result, err := boolean(q, "result", false)
	if err != nil {
		return wait{}, err
	}
	w := wait{blocking, result, most}
	if !q.Has("timeout") {
		return w, nil
	}
	ms, err := strconv.Atoi(q.Get("timeout"))
	if top := core.MaxBlocking.Milliseconds(); err != nil || ms < 1 || int64(ms) > top {
		return wait{}, malformedQuery("timeout",
			fmt.Sprintf("Timeout must be number of milliseconds up to %d.", top))
	}
	w.timeout = min(most, time.Duration(ms)*time.Millisecond)
	return w, nil
}
