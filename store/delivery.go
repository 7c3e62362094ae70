package store

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// maxRings bounds the bell of those who send; what does not fit is found when
// the namespace is looked at next.
const maxRings = 1024

// luaDeliver defines deliver, which makes the deliveries that an activation
// owes as it ends. It is called for those that have callbacks only.
//
// act and id are the activation's, tell its field of that name; ring says
// whether to wake those who send, whose bell has another slot in a cluster.
// The keys that it makes have the hash tag of the activation.
//
//nolint:gochecknoglobals // a constant in all but form
var luaDeliver = fmt.Sprintf(`
local function deliver(act, id, tell, out, res, now, ring)
	local base = string.sub(act, 1, -(#id + 5))
	local ended = cjson.decode(out).status == 0 and "success" or "failure"
	local f = redis.call("HMGET", act, "doc", "acc", "pay")
	for on, lane in string.gmatch(tell, "(%%l+):(%%x+)") do
		local ask = redis.call("HGET", act, "cb:" .. on)
		redis.call("HDEL", act, "cb:" .. on)
		local name = id .. "-" .. on
		local key = base .. "delivery:" .. name
		if ask and (on == "end" or on == ended) and redis.call("EXISTS", key) == 0 then
			redis.call("HSET", key, "st", "pending", "doc", f[1], "acc", f[2] or now, "out", out, "res", res,
				"cb", ask, "lane", lane, "made", now, "since", now)
			if f[3] and on ~= "end" then redis.call("HSET", key, "pay", f[3]) end
			redis.call("ZADD", base .. "deliveries", now, name)
			redis.call("ZADD", base .. "deliveries:due", now, lane .. "/" .. name)
			if ring then
				redis.call("LPUSH", "%s", string.match(base, "{(.*)}"))
				redis.call("LTRIM", "%s", 0, %d)
			end
		end
	end
	redis.call("HDEL", act, "tell", "pay")
end
`, owingBellKey, owingBellKey, maxRings-1)

// askForm is the stored form of a callback.
type askForm struct {
	On       core.Occasion `json:"on"`
	Form     core.Form     `json:"form"`
	URL      string        `json:"url,omitempty"`
	Entity   string        `json:"entity,omitempty"` // full name
	Owner    string        `json:"owner,omitempty"`
	CallID   string        `json:"call,omitempty"`
	Function string        `json:"function,omitempty"`
}

func askOf(c core.Callback) askForm {
	f := askForm{On: c.On, Form: c.Form, URL: c.URL, Owner: c.Owner, CallID: c.CallID, Function: c.Function}
	if !c.Entity.IsZero() {
		f.Entity = c.Entity.Full()
	}
	return f
}

func (f askForm) callback() (core.Callback, error) {
	c := core.Callback{On: f.On, Form: f.Form, URL: f.URL, Owner: f.Owner, CallID: f.CallID, Function: f.Function}
	if f.Entity == "" {
		return c, nil
	}
	var err error
	c.Entity, err = core.ParseName(f.Entity, "")
	return c, err
}

// askField is the field of an activation that holds a callback, until the end.
func askField(on core.Occasion) string { return "cb:" + string(on) }

// askFields appends the fields of the callbacks of a. A URL may hold a
// secret, so they are sealed.
func (db *DB) askFields(list []any, a *core.Activation) ([]any, error) {
	if len(a.Callbacks) == 0 {
		return list, nil
	}
	tell := make([]string, len(a.Callbacks))
	for i, c := range a.Callbacks {
		if c.Owner == "" {
			c.Owner = a.Namespace
		}
		ask, err := json.Marshal(askOf(c))
		if err != nil {
			return nil, fmt.Errorf("encode callback: %w", err)
		}
		tell[i] = string(c.On) + ":" + lane(c)
		list = append(list, askField(c.On), db.sealField(a.Ref, askField(c.On), ask))
	}
	if len(a.Payload) > 0 {
		list = append(list, fieldPayload, db.sealField(a.Ref, fieldPayload, a.Payload))
	}
	return append(list, fieldTell, strings.Join(tell, " ")), nil
}

// lane is the name of a callback's lane in Redis, where it must not show the
// host.
func lane(c core.Callback) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.Lane()))
	return fmt.Sprintf("%08x", h.Sum32())
}

// owe adds the namespace to those that may have something to deliver, before
// there is any: what a crash leaves behind is found.
func owe(ctx context.Context, pipe redis.Pipeliner, a *core.Activation) {
	if len(a.Callbacks) > 0 {
		pipe.ZAddNX(ctx, owingKey, redis.Z{Score: float64(time.Now().UnixMilli()), Member: a.Namespace})
	}
}

// rings is 1 where a script may ring the bell itself, in a cluster 0.
func (db *DB) rings() int {
	if db.isCluster() {
		return 0
	}
	return 1
}
