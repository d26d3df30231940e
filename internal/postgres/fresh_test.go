package postgres_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"herald/internal/gateway"
	"herald/internal/postgres"
	"herald/internal/postgres/postgrestest"
)

// sees is the delivery that decide is shown by a store. Nothing is changed.
func sees(t require.TestingT, store *postgres.Store, m gateway.Message) (seen gateway.Delivery) {
	_, err := store.ChangeDelivery(context.Background(), m.AccountID, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		seen = d
		return gateway.Change{}, nil
	})
	require.NoError(t, err)
	return seen
}

// wholeMessage has a value in each field, also in those that only come to be later.
func (w world) wholeMessage() gateway.Message {
	at := time.Date(2026, 3, 2, 14, 0, 0, 123_456_789, time.FixedZone("Kyiv", 2*60*60))
	price := gateway.Amount(45_000)
	return gateway.Message{
		ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", Direction: gateway.Out, SubscriberID: "sub_1",
		To: gateway.Address{Kind: gateway.AddressPhone, Value: "+380501234567"}, Kind: gateway.UpdateKind("text"),
		Text: "Read <b>this</b>: {link:1}", Format: gateway.FormatHTML, Silent: true, Protected: true,
		Buttons: [][]gateway.Button{{{Text: "Yes & <no>", Data: "yes"}, {Text: "Look", URL: "https://example.com"}}, {}, nil, {{Text: "App", WebApp: "https://app.example.com"}}},
		Media:   &gateway.Media{Kind: gateway.Photo, File: "file_1", URL: "https://example.com/a.png", Name: "door.png"},
		Lane:    gateway.LaneCode, OnUnknown: gateway.Resend, Label: "spring", State: gateway.Failed, Reason: gateway.ReasonTTL, Waited: true,
		NotBefore: at.Add(time.Minute), Between: "09:00-21:00", Timezone: "Europe/Kyiv", TimezoneOf: gateway.ZoneOfAccount, MaxPrice: &price,
		Confirmed: time.Hour + 1_500*time.Microsecond, ConfirmBy: gateway.ConfirmSMS, CarriesCode: true, Price: 90_001, Cost: 7, Currency: "UAH", Note: "note",
		ReadLink: "https://example.com/read", Evidence: gateway.EvidenceLink, EvidenceAt: at, EditedAt: at, DeletedAt: at,
		ExpiresAt: at.Add(time.Hour), CreatedAt: at, UpdatedAt: at.Add(time.Second), Rule: "greeting", Cause: "msg_cause", After: "msg_before",
		AskPhone: true, Language: "en", TranslateTo: "uk", Keep: []string{"Herald", "X"},
		Translation: gateway.Translated{At: at, Text: "later", Reason: "later", Characters: 7, Buttons: [][]gateway.Button{{{Text: "later"}}}},
	}
}

// A message has a new field: set it in wholeMessage, and see what is remembered of it.
func TestTheWholeMessageIsWhole(t *testing.T) {
	t.Parallel()
	w := world{ids: gateway.NewIDs(nil, nil)}
	m := reflect.ValueOf(w.wholeMessage())
	for i := range m.NumField() {
		require.False(t, m.Field(i).IsZero(), m.Type().Field(i).Name)
	}
}

func wholeLegs(ids *gateway.IDs) []gateway.Leg {
	return []gateway.Leg{
		{
			ID: ids.Leg(), MessageID: "msg_other", AccountID: "acc_other", Number: 1, Channel: gateway.ChannelTelegram, State: gateway.LegFailed, Reason: "later",
			Intent: noon, Attempts: 7, Slot: noon, NotBefore: noon, Plain: true, ChatID: 7, PlatformMessageID: 7, SettledAt: noon,
			Until: gateway.UntilRead, Within: time.Minute + 1_999*time.Microsecond, Provider: "later", ProviderID: "later", Segments: 7, Price: 45_001, Cost: 45_001,
		},
		{ID: ids.Leg(), Number: 2, Channel: gateway.ChannelSMS, Until: gateway.UntilAccepted, Price: 90_000},
	}
}

func TestTheWholeLegIsWhole(t *testing.T) {
	t.Parallel()
	leg := reflect.ValueOf(wholeLegs(gateway.NewIDs(nil, nil))[0])
	for i := range leg.NumField() {
		require.False(t, leg.Field(i).IsZero(), leg.Type().Field(i).Name)
	}
}

