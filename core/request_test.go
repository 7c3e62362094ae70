package core_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func TestARequestIsTheSameAfterItWasStored(t *testing.T) {
	t.Parallel()
	want := core.Request{
		URI: "/a%2Fb?x=%20", Host: "example.org", Client: "10.0.0.1:99", Header: http.Header{"X-Own": {"1", "2"}}, Body: []byte{0, 0xff, '"'},
	}
	text, err := core.EncodeRequest(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := core.DecodeRequest(text)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := core.DecodeRequest(core.JSON(`[]`)); err == nil {
		t.Error("what is no request was read as one")
	}
}
