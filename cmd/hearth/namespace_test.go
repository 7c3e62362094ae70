package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func TestLimitsOfANamespace(t *testing.T) {
	t.Parallel()
	five, no := 5, false
	for _, test := range []struct {
		name   string
		limits []string
		want   core.Quota
		err    bool
	}{
		{"spelled as a flag", []string{"invocations-per-minute=5"}, core.Quota{InvocationsPerMinute: &five}, false},
		{"spelled as in the API", []string{"invocationsPerMinute=5", "firesPerMinute=5", "concurrentInvocations=5"},
			core.Quota{InvocationsPerMinute: &five, FiresPerMinute: &five, ConcurrentInvocations: &five}, false},
		{"a list and a switch", []string{"allowedKinds=go:1,python:3", "store-activations=false"},
			core.Quota{AllowedKinds: []string{"go:1", "python:3"}, StoreActivations: &no}, false},
		{"taken back", []string{"fires-per-minute=5", "firesPerMinute=default"}, core.Quota{}, false},
		{"a name that is none", []string{"invocations=5"}, core.Quota{}, true},
		{"a value that is none", []string{"firesPerMinute=-1"}, core.Quota{}, true},
		{"no value", []string{"firesPerMinute"}, core.Quota{}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got core.Quota
			if err := (quotaFlags{Limit: test.limits}).apply(&got); (err != nil) != test.err {
				t.Fatalf("got error %v, want one: %t", err, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("quota (-want +got):\n%s", diff)
			}
		})
	}
}