// annaOnBot lets a person be known by each kind of address.
func (w world) annaOnBot(t *testing.T) map[gateway.AddressKind]string {
	t.Helper()
	w.process(t, 1, gateway.Verdict{
		Subscriber: &gateway.Subscriber{PlatformID: 42, ChatID: 42, FirstName: "Anna", Username: "anna_k", UsernameSeenAt: noon},
		Phone:      "+380501234567", Connection: gateway.Connected,
	})
	external := "a-7"
	_, err := w.ChangeSubscriber(t.Context(), "acc_1", "bot_1", w.person(t, 42).ID, gateway.SubscriberChange{ExternalID: &external}, func(gateway.Subscriber) error { return nil })
	require.NoError(t, err)
	return map[gateway.AddressKind]string{
		gateway.AddressPhone: "+380501234567", gateway.AddressUsername: "anna_k", gateway.AddressExternal: external,
		gateway.AddressChat: "42", gateway.AddressPlatform: "42",
	}
}

// What is remembered of a message must be what the database says of it.
func TestWhatIsRememberedIsWhatIsStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addresses := w.annaOnBot(t)
	elsewhere := w.another(t)
	compare := func(t require.TestingT, m gateway.Message, legs []gateway.Leg, links []gateway.ReadLink) gateway.Delivery {
		created, err := w.AcceptMessage(context.Background(), m, legs, links)
		require.NoError(t, err)
		require.True(t, created)
		stored := sees(t, elsewhere, m)
		require.True(t, w.Remembers(m.ID))
		require.Equal(t, stored, sees(t, w.Store, m))
		require.True(t, w.Remembers(m.ID), "nothing has come of it yet")
		require.Equal(t, stored, sees(t, w.Store, m))
		return stored
	}
	one := func() []gateway.Leg {
		return []gateway.Leg{{ID: w.ids.Leg(), Number: 1, Channel: gateway.ChannelTelegram, Until: gateway.UntilAccepted}}
	}
	plain := func() gateway.Message {
		return gateway.Message{
			ID: w.ids.Message(), AccountID: "acc_1", BotID: "bot_1", To: gateway.Address{Kind: gateway.AddressPlatform, Value: "42"}, Text: "hello",
			Lane: gateway.LaneService, OnUnknown: gateway.Hold, ExpiresAt: noon.Add(time.Hour), CreatedAt: noon,
		}
	}

	t.Run("with everything that a message can have", func(t *testing.T) {
		m := w.wholeMessage()
		m.After = ""
		seen := compare(t, m, wholeLegs(w.ids), []gateway.ReadLink{{Number: 1, Token: "token", Link: "https://h/l", URL: "https://example.com/read"}})
		require.Len(t, seen.Links, 1)
		require.Len(t, seen.Legs, 2)
		require.NotNil(t, seen.Subscriber)
	})
	t.Run("with hardly anything", func(t *testing.T) {
		require.Equal(t, gateway.FormatPlain, compare(t, plain(), one(), nil).Message.Format)
	})
	t.Run("with a moment of this process, in its zone", func(t *testing.T) {
		m := plain()
		m.CreatedAt = time.Now()
		m.NotBefore, m.ExpiresAt = m.CreatedAt.Add(time.Minute), m.CreatedAt.Add(time.Hour)
		compare(t, m, one(), nil)
	})
	t.Run("with legs in any order", func(t *testing.T) {
		legs := wholeLegs(w.ids)
		legs[0], legs[1] = legs[1], legs[0]
		require.Equal(t, 1, compare(t, plain(), legs, nil).Leg.Number)
	})
	t.Run("to addresses that name nobody", func(t *testing.T) {
		for _, to := range []gateway.Address{
			{Kind: gateway.AddressPlatform, Value: ""},
			{Kind: gateway.AddressPlatform, Value: "9223372036854775807"},
			{Kind: gateway.AddressPlatform, Value: "-1"},
			{Kind: gateway.AddressPlatform, Value: " 42 "},
			{Kind: gateway.AddressPhone, Value: "+380990000000"},
			{Kind: gateway.AddressUsername, Value: "nobody"},
		} {
			m := plain()
			m.To = to
			compare(t, m, one(), nil)
		}
	})
	t.Run("whatever it is", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			m := drawnMessage(rt, w.ids, addresses)
			compare(rt, m, drawnLegs(rt, w.ids), nil)
		})
	})
}

