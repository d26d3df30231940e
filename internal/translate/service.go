package translate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/sync/singleflight"
	"golang.org/x/text/language"

	"herald/internal/gateway"
	detect "herald/internal/language"
)

// Bounds of a request.
const (
	maxText     = 5000 // code points
	maxKeep     = 500  // terms
	maxKeepTerm = 4096 // code points
	maxResult   = 4096 // UTF-16 units: more no messenger takes in one message
)

var (
	errResting = errors.New("the translator failed several times in a row and is left alone for a moment")
	errClosed  = errors.New("the process is stopping")
)

// Service is the Translator of an installation. It is safe for concurrent use.
type Service struct {
	config  Config
	google  *google // nil: off
	cache   cache
	store   gateway.TranslationStore
	now     gateway.Clock
	logger  *slog.Logger
	flights singleflight.Group
	breaker breaker
	count   counts

	life    context.Context // of calls, which may outlive who began them
	stop    context.CancelFunc
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

var (
	_ gateway.Translator        = (*Service)(nil)
	_ gateway.TranslationPricer = (*Service)(nil)
	_ gateway.TranslationLedger = (*Service)(nil)
)

// Deps are what a Service works with.
type Deps struct {
	Store  gateway.TranslationStore
	Sealer gateway.Sealer
	IDs    *gateway.IDs
	Now    gateway.Clock
	Logger *slog.Logger
}

// New returns a Service. It asks nobody: whether the credentials are good shows with the first translation.
func New(ctx context.Context, c Config, d Deps) (*Service, error) {
	c = c.withDefaults()
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Service{
		config: c, store: d.Store, now: d.Now, logger: d.Logger, breaker: breaker{now: d.Now}, count: counts{},
		cache: cache{store: d.Store, sealer: d.Sealer, ids: d.IDs, now: d.Now, age: c.CacheAge},
	}
	s.life, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	if c.on() {
		var err error
		if s.google, err = newGoogle(ctx, c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Close ends what is under way.
func (s *Service) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.running.Wait()
	if s.google != nil {
		return s.google.close()
	}
	return nil
}

// begin counts a call as under way, unless the service was closed.
func (s *Service) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// On tells whether texts of real bots are translated.
func (s *Service) On() bool { return s.google != nil }

// Describe says in one line what translates, for the start of a process.
func (s *Service) Describe() string {
	if !s.On() {
		return "real bots: off (--translate-credentials-file); sandbox: a stand-in"
	}
	where := ""
	if s.config.Endpoint != "" {
		where = " at " + s.config.Endpoint
	}
	return fmt.Sprintf("Google Cloud Translation, project %s, %s%s", s.config.Project, s.config.Location, where)
}

// job is a request that was looked at.
type job struct {
	account  gateway.AccountID
	from, to language.Tag // from is und: to be found out
	masked   masked
	key      gateway.TranslationKey
}

// Translate translates a text; see gateway.Translator.
func (s *Service) Translate(ctx context.Context, r gateway.TranslationRequest) (gateway.Translation, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	t, outcome, err := s.translate(ctx, r)
	if err != nil {
		outcome = string(gateway.TranslationReasonOf(err))
		s.logger.InfoContext(ctx, "a text was not translated", "account", r.AccountID, "error", err)
	}
	s.count.ended(outcome)
	return t, err
}

func (s *Service) translate(ctx context.Context, r gateway.TranslationRequest) (t gateway.Translation, outcome string, err error) {
	j, same, err := s.look(r)
	switch {
	case err != nil:
		return t, "", err
	case same:
		return gateway.Translation{Text: r.Text, From: r.From}, outcomeSame, nil
	case r.Network == gateway.NetworkSandbox:
		t, err = standIn(r, j)
		return t, outcomeSandbox, err
	case !s.On():
		return t, "", &gateway.TranslationError{Reason: gateway.TranslationOff}
	}
	if j.key, err = s.cache.key(ctx, j); err != nil {
		return t, "", failed(ctx, err)
	}
	t, found, err := s.cache.find(ctx, j)
	if err == nil && !found {
		t, err = s.share(ctx, j)
	}
	t.Key = &j.key
	outcome = outcomeTranslated
	if t.Cached {
		outcome = outcomeCached
	}
	return t, outcome, failed(ctx, err)
}

// look checks a request. It is the same if there is nothing to translate.
func (s *Service) look(r gateway.TranslationRequest) (j job, same bool, err error) {
	refuse := func(reason gateway.TranslationReason) (job, bool, error) {
		return job{}, false, &gateway.TranslationError{Reason: reason}
	}
	if len(r.Text) > maxText*utf8.UTFMax || utf8.RuneCountInString(r.Text) > maxText || len(r.Keep) > maxKeep || slices.ContainsFunc(r.Keep, longTerm) {
		return refuse(gateway.TranslationTooLong)
	}
	if !utf8.ValidString(r.Text) {
		return refuse(gateway.TranslationDamaged)
	}
	j.account = r.AccountID
	var ok bool
	if j.to, ok = parseTag(r.To); !ok {
		return refuse(gateway.TranslationLanguage)
	}
	if r.From != "" {
		if j.from, ok = parseTag(r.From); !ok {
			return refuse(gateway.TranslationLanguage)
		}
		if sameLanguage(j.from, j.to) {
			return j, true, nil
		}
	}
	j.masked = mask(r.Text, r.Keep, r.Format)
	return j, !hasLetters(j.masked.body), nil
}

func longTerm(term string) bool { return utf8.RuneCountInString(term) > maxKeepTerm }

// share translates, once for all callers that ask for the same at the same time. Who waits for another's call pays
// nothing; the call goes on when the one who began it goes away.
func (s *Service) share(ctx context.Context, j job) (gateway.Translation, error) {
	mine := false
	flight := s.flights.DoChan(string(j.account)+string(j.key[:]), func() (any, error) {
		mine = true
		if !s.begin() {
			return nil, &gateway.TranslationError{Reason: gateway.TranslationUnavailable, Err: errClosed}
		}
		defer s.running.Done()
		call, cancel := context.WithTimeout(s.life, s.config.Timeout)
		defer cancel()
		return s.call(call, j)
	})
	select {
	case <-ctx.Done():
		return gateway.Translation{}, failed(ctx, ctx.Err())
	case landed := <-flight:
		if landed.Err != nil {
			return gateway.Translation{}, failed(ctx, landed.Err)
		}
		e := landed.Val.(result)
		t, err := e.restore(j)
		if t.Cached = !mine; mine {
			t.Characters = e.characters
		}
		return t, err
	}
}

// result is what a call brought: a translation of the masked text.
type result struct {
	kept
	characters int
}

// call asks the translator: for the text as a whole, and if it damages what is locked, piece by piece around that.
func (s *Service) call(ctx context.Context, j job) (result, error) {
	body := j.masked.body
	texts, found, err := s.pay(ctx, j, []string{body})
	if err != nil {
		return result{}, err
	}
	r := result{kept: kept{Text: canonical(texts[0]), From: found}, characters: utf8.RuneCountInString(body)}
	if _, ok := j.masked.restore(r.Text); !ok {
		pieces := j.masked.pieces()
		if len(pieces) > maxContents {
			return result{}, &gateway.TranslationError{Reason: gateway.TranslationDamaged}
		}
		if texts, _, err = s.pay(ctx, j, pieces); err != nil {
			return result{}, err
		}
		r.Text = j.masked.join(texts)
		r.characters += points(pieces)
	}
	if _, err := r.restore(j); gateway.TranslationReasonOf(err) == gateway.TranslationDamaged {
		return result{}, err
	}
	if err := s.cache.keep(ctx, j, r.kept); err != nil {
		s.logger.WarnContext(ctx, "keeping a translation", "error", err)
	}
	return r, nil
}

// pay makes one call and counts it: before, so that no account passes its limit, and not at all if it was refused.
func (s *Service) pay(ctx context.Context, j job, texts []string) (translated []string, found string, err error) {
	if err := s.breaker.allow(); err != nil {
		return nil, "", err
	}
	spent := s.spent(points(texts))
	ok, err := s.store.SpendTranslation(ctx, j.account, spent, s.config.DailyLimit)
	if err != nil {
		return nil, "", failed(ctx, err)
	}
	if !ok {
		return nil, "", &gateway.TranslationError{Reason: gateway.TranslationLimit}
	}
	from := ""
	if j.from != language.Und {
		from = googleCode(j.from)
	}
	translated, found, err = s.google.translate(ctx, texts, from, googleCode(j.to))
	s.breaker.tell(err)
	if err != nil && certainlyNotBilled(err) {
		refund, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Timeout)
		defer cancel()
		if err := s.store.RefundTranslation(refund, j.account, spent); err != nil {
			s.logger.WarnContext(ctx, "taking back a counted translation", "error", err)
		}
		return nil, "", err
	}
	s.count.paid(spent)
	if err == nil && j.from != language.Und {
		found = j.from.String()
	}
	return translated, ourCode(found), err
}

// spent is what a call of so many characters counts as.
func (s *Service) spent(characters int) gateway.TranslationDay {
	return gateway.TranslationDay{
		Day: s.now().UTC().Truncate(24 * time.Hour), Calls: 1, Characters: int64(characters), Cost: s.cost(characters), Currency: s.config.Currency,
	}
}

// cost is what characters cost, rounded up to a millionth of the currency's unit.
func (s *Service) cost(characters int) gateway.Amount {
	return (s.config.Price*gateway.Amount(characters) + million - 1) / million
}

// restore makes the translation of a job from the masked one.
func (k kept) restore(j job) (gateway.Translation, error) {
	text, ok := j.masked.restore(k.Text)
	if !ok {
		return gateway.Translation{}, &gateway.TranslationError{Reason: gateway.TranslationDamaged}
	}
	if units(text) > maxResult {
		return gateway.Translation{}, &gateway.TranslationError{Reason: gateway.TranslationTooLong}
	}
	return gateway.Translation{Text: text, From: k.From}, nil
}

// QuoteTranslation tells what a translation would take; see gateway.TranslationPricer.
func (s *Service) QuoteTranslation(ctx context.Context, r gateway.TranslationRequest) (gateway.TranslationQuote, error) {
	quote := gateway.TranslationQuote{Currency: s.config.Currency}
	j, same, err := s.look(r)
	if err != nil || same || r.Network == gateway.NetworkSandbox {
		return quote, err
	}
	if !s.On() {
		return quote, &gateway.TranslationError{Reason: gateway.TranslationOff}
	}
	if j.key, err = s.cache.key(ctx, j); err != nil {
		return quote, failed(ctx, err)
	}
	if _, quote.Cached, err = s.cache.find(ctx, j); err != nil || quote.Cached {
		return quote, failed(ctx, err)
	}
	quote.Characters = utf8.RuneCountInString(j.masked.body)
	quote.Cost = s.cost(quote.Characters)
	return quote, nil
}

// TranslationUsage tells what an account had translated; see gateway.TranslationLedger.
func (s *Service) TranslationUsage(ctx context.Context, account gateway.AccountID, first, last time.Time) (gateway.TranslationUsage, error) {
	days, err := s.store.TranslationDays(ctx, account, first, last)
	return gateway.TranslationUsage{
		On: s.On(), DailyLimit: s.config.DailyLimit, Price: s.config.Price, Currency: s.config.Currency, Days: days,
	}, err
}

// Trim removes translations that are too old, or too many, and tells how many these were.
func (s *Service) Trim(ctx context.Context) (removed int64, err error) {
	return s.store.TrimTranslations(ctx, s.now().Add(-s.config.CacheAge), s.config.CacheSize)
}

// failed makes an error of the store, or of a context, a *gateway.TranslationError.
func failed(ctx context.Context, err error) error {
	var known *gateway.TranslationError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return &gateway.TranslationError{Reason: gateway.TranslationTimeout, Err: err}
	default:
		return unavailable(err)
	}
}

// points counts the code points of texts: what is billed.
func points(texts []string) (n int) {
	for _, text := range texts {
		n += utf8.RuneCountInString(text)
	}
	return n
}

// units counts as messengers do.
func units(text string) (n int) {
	for _, r := range text {
		n += utf16.RuneLen(r)
	}
	return n
}

// standIn marks a text with the language that it would be in: in the sandbox translation is seen, and nobody is asked. A
// text that is in that language already stays as it is.
func standIn(r gateway.TranslationRequest, j job) (gateway.Translation, error) {
	t := gateway.Translation{Text: r.Text, From: r.From}
	if t.From == "" {
		t.From, _ = detect.Detect(decoded(r.Text, r.Format))
		if found, ok := parseTag(t.From); ok && sameLanguage(found, j.to) {
			return t, nil
		}
	}
	t.Text = encoded("["+j.to.String()+"] ", r.Format) + strings.TrimLeft(r.Text, " \t\r\n")
	if units(t.Text) > maxResult {
		return gateway.Translation{}, &gateway.TranslationError{Reason: gateway.TranslationTooLong}
	}
	return t, nil
}
