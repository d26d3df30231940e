package control

// routes names every route of the control API.
func (a *API) routes() {
	a.change("POST /control/v1/bots", a.createBot)
	a.read("GET /control/v1/bots", a.listBots)
	a.read("GET /control/v1/bots/{bot}", a.getBot)
	a.change("DELETE /control/v1/bots/{bot}", a.deleteBot)
	a.change("POST /control/v1/bots/{bot}/revoke", a.revokeBot)
	a.read("GET /control/v1/resolve", a.resolve)

	a.change("POST /control/v1/people", a.createPerson)
	a.read("GET /control/v1/people", a.listPeople)
	a.read("GET /control/v1/people/{person}", a.getPerson)
	a.change("PATCH /control/v1/people/{person}", a.updatePerson)
	a.change("DELETE /control/v1/people/{person}", a.deletePerson)

	const chat = "/control/v1/people/{person}/chats/{chat}"
	a.read("GET /control/v1/people/{person}/chats", a.listChats)
	a.read("GET "+chat+"/messages", a.listMessages)
	a.change("POST "+chat+"/start", a.start)
	a.change("POST "+chat+"/messages", a.writeText)
	a.change("PATCH "+chat+"/messages/{message}", a.editText)
	a.change("POST "+chat+"/press", a.press)
	a.change("POST "+chat+"/contact", a.shareContact)
	a.change("POST "+chat+"/block", a.block)
	a.change("POST "+chat+"/unblock", a.unblock)
	a.change("POST "+chat+"/read", a.markRead)
}
