package policy

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

// Real-looking texts in four languages, and what the policy that comes with the program says of them.
var texts = []struct {
	text string
	lane gateway.Lane
	rule string // empty: it passes
}{
	// English
	{"Your code is 482913. Tell it to nobody.", gateway.LaneCode, ""},
	{"Your parcel 59000123 has arrived at branch 7, open until 20:00.", gateway.LaneService, ""},
	{"Payment of 45.00 EUR received. Invoice: https://acme.example/i/77", gateway.LaneService, ""},
	{"srv-03: disk /var is 91% full", gateway.LaneService, ""},
	{"Appointment with Dr. Green on 12 May at 09:30. Reply YES to confirm.", gateway.LaneService, ""},
	{"Black Friday! Everything half price, come in", gateway.LaneService, "advertising"},
	{"Hurry up! 30% discount on all shoes this weekend", gateway.LaneService, "advertising"},
	{"Get 20% discount on your next order", gateway.LaneService, "advertising by percent"},
	{"Win a gift today: https://win.example/x", gateway.LaneService, "advertising by link"},
	{"Use promo code SPRING for your next purchase", gateway.LaneCode, "advertising"},
	{"https://a.example https://b.example https://c.example t.me/dexample", gateway.LaneService, "too many links"},
	// Ukrainian
	{"Ваш код 482913. Нікому його не кажіть.", gateway.LaneCode, ""},
	{"Посилка 59000123 прибула у відділення 7. Чекаємо на вас до 20:00.", gateway.LaneService, ""},
	{"Списано 250,00 грн. Залишок 1 320,50 грн.", gateway.LaneService, ""},
	{"Запис до лікаря 12 травня о 09:30. Підтвердьте, будь ласка.", gateway.LaneService, ""},
	{"Замовлення 77 прийнято. Стежити: https://acme.example/77", gateway.LaneService, ""},
	{"Чорна п’ятниця! Усе за пів ціни", gateway.LaneService, "advertising"},
	{"Знижка 30% на все взуття до неділі", gateway.LaneService, "advertising by percent"},
	{"Акція! Деталі: https://shop.example/sale", gateway.LaneService, "advertising by link"},
	{"Ваш промокод ВЕСНА чекає на вас", gateway.LaneService, "advertising"},
	{"Тільки сьогодні доставка за наш кошт", gateway.LaneService, "advertising"},
	// Russian
	{"Ваш код 482913. Никому его не сообщайте.", gateway.LaneCode, ""},
	{"Посылка 59000123 прибыла в отделение 7. Ждём вас до 20:00.", gateway.LaneService, ""},
	{"Сервер srv-03 не отвечает уже 5 минут", gateway.LaneService, ""},
	{"Ваш заказ 77 передан курьеру, телефон курьера +380501234567", gateway.LaneService, ""},
	{"Вход в аккаунт с нового устройства. Если это не вы: https://acme.example/safe", gateway.LaneService, ""},
	{"Распродажа! Успей купить до конца недели", gateway.LaneService, "advertising"},
	{"Скидка 50 % на второй товар", gateway.LaneService, "advertising by percent"},
	{"Дарим подарки! Жми: www.shop.example", gateway.LaneService, "advertising by link"},
	{"Специальное предложение для вас: кредит без справок", gateway.LaneService, "advertising"},
	// Polish
	{"Twój kod to 482913. Nikomu go nie podawaj.", gateway.LaneCode, ""},
	{"Paczka 59000123 czeka w punkcie 7 do godziny 20:00.", gateway.LaneService, ""},
	{"Otrzymaliśmy płatność 120,00 zł. Dziękujemy.", gateway.LaneService, ""},
	{"Wizyta u lekarza 12 maja o 09:30. Prosimy o potwierdzenie.", gateway.LaneService, ""},
	{"Wyprzedaż! Buty od 49 zł", gateway.LaneService, "advertising"},
	{"Rabat 30% na całe zakupy", gateway.LaneService, "advertising by percent"},
	{"Odbierz prezent: https://sklep.example/p", gateway.LaneService, "advertising by link"},
	{"Twój kod rabatowy: WIOSNA", gateway.LaneService, "advertising"},
	{"Tylko dziś kup teraz, zapłać później", gateway.LaneService, "advertising"},
}

func TestTheDefaultPolicyOnRealLookingTexts(t *testing.T) {
	t.Parallel()
	program, found := Compile(t.Context(), "default.yaml", Default)
	require.NotNil(t, program, "%v", found)
	require.Empty(t, found)
	s := &Service{program: program, langOf: func(string) string { return "en" }, now: time.Now, until: time.Now().Add(time.Hour)}
	for _, one := range texts {
		r, err := s.Look(t.Context(), gateway.Message{Text: one.text, Lane: one.lane}, gateway.PurposeAny)
		require.NoError(t, err)
		rule := ""
		if r != nil {
			rule = r.Rule
		}
		require.Equal(t, one.rule, rule, one.text)
	}
}

func TestRefusalsSpeakTheLanguageOfTheText(t *testing.T) {
	t.Parallel()
	program, _ := Compile(t.Context(), "default.yaml", Default)
	for language, begins := range map[string]string{"en": "This reads", "uk": "Це схоже", "ru": "Это похоже", "pl": "To wygląda", "de": "This reads"} {
		_, words, err := program.refused(t.Context(), Facts{Text: "promocode", Language: language}, time.Now())
		require.NoError(t, err)
		require.Contains(t, words, begins, language)
	}
}

func TestCounters(t *testing.T) {
	t.Parallel()
	program, _ := Compile(t.Context(), "default.yaml", Default)
	for _, c := range []struct {
		people, today int64
		rule          string
	}{{50, 10_000, ""}, {51, 51, "mass mailing"}, {1, 10_001, "daily budget"}} {
		rule, _, err := program.refused(t.Context(), Facts{Text: "Hello", People: c.people, Today: c.today}, time.Now())
		require.NoError(t, err)
		require.Equal(t, c.rule, rule, "%+v", c)
	}
}

func TestAPolicyIsCheckedLikeARuleFile(t *testing.T) {
	t.Parallel()
	const head = "herald: 1\nlanguage: en\nrules:\n  - {name: r, on: message, "
	for rest, message := range map[string]string{
		"when: user.name == 'x', reply: No}":      "user",
		"when: peoples > 3, reply: No}":           "people",
		"when: people > 'x', reply: No}":          "int",
		"when: people > 3, tag: x}":               "only a `reply`",
		"when: people > 3, reply: No, every: 1h}": "each time",
		"when: people > 3, reply: [No, Never]}":   "one `reply`",
		"when: has(text, 'x'), reply: No}\ntests:\n  - {name: t, steps: [{user: y, bot: No}]}": "y",
	} {
		program, found := Compile(t.Context(), "p.yaml", head+rest)
		require.Nil(t, program, rest)
		require.Contains(t, fmt.Sprint(found), message, rest)
	}
	program, found := Compile(t.Context(), "p.yaml", head+"when: lane == 'bulk' and links > 1 and purpose != 'any', reply: No}")
	require.NotNil(t, program, "%v", found)
}
