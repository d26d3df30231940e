package terminal

import (
	"fmt"
	"io"
	"strings"
)

// gap stands between two columns.
const gap = "  "

// Column is one column of a table.
type Column struct {
	// Title stands above the column, in capitals.
	Title string
	// Width is how many columns of the terminal a Live table keeps for it; 0 is as wide as the title.
	Width int
	// Max is how many columns of the terminal a cell may take; longer cells are shortened. 0 sets no bound.
	Max int
	// Right aligns the cells to the right, as numbers are.
	Right bool
}

// Table collects rows and writes them aligned.
type Table struct {
	columns []Column
	rows    [][]string
}

// NewTable returns a table with columns of these titles. A title that ends in "…" names a column of free text, whose
// cells take at most 60 columns of the terminal.
func NewTable(titles ...string) *Table {
	t := &Table{}
	for _, title := range titles {
		name, free := strings.CutSuffix(title, "…")
		column := Column{Title: name}
		if free {
			column.Max = 60
		}
		t.columns = append(t.columns, column)
	}
	return t
}

// Add adds a row. An empty cell is shown as a dash.
func (t *Table) Add(cells ...string) {
	t.rows = append(t.rows, cells)
}

// Empty tells whether the table has no rows.
func (t *Table) Empty() bool { return len(t.rows) == 0 }

// Write writes the titles and all rows.
func (t *Table) Write(w io.Writer) error {
	columns := make([]Column, len(t.columns))
	for i, column := range t.columns {
		column.Width = Width(column.Title)
		for _, row := range t.rows {
			column.Width = max(column.Width, Width(cell(column, row, i)))
		}
		columns[i] = column
	}
	live := &Live{w: w, columns: columns}
	if err := live.head(); err != nil {
		return err
	}
	for _, row := range t.rows {
		if err := live.Add(row...); err != nil {
			return err
		}
	}
	return nil
}

// Live writes each row at once. Its columns have the widths that they were given; a longer cell pushes the rest of its
// row to the right.
type Live struct {
	w       io.Writer
	columns []Column
}

// NewLive writes the titles and returns the table.
func NewLive(w io.Writer, columns ...Column) (*Live, error) {
	live := &Live{w: w, columns: columns}
	return live, live.head()
}

func (l *Live) head() error {
	titles := make([]string, len(l.columns))
	for i, column := range l.columns {
		titles[i] = strings.ToUpper(column.Title)
	}
	return l.Add(titles...)
}

// Add writes a row. An empty cell is shown as a dash.
func (l *Live) Add(cells ...string) error {
	var line strings.Builder
	for i, column := range l.columns {
		text := cell(column, cells, i)
		if i > 0 {
			line.WriteString(gap)
		}
		if column.Right {
			text = strings.Repeat(" ", max(0, column.Width-Width(text))) + text
		}
		line.WriteString(pad(text, column.Width))
	}
	if _, err := fmt.Fprintln(l.w, strings.TrimRight(line.String(), " ")); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// cell returns what stands in column i of a row.
func cell(column Column, row []string, i int) string {
	if i >= len(row) || row[i] == "" {
		return "-"
	}
	text := Clean(row[i])
	if column.Max > 0 {
		text = Fit(text, column.Max)
	}
	return text
}

// Record collects the named values of one thing and writes them one to a line.
type Record struct {
	names, values []string
}

// Add adds a line. A line without a value is left out.
func (r *Record) Add(name, value string) {
	if value != "" {
		r.names, r.values = append(r.names, name), append(r.values, value)
	}
}

// Empty tells whether there is no line.
func (r *Record) Empty() bool { return len(r.names) == 0 }

// Write writes all lines, the values below one another.
func (r *Record) Write(w io.Writer) error {
	widest := 0
	for _, name := range r.names {
		widest = max(widest, Width(name))
	}
	for i, name := range r.names {
		if _, err := fmt.Fprintln(w, pad(name, widest)+gap+Clean(r.values[i])); err != nil {
			return fmt.Errorf("write record: %w", err)
		}
	}
	return nil
}
