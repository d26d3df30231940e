package botapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/link"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/ring"
	"herald/internal/sandbox/wire"
)

// Call is one line of the call log. It never holds a token.
type Call struct {
	Seq         int64          `json:"seq"`
	At          time.Time      `json:"at"`
	Bot         network.BotID  `json:"bot"`
	Method      string         `json:"method"`
	ChatID      network.ChatID `json:"chat_id,omitempty"`
	MessageID   int64          `json:"message_id,omitempty"`
	OK          bool           `json:"ok"`
	ErrorCode   int            `json:"error_code,omitempty"`
	Description string         `json:"description,omitempty"`
	Fault       fault.Kind     `json:"fault,omitempty"`
	TookMS      float64        `json:"took_ms"`
	Webhook     bool           `json:"webhook,omitempty"` // the call stood in the answer to a webhook delivery
}

// keptCalls is how many calls the log holds.
const keptCalls = 20_000

// Config is what the Bot API server is built from. All fields are needed.
type Config struct {
	Network *network.Network
	Faults  *fault.Set
	Robot   *link.Robot // reads the links of sent messages
	Logger  *slog.Logger
	Clock   func() time.Time
}

// Server is the Bot API server. Close it to end webhook deliveries.
type Server struct {
	Config
	limiter *Limiter
	calls   *ring.Log[Call]
	methods map[string]method
	hooks   *deliverer
}

// method is one Bot API method.
type method struct {
	name string // as Telegram writes it
	run  func(*call) (any, error)
}

// call is one call in progress.
type call struct {
	*Server
	ctx    context.Context
	bot    network.BotID
	method method
	params params
	note   Call // what the log will say
}

// New returns a Bot API server for the network.
func New(c Config) *Server {
	s := &Server{Config: c, limiter: NewLimiter(c.Clock), calls: ring.New[Call](keptCalls)}
	s.methods = s.table()
	s.hooks = newDeliverer(s)
	return s
}

// Limiter is the limiter of sending.
func (s *Server) Limiter() *Limiter { return s.limiter }

// Calls is the log of calls.
func (s *Server) Calls() *ring.Log[Call] { return s.calls }

// Resume starts deliveries for the webhooks that are set already.
func (s *Server) Resume() {
	for _, id := range s.Network.Webhooks() {
		s.hooks.ensure(id)
	}
}

// Close ends all deliveries and waits for them.
func (s *Server) Close() { s.hooks.close() }

var tokenForm = regexp.MustCompile(`^[1-9][0-9]{0,18}:[A-Za-z0-9_-]{35}$`)

// ServeHTTP answers /bot<token>/<method> and /file/bot<token>/<path>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, file := strings.CutPrefix(r.URL.Path, "/file")
	rest, ok := strings.CutPrefix(path, "/bot")
	token, name, found := strings.Cut(rest, "/")
	if !ok || !found {
		writeError(w, &network.Refusal{Code: 404, Description: "Not Found"})
		return
	}
	if !tokenForm.MatchString(token) {
		writeError(w, &network.Refusal{Code: 401, Description: "Unauthorized: invalid token specified"})
		return
	}
	bot, ok := s.Network.BotByToken(token)
	if !ok {
		writeError(w, &network.Refusal{Code: 401, Description: "Unauthorized"})
		return
	}
	if file {
		s.serveFile(w, bot, name)
		return
	}
	c := &call{Server: s, ctx: r.Context(), bot: bot}
	s.serve(c, w, r, strings.TrimSuffix(name, "/"))
}

// serve carries one call through the pipeline and notes it.
func (s *Server) serve(c *call, w http.ResponseWriter, r *http.Request, name string) {
	start := s.Clock()
	c.note = Call{At: start.UTC(), Bot: c.bot, Method: cut(name, 64)}
	var err error
	c.params, err = decode(r.URL.RawQuery, r.Header.Get("Content-Type"), r.Body)
	c.note.ChatID = network.ChatID(c.params.id("chat_id"))
	if hit, ok := s.match(c, name, fault.Slow); ok {
		c.note.Fault = hit.Kind
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // a delay can be longer than reading may take
		if !pause(c.ctx, time.Duration(hit.Delay)) {
			reset(w)
			return
		}
	}
	if hit, ok := s.match(c, name, fault.ResetBefore, fault.TooManyRequests, fault.ServerError, fault.HTML); ok {
		c.note.Fault = hit.Kind
		s.fail(c, w, hit, start)
		return
	}
	var result any
	if err == nil {
		result, err = s.run(c, name)
	}
	if c.ctx.Err() != nil && err != nil {
		reset(w) // the client is gone, or the sandbox stops
		return
	}
	s.finish(c, result, err, start)
	if _, ok := s.match(c, name, fault.ResetAfter); ok {
		reset(w)
		return
	}
	if err != nil {
		writeError(w, s.refusal(err))
		return
	}
	writeResult(w, result)
}

// run finds the method and runs its handler.
func (s *Server) run(c *call, name string) (any, error) {
	m, ok := s.methods[strings.ToLower(name)]
	if !ok {
		return nil, &network.Refusal{Code: 404, Description: "Not Found: method not found"}
	}
	c.method, c.note.Method = m, m.name
	if err := s.chatFault(c); err != nil {
		return nil, err
	}
	return m.run(c)
}

