package dsl

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/shop.yaml")
	require.NoError(t, err)
	f, ds := Parse("shop.yaml", text)
	require.Empty(t, ds)
	require.Equal(t, 1, f.Version)
	require.Equal(t, "Europe/Kyiv", f.Timezone.Value)
	require.Len(t, f.Rules, 6)
	require.Len(t, f.Rules[0].Reply[0].Buttons, 2)
	require.Equal(t, "https://acme.example", f.Rules[0].Reply[0].Buttons[1][0].URL.Value)
	require.Len(t, f.Tests[0].Steps, 4)
	require.Equal(t, "Prices", f.Tests[0].Steps[1].Press.Value)

	number := f.Rules[2].Lets[0].Value
	require.Equal(t, `find(text, "[0-9]{6}")`, number.Value)
	require.Equal(t, Position{Line: 40, Column: 20}, number.Place(0), "after the quote")
	require.Equal(t, Position{Line: 40, Column: 31}, number.Place(11), "at the pattern")
}

func TestMappingsAreDescribed(t *testing.T) {
	t.Parallel()
	for _, m := range Mappings() {
		require.NotEmpty(t, m.Keys, m.Name)
		for _, k := range m.Keys {
			require.NotEmpty(t, k.Doc, "%s: %s", m.Name, k.Name)
			require.NotRegexp(t, `[.]$`, k.Doc, "a description continues a sentence")
		}
	}
}
