package store

import "time"

// Retention says how long done activations are kept.
type Retention struct {
	Age     time.Duration // 0 means 7 days
	Records int           // of one namespace, the oldest go first; 0 means 1,000,000
}

func (r Retention) orDefault() Retention {
	if r.Age <= 0 {
		r.Age = 7 * 24 * time.Hour
	}
	if r.Records <= 0 {
		r.Records = 1_000_000
	}
	return r
}

// args are what the scripts that index a record take: seconds, number, and
// the prefixes of the keys whose names they find in records.
func (r Retention) args(namespace string) []any {
	r = r.orDefault()
	seconds := max(int64(r.Age/time.Second), 1)
	return []any{seconds, r.Records, namedPrefix(namespace), activationPrefix(namespace)}
}

// luaIndex defines index, which puts a done record on the lists of its
// namespace and of its names, and takes off what is too old or too much. The
// keys of names and of records removed carry the hash tag of the namespace.
//
// A list lives as long as its latest record and a hundredth more. Only when
// that has passed, or records are to live for less, is its life set anew, and
// what is too old taken off.
const luaIndex = `
local function list(key, id, start, seconds, now)
	redis.call("ZADD", key, start, id)
	local left = redis.call("PTTL", key)
	if left >= seconds * 1000 and left <= seconds * 1010 then return end
	redis.call("ZREMRANGEBYSCORE", key, "-inf", "(" .. (now - seconds * 1000))
	redis.call("PEXPIRE", key, seconds * 1010)
end
local function index(act, all, id, start, seconds, most, named, acts, now)
	local n = redis.call("HMGET", act, "nm", "al")
	list(all, id, start, seconds, now)
	if n[1] then list(named .. n[1], id, start, seconds, now) end
	if n[2] and n[2] ~= n[1] then list(named .. n[2], id, start, seconds, now) end
	local over = redis.call("ZCARD", all) - most
	if over <= 0 then return end
	local old = redis.call("ZPOPMIN", all, math.min(over, 8))
	for i = 1, #old, 2 do
		local o = redis.call("HMGET", acts .. old[i], "nm", "al")
		if o[1] then redis.call("ZREM", named .. o[1], old[i]) end
		if o[2] then redis.call("ZREM", named .. o[2], old[i]) end
		redis.call("DEL", acts .. old[i])
	end
end
`
