package translate

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/translate/apiv3/translatepb"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"herald/internal/gateway"
	"herald/internal/postgres/postgrestest"
)

func TestTranslating(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	got, err := w.ask(t, "Hello {{ name }}, your code is 482913")
	require.NoError(t, err)
	require.NotNil(t, got.Key)
	require.Equal(t, gateway.Translation{Text: "«Hello {{ name }}, your code is 482913»", From: "en", Characters: 27, Key: got.Key}, got)

	want := &translatepb.TranslateTextRequest{
		Parent: "projects/acme-project/locations/global", MimeType: "text/plain",
		Contents: []string{"Hello {1}, your code is {2}"}, SourceLanguageCode: "en", TargetLanguageCode: "uk",
	}
	require.True(t, proto.Equal(want, w.cloud.requests[0]), "%v", w.cloud.requests[0])
	require.Equal(t, gateway.TranslationDay{
		Day: w.now().Truncate(24 * time.Hour), Calls: 1, Characters: 27, Cost: 540, Currency: "USD",
	}, w.today(t, mine))
	require.Equal(t, "0.00054", w.today(t, mine).Cost.String())
}

func TestFindingOutTheLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	got, err := w.ask(t, "Guten Tag", func(r *gateway.TranslationRequest) { r.From = "" })
	require.NoError(t, err)
	require.Equal(t, "de", got.From)
	require.Empty(t, w.cloud.requests[0].GetSourceLanguageCode())
	got, err = w.ask(t, "Guten Tag", func(r *gateway.TranslationRequest) { r.From = "" })
	require.NoError(t, err)
	require.True(t, got.Cached)
	require.Equal(t, "de", got.From, "the cache knows it too")
	got, err = w.ask(t, "Guten Tag")
	require.NoError(t, err)
	require.False(t, got.Cached, "as English it is another text")
}

func TestNothingToTranslate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct {
		name, text string
		change     func(*gateway.TranslationRequest)
	}{
		{"the same language", "Hello", func(r *gateway.TranslationRequest) { r.To = "en-GB" }},
		{"no letters", " 482913 👋 https://acme.example {{ name }}\n", func(*gateway.TranslationRequest) {}},
		{"only terms to keep", "Acme: Pro Max!", func(r *gateway.TranslationRequest) { r.Keep = []string{"acme", "Pro Max"} }},
		{"no text", "", func(*gateway.TranslationRequest) {}},
	} {
		got, err := w.ask(t, c.text, c.change)
		require.NoError(t, err, c.name)
		require.Equal(t, gateway.Translation{Text: c.text, From: "en"}, got, c.name)
	}
	require.Empty(t, w.cloud.asked(), "nobody was asked")
	_, err := w.ask(t, "你好", func(r *gateway.TranslationRequest) { r.From, r.To = "zh-Hans", "zh-Hant" })
	require.NoError(t, err)
	require.Len(t, w.cloud.asked(), 1, "another script is another text")
	require.Equal(t, "zh-TW", w.cloud.requests[0].GetTargetLanguageCode())
}

func TestCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ask := func(text string, change ...func(*gateway.TranslationRequest)) gateway.Translation {
		got, err := w.ask(t, text, change...)
		require.NoError(t, err)
		return got
	}
	require.False(t, ask("Your code is 482913, Acme").Cached)

	got := ask("Your code is 100200, Acme")
	require.Equal(t, gateway.Translation{Text: "«Your code is 100200, Acme»", From: "en", Cached: true, Key: got.Key}, got, "another code is no other text")
	keep := func(r *gateway.TranslationRequest) { r.Keep = []string{"Acme"} }
	require.False(t, ask("Your code is 482913, Acme", keep).Cached, "with another list of terms it is another text")
	require.False(t, ask("Your code is 482913, Acme", func(r *gateway.TranslationRequest) { r.To = "pl" }).Cached)
	require.False(t, ask("Your code is 482913, Acme", func(r *gateway.TranslationRequest) { r.AccountID = theirs }).Cached, "accounts share nothing")
	require.False(t, ask("Your code is @acme_bot, Acme").Cached, "a name in place of a code is another text")

	w.clock.Add((DefaultCacheAge - time.Hour).Milliseconds())
	require.True(t, ask("Your code is 482913, Acme").Cached)
	w.clock.Add((2 * time.Hour).Milliseconds())
	require.False(t, ask("Your code is 482913, Acme").Cached, "too old")

	other := w.another(t, w.config)
	got, err := other.Translate(t.Context(), gateway.TranslationRequest{AccountID: mine, Network: gateway.NetworkReal, Text: "Your code is 1122334, Acme", From: "en", To: "uk"})
	require.NoError(t, err)
	require.True(t, got.Cached, "another process uses it too")
}