func drawnMessage(t *rapid.T, ids *gateway.IDs, known map[gateway.AddressKind]string) gateway.Message {
	text := rapid.StringMatching(`[ -~іїєґ😀]{0,12}`)
	flag := rapid.Bool()
	kind := rapid.SampledFrom([]gateway.AddressKind{gateway.AddressPhone, gateway.AddressUsername, gateway.AddressExternal, gateway.AddressChat, gateway.AddressPlatform}).Draw(t, "kind")
	value := known[kind]
	if flag.Draw(t, "nobody") {
		value += "7"
	}
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		zone := rapid.SampledFrom([]*time.Location{time.UTC, time.Local, time.FixedZone("x", 5400)}).Draw(t, "zone")
		return noon.Add(time.Duration(rapid.Int64Range(0, int64(1e17)).Draw(t, "after noon"))).In(zone)
	})
	button := rapid.Custom(func(t *rapid.T) gateway.Button {
		return gateway.Button{Text: rapid.String().Draw(t, "button"), Data: text.Draw(t, "data"), URL: text.Draw(t, "url"), WebApp: text.Draw(t, "app")}
	})
	created := moment.Draw(t, "created")
	m := gateway.Message{
		ID: ids.Message(), AccountID: "acc_1", BotID: "bot_1", Direction: gateway.Out, To: gateway.Address{Kind: kind, Value: value},
		Text: rapid.String().Draw(t, "text"), Format: rapid.SampledFrom([]gateway.Format{"", gateway.FormatPlain, gateway.FormatHTML}).Draw(t, "format"),
		Buttons: rapid.SliceOfN(rapid.SliceOfN(button, 0, 3), 0, 3).Draw(t, "buttons"),
		Silent:  flag.Draw(t, "silent"), Protected: flag.Draw(t, "protected"), Waited: flag.Draw(t, "waited"), AskPhone: flag.Draw(t, "ask"), CarriesCode: flag.Draw(t, "code"),
		Lane: rapid.SampledFrom([]gateway.Lane{gateway.LaneCode, gateway.LaneService, gateway.LaneBulk}).Draw(t, "lane"), OnUnknown: gateway.Hold,
		Label: text.Draw(t, "label"), Rule: text.Draw(t, "rule"), Language: text.Draw(t, "language"), TranslateTo: text.Draw(t, "to"),
		Keep: rapid.SliceOfN(text, 0, 3).Draw(t, "keep"), Confirmed: time.Duration(rapid.Int64Range(0, int64(1e15)).Draw(t, "confirmed")),
		Price: gateway.Amount(rapid.Int64Range(0, 1e15).Draw(t, "price")), Currency: "UAH", State: gateway.Queued,
		ExpiresAt: created.Add(time.Hour), CreatedAt: created, UpdatedAt: created,
	}
	if flag.Draw(t, "media") {
		m.Media = &gateway.Media{Kind: gateway.Document, File: gateway.FileID(text.Draw(t, "file")), Name: rapid.String().Draw(t, "name")}
	}
	if flag.Draw(t, "max") {
		most := gateway.Amount(rapid.Int64Range(0, 1e15).Draw(t, "most"))
		m.MaxPrice = &most
	}
	if flag.Draw(t, "later") {
		m.NotBefore = moment.Draw(t, "not before")
	}
	if flag.Draw(t, "hours") {
		m.Between, m.Timezone, m.TimezoneOf = "09:00-21:00", "Europe/Kyiv", gateway.ZoneOfMessage
	}
	return m
}

func drawnLegs(t *rapid.T, ids *gateway.IDs) []gateway.Leg {
	legs := []gateway.Leg{{Channel: gateway.ChannelTelegram}, {Channel: gateway.ChannelSMS}, {Channel: gateway.ChannelTelegram}}
	legs = legs[rapid.IntRange(0, 2).Draw(t, "first"):]
	for i := range legs {
		legs[i].ID, legs[i].Number = ids.Leg(), i+1
		legs[i].Until = rapid.SampledFrom([]gateway.Until{gateway.UntilAccepted, gateway.UntilRead}).Draw(t, "until")
		legs[i].Within = time.Duration(rapid.Int64Range(0, int64(1e15)).Draw(t, "within"))
		legs[i].Price = gateway.Amount(rapid.Int64Range(0, 1e15).Draw(t, "price of leg"))
	}
	return legs
}

