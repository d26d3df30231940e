package botapi

import "strings"

// table lists the methods, keyed by their name in lower case.
func (s *Server) table() map[string]method {
	list := []method{
		{name: "getMe", run: (*call).getMe},
		{name: "getUpdates", run: (*call).getUpdates},
		{name: "setWebhook", run: (*call).setWebhook},
		{name: "deleteWebhook", run: (*call).deleteWebhook},
		{name: "getWebhookInfo", run: (*call).getWebhookInfo},
		{name: "sendMessage", run: (*call).sendMessage},
		{name: "sendContact", run: (*call).sendContact},
	}
	table := make(map[string]method, len(list))
	for _, m := range list {
		table[strings.ToLower(m.name)] = m
	}
	return table
}
