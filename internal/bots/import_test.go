package bots_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/bots"
	"herald/internal/gateway"
	"herald/internal/roster"
)

// based is a world with a bot, into whose base files are brought.
type based struct {
	world
	bot gateway.BotID
}

func newBase(t *testing.T) based {
	t.Helper()
	w := newWorld(t, nil)
	b, err := w.Add(t.Context(), "acc_1", bots.NewBot{Platform: gateway.Telegram, Token: w.made(t, "acme_bot")})
	require.NoError(t, err)
	return based{w, b.ID}
}

// brings imports a file, and tells what was refused as "line code field".
func (b based) brings(t *testing.T, file string, change func(*bots.Import)) (refused []string, report bots.ImportReport) {
	t.Helper()
	i := bots.Import{Format: roster.CSV, File: strings.NewReader(file), Size: int64(len(file)), Region: "UA"}
	if change != nil {
		change(&i)
	}
	told := 0
	err := b.Import(t.Context(), "acc_1", b.bot, i, func(line bots.ImportLine) error {
		switch {
		case line.Refused != nil:
			refused = append(refused, fmt.Sprintf("%d %s %s", line.Refused.Line, line.Refused.Fault.Code, line.Refused.Fault.Field))
			require.NotEmpty(t, line.Refused.Fault.Message)
		case line.Report != nil:
			report = *line.Report
			told++
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 1, told, "there is one report")
	return refused, report
}

func (b based) people(t *testing.T) (people []gateway.Subscriber) {
	t.Helper()
	require.NoError(t, b.Export(t.Context(), "acc_1", b.bot, gateway.SubscriberFilter{}, func(p gateway.Subscriber) error {
		people = append(people, p)
		return nil
	}))
	return people
}

func TestRowsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	soon := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	const head = "platform_id,external_id,username,first_name,language,language_chosen,timezone,tags,fields,phone,phone_proof,phone_proved_at,connection,reason,start_payload,last_seen_at,kind"
	rows := []struct{ row, want string }{
		{",,,Anna", "field:required platform_id"},
		{"-5", "field:invalid platform_id"},
		{"1e3", "field:invalid platform_id"},
		{"4503599627370496", "field:invalid platform_id"},
		{"1,a b", "field:invalid external_id"},
		{"1," + strings.Repeat("x", 129), "field:invalid external_id"},
		{"1,,an-na", "field:invalid username"},
		{"1,,," + strings.Repeat("x", 65), "field:invalid first_name"},
		{"1,,,,english", "field:invalid language"},
		{"1,,,,en,maybe", "field:invalid language_chosen"},
		{"1,,,,,,Kyiv", "field:invalid timezone"},
		{"1,,,,,,,[1]", "field:invalid tags"},
		{"1,,,,,,," + strings.Repeat("x", 65), "field:invalid tags[0]"},
		{"1,,,,,,,,orders=7", "field:invalid fields"},
		{`1,,,,,,,,"{""a"":{}}"`, "field:invalid fields"},
		{"1,,,,,,,,,12345,,2026-01-01", "recipient:phone_invalid phone"},
		{"1,,,,,,,,,+888 0123 4567,,2026-01-01", "import:phone_anonymous phone"},
		{"1,,,,,,,,,88801234567,,2026-01-01", "import:phone_anonymous phone"},
		{"1,,,,,,,,,+380501234567", "field:required phone_proved_at"},
		{"1,,,,,,,,,,,2026-01-01", "field:required phone"},
		{"1,,,,,,,,,+380501234567,,yesterday", "field:invalid phone_proved_at"},
		{"1,,,,,,,,,+380501234567,,1999-12-31", "field:invalid phone_proved_at"},
		{"1,,,,,,,,,+380501234567,," + soon, "field:invalid phone_proved_at"},
		{"1,,,,,,,,,+380501234567,word,2026-01-01", "field:invalid phone_proof"},
		{"1,,,,,,,,,,,,gone", "field:invalid connection"},
		{"1,,,,,,,,,,,,connected,blocked", "field:invalid reason"},
		{"1,,,,,,,,,,,,disconnected,bored", "field:invalid reason"},
		{"1,,,,,,,,,,,,,," + strings.Repeat("x", 65), "field:invalid start_payload"},
		{"1,,,,,,,,,,,,,,a b", "field:invalid start_payload"},
		{"1,,,,,,,,,,,,,,,2026-13-01", "field:invalid last_seen_at"},
		{"1,,,,,,,,,,,,,,,,group", "field:invalid kind"},
		{"1,\"", "import:row_unreadable "},
		{"7,seven", ""},
		{"7", "import:duplicate platform_id"},
		{"8,seven", "import:duplicate external_id"},
		{"9,,an-na,,english", "field:invalid username|field:invalid language"},
		{"10,,,,,,,,,050 123 45 67,,2026-01-01", ""},
	}
	file, want, bad := head+"\n", []string(nil), 0
	for n, r := range rows {
		file += r.row + "\n"
		if r.want == "" {
			continue
		}
		bad++
		for part := range strings.SplitSeq(r.want, "|") {
			want = append(want, fmt.Sprintf("%d %s", n+2, part))
		}
	}
	refused, report := b.brings(t, file, nil)
	require.Equal(t, want, refused)
	require.Equal(t, bots.ImportReport{Rows: len(rows), Refused: bad}, report)
	require.Empty(t, b.people(t), "nothing is kept")

	refused, report = b.brings(t, file, func(i *bots.Import) { i.KeepGood = true })
	require.Equal(t, want, refused)
	require.Equal(t, bots.ImportReport{Stored: true, Rows: len(rows), Refused: bad, ImportCounts: gateway.ImportCounts{Created: 2}}, report)
	people := b.people(t)
	require.Len(t, people, 2)
	byID := map[int64]gateway.Subscriber{} // they came in one moment, in any order
	for _, p := range people {
		byID[p.PlatformID] = p
	}
	require.Equal(t, "+380501234567", byID[10].Phone, "of the region")
	require.Equal(t, "seven", byID[7].ExternalID)

	t.Run("asks for the country where there is no region", func(t *testing.T) {
		refused, _ := b.brings(t, "platform_id,phone,phone_proved_at\n1,050 123 45 67,2026-01-01\n", func(i *bots.Import) { i.Region = "" })
		require.Equal(t, []string{"2 recipient:phone_invalid phone"}, refused)
	})
}

func TestAFileThatCannotBeImported(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	told := func(bots.ImportLine) error { return nil }
	import_ := func(file string, tell func(bots.ImportLine) error) error {
		return b.Import(t.Context(), "acc_1", b.bot, bots.Import{Format: roster.CSV, File: strings.NewReader(file), KeepGood: true}, tell)
	}
	for file, want := range map[string]gateway.Code{
		"": gateway.CodeFileEmpty, "platform_id,fon\n1,2\n": gateway.CodeFieldUnknown, "phone\n": gateway.CodeRequired,
		"platform_id\n1\n" + strings.Repeat("x\n", 200_000): gateway.CodeTooManyRows,
	} {
		var faults gateway.Faults
		err := import_(file, told)
		if errors.As(err, &faults) {
			err = faults[0]
		}
		require.Equal(t, want, gateway.CodeOf(err))
	}
	away := errors.New("whoever asked went away")
	require.ErrorIs(t, import_("platform_id\n1\n", func(bots.ImportLine) error { return away }), away)
	require.Empty(t, b.people(t))
}

// However many rows a file has, an import holds a batch of them, and of the others which people they named.
func TestAnImportHoldsNoMoreThanABatch(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	const rows, batch = 12_000, 1000
	path := filepath.Join(t.TempDir(), "people.csv")
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	out := bufio.NewWriter(file)
	_, err = out.WriteString("platform_id,external_id,first_name,fields,phone,phone_proved_at\n")
	require.NoError(t, err)
	for n := range rows {
		_, err = fmt.Fprintf(out, "%d,c-%d,Anna,\"{\"\"note\"\":\"\"%s\"\"}\",+38050%07d,2026-01-01\n", n+1, n, strings.Repeat("x", 900), n)
		require.NoError(t, err)
	}
	require.NoError(t, out.Flush())
	var early, late int64
	err = b.Import(t.Context(), "acc_1", b.bot, bots.Import{Format: roster.CSV, File: file}, func(line bots.ImportLine) error {
		if line.Progress == nil || line.Progress.Rows != 2*batch && line.Progress.Rows != rows {
			return nil
		}
		runtime.GC()
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		early, late = late, int64(now.HeapAlloc)
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, early)
	require.Less(t, late-early, int64(100*(rows-2*batch)), "each row has over 1,000 bytes")

	t.Run("and hands all of them out again, page by page", func(t *testing.T) {
		seen := map[int64]bool{}
		last := gateway.SubscriberID("sub_z")
		require.NoError(t, b.Export(t.Context(), "acc_1", b.bot, gateway.SubscriberFilter{}, func(p gateway.Subscriber) error {
			require.Less(t, p.ID, last)
			last, seen[p.PlatformID] = p.ID, true
			return nil
		}))
		require.Len(t, seen, rows)
	})
}
