package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
	"herald/internal/seal"
)

func TestSecretsAreSealedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := seal.Generate()
	require.NoError(t, err)
	before, err := seal.Parse(first)
	require.NoError(t, err)
	b, err := w.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	b.SealedToken, err = before.Seal(t.Context(), []byte("token"), b.ID.TokenBound())
	require.NoError(t, err)
	require.NoError(t, w.ReplaceToken(t.Context(), b))
	claim := gateway.Claim{AccountID: "acc_1", Key: "k", Suffix: "00000000000000000000000001", Status: 201}
	_, _, err = w.Claim(t.Context(), claim, noon, noon)
	require.NoError(t, err)
	claim.Answer, err = before.Seal(t.Context(), []byte("answer"), claim.AnswerBound())
	require.NoError(t, err)
	require.NoError(t, w.Complete(t.Context(), claim, noon))
	account := gateway.AccountID("acc_1")
	secret, err := before.Seal(t.Context(), []byte("secret"), account.TranslationBound())
	require.NoError(t, err)
	_, err = w.TranslationSecret(t.Context(), account, secret)
	require.NoError(t, err)

	rotated, err := seal.Rotate(first)
	require.NoError(t, err)
	box, err := seal.Parse(rotated)
	require.NoError(t, err)
	for _, want := range []int{3, 0} {
		count, err := w.Reseal(t.Context(), box)
		require.NoError(t, err)
		require.Equal(t, want, count)
	}
	pruned, err := seal.Prune(rotated)
	require.NoError(t, err)
	after, err := seal.Parse(pruned)
	require.NoError(t, err)
	b, err = w.Bot(t.Context(), "acc_1", "bot_1")
	require.NoError(t, err)
	plain, err := after.Open(t.Context(), b.SealedToken, b.ID.TokenBound())
	require.NoError(t, err)
	require.Equal(t, "token", string(plain))
	held, _, err := w.Claim(t.Context(), claim, noon, noon)
	require.NoError(t, err)
	plain, err = after.Open(t.Context(), held.Answer, claim.AnswerBound())
	require.NoError(t, err)
	require.Equal(t, "answer", string(plain))

	stranger, err := seal.Generate()
	require.NoError(t, err)
	other, err := seal.Parse(stranger)
	require.NoError(t, err)
	_, err = w.Reseal(t.Context(), other)
	require.ErrorContains(t, err, "open bots.token/bot_1", "a key that opens nothing loses nothing")
}
