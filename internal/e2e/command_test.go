package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"herald/client"
	"herald/client/wire"
	"herald/internal/sandbox/controlclient"
)

// lookCommands are the commands of scripts besides those of testscript itself.
func lookCommands() map[string]look {
	return map[string]look{
		"herald":     herald,
		"bot":        makeBot,
		"revoke":     revokeBot,
		"secret":     webhookSecret,
		"person":     makePerson,
		"picture":    makePicture,
		"as":         act,
		"chat":       showChat,
		"subscriber": showSubscriber,
		"calls":      showCalls,
		"fault":      addFault,
		"api":        callAPI,
		"nofault":    clearFaults,
		"inbound":    showInbound,
		"updates":    showUpdates,
		"age":        ageProof,
		"sms":        showSMS,
	}
}

// usage says how a command is written.
func usage(text string) error { return errors.New("usage: " + text) }

// herald ARGS... runs the program against the installation.
func herald(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (string, error) {
	r, err := run(ctx, s.env(), "", args...)
	if err != nil {
		return "", err
	}
	if s.code = r.code; r.code != 0 {
		return r.stdout, errors.New(strings.TrimSuffix(r.stderr, "\n"))
	}
	return r.stdout, nil
}

// bot NAME [polling|webhook] [quiet] makes a bot and adds it. $NAME is its @name, $NAME_ID its id, $NAME_TOKEN its token. A
// quiet one greets nobody.
func makeBot(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (string, error) {
	quiet := len(args) > 1 && args[len(args)-1] == "quiet"
	if quiet {
		args = args[:len(args)-1]
	}
	if len(args) < 1 || len(args) > 2 {
		return "", usage("bot name [polling|webhook] [quiet]")
	}
	var intake client.Intake
	if len(args) == 2 {
		intake = client.Intake(args[1])
	}
	made, err := s.addBot(ctx, args[0]+"_"+s.name+"_bot", intake)
	if err != nil {
		return "", err
	}
	if quiet {
		if err := s.quiet(ctx, made); err != nil {
			return "", err
		}
	}
	s.bots[args[0]] = made
	variable := strings.ToUpper(args[0])
	ts.Setenv(variable, made.at())
	ts.Setenv(variable+"_ID", made.ID)
	ts.Setenv(variable+"_TOKEN", made.token)
	return "", nil
}

// revoke BOT gives the bot a new token at BotFather and puts it into $BOT_TOKEN. Herald is not told.
func revokeBot(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("revoke bot")
	}
	b, err := s.sandbox.RevokeBot(ctx, s.botName(args[0]))
	if err != nil {
		return "", err
	}
	ts.Setenv(strings.ToUpper(args[0])+"_TOKEN", b.Token)
	return "", nil
}

// secret BOT puts the secret that the messenger sends with each webhook call into $BOT_SECRET.
func webhookSecret(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("secret bot")
	}
	secret, err := s.query(ctx, "herald", "SELECT webhook_secret FROM bots WHERE id = $1", s.bots[args[0]].ID)
	ts.Setenv(strings.ToUpper(args[0])+"_SECRET", strings.TrimSpace(secret))
	return "", err
}

// botName is the @name of a bot of this script.
func (s *stage) botName(name string) string {
	if b, known := s.bots[name]; known {
		return b.at()
	}
	return name
}

// person NAME [LANGUAGE] makes somebody with a phone. $NAME_ID is the #id, $NAME_PHONE the number, $NAME_USERNAME the @name.
func makePerson(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 && len(args) != 2 {
		return "", usage("person name [language]")
	}
	made, err := s.sandbox.CreatePerson(ctx, controlclient.Person{
		FirstName: strings.ToUpper(args[0][:1]) + args[0][1:], Username: args[0] + "_" + s.name, Phone: phoneOf(s.name, args[0]),
		Language: strings.Join(args[1:], ""),
	})
	if err != nil {
		return "", err
	}
	s.people[args[0]] = made
	variable := strings.ToUpper(args[0])
	ts.Setenv(variable+"_ID", fmt.Sprintf("#%d", made.ID))
	ts.Setenv(variable+"_PHONE", made.Phone)
	ts.Setenv(variable+"_USERNAME", "@"+made.Username)
	return "", nil
}

func (s *stage) personOf(name string) (controlclient.Person, error) {
	p, known := s.people[name]
	if !known {
		return p, fmt.Errorf("the script has no person %s", name)
	}
	return p, nil
}

