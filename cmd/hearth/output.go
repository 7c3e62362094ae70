package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// show prints JSON, indented.
func show(w io.Writer, body json.RawMessage) error {
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		out.Reset()
		out.Write(body)
	}
	out.WriteByte('\n')
	_, err := out.WriteTo(w)
	return err
}

// table prints rows in columns; the first row is the heading.
func table(w io.Writer, rows [][]string) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	return out.Flush()
}

// moment prints milliseconds of the epoch in the local zone.
func moment(ms int64) string { return time.UnixMilli(ms).Format("2006-01-02 15:04:05") }

// sorted returns an object as a list of pairs, in the order of the keys.
func sorted(object map[string]json.RawMessage) []client.KeyValue {
	list := make([]client.KeyValue, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, client.KeyValue{Key: key, Value: object[key]})
	}
	return list
}
