package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ids := gateway.NewIDs(func() time.Time { at = at.Add(time.Millisecond); return at }, nil)
	var made []string
	for range 1000 {
		id := string(ids.Message())
		require.True(t, gateway.HasPrefix(id, "msg"), id)
		require.False(t, gateway.HasPrefix(id, "bot"), id)
		made = append(made, id)
	}
	require.True(t, sort.StringsAreSorted(made), "ids sort by the time they were made")

	same := gateway.NewIDs(func() time.Time { return at }, strings.NewReader(strings.Repeat("x", 100)))
	again := gateway.NewIDs(func() time.Time { return at }, strings.NewReader(strings.Repeat("x", 100)))
	require.Equal(t, same.Bot(), again.Bot(), "time and randomness are all there is to an id")

	for _, odd := range []string{"", "msg", "msg_", "msg_short", "msg_" + strings.Repeat("!", 26), "MSG_00000000000000000000000000"} {
		require.False(t, gateway.HasPrefix(odd, "msg"), odd)
	}
}

func TestASecretIsNotPrintedByAccident(t *testing.T) {
	t.Parallel()
	const words = "hk_do_not_print"
	secret := gateway.Secret(words)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "in", struct{ S gateway.Secret }{secret})
	inJSON, err := json.Marshal(map[string]any{"s": secret, "list": []gateway.Secret{secret}})
	require.NoError(t, err)
	for _, printed := range []string{
		log.String(), string(inJSON), fmt.Sprint(secret), fmt.Sprintf("%s %q %v %+v %#v %x", secret, secret, secret, secret, secret, secret),
		fmt.Sprintf("%+v", struct{ S gateway.Secret }{secret}), fmt.Errorf("x: %v", secret).Error(),
	} {
		require.NotContains(t, printed, words)
		require.NotContains(t, printed, fmt.Sprintf("%x", words))
	}
	require.Equal(t, words, secret.Reveal())
}

func TestErrors(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("read: %w", &gateway.Error{Code: gateway.CodeMessageNotFound, Message: "other words", Err: errors.New("cause")})
	require.ErrorIs(t, err, gateway.ErrMessageNotFound, "errors compare by their code")
	require.NotErrorIs(t, err, gateway.ErrBotNotFound)
	require.Equal(t, gateway.CodeMessageNotFound, gateway.CodeOf(err))
	require.Equal(t, gateway.CodeInternal, gateway.CodeOf(errors.New("x")))

	var none gateway.Faults
	require.NoError(t, none.OrNil())
	some := gateway.Faults{gateway.Fault(gateway.CodeTextEmpty, "text", "a"), gateway.Fault(gateway.CodeTTL, "ttl", "b")}
	require.ErrorIs(t, some.OrNil(), &gateway.Error{Code: gateway.CodeTTL})
	require.Equal(t, "text:empty at text: a; ttl:invalid at ttl: b", some.Error())
}

func TestNetworkOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, token string
		network     gateway.Network
		ok          bool
	}{
		{"a sandbox token says so itself", "7000000001:SBX" + strings.Repeat("a", 32), gateway.NetworkSandbox, true},
		{"any other is Telegram's", "123456789:AA" + strings.Repeat("Z", 31) + "_-", gateway.NetworkReal, true},
		{"no colon", "123456789", "", false},
		{"no id", ":AA" + strings.Repeat("Z", 33), "", false},
		{"letters in the id", "12a:AA" + strings.Repeat("Z", 33), "", false},
		{"too short", "123456789:AA", "", false},
		{"a slash would change the address that is called", "123456789:AA/" + strings.Repeat("Z", 32), "", false},
		{"far too long", "123456789:" + strings.Repeat("Z", 200), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			network, ok := gateway.NetworkOf(gateway.Secret(c.token))
			require.Equal(t, c.ok, ok)
			require.Equal(t, c.network, network)
		})
	}
}

func TestTheMachine(t *testing.T) {
	t.Parallel()
	reached := map[gateway.State]bool{gateway.Queued: true}
	for range gateway.States() {
		for _, from := range gateway.States() {
			for _, to := range gateway.States() {
				require.False(t, from == to && from.CanBecome(to), "%s leads to itself", from)
				if reached[from] && from.CanBecome(to) {
					reached[to] = true
				}
			}
		}
	}
	for _, s := range gateway.States() {
		require.True(t, reached[s], "%s is never reached", s)
		if !s.Settled() {
			require.True(t, s.CanBecome(gateway.Expired), "%s cannot end", s)
			require.True(t, s.CanBecome(gateway.Cancelled), "%s cannot be cancelled", s)
		}
	}
}

func TestPageIsBounded(t *testing.T) {
	t.Parallel()
	require.Equal(t, gateway.DefaultPageLimit, gateway.Page{}.Bounded().Limit)
	require.Equal(t, gateway.DefaultPageLimit, gateway.Page{Limit: -1}.Bounded().Limit)
	require.Equal(t, gateway.MaxPageLimit, gateway.Page{Limit: 1 << 30}.Bounded().Limit)
	require.Equal(t, 7, gateway.Page{Limit: 7}.Bounded().Limit)
}
