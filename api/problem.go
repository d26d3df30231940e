package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"herald/api/internal/wire"
	"herald/internal/gateway"
	"herald/rules"
)

// answer is how a code is told over HTTP.
type answer struct {
	status int
	title  string // the code in a few words; it never changes with the request
	help   string // what to do, for the reference page
}

// answers is the one table from codes to HTTP. A test fails if a code of package gateway is missing.
//
// 400 is a request that cannot be read, 422 one that is understood and refused, 409 one that the present state forbids.
var answers = map[gateway.Code]answer{
	gateway.CodeInternal:    {500, "A fault of ours", "Try again with the same Idempotency-Key. If it stays, give the request_id to whoever runs the installation: the log has the cause."},
	gateway.CodeUnavailable: {503, "A part of the installation does not answer", "Try again in a moment with the same Idempotency-Key."},

	gateway.CodeUnauthorized: {401, "The API key is missing or not good", "Send Authorization: Bearer hk_... with a key that is neither expired nor revoked."},
	gateway.CodeForbidden:    {403, "The API key lacks a scope", "Use a key that has the scope which the operation names, or which the new key shall have."},
	gateway.CodeKeyNotFound:  {404, "No such API key", "Name the key by its id, key_..., not by its secret."},
	gateway.CodeKeyScope:     {422, "No such scope", "Use the scopes that the specification lists."},

	gateway.CodeBodyTooLarge: {413, "The body is too large", "A body has at most 1 MiB."},
	gateway.CodeBodyInvalid:  {400, "The request cannot be read", "Send one JSON object in UTF-8. The detail says where the fault is."},
	gateway.CodeFieldUnknown: {422, "An unknown field", "Check the spelling: the detail lists what there is."},
	gateway.CodeFieldInvalid: {422, "A field has a value that cannot be", "The detail says which values can."},
	gateway.CodeRequired:     {422, "A field is missing", "Give the field."},
	gateway.CodeCursor:       {422, "The cursor is not of this list", "Give back the next of the page before as it came, or begin anew without a cursor."},
	gateway.CodeNotFound:     {404, "No such address", "See /docs for the addresses that there are."},
	gateway.CodeMethod:       {405, "The address does not take this method", "See the Allow header."},

	gateway.CodeIdempotencyKey:      {400, "The Idempotency-Key is not one", "Give 1 to 255 printable ASCII characters, once."},
	gateway.CodeIdempotencyMismatch: {422, "The Idempotency-Key was used for another request", "Choose a new key for every thing that you want done."},
	gateway.CodeIdempotencyRunning:  {409, "The first request with this Idempotency-Key still runs", "Wait as long as Retry-After says and send the same request again."},

	gateway.CodeUpdateNotFound:  {404, "No such update", "List updates that were put aside with GET /v1/updates?state=aside."},
	gateway.CodeNotOperator:     {403, "Only the operator may", "Use a key of the account that owns the installation."},
	gateway.CodeSuspended:       {403, "The account is suspended", "Talk to the operator of the installation. What was queued waits and goes out when the account works again, unless its lifetime ends before."},
	gateway.CodeOperatorWorks:   {422, "The operator's account cannot be suspended", "Revoke its keys instead: DELETE /v1/keys/{key}."},
	gateway.CodeAccountNotFound: {404, "No such account", "Check the id."},

	gateway.CodeMessageNotFound:  {404, "No such message", "Check the id, msg_..., and whose key you use: other accounts' messages are not found."},
	gateway.CodeRecipientUnknown: {422, "The recipient is not in a known form", "Give a phone such as +380501234567, a name such as @anna, or # and the person's user id."},
	gateway.CodePhoneInvalid:     {422, "The phone number does not exist", "Write it in international form, with its country code."},
	gateway.CodeTextEmpty:        {422, "The text is empty", "Give a text."},
	gateway.CodeTextTooLong:      {422, "The text is too long", "A text has at most 4096 UTF-16 units: shorten it, or send several messages."},
	gateway.CodeButtonTooLong:    {422, "A button's data is too long", "Data has at most 64 bytes: send an id and keep the rest on your side."},
	gateway.CodeButtonInvalid:    {422, "A button cannot be made", "A button has a text, and one of data, url and web_app."},
	gateway.CodeMedia:            {422, "The photo or document cannot be sent so", "Give a kind, and either a file or a url, and a way that can carry it: an SMS cannot."},
	gateway.CodeMediaPhoto:       {422, "The file cannot be sent as a photo", "Send it as a document."},
	gateway.CodeMediaTooLarge:    {422, "The file is too large for its kind", "A photo has at most 10 MB. Send it as a document."},
	gateway.CodeTTL:              {422, "The lifetime cannot be", "Write it like 90s, 10m, 24h or 7d: more than zero, at most 7d."},
	gateway.CodeSendAt:           {422, "The time to send at cannot be", "Give a time that is to come, at most a year ahead."},
	gateway.CodeCascade:          {422, "The cascade cannot be", "Name each channel once, telegram or sms, and say how long evidence may take."},
	gateway.CodeLink:             {422, "The link cannot be", "Give an address that begins with https:// or http://."},
	gateway.CodeLinkNotFound:     {404, "No such link", "Check the link."},
	gateway.CodePrice:            {422, "The price cannot be", "Write it like 0.045: not below zero, with at most six decimals."},
	gateway.CodeOverPrice:        {422, "The message costs more than its max_price", "Allow a higher price, or a cheaper way: POST /v1/messages/preview tells the prices."},
	gateway.CodeNotEditable:      {409, "The message cannot be changed", "What stands in a chat can be changed, until it is deleted. What has not left is cancelled."},
	gateway.CodeNotDeletable:     {409, "The message cannot be deleted", "What stands in a chat can be deleted for 48 hours. What has not left is cancelled."},
	gateway.CodeNotCancellable:   {409, "The message cannot be taken back", "A message can be cancelled until its first leg is sent."},

	gateway.CodeFileNotFound: {404, "No such file", "Upload it with POST /v1/files. Files that no message needs are removed after 7 days."},
	gateway.CodeFileTooLarge: {413, "The file is too large", "A file has at most 50 MB."},
	gateway.CodeFileEmpty:    {422, "The file is empty", "Send the file as the body of the request, or in a form."},
	gateway.CodeFileQuota:    {409, "The account keeps as many files as it may", "Remove some with DELETE /v1/files/{file}, or wait until they expire."},

	gateway.CodeBotNotFound: {404, "No such bot", "GET /v1/bots lists the bots of your account."},
	gateway.CodeBotRequired: {422, "Name the bot", "The account has several bots, or none: give the id or @name of one."},
	gateway.CodeBotToken:    {422, "The token is not good", "Take the token that BotFather shows for the bot."},
	gateway.CodeBotExists:   {409, "The bot is there already", "GET /v1/bots/@name shows it if it is yours."},
	gateway.CodeBotPlatform: {422, "No such messenger", "There is: telegram."},
	gateway.CodeBotRevoked:  {409, "The bot's token was revoked", "Give the bot its new token with POST /v1/bots."},
	gateway.CodeBotShared:   {403, "The bot is shared", "Use it to send; only the operator manages it."},
	gateway.CodeBotPurpose:  {422, "The shared bot does not carry this", "Choose another lane, or a bot of another purpose: GET /v1/bots tells."},
	gateway.CodePolicy:      {422, "The policy of shared bots refuses this", "Use a bot of your own, or ask the operator to allow it."},
	gateway.CodeBotPaused:   {409, "The bot is paused", "Let it work again: PATCH /v1/bots/{bot} with state active."},
	gateway.CodeBotOther:    {422, "The token is of another bot", "Take the token that BotFather shows for this bot, or add the other one with POST /v1/bots."},
	gateway.CodeBotText:     {422, "The messenger does not take the bot's commands or texts", "A command has 1 to 32 of a-z, 0-9 and _, and a description of at most 256 characters; the detail says which."},
	gateway.CodeBotNetwork:  {422, "No sandbox runs here", "The token is of a sandbox bot: start the installation with its sandbox."},
	gateway.CodeBotWebhook:  {422, "No public address for a webhook", "Start the installation with --public-url, or choose polling."},

	gateway.CodeMessengerDown: {502, "The messenger does not answer", "Try again in a moment with the same Idempotency-Key."},

	gateway.CodeRulesNotFound:   {404, "No such version of a rule file", "GET /v1/bots/{bot}/rules/versions lists them; publish the first one with PUT /v1/bots/{bot}/rules."},
	gateway.CodeRulesRefused:    {422, "The rule file is faulty", "See the diagnostics: each has its line, its column and what to do."},
	gateway.CodeRulesConflict:   {409, "Another version was published meanwhile", "Look at the newest version, and publish what you want on top of it."},
	gateway.CodeVerdictNotFound: {404, "There is no verdict", "No rules were active when the message came, or none had to say anything to its event."},

	gateway.CodeSubscriberNotFound: {404, "No such subscriber", "GET /v1/bots/{bot}/subscribers lists them."},

	gateway.CodeRowUnreadable:  {422, "A row cannot be read", "Write CSV or JSON in UTF-8, in the form that GET /v1/bots/{bot}/subscribers/export writes."},
	gateway.CodeRowTooLong:     {422, "A row is too long", "A row has at most 64 KiB."},
	gateway.CodeRowDuplicate:   {422, "A person stands in the file twice", "Leave one of the rows."},
	gateway.CodePhoneAnonymous: {422, "The number is an anonymous one", "Numbers that begin with +888 are bought and prove nobody's phone: leave the phone out."},
	gateway.CodeTooManyRows:    {422, "The file has too many rows", "A file has at most 200,000 rows: import it in parts."},
	gateway.CodeImportRunning:  {409, "Another import into this bot is under way", "Wait until it has ended."},
}

