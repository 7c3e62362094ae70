package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/cmd/hearth/doctor"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestOlder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1.2.7", "1.2.8", true},
		{"1.2.8", "1.2.8", false},
		{"1.10.0", "1.9.9", false},
		{"1.1.5+ds1", "1.2.8", true},
		{"1.3", "1.3.0", false},
		{"7", "6.2", false},
		{"", "6.2", true},
		{"2.0.0-rc.1", "1.9", false},
	} {
		t.Run(test.a+" and "+test.b, func(t *testing.T) {
			t.Parallel()
			if got := doctor.Older(test.a, test.b); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestExaminePrintsAllAndReturnsTheWorst(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	check := func(levels ...doctor.Level) doctor.Check {
		return func(context.Context) []doctor.Finding {
			var all []doctor.Finding
			for _, l := range levels {
				all = append(all, doctor.Finding{Level: l, About: "it", Text: "text"})
			}
			return all
		}
	}
	worst, err := doctor.Examine(t.Context(), &out, check(doctor.OK, doctor.Warn), check(doctor.OK))
	if err != nil || worst != doctor.Warn {
		t.Errorf("got %v, error %v", worst, err)
	}
	if got := strings.Count(out.String(), "\n"); got != 3 {
		t.Errorf("%d lines, want 3:\n%s", got, out.String())
	}
}

func TestRedis(t *testing.T) {
	t.Parallel()
	rdb := storetest.Server(t).Client()
	var out bytes.Buffer
	worst, err := doctor.Examine(t.Context(), &out, doctor.Redis(rdb))
	if err != nil || worst != doctor.OK {
		t.Errorf("got %v, error %v:\n%s", worst, err, out.String())
	}
	if err := doctor.Keeps(t.Context(), rdb); err != nil {
		t.Errorf("a server with the right policy: %v", err)
	}
	for key, value := range map[string]string{"maxmemory-policy": "allkeys-lru", "appendonly": "no"} {
		if err := rdb.ConfigSet(t.Context(), key, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	out.Reset()
	worst, err = doctor.Examine(t.Context(), &out, doctor.Redis(rdb))
	if err != nil || worst != doctor.Fail {
		t.Errorf("got %v, error %v:\n%s", worst, err, out.String())
	}
	for _, want := range []string{"policy allkeys-lru", "no append-only file"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if err := doctor.Keeps(t.Context(), rdb); !errors.Is(err, doctor.ErrEvicts) {
		t.Errorf("error %v, want %v", err, doctor.ErrEvicts)
	}
}

func TestRedisThatIsGone(t *testing.T) {
	t.Parallel()
	s := storetest.Server(t)
	rdb := s.Client()
	s.Kill()
	if worst, _ := doctor.Examine(t.Context(), &bytes.Buffer{}, doctor.Redis(rdb)); worst != doctor.Fail {
		t.Errorf("got %v", worst)
	}
}

func TestDocker(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	worst, err := doctor.Examine(t.Context(), &out, doctor.Docker("", []string{"hearth/no-such-image:0"}))
	if err != nil || worst == doctor.Fail {
		t.Errorf("got %v, error %v:\n%s", worst, err, out.String())
	}
	for _, want := range []string{"docker", "runc", "cgroup", "hearth/no-such-image:0"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestDockerThatIsGone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	worst, err := doctor.Examine(t.Context(), &out, doctor.Docker("unix://"+t.TempDir()+"/none", nil))
	if err != nil || worst != doctor.Warn {
		t.Errorf("got %v, error %v:\n%s", worst, err, out.String())
	}
}
