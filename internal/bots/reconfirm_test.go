package bots

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestReconfirmPolicy(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	span := func(d time.Duration) *time.Duration { return &d }
	unset := gateway.ReconfirmPolicy{By: gateway.ConfirmContact, RemindAfter: 3 * day, LapseAfter: 14 * day}
	was := gateway.ReconfirmPolicy{Every: 90 * day, By: gateway.ConfirmSMS, RemindAfter: day, LapseAfter: 2 * day}
	for name, c := range map[string]struct {
		was     gateway.ReconfirmPolicy
		network gateway.Network
		wish    Reconfirm
		want    gateway.ReconfirmPolicy
		fault   string // the field that is refused
	}{
		"a new bot asks nobody":                      {want: unset},
		"a day is the least of a real bot":           {wish: Reconfirm{Every: span(day)}, want: gateway.ReconfirmPolicy{Every: day, By: gateway.ConfirmContact, RemindAfter: 3 * day, LapseAfter: 14 * day}},
		"less than a day is pestering":               {wish: Reconfirm{Every: span(day - time.Second)}, fault: "reconfirm_every"},
		"so is a reminder at once":                   {wish: Reconfirm{RemindAfter: span(time.Minute)}, fault: "reconfirm_remind_after"},
		"and a phone that lapses at once":            {wish: Reconfirm{LapseAfter: span(time.Minute)}, fault: "reconfirm_lapse_after"},
		"a bot of the sandbox may be quick":          {network: gateway.NetworkSandbox, wish: Reconfirm{Every: span(time.Second), RemindAfter: span(2 * time.Second), LapseAfter: span(3 * time.Second)}, want: gateway.ReconfirmPolicy{Every: time.Second, By: gateway.ConfirmContact, RemindAfter: 2 * time.Second, LapseAfter: 3 * time.Second}},
		"what is left out stays":                     {was: was, wish: Reconfirm{LapseAfter: span(5 * day)}, want: gateway.ReconfirmPolicy{Every: 90 * day, By: gateway.ConfirmSMS, RemindAfter: day, LapseAfter: 5 * day}},
		"off keeps the rest":                         {was: was, wish: Reconfirm{Every: span(0)}, want: gateway.ReconfirmPolicy{By: gateway.ConfirmSMS, RemindAfter: day, LapseAfter: 2 * day}},
		"a reminder comes before the end":            {was: was, wish: Reconfirm{RemindAfter: span(2 * day)}, fault: "reconfirm_lapse_after"},
		"there are two ways":                         {was: was, wish: Reconfirm{By: "letter"}, fault: "reconfirm_by"},
		"a proof that is good for twenty years":      {was: was, wish: Reconfirm{Every: span(20 * 366 * day)}, fault: "reconfirm_every"},
		"nothing is checked where nothing is wanted": {was: gateway.ReconfirmPolicy{Every: time.Second, By: gateway.ConfirmSMS, RemindAfter: time.Second, LapseAfter: time.Second}, want: gateway.ReconfirmPolicy{Every: time.Second, By: gateway.ConfirmSMS, RemindAfter: time.Second, LapseAfter: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.wish.apply(c.was, c.network)
			if c.fault == "" {
				require.NoError(t, err)
				require.Equal(t, c.want, got)
				return
			}
			var refused *gateway.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, gateway.CodeFieldInvalid, refused.Code)
			require.Equal(t, c.fault, refused.Field)
		})
	}
}