// as PERSON ACTION BOT [ARGS] does in the sandbox what a person does.
func act(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	const wanted = "as person start|write|share|forward|press|block|unblock|leave bot [args]"
	if len(args) < 3 {
		return "", usage(wanted)
	}
	who, err := s.personOf(args[0])
	if err != nil {
		return "", err
	}
	action, chat, rest := args[1], s.botName(args[2]), args[3:]
	given := ""
	if len(rest) > 0 {
		given = rest[0]
	}
	switch action {
	case "start":
		return "", s.sandbox.Start(ctx, who.ID, chat, given)
	case "write":
		_, err := s.sandbox.Write(ctx, who.ID, chat, given)
		return "", err
	case "share":
		if given == "" {
			return "", s.sandbox.ShareContact(ctx, who.ID, chat)
		}
		other, err := s.personOf(given)
		if err != nil {
			return "", err
		}
		return "", s.sandbox.SharePerson(ctx, who.ID, chat, other.ID)
	case "forward":
		return "", s.sandbox.ForwardContact(ctx, who.ID, chat)
	case "press":
		return s.press(ctx, who.ID, chat, given)
	case "block":
		return "", s.sandbox.Block(ctx, who.ID, chat)
	case "unblock":
		return "", s.sandbox.Unblock(ctx, who.ID, chat)
	case "leave":
		return "", s.sandbox.DeletePerson(ctx, who.ID)
	default:
		return "", usage(wanted)
	}
}

// press presses the button with this data under the newest message that has it.
func (s *stage) press(ctx context.Context, person int64, chat, data string) (string, error) {
	messages, err := s.sandbox.Messages(ctx, person, chat)
	if err != nil {
		return "", err
	}
	for n := len(messages) - 1; n >= 0; n-- {
		for _, row := range messages[n].Buttons {
			for _, b := range row {
				if b.Data != data {
					continue
				}
				pressed, err := s.sandbox.Press(ctx, person, chat, messages[n].ID, data)
				return fmt.Sprintf("answered: %t\n", pressed.Answered), err
			}
		}
	}
	return "", fmt.Errorf("no message has a button with the data %s", data)
}

// chat PERSON BOT shows the chat, line by line: who and what, and the buttons.
func showChat(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 2 {
		return "", usage("chat person bot")
	}
	who, err := s.personOf(args[0])
	if err != nil {
		return "", err
	}
	messages, err := s.sandbox.Messages(ctx, who.ID, s.botName(args[1]))
	var text strings.Builder
	for _, m := range messages {
		author := args[1]
		if m.Out {
			author = args[0]
		}
		fmt.Fprintf(&text, "%s: %s\n", author, carried(m)+m.Text+m.Caption)
		for _, row := range m.Buttons {
			for _, b := range row {
				fmt.Fprintf(&text, "  [%s]\n", b.Text)
			}
		}
	}
	return text.String(), err
}

// carried says what a message carries besides its words, and how it arrived: (photo, silent).
func carried(m controlclient.Message) string {
	var words []string
	switch {
	case len(m.Photo) > 0:
		words = append(words, "photo")
	case m.Document.FileID != "":
		words = append(words, "document "+m.Document.FileName)
	}
	if m.Silent {
		words = append(words, "silent")
	}
	if m.Protected {
		words = append(words, "protected")
	}
	if len(words) == 0 {
		return ""
	}
	return "(" + strings.Join(words, ", ") + ") "
}

// picture FILE writes a small picture into the script's folder.
func makePicture(_ context.Context, ts *testscript.TestScript, _ *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("picture file")
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		return "", fmt.Errorf("draw picture: %w", err)
	}
	return "", os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600)
}

// subscriber PERSON BOT shows what Herald knows about somebody, field by field.
func showSubscriber(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 2 {
		return "", usage("subscriber person bot")
	}
	who, err := s.personOf(args[0])
	if err != nil {
		return "", err
	}
	for one, err := range s.api.Subscribers(ctx, s.botName(args[1]), client.SubscriberFilter{PlatformID: who.ID}) {
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s %s phone=%s proof=%s payload=%s @%s\n",
			one.Connection, one.Reason, one.Phone, one.PhoneProof, one.StartPayload, one.Username), nil
	}
	return "nobody\n", nil
}

// calls BOT METHOD shows what the bot's calls of a method came to, one line each.
func showCalls(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 2 {
		return "", usage("calls bot method")
	}
	b, known := s.bots[args[0]]
	if !known {
		return "", fmt.Errorf("the script has no bot %s", args[0])
	}
	calls, err := s.calls(ctx, b.PlatformID, args[1])
	var text strings.Builder
	for _, c := range calls {
		switch {
		case c.OK && c.Fault == "":
			text.WriteString("ok\n")
		case c.Fault != "":
			fmt.Fprintf(&text, "fault %s\n", c.Fault)
		default:
			fmt.Fprintf(&text, "refused %d\n", c.ErrorCode)
		}
	}
	return text.String(), err
}

// calls reads the sandbox's log from its beginning.
func (i *installation) calls(ctx context.Context, bot int64, method string) ([]controlclient.Call, error) {
	var found []controlclient.Call
	for after := int64(0); ; {
		page, err := i.sandbox.Log(ctx, after)
		if err != nil || len(page) == 0 {
			return found, err
		}
		for _, c := range page {
			if c.Bot == bot && strings.EqualFold(c.Method, method) {
				found = append(found, c)
			}
		}
		after = page[len(page)-1].Seq
	}
}

