package network

import (
	"strconv"
	"time"

	"herald/internal/sandbox/wire"
)

const (
	// callbackLife is how long a bot may answer a press.
	callbackLife = 30 * time.Second
	// keptCallbacks bounds the presses that are remembered.
	keptCallbacks = 10_000
)

// Answer is what the bot answered to a press.
type Answer struct {
	Text  string `json:"text"`
	Alert bool   `json:"alert"`
	URL   string `json:"url,omitempty"`
}

// press is one press on an inline button that waits for an answer or got one.
type press struct {
	id     string
	bot    BotID
	at     time.Time
	done   chan struct{} // closed by the answer
	answer Answer
}

// callbackBook remembers the newest presses.
type callbackBook struct {
	byID  map[string]*press
	order []string
}

func newCallbackBook() callbackBook { return callbackBook{byID: map[string]*press{}} }

// open begins a press.
func (c *callbackBook) open(b BotID, now time.Time) *press {
	p := &press{
		id: strconv.FormatInt(1_000_000_000_000_000_000+randomBelow(8_000_000_000_000_000_000), 10), bot: b, at: now,
		done: make(chan struct{}),
	}
	c.byID[p.id] = p
	c.order = append(c.order, p.id)
	for len(c.order) > keptCallbacks {
		delete(c.byID, c.order[0])
		c.order = c.order[1:]
	}
	return p
}

// AnswerCallback is answerCallbackQuery. A second answer is taken without effect.
func (n *Network) AnswerCallback(id BotID, query string, a Answer) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.callbacks.byID[query]
	if p == nil || p.bot != id || n.clock().Sub(p.at) > callbackLife {
		return BadRequest(WordsQueryTooOld)
	}
	select {
	case <-p.done:
	default:
		p.answer = a
		close(p.done)
	}
	return nil
}

// Pressed is the result of pressing a button: Query for one that carries data, URL for one that opens a link, Message
// for one that made the person send something, CopyText for one that copies.
type Pressed struct {
	Query    *wire.CallbackQuery
	URL      string
	CopyText string
	Message  *wire.Message
	press    *press
}

// Answered returns a channel that is closed when the bot answered the press; nil when nothing will be answered.
func (p *Pressed) Answered() <-chan struct{} {
	if p.press == nil {
		return nil
	}
	return p.press.done
}

// Answer is the bot's answer; it may be read once Answered is closed.
func (p *Pressed) Answer() Answer { return p.press.answer }
