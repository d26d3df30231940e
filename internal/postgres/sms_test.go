package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// hands hands an SMS over: its submission is not answered yet.
func (w world) hands(t *testing.T, m gateway.Message) {
	t.Helper()
	_, err := w.ChangeDelivery(t.Context(), m.AccountID, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		leg := d.Legs[1]
		leg.Intent, leg.Attempts = noon, 1
		return gateway.Change{
			State: gateway.Sending, Leg: &leg,
			Events: []gateway.Event{{At: noon, Kind: gateway.EventIntent, From: gateway.Queued, State: gateway.Sending}},
		}, nil
	})
	require.NoError(t, err)
}

// arrives takes a report that an SMS has arrived.
func (w world) arrives(t *testing.T, m gateway.Message) {
	t.Helper()
	_, err := w.ChangeDelivery(t.Context(), m.AccountID, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		return d.WithEvidence(gateway.Evidence{Kind: gateway.EvidenceReport, At: noon}, 2), nil
	})
	require.NoError(t, err)
}

// fails ends an SMS that no provider took.
func (w world) fails(t *testing.T, m gateway.Message) {
	t.Helper()
	_, err := w.ChangeDelivery(t.Context(), m.AccountID, m.ID, func(d gateway.Delivery) (gateway.Change, error) {
		leg := d.Legs[1]
		leg.State, leg.Reason, leg.Intent, leg.SettledAt = gateway.LegFailed, gateway.ReasonNoProvider, time.Time{}, noon.Add(time.Minute)
		return gateway.Change{
			State: gateway.Failed, Reason: gateway.ReasonNoProvider, Leg: &leg, SkipRest: true,
			Events: []gateway.Event{{At: noon, Kind: gateway.EventState, From: gateway.Sending, State: gateway.Failed}},
		}, nil
	})
	require.NoError(t, err)
}

func TestAnSMSIsAnAnswerToTheNewestToItsPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const phone = "+380501234567"
	answers := func(id string, at time.Time) (to gateway.MessageID, found bool) {
		leg, found, err := w.SaveReply(t.Context(), gateway.SMSReply{Provider: "sandbox", ProviderID: id, From: phone, To: "1", Text: "yes", At: at}, w.ids.Message(), at)
		require.NoError(t, err)
		return leg.MessageID, found
	}
	toPhone := gateway.Address{Kind: gateway.AddressPhone, Value: phone}

	first := w.accept(t, toPhone, nil)
	_, found := answers("mo_1", noon)
	require.False(t, found, "nothing has gone to it yet")
	w.texts(t, first)
	to, found := answers("mo_2", noon)
	require.True(t, found)
	require.Equal(t, first.ID, to)

	second := w.accept(t, toPhone, nil)
	to, _ = answers("mo_3", noon)
	require.Equal(t, first.ID, to, "the second has not left")
	w.hands(t, second)
	to, _ = answers("mo_4", noon)
	require.Equal(t, first.ID, to, "nobody knows whether the second has arrived")
	w.arrives(t, second)
	to, _ = answers("mo_5", noon)
	require.Equal(t, second.ID, to, "a report, and people, may be quicker than the answer to its submission")

	third := w.accept(t, toPhone, nil)
	w.hands(t, third)
	w.fails(t, third)
	to, _ = answers("mo_6", noon)
	require.Equal(t, second.ID, to, "the third did not get there")

	_, found = answers("mo_7", noon.Add(15*24*time.Hour))
	require.False(t, found, "after two weeks it is about something else")
}
