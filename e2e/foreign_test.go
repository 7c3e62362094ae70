package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// foreign is a platform that has the login of a private registry, and what
// makes images of somebody else's.
type foreign struct {
	*platform.Hearth
	*images
	registry *registry
}

// put deploys an action that is an image.
func (f *foreign) put(t *testing.T, action, image, code string) {
	t.Helper()
	exec := args{"kind": "blackbox", "image": image}
	if code != "" {
		exec["code"] = code
	}
	ok(t, f.Put(patient(t), "actions/"+action, args{"exec": exec, "limits": args{"memory": 128}}))
}

// says calls an action and checks what its server says.
func (f *foreign) says(t *testing.T, action, want string) *platform.Activation {
	t.Helper()
	return result(t, &f.Client, action, nil, fmt.Sprintf(`{"code":"","says":%q}`, want))
}

// logs calls an action until its record has what its server printed. The
// platform does not wait long for the logs of such an image: nobody can tell
// when they are complete.
func (f *foreign) logs(t *testing.T, action string) {
	t.Helper()
	ok(t, platform.Poll(patient(t), func() error {
		rec, err := f.Activation(patient(t), f.says(t, action, action).ID)
		if err != nil {
			return err
		}
		if len(rec.Logs) != 1 || !strings.HasSuffix(rec.Logs[0], " stdout: it runs") {
			return fmt.Errorf("logs are %q", rec.Logs)
		}
		return nil
	}))
}

// noPull calls an action whose image cannot be had.
func (f *foreign) noPull(t *testing.T, action, image string) {
	t.Helper()
	rec := call(t, &f.Client, action, nil)
	want := fmt.Sprintf(`{"error":"Failed to pull container image '%s'."}`, image)
	if rec.Response.Status != "action developer error" || string(rec.Response.Result) != want {
		t.Errorf("ended as %s with %s, want an action developer error with %s", rec.Response.Status, rec.Response.Result, want)
	}
}