// match asks for a fault that hits this call.
func (s *Server) match(c *call, name string, among ...fault.Kind) (fault.Fault, bool) {
	return s.Faults.Match(int64(c.bot), strings.ToLower(name), int64(c.note.ChatID), among...)
}

// chatFault returns the refusal of an injected fault that concerns the chat of the call.
func (s *Server) chatFault(c *call) error {
	chat := c.note.ChatID
	if chat == 0 {
		return nil
	}
	among := []fault.Kind{fault.Blocked, fault.Deactivated}
	if chat < 0 {
		among = []fault.Kind{fault.UpgradedGroup}
	}
	if c.params.str("parse_mode") != "" || c.params.object("entities") != "" || c.params.object("caption_entities") != "" {
		among = append(among, fault.RefuseEntities)
	}
	hit, ok := s.match(c, c.method.name, among...)
	if !ok {
		return nil
	}
	c.note.Fault = hit.Kind
	switch hit.Kind {
	case fault.Blocked:
		return network.Forbidden(network.WordsBlocked)
	case fault.Deactivated:
		return network.Forbidden(network.WordsDeactivated)
	case fault.UpgradedGroup:
		return network.GroupUpgraded(-1_000_000_000_000 + chat)
	default:
		return network.BadRequest("can't parse entities: Can't find end of the entity starting at byte offset 0")
	}
}

// fail answers as an injected fault wants.
func (s *Server) fail(c *call, w http.ResponseWriter, hit fault.Fault, start time.Time) {
	refusal := &network.Refusal{Code: hit.Status, Description: http.StatusText(hit.Status)}
	switch hit.Kind {
	case fault.ResetBefore:
		s.finish(c, nil, &network.Refusal{Description: "connection reset"}, start)
		reset(w)
	case fault.TooManyRequests:
		refusal = network.TooManyRequests(hit.RetryAfter)
		s.finish(c, nil, refusal, start)
		writeError(w, refusal)
	case fault.HTML:
		s.finish(c, nil, refusal, start)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(hit.Status)
		_, _ = fmt.Fprintf(w, "<html>\r\n<head><title>%[1]d %[2]s</title></head>\r\n<body>\r\n<center><h1>%[1]d %[2]s</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n",
			hit.Status, http.StatusText(hit.Status))
	default:
		s.finish(c, nil, refusal, start)
		writeError(w, refusal)
	}
}

// finish writes the call into the log.
func (s *Server) finish(c *call, result any, err error, start time.Time) {
	switch r := result.(type) {
	case *wire.Message:
		c.note.MessageID = r.MessageID
	case wire.MessageID:
		c.note.MessageID = r.MessageID
	default:
		c.note.MessageID = c.params.id("message_id")
	}
	if c.note.OK = err == nil; err != nil {
		refusal := s.refusal(err)
		c.note.ErrorCode, c.note.Description = refusal.Code, cut(refusal.Description, 512)
	}
	c.note.TookMS = float64(s.Clock().Sub(start).Microseconds()) / 1000
	s.calls.Append(func(seq int64) Call {
		c.note.Seq = seq
		return c.note
	})
}

// refusal turns any error into an answer; what is no Refusal is our defect or a bound of the network.
func (s *Server) refusal(err error) *network.Refusal {
	if r, ok := network.AsRefusal(err); ok {
		return r
	}
	var p *network.Problem
	if errors.As(err, &p) {
		return network.BadRequest(p.Message)
	}
	s.Logger.Error("sandbox could not answer a bot", "error", err)
	return &network.Refusal{Code: 500, Description: "Internal Server Error"}
}

// answer is the frame of every answer.
type answer struct {
	OK          bool        `json:"ok"`
	Result      any         `json:"result,omitempty"`
	ErrorCode   int         `json:"error_code,omitempty"`
	Description string      `json:"description,omitempty"`
	Parameters  *parameters `json:"parameters,omitempty"`
}

type parameters struct {
	MigrateToChatID network.ChatID `json:"migrate_to_chat_id,omitempty"`
	RetryAfter      int            `json:"retry_after,omitempty"`
}

// described is a result that comes with words, such as "Webhook was set".
type described struct {
	result any
	words  string
}

func writeResult(w http.ResponseWriter, result any) {
	a := answer{OK: true, Result: result}
	if d, ok := result.(described); ok {
		a.Result, a.Description = d.result, d.words
	}
	write(w, http.StatusOK, a)
}

func writeError(w http.ResponseWriter, r *network.Refusal) {
	a := answer{ErrorCode: r.Code, Description: r.Description}
	if r.MigrateTo != 0 || r.RetryAfter != 0 {
		a.Parameters = &parameters{MigrateToChatID: r.MigrateTo, RetryAfter: r.RetryAfter}
	}
	if r.RetryAfter != 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.RetryAfter))
	}
	write(w, r.Code, a)
}

func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(a) // a client that is gone needs no answer
}

// reset breaks the connection so that the client sees a reset and no answer.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// pause waits and reports whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// serveFile answers the download of a file by the path that getFile gave.
func (s *Server) serveFile(w http.ResponseWriter, _ network.BotID, path string) {
	f, ok := s.Network.File(path)
	if !ok || f.Path != path {
		writeError(w, &network.Refusal{Code: 404, Description: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(f.Body)))
	_, _ = io.Copy(w, strings.NewReader(string(f.Body)))
}
