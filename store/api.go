package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// An API is a hash: its title, and "METHOD PATH" -> routeForm.
const fieldTitle = "title"

// routeForm is the stored form of a route; method and path are its field.
type routeForm struct {
	Action string `json:"action"`
	Format string `json:"format"`
	Key    string `json:"key,omitempty"` // sealed where there are keys
}

// putAPIScript adds routes to an API, or replaces it.
//
// KEYS: its hash, the set of the namespace's base paths.
// ARGV: base path, "1" to replace what is there, then fields and values.
// Returns 1.
var putAPIScript = redis.NewScript(`
if ARGV[2] == '1' then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('SADD', KEYS[2], ARGV[1])
return 1
`)

// PutAPI adds the routes, over those of the same method and path; with replace,
// the API has no others afterwards. An empty Title keeps the one that is there.
func (db *DB) PutAPI(ctx context.Context, namespace string, api core.API, replace bool) error {
	args := []any{api.BasePath, replace}
	if api.Title != "" {
		args = append(args, fieldTitle, api.Title)
	}
	for _, r := range api.Routes {
		field, text, err := db.encodeRoute(apiKey(namespace, api.BasePath), r)
		if err != nil {
			return err
		}
		args = append(args, field, text)
	}
	keys := []string{apiKey(namespace, api.BasePath), apisKey(namespace)}
	if err := putAPIScript.Run(ctx, db.rdb, keys, args...).Err(); err != nil {
		return core.Unavailable("write api", err)
	}
	return nil
}

// encodeRoute returns the field and the value of a route in the hash of its API.
func (db *DB) encodeRoute(key string, r core.Route) (field, text string, err error) {
	field = r.Method + " " + r.Path
	form := routeForm{Action: r.Action.String(), Format: r.Format, Key: r.SecureKey}
	if db.keys != nil && form.Key != "" {
		form.Key = sealedField + db.keys.Seal([]byte(form.Key), key+"\x00"+field)
	}
	text, err = encode(form)
	return field, text, err
}

// deleteRoutesScript deletes routes of an API, and the API with the last.
//
// KEYS: its hash, the set of the namespace's base paths.
// ARGV: base path, name of the field of the title, fields of routes, or none
// for all.
// Returns how many routes it deleted.
var deleteRoutesScript = redis.NewScript(`
local gone = 0
if ARGV[3] then
	gone = redis.call('HDEL', KEYS[1], unpack(ARGV, 3))
else
	gone = redis.call('HLEN', KEYS[1]) - redis.call('HDEL', KEYS[1], ARGV[2])
	redis.call('DEL', KEYS[1])
end
if redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], ARGV[2]) == 0 then
	redis.call('DEL', KEYS[1])
	redis.call('SREM', KEYS[2], ARGV[1])
end
return gone
`)

// DeleteRoutes deletes the routes from the API of the base path, or all of it
// where there are none given. It returns how many there were.
func (db *DB) DeleteRoutes(ctx context.Context, namespace, basePath string, routes []core.Route) (int, error) {
	args := []any{basePath, fieldTitle}
	for _, r := range routes {
		args = append(args, r.Method+" "+r.Path)
	}
	keys := []string{apiKey(namespace, basePath), apisKey(namespace)}
	n, err := deleteRoutesScript.Run(ctx, db.rdb, keys, args...).Int()
	if err != nil {
		return 0, core.Unavailable("delete routes", err)
	}
	return n, nil
}

// BasePaths returns the base paths of the namespace's APIs, sorted.
func (db *DB) BasePaths(ctx context.Context, namespace string) ([]string, error) {
	paths, err := db.rdb.SMembers(ctx, apisKey(namespace)).Result()
	if err != nil {
		return nil, core.Unavailable("list apis", err)
	}
	slices.Sort(paths)
	return paths, nil
}

// APIs reads the APIs of the base paths in one round trip; those that are not
// there are left out.
func (db *DB) APIs(ctx context.Context, namespace string, basePaths []string) ([]core.API, error) {
	if len(basePaths) == 0 {
		return nil, nil
	}
	pipe := db.rdb.Pipeline()
	cmds := make([]*redis.MapStringStringCmd, len(basePaths))
	for i, path := range basePaths {
		cmds[i] = pipe.HGetAll(ctx, apiKey(namespace, path))
	}
	if err := run(ctx, pipe, "read apis"); err != nil {
		return nil, err
	}
	var apis []core.API
	for i, cmd := range cmds {
		if len(cmd.Val()) == 0 {
			continue
		}
		api, err := db.decodeAPI(namespace, basePaths[i], cmd.Val())
		if err != nil {
			return nil, err
		}
		apis = append(apis, api)
	}
	return apis, nil
}

func (db *DB) decodeAPI(namespace, basePath string, fields map[string]string) (core.API, error) {
	api := core.API{BasePath: basePath, Title: fields[fieldTitle]}
	for field, text := range fields {
		if field == fieldTitle {
			continue
		}
		r, err := db.decodeRoute(apiKey(namespace, basePath), field, text)
		if err != nil {
			return core.API{}, fmt.Errorf("decode route %q of api %s of %s: %w: %w", field, basePath, namespace, ErrCorrupt, err)
		}
		api.Routes = append(api.Routes, r)
	}
	slices.SortFunc(api.Routes, func(a, b core.Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return api, nil
}

func (db *DB) decodeRoute(key, field, text string) (core.Route, error) {
	var f routeForm
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return core.Route{}, err
	}
	action, err := core.ParseName(f.Action, "")
	if err != nil {
		return core.Route{}, err
	}
	r := core.Route{Action: action, Format: f.Format, SecureKey: f.Key}
	r.Method, r.Path, _ = strings.Cut(field, " ")
	if sealed, ok := strings.CutPrefix(f.Key, sealedField); ok {
		open, err := db.keys.Open(sealed, key+"\x00"+field)
		if err != nil {
			return core.Route{}, err
		}
		r.SecureKey = string(open)
	}
	return r, nil
}

// NamespaceOf returns the name of the namespace that has the key. KindNotFound.
func (db *DB) NamespaceOf(ctx context.Context, uuid string) (string, error) {
	name, err := db.rdb.HGet(ctx, credentialKey(uuid), "namespace").Result()
	if err == redis.Nil { //nolint:errorlint // go-redis returns it bare
		return "", core.Errorf(core.KindNotFound, "key %s does not exist", uuid)
	}
	if err != nil {
		return "", core.Unavailable("read key", err)
	}
	return name, nil
}