// Whoever must forget a text finds what is kept of it by the key that came with the translation.
func TestAKeptTranslationIsDroppedByItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ask := func() gateway.Translation {
		got, err := w.ask(t, "I am ill, my code is 482913")
		require.NoError(t, err)
		require.NotNil(t, got.Key)
		return got
	}
	first, again := ask(), ask()
	require.False(t, first.Cached)
	require.True(t, again.Cached)
	require.Equal(t, first.Key, again.Key)
	require.NoError(t, w.store.DropTranslations(t.Context(), theirs, []gateway.TranslationKey{*first.Key}))
	require.True(t, ask().Cached, "another account's is another one")
	require.NoError(t, w.store.DropTranslations(t.Context(), mine, []gateway.TranslationKey{*first.Key}))
	require.False(t, ask().Cached)
}

func TestNothingReadableIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_, err := w.ask(t, "Secretive greetings to Anna, code 482913")
	require.NoError(t, err)
	conn := postgrestest.Conn(t, w.url)
	for _, word := range []string{"Secretive", "Anna", "482913"} {
		var found int
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM translations WHERE position($1::bytea IN sealed) > 0 OR position($1::bytea IN key) > 0`, []byte(word)).Scan(&found))
		require.Zero(t, found, word)
	}
	_, err = conn.Exec(t.Context(), `UPDATE translations SET sealed = sealed || 'x'::bytea`)
	require.NoError(t, err)
	got, err := w.ask(t, "Secretive greetings to Anna, code 482913")
	require.NoError(t, err)
	require.False(t, got.Cached, "what somebody changed is not used")
}

func TestEqualTextsAtTheSameTimeAreTranslatedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	begun, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	echo := w.cloud.answer
	w.cloud.answer = func(ctx context.Context, r *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
		once.Do(func() { close(begun) })
		<-release
		return echo(ctx, r)
	}
	got := make([]gateway.Translation, 8)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			if i == 0 {
				defer func() { <-begun }()
			}
			var err error
			if got[i], err = w.ask(t, "Hello"); err != nil {
				t.Error(err)
			}
		})
	}
	<-begun
	close(release)
	wg.Wait()
	characters := 0
	for _, one := range got {
		require.Equal(t, "«Hello»", one.Text)
		characters += one.Characters
	}
	require.Equal(t, 5, characters, "one of them pays")
	require.Equal(t, int64(5), w.today(t, mine).Characters)
	require.Len(t, w.cloud.asked(), 1)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	detailed := func(code codes.Code, reason string) error {
		s, err := status.New(code, "the words of the server").WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "googleapis.com"})
		require.NoError(t, err)
		return s.Err()
	}
	for _, c := range []struct {
		name   string
		err    error
		reason gateway.TranslationReason
	}{
		{"unavailable", status.Error(codes.Unavailable, "down"), gateway.TranslationUnavailable},
		{"internal", status.Error(codes.Internal, "defect"), gateway.TranslationUnavailable},
		{"no login", status.Error(codes.Unauthenticated, "who"), gateway.TranslationUnavailable},
		{"no such project", status.Error(codes.NotFound, "where"), gateway.TranslationUnavailable},
		{"quota", status.Error(codes.ResourceExhausted, "enough"), gateway.TranslationQuota},
		{"quota by another name", status.Error(codes.PermissionDenied, "User Rate Limit Exceeded"), gateway.TranslationQuota},
		{"no right", detailed(codes.PermissionDenied, "IAM_PERMISSION_DENIED"), gateway.TranslationUnavailable},
		{"service is off", detailed(codes.PermissionDenied, "SERVICE_DISABLED"), gateway.TranslationUnavailable},
		{"a limit in the details", detailed(codes.PermissionDenied, "RATE_LIMIT_EXCEEDED"), gateway.TranslationQuota},
		{"a pair of languages that it does not know", status.Error(codes.InvalidArgument, "pair"), gateway.TranslationLanguage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.cloud.answer = func(context.Context, *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
				return nil, c.err
			}
			_, err := w.ask(t, "Hello")
			require.Equal(t, c.reason, gateway.TranslationReasonOf(err), "%v", err)
			require.NotContains(t, err.Error(), "words of the server")
			require.Len(t, w.cloud.asked(), 1, "nothing is repeated")
			require.Zero(t, w.today(t, mine).Characters, "a refusal costs nothing")
			require.Equal(t, int64(1), w.Stats().Texts[string(c.reason)])
		})
	}
}

func TestAnswersThatNoTranslatorShouldGive(t *testing.T) {
	t.Parallel()
	answer := func(texts ...string) *translatepb.TranslateTextResponse {
		r := &translatepb.TranslateTextResponse{}
		for _, text := range texts {
			r.Translations = append(r.Translations, &translatepb.Translation{TranslatedText: text})
		}
		return r
	}
	for _, c := range []struct {
		name   string
		answer *translatepb.TranslateTextResponse
		want   string
	}{
		{"none", answer(), "translate: unavailable: the translator answered with another number of translations than texts"},
		{"two for one", answer("a", "b"), "translate: unavailable: the translator answered with another number of translations than texts"},
		{"an empty one", answer(""), "translate: unavailable: the translator answered with an empty translation"},
		{"far too long", answer(strings.Repeat("a", 5*growth+growthMore+1)), "translate: unavailable: the translator answered with a translation that is far too long"},
		{"of two megabytes", answer(strings.Repeat("a", 2<<20)), "translate: unavailable: google answers ResourceExhausted"},
		{"a link of its own", answer("https://evil.example"), "translate: damaged"},
		{"a control character", answer("a\x1bb"), "translate: damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.cloud.answer = func(context.Context, *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
				return c.answer, nil
			}
			_, err := w.ask(t, "Hello")
			require.EqualError(t, err, c.want)
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Timeout = 200 * time.Millisecond })
	w.cloud.answer = func(ctx context.Context, _ *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err := w.ask(t, "Hello")
	require.Equal(t, gateway.TranslationTimeout, gateway.TranslationReasonOf(err), "%v", err)
	require.Equal(t, int64(5), w.today(t, mine).Characters, "it may have been translated: counted")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Translate(ctx, gateway.TranslationRequest{AccountID: mine, Network: gateway.NetworkReal, Text: "Bye", From: "en", To: "uk"})
	require.Equal(t, gateway.TranslationTimeout, gateway.TranslationReasonOf(err), "%v", err)
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Endpoint, c.Timeout = "http://127.0.0.1:1", time.Second })
	_, err := w.ask(t, "Hello")
	require.Contains(t, []gateway.TranslationReason{gateway.TranslationUnavailable, gateway.TranslationTimeout}, gateway.TranslationReasonOf(err), "%v", err)
}

func TestATranslatorThatFailsIsLeftAloneForAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	well := w.cloud.answer
	w.cloud.answer = func(context.Context, *translatepb.TranslateTextRequest) (*translatepb.TranslateTextResponse, error) {
		return nil, status.Error(codes.Unavailable, "down")
	}
	for range breakAfter + 3 {
		_, err := w.ask(t, "Hello")
		require.Equal(t, gateway.TranslationUnavailable, gateway.TranslationReasonOf(err))
	}
	require.Len(t, w.cloud.asked(), breakAfter)
	w.clock.Add(breakFor.Milliseconds())
	_, err := w.ask(t, "Hello")
	require.Error(t, err)
	_, err = w.ask(t, "Hello")
	require.ErrorIs(t, err, errResting, "the one that tried failed")
	w.clock.Add(breakFor.Milliseconds())
	w.cloud.answer = well
	for range 2 {
		_, err = w.ask(t, "Hello")
		require.NoError(t, err)
	}
}

func TestDamageIsMendedPieceByPiece(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.cloud.answer = each(func(text string) string {
		return strings.ToUpper(strings.NewReplacer("{1}", "", "{2}", "").Replace(text)) // drops what it does not know
	})
	got, err := w.ask(t, "Hello {{ name }}, see https://acme.example now")
	require.NoError(t, err)
	require.Equal(t, gateway.Translation{Text: "HELLO {{ name }}, SEE https://acme.example NOW", From: "en", Characters: 22 + 13, Key: got.Key}, got)
	require.Equal(t, [][]string{{"Hello {1}, see {2} now"}, {"Hello", ", see", "now"}}, w.cloud.asked())
	require.Equal(t, int64(35), w.today(t, mine).Characters)
	got, err = w.ask(t, "Hello {{ name }}, see https://other.example now")
	require.NoError(t, err)
	require.True(t, got.Cached)
	require.Equal(t, "HELLO {{ name }}, SEE https://other.example NOW", got.Text)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.DailyLimit = 12 })
	_, err := w.ask(t, "Hello")
	require.NoError(t, err)
	_, err = w.ask(t, "Good morning")
	require.Equal(t, gateway.TranslationLimit, gateway.TranslationReasonOf(err))
	_, err = w.ask(t, "Welcome")
	require.NoError(t, err, "a shorter one fits")
	_, err = w.ask(t, "Bye")
	require.Equal(t, gateway.TranslationLimit, gateway.TranslationReasonOf(err))
	got, err := w.ask(t, "Hello")
	require.NoError(t, err)
	require.True(t, got.Cached, "what is cached costs nothing")
	_, err = w.ask(t, "Bye", func(r *gateway.TranslationRequest) { r.AccountID = theirs })
	require.NoError(t, err, "another account has a limit of its own")
	w.clock.Add((24 * time.Hour).Milliseconds())
	_, err = w.ask(t, "Bye")
	require.NoError(t, err, "a new day")
}

func TestBoundsOfARequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct {
		name   string
		change func(*gateway.TranslationRequest)
		reason gateway.TranslationReason
	}{
		{"a long text", func(r *gateway.TranslationRequest) { r.Text = strings.Repeat("a", maxText+1) }, gateway.TranslationTooLong},
		{"a text that is too long when translated", func(r *gateway.TranslationRequest) { r.Text = strings.Repeat("a ", maxResult/2) }, gateway.TranslationTooLong},
		{"many terms", func(r *gateway.TranslationRequest) { r.Keep = make([]string, maxKeep+1) }, gateway.TranslationTooLong},
		{"a long term", func(r *gateway.TranslationRequest) { r.Keep = []string{strings.Repeat("a", maxKeepTerm+1)} }, gateway.TranslationTooLong},
		{"no UTF-8", func(r *gateway.TranslationRequest) { r.Text = "a\xff" }, gateway.TranslationDamaged},
		{"no target", func(r *gateway.TranslationRequest) { r.To = "" }, gateway.TranslationLanguage},
		{"no language", func(r *gateway.TranslationRequest) { r.To = "x-klingon" }, gateway.TranslationLanguage},
		{"an undetermined language", func(r *gateway.TranslationRequest) { r.From = "und" }, gateway.TranslationLanguage},
		{"a long tag", func(r *gateway.TranslationRequest) { r.To = "en-" + strings.Repeat("a", 100) }, gateway.TranslationLanguage},
	} {
		_, err := w.ask(t, "Hello", c.change)
		require.Equal(t, c.reason, gateway.TranslationReasonOf(err), "%s: %v", c.name, err)
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { *c = Config{} })
	require.False(t, w.On())
	require.Equal(t, "real bots: off (--translate-credentials-file); sandbox: a stand-in", w.Describe())
	_, err := w.ask(t, "Hello")
	require.Equal(t, gateway.TranslationOff, gateway.TranslationReasonOf(err))
	sandbox := func(r *gateway.TranslationRequest) { r.Network = gateway.NetworkSandbox }
	got, err := w.ask(t, "Hello {{ name }}", sandbox)
	require.NoError(t, err)
	require.Equal(t, gateway.Translation{Text: "[uk] Hello {{ name }}", From: "en"}, got)
	_, err = w.ask(t, strings.Repeat("a", maxResult), sandbox)
	require.Equal(t, gateway.TranslationTooLong, gateway.TranslationReasonOf(err), "with its mark it is too long")
}

func TestSandboxAsksNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	got, err := w.ask(t, "Hello", func(r *gateway.TranslationRequest) { r.Network = gateway.NetworkSandbox })
	require.NoError(t, err)
	require.Equal(t, "[uk] Hello", got.Text)
	found := func(r *gateway.TranslationRequest) { r.Network, r.From = gateway.NetworkSandbox, "" }
	got, err = w.ask(t, "Where is my order?", found)
	require.NoError(t, err)
	require.Equal(t, gateway.Translation{Text: "[uk] Where is my order?", From: "en"}, got)
	got, err = w.ask(t, "Де моє замовлення?", found)
	require.NoError(t, err)
	require.Equal(t, gateway.Translation{Text: "Де моє замовлення?", From: "uk"}, got, "it is in Ukrainian already")
	got, err = w.ask(t, "*Hello*", found, func(r *gateway.TranslationRequest) { r.Format = gateway.FormatMarkdown })
	require.NoError(t, err)
	require.Equal(t, `\[uk\] *Hello*`, got.Text, "the mark is escaped as the format wants")
	require.Empty(t, w.cloud.asked())
	require.Equal(t, int64(4), w.Stats().Texts["sandbox"])
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := gateway.TranslationRequest{AccountID: mine, Network: gateway.NetworkReal, Text: "Code 482913", From: "en", To: "uk"}
	quote, err := w.QuoteTranslation(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, gateway.TranslationQuote{Characters: 8, Cost: 160, Currency: "USD"}, quote)
	require.Empty(t, w.cloud.asked())
	_, err = w.Translate(t.Context(), r)
	require.NoError(t, err)
	quote, err = w.QuoteTranslation(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, gateway.TranslationQuote{Currency: "USD", Cached: true}, quote)
	r.To = ""
	_, err = w.QuoteTranslation(t.Context(), r)
	require.Equal(t, gateway.TranslationLanguage, gateway.TranslationReasonOf(err))
}

func TestUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.DailyLimit = 1000 })
	_, err := w.ask(t, "Hello")
	require.NoError(t, err)
	usage, err := w.TranslationUsage(t.Context(), mine, w.now(), w.now())
	require.NoError(t, err)
	require.Equal(t, gateway.TranslationUsage{
		On: true, DailyLimit: 1000, Price: 20_000_000, Currency: "USD",
		Days: []gateway.TranslationDay{{Day: w.now().Truncate(24 * time.Hour), Calls: 1, Characters: 5, Cost: 100, Currency: "USD"}},
	}, usage)
	stats := w.Stats()
	require.Equal(t, int64(5), stats.Characters)
	require.Equal(t, gateway.Amount(100), stats.Cost)
	require.Equal(t, int64(1), stats.Texts["translated"])
}

// TestAHostileTranslatorOverTheWire is the promise as a whole: a text comes back whole, or not at all.
func TestAHostileTranslatorOverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	translated, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		text := textGen(rt)
		// The server draws by itself: a call that was given up may still be answered when the next one is made.
		seed := rapid.IntRange(0, math.MaxInt32).Draw(rt, "seed")
		w.cloud.answer = each(func(text string) string {
			return rapid.Custom(func(server *rapid.T) string { return hostile(server, text) }).Example(seed)
		})
		got, err := w.Translate(t.Context(), gateway.TranslationRequest{
			AccountID: mine, Network: gateway.NetworkReal, Text: text, From: "en", To: "uk", Keep: terms,
		})
		w.clock.Add(breakFor.Milliseconds())
		if err != nil {
			refused++
			require.Contains(rt, []gateway.TranslationReason{gateway.TranslationDamaged, gateway.TranslationUnavailable, gateway.TranslationTimeout}, gateway.TranslationReasonOf(err))
			return
		}
		translated++
		intact(rt, text, got.Text)
	})
	require.Positive(t, translated)
	require.Positive(t, refused)
}

func TestClosing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	other := w.another(t, w.config)
	require.NoError(t, other.Close())
	_, err := other.Translate(t.Context(), gateway.TranslationRequest{AccountID: mine, Network: gateway.NetworkReal, Text: "Hello", From: "en", To: "uk"})
	require.ErrorIs(t, err, errClosed)
	other.google = nil // closed already
}
