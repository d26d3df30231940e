package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/terminal"
)

func TestTable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		titles []string
		rows   [][]string
		want   string
	}{
		{
			"aligns columns and leaves no space at the ends of lines",
			[]string{"to", "state"},
			[][]string{{"+380501234567", "accepted"}, {"@anna", "not_subscribed"}},
			`
TO             STATE
+380501234567  accepted
@anna          not_subscribed
`,
		},
		{
			"measures what is seen, not bytes",
			[]string{"name", "state"},
			[][]string{{"Олена", "ok"}, {"田中", "ok"}, {"e\u0301a", "ok"}, {"👋", "ok"}},
			"\nNAME   STATE\nОлена  ok\n田中   ok\ne\u0301a     ok\n👋     ok\n",
		},
		{
			"shows what is missing as a dash",
			[]string{"name", "phone", "state"},
			[][]string{{"Anna", "", "ok"}, {"Ben"}},
			`
NAME  PHONE  STATE
Anna  -      ok
Ben   -      -
`,
		},
		{
			"shortens free text only",
			[]string{"id", "text…"},
			[][]string{{strings.Repeat("i", 70), strings.Repeat("t", 70)}, {"2", "short"}},
			"\nID" + strings.Repeat(" ", 68) + "  TEXT\n" +
				strings.Repeat("i", 70) + "  " + strings.Repeat("t", 59) + "…\n" +
				"2" + strings.Repeat(" ", 69) + "  short\n",
		},
		{
			"disarms what would command the terminal",
			[]string{"text"},
			[][]string{{"two\nlines\tand \x1b[2J\u202eback\x07"}},
			"\nTEXT\ntwo lines and \ufffd[2J\ufffdback\ufffd\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			table := terminal.NewTable(test.titles...)
			require.True(t, table.Empty())
			for _, row := range test.rows {
				table.Add(row...)
			}
			require.False(t, table.Empty())
			var out strings.Builder
			require.NoError(t, table.Write(&out))
			require.Equal(t, strings.TrimPrefix(test.want, "\n"), out.String())
		})
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	live, err := terminal.NewLive(&out,
		terminal.Column{Title: "#", Width: 2, Right: true}, terminal.Column{Title: "step", Width: 6}, terminal.Column{Title: "seen"})
	require.NoError(t, err)
	require.Equal(t, " #  STEP    SEEN\n", out.String(), "the titles stand before the first row")
	require.NoError(t, live.Add("1", "start", "yes"))
	require.NoError(t, live.Add("10", "a long step", "no"))
	require.Equal(t, " #  STEP    SEEN\n 1  start   yes\n10  a long step  no\n", out.String())
}

func TestRecord(t *testing.T) {
	t.Parallel()
	var record terminal.Record
	record.Add("id", "msg_1")
	record.Add("label", "")
	record.Add("created", "today\nor not")
	var out strings.Builder
	require.NoError(t, record.Write(&out))
	require.Equal(t, "id       msg_1\ncreated  today or not\n", out.String())
}

func TestFit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		columns    int
		want       string
	}{
		{"leaves what fits", "abc", 3, "abc"},
		{"marks what is cut", "abcdef", 4, "abc…"},
		{"leaves no space before the mark", "ab cdef", 4, "ab…"},
		{"counts wide signs twice", "田中田", 5, "田中…"},
		{"keeps whole letters", "їжак їжак", 5, "їжак…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := terminal.Fit(test.text, test.columns)
			require.Equal(t, test.want, got)
			require.LessOrEqual(t, terminal.Width(got), test.columns)
		})
	}
}
