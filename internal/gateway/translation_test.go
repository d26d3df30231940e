package gateway_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

func TestTranslationReasons(t *testing.T) {
	t.Parallel()
	require.Empty(t, gateway.TranslationReasonOf(nil))
	cause := errors.New("connection refused")
	err := fmt.Errorf("reply: %w", &gateway.TranslationError{Reason: gateway.TranslationQuota, Err: cause})
	require.Equal(t, gateway.TranslationQuota, gateway.TranslationReasonOf(err))
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "reply: translate: quota: connection refused")
	require.Equal(t, gateway.TranslationUnavailable, gateway.TranslationReasonOf(cause), "an error of somebody else")
	require.EqualError(t, &gateway.TranslationError{Reason: gateway.TranslationOff}, "translate: off")

	seen := map[gateway.TranslationReason]bool{}
	for _, reason := range gateway.TranslationReasons() {
		require.False(t, seen[reason], "%s twice", reason)
		seen[reason] = true
	}
	require.Len(t, seen, 8)
}
