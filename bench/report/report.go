// Package report holds what a benchmark measured, and prints it as a table
// for people and as JSON for machines.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Report is the outcome of one run on one machine.
type Report struct {
	Machine Machine  `json:"machine"`
	Rows    []Row    `json:"rows"`
	Failed  []string `json:"failed,omitempty"` // scenarios that could not be run, and why
}

// Machine is what the figures depend on most.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Docker string `json:"docker"`
	Redis  string `json:"redis"`
	Go     string `json:"go"`
}

// Unit of a figure.
type Unit string

// The units. Durations are milliseconds in JSON and in the table.
const (
	Millis    Unit = "ms"
	PerSecond Unit = "/s"
	Megabytes Unit = "MB"
	Times     Unit = "x"
	Plain     Unit = ""
)

// Row is one figure of a scenario.
type Row struct {
	Scenario string  `json:"scenario"`
	Figure   string  `json:"figure"`
	Value    float64 `json:"value"`
	Unit     Unit    `json:"unit"`
	// Direct is the same figure of the direct call to the same container;
	// 0 where there is none to compare with.
	Direct float64 `json:"direct,omitempty"`
	Errors int     `json:"errors,omitempty"`
	Goals  []Goal  `json:"goals,omitempty"`
}

// Goal is a bound that a row should keep.
type Goal struct {
	// Text says the bound, as in "≤ 10× direct".
	Text string `json:"text"`
	Met  bool   `json:"met"`
}

// Ms is a duration in the unit Millis.
func Ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// AtMost adds the goal of a value of at most bound, and returns the row.
func (r Row) AtMost(bound float64) Row {
	return r.goal("≤ "+amount(bound, r.Unit), r.Value <= bound)
}

// AtLeast adds the goal of a value of at least bound, without errors, and
// returns the row.
func (r Row) AtLeast(bound float64) Row {
	return r.goal("≥ "+amount(bound, r.Unit), r.Value >= bound && r.Errors == 0)
}

// AtMostDirect adds the goal of a value of at most factor times the direct
// one, and returns the row. Without a direct figure it is missed.
func (r Row) AtMostDirect(factor float64) Row {
	return r.goal(fmt.Sprintf("≤ %v× direct", factor), r.Direct > 0 && r.Value <= factor*r.Direct)
}

func (r Row) goal(text string, met bool) Row {
	r.Goals = append(r.Goals[:len(r.Goals):len(r.Goals)], Goal{Text: text, Met: met})
	return r
}

// Add appends rows.
func (r *Report) Add(rows ...Row) { r.Rows = append(r.Rows, rows...) }

// Fail notes a scenario that could not be run.
func (r *Report) Fail(scenario string, err error) {
	r.Failed = append(r.Failed, scenario+": "+err.Error())
}

// WriteJSON writes the report as one indented JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write report as JSON: %w", err)
	}
	return nil
}

// WriteTable writes the report as a table that is Markdown too.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "%d × %s · Linux %s · Docker %s · Redis %s · %s\n\n", m.Cores, m.CPU, m.Kernel, m.Docker, m.Redis, m.Go)
	cells := [][]string{{"scenario", "figure", "measured", "direct", "ratio", "goal"}, {"---", "---", "---", "---", "---", "---"}}
	for _, row := range r.Rows {
		cells = append(cells, []string{row.Scenario, row.Figure, row.measured(), row.direct(), row.ratio(), row.goals()})
	}
	layOut(&b, cells)
	for _, f := range r.Failed {
		fmt.Fprintf(&b, "\nnot run: %s\n", f)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write report as table: %w", err)
	}
	return nil
}

// layOut writes rows of equal length in columns of equal width.
func layOut(b *strings.Builder, rows [][]string) {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(b, "| %-*s ", width[i], cell)
		}
		b.WriteString("|\n")
	}
}

func (r Row) measured() string {
	s := amount(r.Value, r.Unit)
	if r.Errors > 0 {
		s += fmt.Sprintf(" (%d errors)", r.Errors)
	}
	return s
}

func (r Row) direct() string {
	if r.Direct == 0 {
		return ""
	}
	return amount(r.Direct, r.Unit)
}

func (r Row) ratio() string {
	if r.Direct == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", r.Value/r.Direct)
}

func (r Row) goals() string {
	var s []string
	for _, g := range r.Goals {
		verdict := "met"
		if !g.Met {
			verdict = "MISSED"
		}
		s = append(s, g.Text+" "+verdict)
	}
	return strings.Join(s, ", ")
}

// amount prints three significant digits, and whole numbers above that.
func amount(v float64, u Unit) string {
	digits := 0
	if v != 0 {
		digits = max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	}
	s := fmt.Sprintf("%.*f", min(digits, 3), v)
	if u == Plain {
		return s
	}
	if u == Times || u == PerSecond {
		return s + string(u)
	}
	return s + " " + string(u)
}
