package control

// routes names every route of the control API.
func (a *API) routes() {
	a.read("GET /control/v1/state", a.state)
	a.change("POST /control/v1/reset", a.reset)

	a.change("POST /control/v1/bots", a.createBot)
	a.read("GET /control/v1/bots", a.listBots)
	a.read("GET /control/v1/bots/{bot}", a.getBot)
	a.change("DELETE /control/v1/bots/{bot}", a.deleteBot)
	a.change("POST /control/v1/bots/{bot}/revoke", a.revokeBot)
	a.change("POST /control/v1/bots/{bot}/steal", a.steal)
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
	a.change("POST "+chat+"/photo", a.sendPhoto)
	a.change("POST "+chat+"/document", a.sendDocument)
	a.change("POST "+chat+"/block", a.block)
	a.change("POST "+chat+"/unblock", a.unblock)
	a.change("POST "+chat+"/read", a.markRead)
	a.read("POST "+chat+"/open", a.openLink)
	a.mux.HandleFunc("GET /control/v1/files/{file}", a.getFile)

	a.read("GET /control/v1/groups", a.listGroups)
	a.change("POST /control/v1/groups", a.createGroup)
	a.read("GET /control/v1/groups/{group}", a.getGroup)
	a.change("DELETE /control/v1/groups/{group}", a.deleteGroup)
	a.change("POST /control/v1/groups/{group}/upgrade", a.upgradeGroup)
	a.change("POST /control/v1/groups/{group}/members", a.changeMembers)

	a.read("GET /control/v1/phones", a.listPhones)
	a.read("GET /control/v1/phones/{phone}", a.getPhone)
	a.change("PATCH /control/v1/phones/{phone}", a.updatePhone)
	a.change("POST /control/v1/phones/{phone}/sms", a.writeSMS)

	a.read("GET /control/v1/limits", a.getLimits)
	a.read("PUT /control/v1/limits", a.putLimits)
	a.read("POST /control/v1/faults", a.addFault)
	a.read("GET /control/v1/faults", a.listFaults)
	a.read("DELETE /control/v1/faults", a.clearFaults)
	a.read("DELETE /control/v1/faults/{fault}", a.removeFault)
	a.read("GET /control/v1/log", a.log)
	a.mux.HandleFunc("GET /control/v1/events", a.events)
	a.mux.HandleFunc("/control/v1/", notFound)
}
