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
		{name: "sendPhoto", run: (*call).sendPhoto},
		{name: "sendDocument", run: (*call).sendDocument},
		{name: "sendContact", run: (*call).sendContact},
		{name: "forwardMessage", run: (*call).forwardMessage},
		{name: "copyMessage", run: (*call).copyMessage},
		{name: "sendChatAction", run: (*call).sendChatAction},

		{name: "editMessageText", run: (*call).editMessageText},
		{name: "editMessageCaption", run: (*call).editMessageCaption},
		{name: "editMessageReplyMarkup", run: (*call).editMessageReplyMarkup},
		{name: "deleteMessage", run: (*call).deleteMessage},
		{name: "deleteMessages", run: (*call).deleteMessages},
		{name: "answerCallbackQuery", run: (*call).answerCallbackQuery},

		{name: "getChat", run: (*call).getChat},
		{name: "getChatMember", run: (*call).getChatMember},
		{name: "getChatMemberCount", run: (*call).getChatMemberCount},
		{name: "leaveChat", run: (*call).leaveChat},
		{name: "getFile", run: (*call).getFile},

		{name: "setMyCommands", run: (*call).setMyCommands},
		{name: "getMyCommands", run: (*call).getMyCommands},
		{name: "deleteMyCommands", run: (*call).deleteMyCommands},
		{name: "setMyName", run: (*call).setMyName},
		{name: "getMyName", run: (*call).getMyName},
		{name: "setMyDescription", run: (*call).setMyDescription},
		{name: "getMyDescription", run: (*call).getMyDescription},
		{name: "setMyShortDescription", run: (*call).setMyShortDescription},
		{name: "getMyShortDescription", run: (*call).getMyShortDescription},
		{name: "setChatMenuButton", run: (*call).setChatMenuButton},
		{name: "getChatMenuButton", run: (*call).getChatMenuButton},
	}
	table := make(map[string]method, len(list))
	for _, m := range list {
		table[strings.ToLower(m.name)] = m
	}
	return table
}