// retryAfter is how many seconds a caller is asked to wait before it tries again.
const retryAfter = "1"

// refuse ends the request with the problem that err is. Nobody else writes an error.
func refuse(c *gin.Context, logger *slog.Logger, err error) {
	p := problem(err)
	p.RequestID = requestID(c.Request.Context())
	note(c, logger, p, err)
	if c.Writer.Written() {
		c.Abort() // the answer is on its way: nothing can be said any more
		return
	}
	h := c.Writer.Header()
	switch gateway.Code(p.Code) {
	case gateway.CodeUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="herald"`)
	case gateway.CodeIdempotencyRunning, gateway.CodeUnavailable, gateway.CodeMessengerDown:
		h.Set("Retry-After", retryAfter)
	}
	body, err := json.Marshal(p)
	if err != nil {
		logger.ErrorContext(c.Request.Context(), "write problem", "error", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Del("Content-Length")
	c.Writer.WriteHeader(p.Status)
	_, _ = c.Writer.Write(body)
	c.Abort()
}

// note logs what the caller is not told. Refusals are the caller's business and are logged for debugging only.
func note(c *gin.Context, logger *slog.Logger, p wire.Problem, err error) {
	level := slog.LevelDebug
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		level = slog.LevelError
	}
	logger.Log(c.Request.Context(), level, "request refused",
		"method", c.Request.Method, "route", c.FullPath(), "code", p.Code, "request_id", p.RequestID, "error", err)
}

// problem turns an error into what the caller may know of it. An error without a code says nothing of itself.
func problem(err error) wire.Problem {
	var faults gateway.Faults
	var single *gateway.Error
	switch {
	case errors.As(err, &faults) && len(faults) > 0:
		single = faults[0]
	case errors.As(err, &single):
		faults = gateway.Faults{single}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		single = gateway.Fault(gateway.CodeUnavailable, "", "The answer took too long. Try again with the same Idempotency-Key.")
	default:
		single = gateway.Fault(gateway.CodeInternal, "", "Something went wrong on our side. The log of the installation has the cause under this request_id.")
	}
	known, ok := answers[single.Code]
	if !ok {
		known = answers[gateway.CodeInternal]
	}
	p := wire.Problem{
		Type: "/docs#" + string(single.Code), Title: known.title, Status: known.status,
		Detail: single.Message, Code: string(single.Code), Field: single.Field,
	}
	var refused *rules.RefusedError
	if errors.As(err, &refused) {
		p.Diagnostics = each(refused.Diagnostics, diagnostic)
	}
	for _, fault := range faults {
		if fault.Field != "" {
			p.Errors = append(p.Errors, wire.FieldError{Field: fault.Field, Code: string(fault.Code), Detail: fault.Message})
		}
	}
	return p
}
