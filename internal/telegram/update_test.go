package telegram

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"herald/internal/gateway"
)

const (
	anna    = `{"id":100001,"is_bot":false,"first_name":"Anna","last_name":"Koval","username":"anna","language_code":"uk"}`
	private = `{"id":100001,"type":"private","first_name":"Anna"}`
)

var annaPerson = gateway.Person{PlatformID: 100001, Username: "anna", FirstName: "Anna", LastName: "Koval", Language: "uk"}

func TestReadUpdate(t *testing.T) {
	t.Parallel()
	at := time.Unix(1772452800, 0).UTC()
	for _, c := range []struct {
		name, body string
		want       gateway.Update
	}{
		{
			"a text", `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"text":"hello"}}`,
			gateway.Update{Kind: gateway.UpdateText, UpdateID: 5, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "hello"},
		},
		{
			"a start with its payload", `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"text":"/Start@acme_bot order-7","entities":[{"type":"bot_command","offset":0,"length":15}]}}`,
			gateway.Update{Kind: gateway.UpdateCommand, UpdateID: 5, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "/Start@acme_bot order-7", Command: "start", Payload: "order-7"},
		},
		{
			"a command in the middle is a text", `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"text":"say /start","entities":[{"type":"bot_command","offset":4,"length":6}]}}`,
			gateway.Update{Kind: gateway.UpdateText, UpdateID: 5, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "say /start"},
		},
		{
			"an entity that reaches too far is no command", `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"text":"/a","entities":[{"type":"bot_command","offset":0,"length":99}]}}`,
			gateway.Update{Kind: gateway.UpdateText, UpdateID: 5, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "/a"},
		},
		{
			"a contact", `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"contact":{"phone_number":"380501234567","first_name":"Anna","user_id":100001}}}`,
			gateway.Update{Kind: gateway.UpdateContact, UpdateID: 5, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Contact: &gateway.Contact{Phone: "380501234567", PlatformID: 100001}},
		},
		{
			"a forwarded contact", `{"update_id":5,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"forward_origin":{"type":"hidden_user","date":1,"sender_user_name":"x"},"contact":{"phone_number":"380501234567","first_name":"Anna","user_id":100001}}}`,
			gateway.Update{Kind: gateway.UpdateContact, UpdateID: 5, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Forwarded: true, Contact: &gateway.Contact{Phone: "380501234567", PlatformID: 100001}},
		},
		{
			"a pressed button has no time of its own", `{"update_id":6,"callback_query":{"id":"77","from":` + anna + `,"chat_instance":"1","data":"yes","message":{"message_id":3,"date":1772452800,"chat":` + private + `,"text":"?"}}}`,
			gateway.Update{Kind: gateway.UpdateButton, UpdateID: 6, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "yes", CallbackID: "77"},
		},
		{
			"a block", `{"update_id":7,"my_chat_member":{"chat":` + private + `,"from":` + anna + `,"date":1772452800,"old_chat_member":{"status":"member","user":` + anna + `},"new_chat_member":{"status":"kicked","user":` + anna + `,"until_date":0}}}`,
			gateway.Update{Kind: gateway.UpdateMembership, UpdateID: 7, At: at, Private: true, ChatID: 100001, Person: annaPerson},
		},
		{
			"an unblock", `{"update_id":8,"my_chat_member":{"chat":` + private + `,"from":` + anna + `,"date":1772452800,"old_chat_member":{"status":"kicked","user":` + anna + `,"until_date":0},"new_chat_member":{"status":"member","user":` + anna + `}}}`,
			gateway.Update{Kind: gateway.UpdateMembership, UpdateID: 8, At: at, Private: true, ChatID: 100001, Person: annaPerson, Member: true},
		},
		{
			"a photo with a caption", `{"update_id":9,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"photo":[{"file_id":"f","file_unique_id":"u","width":90,"height":60}],"caption":"look"}}`,
			gateway.Update{Kind: gateway.UpdateMedia, UpdateID: 9, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "look", Media: "photo"},
		},
		{
			"something without a text that is newer than we are", `{"update_id":9,"message":{"message_id":3,"date":1772452800,"chat":` + private + `,"from":` + anna + `,"hologram":{},"caption":"look"}}`,
			gateway.Update{Kind: gateway.UpdateMedia, UpdateID: 9, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "look", Media: "other"},
		},
		{
			"an edited text", `{"update_id":9,"edited_message":{"message_id":3,"date":1,"edit_date":1772452800,"chat":` + private + `,"from":` + anna + `,"text":"hello!"}}`,
			gateway.Update{Kind: gateway.UpdateEdited, UpdateID: 9, At: at, Private: true, ChatID: 100001, Person: annaPerson, MessageID: 3, Text: "hello!"},
		},
		{
			"a kind that is newer than we are", `{"update_id":9,"telepathy":{"thought":1}}`,
			gateway.Update{Kind: gateway.UpdateOther, UpdateID: 9},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := Reader{}.ReadUpdate([]byte(c.body))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	t.Run("refuses what is no JSON", func(t *testing.T) {
		t.Parallel()
		_, err := Reader{}.ReadUpdate([]byte(`{"update_id":`))
		require.Error(t, err)
	})
}

// Whatever comes, intake and reading neither panic nor disagree about the update's id and chat.
func FuzzIntake(f *testing.F) {
	f.Add([]byte(`{"update_id":5,"message":{"message_id":3,"date":1,"chat":` + private + `,"from":` + anna + `,"text":"/start x","entities":[{"type":"bot_command","offset":0,"length":6}]}}`))
	f.Add([]byte(`{"update_id":6,"callback_query":{"id":"77","from":` + anna + `,"data":"yes","message":{"message_id":3,"date":0,"chat":` + private + `}}}`))
	f.Add([]byte(`{"update_id":7,"my_chat_member":{"chat":` + private + `,"from":` + anna + `,"date":1,"old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked"}}}`))
	f.Add([]byte(`{"update_id":1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		raw, err := enclose(gateway.Bot{ID: "bot_1"}, body, time.Unix(0, 0))
		if err != nil {
			return
		}
		u, err := Reader{}.ReadUpdate(body)
		if err != nil {
			return
		}
		require.Equal(t, raw.UpdateID, u.UpdateID)
		if u.Kind != gateway.UpdateOther && u.Kind != gateway.UpdateButton {
			require.Equal(t, u.ChatID != 0, raw.ChatID != 0)
		}
	})
}