// What is remembered is used only as long as nothing has happened to the message.
func TestWhatIsRememberedMayBeOutdated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addresses := w.annaOnBot(t)
	elsewhere := w.another(t)
	toPhone := gateway.Address{Kind: gateway.AddressPhone, Value: addresses[gateway.AddressPhone]}
	anna := w.person(t, 42).ID
	// near is a turn that is a moment away: it is written, and not told.
	near := func(d gateway.Delivery) (gateway.Change, error) {
		leg, slots := d.Leg, d.Slots
		leg.Slot, slots.ServiceFree = noon, noon
		return gateway.Change{Leg: &leg, Slots: &slots}, nil
	}

	t.Run("by a line of its story", func(t *testing.T) {
		m := w.accept(t, toPhone, nil)
		_, err := elsewhere.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			return gateway.Change{State: gateway.Cancelled, SkipRest: true, Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Queued, State: gateway.Cancelled}}}, nil
		})
		require.NoError(t, err)
		require.True(t, w.Remembers(m.ID))
		seen := sees(t, w.Store, m)
		require.Equal(t, gateway.Cancelled, seen.Message.State)
		require.Equal(t, 2, seen.Sequence)
		require.Equal(t, gateway.LegSkipped, seen.Leg.State)
		require.Equal(t, sees(t, elsewhere, m), seen)
	})
	t.Run("by a turn that was not told", func(t *testing.T) {
		m := w.accept(t, toPhone, nil)
		_, err := elsewhere.ChangeDelivery(t.Context(), "acc_1", m.ID, near)
		require.NoError(t, err)
		require.True(t, w.Remembers(m.ID))
		seen := sees(t, w.Store, m)
		require.Equal(t, 1, seen.Sequence)
		require.Equal(t, noon, seen.Leg.Slot)
		require.Equal(t, sees(t, elsewhere, m), seen)
	})
	t.Run("by what is written while it waits for the message", func(t *testing.T) {
		m := w.accept(t, toPhone, nil)
		seen := make(chan gateway.Delivery, 1)
		_, err := elsewhere.ChangeDelivery(t.Context(), "acc_1", m.ID, func(d gateway.Delivery) (gateway.Change, error) {
			go func() { seen <- sees(t, w.Store, m) }()
			w.awaitLock(t)
			return near(d)
		})
		require.NoError(t, err)
		require.Equal(t, noon, (<-seen).Leg.Slot)
	})
	t.Run("by an erasing", func(t *testing.T) {
		m := w.accept(t, gateway.Address{Kind: gateway.AddressPhone, Value: "+380670000001"}, nil)
		_, err := elsewhere.ForgetPhone(t.Context(), "acc_1", "+380670000001", noon.Add(time.Minute))
		require.NoError(t, err)
		for more := true; more; {
			more, err = elsewhere.Erase(t.Context(), noon.Add(time.Hour))
			require.NoError(t, err)
		}
		require.True(t, w.Remembers(m.ID))
		seen := sees(t, w.Store, m)
		require.Empty(t, seen.Message.Text)
		require.Empty(t, seen.Message.To.Value)
		require.Equal(t, gateway.Cancelled, seen.Message.State)
	})
	t.Run("by a call that is under way, to whoever had the phone then", func(t *testing.T) {
		m := w.accept(t, toPhone, nil)
		elsewhere := world{Store: elsewhere, url: w.url, ids: w.ids}
		elsewhere.called(t, m.ID)
		w.proves(t, 2, 43, toPhone.Value)
		require.NotEqual(t, anna, w.person(t, 43).ID)
		require.True(t, w.Remembers(m.ID))
		seen := sees(t, w.Store, m)
		require.Equal(t, anna, seen.Subscriber.ID)
		require.Equal(t, sees(t, elsewhere.Store, m), seen)
	})
	t.Run("not by what was given up", func(t *testing.T) {
		m := w.accept(t, toPhone, nil)
		refused := errors.New("no decision")
		_, err := w.ChangeDelivery(t.Context(), "acc_1", m.ID, func(gateway.Delivery) (gateway.Change, error) { return gateway.Change{}, refused })
		require.ErrorIs(t, err, refused)
		require.False(t, w.Remembers(m.ID), "it is handed out once")
		require.Equal(t, 1, sees(t, w.Store, m).Sequence)
	})
}