// TestForeignImages runs images that keep the contract of an action's
// container and are not ours.
func TestForeignImages(t *testing.T) {
	t.Parallel()
	f := &foreign{images: newImages(t), registry: newRegistry(t)}
	f.Hearth = up(t, redis(t), "--docker-config", f.registry.config)
	for name, test := range map[string]func(*testing.T, *foreign){
		"one that only the daemon has":                    testLocalImage,
		"one that does not close its logs":                testNoSentinels,
		"one that takes code":                             testImageWithCode,
		"one that listens late":                           testLateImage,
		"nok, one that ends at once":                      testDeadImage,
		"one of a private registry, by tag and digest":    testPrivateImage,
		"one whose tag is moved":                          testMovedTag,
		"one whose registry is lost":                      testLostRegistry,
		"nok, one that does not exist":                    testMissingImage,
		"nok, one of a registry that we have no login of": testNoLogin,
		"slow ones, and others meanwhile":                 testSlowPulls,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

// here is the name of an image whose registry nobody can reach.
func here(name string) string { return "127.0.0.1:1/" + thisRun + name + ":1" }

func testLocalImage(t *testing.T, f *foreign) {
	f.local(t, here("local"), "SAYS=local", "SENTINELS=yes")
	f.put(t, "local", here("local"), "")
	f.logs(t, "local")
}

func testNoSentinels(t *testing.T, f *foreign) {
	f.local(t, here("endless"), "SAYS=endless")
	f.put(t, "endless", here("endless"), "")
	f.logs(t, "endless")
}

func testImageWithCode(t *testing.T, f *foreign) {
	f.local(t, here("coded"), "SAYS=coded", "SENTINELS=yes")
	f.put(t, "coded", here("coded"), "some text")
	result(t, &f.Client, "coded", nil, `{"code":"some text","says":"coded"}`)
}

func testLateImage(t *testing.T, f *foreign) {
	f.local(t, here("late"), "SAYS=late", "SENTINELS=yes", "LATE=yes")
	f.put(t, "late", here("late"), "")
	f.says(t, "late", "late")
}

func testDeadImage(t *testing.T, f *foreign) {
	f.local(t, here("dead"), "ENDS=yes")
	f.put(t, "dead", here("dead"), "")
	rec := call(t, &f.Client, "dead", nil)
	var end struct{ Error string }
	ok(t, json.Unmarshal(rec.Response.Result, &end))
	if rec.Response.Status != "action developer error" || end.Error != "The action did not initialize and exited unexpectedly." {
		t.Errorf("ended as %s with %q", rec.Response.Status, end.Error)
	}
}

func testPrivateImage(t *testing.T, f *foreign) {
	name := f.registry.host + "/private:1"
	digest := f.push(t, name, "SAYS=private", "SENTINELS=yes")
	f.put(t, "tagged", name, "")
	f.says(t, "tagged", "private")
	f.push(t, name, "SAYS=another", "SENTINELS=yes") // the digest is the first one's still
	f.put(t, "digested", digest, "")
	f.says(t, "digested", "private")
}

func testMovedTag(t *testing.T, f *foreign) {
	name := f.registry.host + "/moved:1"
	for _, version := range []string{"old", "new"} {
		f.push(t, name, "SAYS="+version, "SENTINELS=yes")
		f.put(t, "moved", name, "") // a new revision wants a new container
		f.says(t, "moved", version)
	}
}

// With a tag, the image that is here will do; "latest" promises more.
func testLostRegistry(t *testing.T, f *foreign) {
	tagged, latest := f.registry.host+"/lost:1", f.registry.host+"/lost:latest"
	for action, name := range map[string]string{"lost": tagged, "latest": latest} {
		f.push(t, name, "SAYS="+action, "SENTINELS=yes")
		f.put(t, action, name, "")
		f.says(t, action, action)
	}
	f.registry.lose("lost")
	f.put(t, "lost", tagged, "")
	f.says(t, "lost", "lost")
	f.put(t, "latest", latest, "")
	f.noPull(t, "latest", latest)
}

func testMissingImage(t *testing.T, f *foreign) {
	name := f.registry.host + "/missing:1"
	f.put(t, "missing", name, "")
	f.noPull(t, "missing", name)
}

func testNoLogin(t *testing.T, f *foreign) {
	name := f.registry.host + "/guarded:1"
	f.push(t, name, "SAYS=guarded", "SENTINELS=yes")
	_, port, _ := strings.Cut(f.registry.host, ":")
	other := "localhost:" + port + "/guarded:1" // the same registry, by a name without login
	f.put(t, "guarded", other, "")
	f.noPull(t, "guarded", other)
}

// More pulls than containers may start at once wait for the registry, and
// still others start.
func testSlowPulls(t *testing.T, f *foreign) {
	const pulls = 6
	var (
		ids     []string
		release []func()
	)
	for i := range pulls {
		action := fmt.Sprintf("slow%d", i)
		name := f.registry.host + "/" + action
		f.push(t, name+":1", "SAYS="+action, "SENTINELS=yes")
		g := f.registry.close(t, action)
		release = append(release, g.release)
		f.put(t, action, name+":1", "")
		id, err := f.Invoke(patient(t), action, nil)
		ok(t, err)
		ids = append(ids, id)
		select {
		case <-g.asked:
		case <-patient(t).Done():
			t.Fatalf("nobody has asked for %s", name)
		}
	}
	put(t, &f.Client, "quick", "echo.js", platform.Action{})
	if rec := call(t, &f.Client, "quick", nil); !rec.Response.Success || !rec.Cold() {
		t.Errorf("another action meanwhile: success %v, cold %v, want both", rec.Response.Success, rec.Cold())
	}
	for i, id := range ids {
		release[i]()
		rec, err := f.Activation(patient(t), id)
		ok(t, err)
		if want := fmt.Sprintf(`{"code":"","says":"slow%d"}`, i); string(rec.Response.Result) != want {
			t.Errorf("slow pull: got %s, want %s", rec.Response.Result, want)
		}
	}
}