// fault BOT KIND [method=M] [times=N] [retry_after=SECONDS] [status=N] [delay=SPAN] makes something go wrong for the bot.
func addFault(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) < 2 {
		return "", usage("fault bot kind [name=value...]")
	}
	f := controlclient.Fault{Bot: s.botName(args[0]), Kind: args[1]}
	for _, given := range args[2:] {
		name, value, _ := strings.Cut(given, "=")
		var err error
		switch name {
		case "method":
			f.Method = value
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "retry_after":
			f.RetryAfter, err = strconv.Atoi(value)
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("a fault has no %s", name)
		}
		if err != nil {
			return "", err
		}
	}
	id, err := s.sandbox.AddFault(ctx, f)
	s.faults[args[0]] = append(s.faults[args[0]], id)
	return "", err
}

// nofault BOT takes the bot's faults away.
func clearFaults(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("nofault bot")
	}
	for _, id := range s.faults[args[0]] {
		var refused *controlclient.Error
		// A fault that happened often enough is gone by itself.
		if err := s.sandbox.RemoveFault(ctx, id); err != nil && !(errors.As(err, &refused) && refused.Status == http.StatusNotFound) {
			return "", err
		}
	}
	delete(s.faults, args[0])
	return "", nil
}

// api METHOD PATH [BODY] [HEADER...] calls the API with the operator's key, or without one when a header Authorization is
// given. A path that begins with /telegram/ goes to the public listener. A BODY that begins with @ names a file of the
// script; @big is one of more than a MiB.
func callAPI(ctx context.Context, ts *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) < 2 {
		return "", usage("api method path [body] [header...]")
	}
	body := ""
	if len(args) > 2 {
		body = args[2]
		switch file, isFile := strings.CutPrefix(body, "@"); {
		case body == "@big":
			body = `{"update_id":1,"text":"` + strings.Repeat("x", 1<<20) + `"}`
		case isFile:
			body = ts.ReadFile(file)
		}
	}
	base := s.API
	if strings.HasPrefix(args[1], "/telegram/") {
		base = s.Public
	}
	request, err := http.NewRequestWithContext(ctx, args[0], base+args[1], strings.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+s.APIKey)
	request.Header.Set("Content-Type", "application/json")
	for _, header := range args[min(len(args), 3):] {
		name, value, _ := strings.Cut(header, ":")
		request.Header.Set(name, strings.TrimSpace(value))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("call the API: %w", err)
	}
	defer response.Body.Close()
	return showResponse(response)
}

func showResponse(response *http.Response) (string, error) {
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	var pretty bytes.Buffer
	if json.Indent(&pretty, text, "", "  ") == nil {
		text = pretty.Bytes()
	}
	applied := ""
	if preference := response.Header.Get("Preference-Applied"); preference != "" {
		applied = "Preference-Applied: " + preference + "\n"
	}
	return fmt.Sprintf("HTTP %d\n%s%s\n", response.StatusCode, applied, text), nil
}

// inbound BOT shows what people sent to the bot, as the API tells it: kind, text and translation, oldest first.
func showInbound(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("inbound bot")
	}
	var lines []string
	for m, err := range s.api.Messages(ctx, client.MessageFilter{Bot: s.botName(args[0]), Direction: wire.In}) {
		if err != nil {
			return "", err
		}
		line := m.Kind + " " + m.Text
		if m.Translation != "" {
			line += " -> " + m.Translation
		}
		lines = append(lines, line+"\n")
	}
	slices.Reverse(lines)
	return strings.Join(lines, ""), nil
}

// sms NUMBER shows the SMS that came to a phone, oldest first.
func showSMS(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("sms number")
	}
	phone, err := s.sandbox.Phone(ctx, args[0])
	var text strings.Builder
	for _, m := range phone.SMS {
		text.WriteString(m.Text + "\n")
	}
	return text.String(), err
}

// age PERSON BOT DAYS makes the proof of somebody's phone so many days older.
func ageProof(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 3 {
		return "", usage("age person bot days")
	}
	who, err := s.personOf(args[0])
	if err != nil {
		return "", err
	}
	days, err := strconv.Atoi(args[2])
	if err != nil {
		return "", usage("age person bot days")
	}
	return s.query(ctx, "herald", `
		WITH aged AS (
			UPDATE subscribers SET phone_proved_at = phone_proved_at - $3 * interval '1 day'
			WHERE bot_id = $1 AND platform_id = $2 RETURNING id)
		UPDATE phone_proofs p SET proved_at = proved_at - $3 * interval '1 day' FROM aged WHERE p.subscriber_id = aged.id`,
		s.bots[args[1]].ID, who.ID, days)
}

// updates BOT shows the stored updates of the bot in the order in which they came: which one it was as people made them,
// whether it is done, waiting or aside, and its note or error.
func showUpdates(ctx context.Context, _ *testscript.TestScript, s *stage, args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("updates bot")
	}
	return s.query(ctx, "herald", `
		SELECT rank() OVER (ORDER BY update_id),
			CASE WHEN error <> '' THEN 'aside' WHEN done_at IS NULL THEN 'waiting' ELSE 'done' END || rtrim(' ' || note || error)
		FROM updates WHERE bot_id = $1 ORDER BY sequence`, s.bots[args[0]].ID)
}