// What is not the message's own is asked for each time.
func TestWhatIsRememberedIsTheMessageAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	elsewhere := w.another(t)
	m := w.accept(t, toAnna, nil)
	b, err := elsewhere.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	b.SealedToken = []byte("another")
	require.NoError(t, elsewhere.ReplaceToken(t.Context(), b))
	_, err = elsewhere.PauseBot(t.Context(), "acc_1", "bot_1", noon)
	require.NoError(t, err)
	suspend := true
	_, err = elsewhere.ChangeAccount(t.Context(), "acc_1", gateway.AccountChange{Suspend: &suspend}, noon)
	require.NoError(t, err)
	require.True(t, w.Remembers(m.ID))
	seen := sees(t, w.Store, m)
	require.Equal(t, gateway.BotPaused, seen.Bot.State)
	require.Equal(t, []byte("another"), seen.Bot.SealedToken)
	require.True(t, seen.Suspended)
	require.Equal(t, sees(t, elsewhere, m), seen)

	other := w.accept(t, toAnna, nil)
	_, err = w.ChangeDelivery(t.Context(), "acc_2", other.ID, nil)
	require.ErrorIs(t, err, gateway.ErrMessageNotFound, "it is nothing to another account")
	require.True(t, w.Remembers(other.ID))
}

func TestWhoBorrowsABotIsRememberedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lends(t)
	addresses := w.annaOnBot(t)
	elsewhere := w.another(t)
	for _, kind := range []gateway.AddressKind{gateway.AddressPhone, gateway.AddressPlatform} {
		m := w.accept(t, gateway.Address{Kind: kind, Value: addresses[kind]}, func(m *gateway.Message) { m.AccountID = "acc_2" })
		require.True(t, w.Remembers(m.ID))
		seen := sees(t, w.Store, m)
		require.Equal(t, gateway.AccountID("acc_1"), seen.Bot.AccountID)
		require.Equal(t, int64(42), seen.Subscriber.PlatformID)
		require.Equal(t, sees(t, elsewhere, m), seen)
	}
}

// The slots of a bot are what its messages wait for. A phone that changes hands meanwhile is somebody's all the time.
func TestAPhoneThatChangesHandsNamesSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addresses := w.annaOnBot(t)
	m := w.accept(t, gateway.Address{Kind: gateway.AddressPhone, Value: addresses[gateway.AddressPhone]}, nil)
	holding, err := postgrestest.Conn(t, w.url).Begin(t.Context())
	require.NoError(t, err)
	_, err = holding.Exec(t.Context(), "UPDATE bot_slots SET refusals = 0")
	require.NoError(t, err)
	seen := make(chan gateway.Delivery, 1)
	go func() { seen <- sees(t, w.Store, m) }()
	w.awaitLock(t)
	w.proves(t, 2, 43, m.To.Value)
	require.NoError(t, holding.Commit(t.Context()))
	require.NotNil(t, (<-seen).Subscriber)
}

func TestLittleIsRemembered(t *testing.T) {
	t.Parallel()
	leg := gateway.Leg{Number: 1}
	named := func(ids *gateway.IDs) gateway.Message { return gateway.Message{ID: ids.Message(), AccountID: "acc_1"} }

	t.Run("so many at most, and the oldest goes first", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ids := gateway.NewIDs(nil, nil)
			var f postgres.Fresh
			first, second := named(ids), named(ids)
			f.Add(first, leg)
			f.Add(second, leg)
			for range postgres.FreshAtMost - 1 {
				f.Add(named(ids), leg)
			}
			require.Equal(t, 1024, f.Len())
			require.False(t, f.Take("acc_1", first.ID))
			require.False(t, f.Take("acc_2", second.ID), "it is nothing to another account")
			require.True(t, f.Take("acc_1", second.ID))
			require.False(t, f.Take("acc_1", second.ID), "once")
			for range 3 * postgres.FreshAtMost {
				f.Add(named(ids), leg)
			}
			require.Equal(t, 1024, f.Len())
			f.Forget()
			require.Zero(t, f.Len())
		})
	})
	t.Run("for moments", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ids := gateway.NewIDs(nil, nil)
			var f postgres.Fresh
			old, young := named(ids), named(ids)
			f.Add(old, leg)
			<-time.After(postgres.FreshFor - time.Millisecond) // of the bubble
			f.Add(young, leg)
			<-time.After(2 * time.Millisecond) // of the bubble
			require.False(t, f.Take("acc_1", old.ID))
			require.Equal(t, 1, f.Len())
			<-time.After(2 * postgres.FreshFor) // of the bubble
			require.Zero(t, f.Len())
		})
	})
	t.Run("nothing that goes out after another one", func(t *testing.T) {
		t.Parallel()
		var f postgres.Fresh
		m := named(gateway.NewIDs(nil, nil))
		m.After = "msg_before"
		f.Add(m, leg)
		m.After = ""
		f.Add(m)
		require.Zero(t, f.Len())
	})
}
