package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"herald/internal/sandbox/botapi"
	"herald/internal/sandbox/control"
	"herald/internal/sandbox/fault"
	"herald/internal/sandbox/link"
	"herald/internal/sandbox/network"
	"herald/internal/sandbox/page"
	"herald/internal/sandbox/phone"
)

// Server is a running sandbox: New, Start, Stop.
type Server struct {
	options Options
	network *network.Network
	faults  *fault.Set
	robot   *link.Robot
	bots    *botapi.Server
	phones  *phone.Operator
	control *control.API
	state   *state

	http     *http.Server
	cancel   context.CancelFunc // ends waiting calls
	listener net.Listener
	served   chan struct{}
}

// New builds a sandbox. Nothing listens and nothing is read before Start.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &Server{options: o, network: network.New(o.Bounds, o.Clock), faults: &fault.Set{}}
	return s, nil
}

// Start opens the state folder, listens and serves until Stop. It returns when connections are accepted.
func (s *Server) Start(ctx context.Context) error {
	o := s.options
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen for the sandbox on %s: %w", o.Listen, err)
	}
	s.listener = listener
	s.robot = link.New(o.LinkHosts)
	s.bots = botapi.New(botapi.Config{
		Network: s.network, Faults: s.faults, Robot: s.robot, Logger: o.Logger, Clock: o.Clock,
	})
	s.bots.Limiter().SetLimits(*o.Limits)
	s.phones = phone.New(phone.Config{
		Network: s.network, Client: link.Client(o.LinkHosts), ReplyURL: o.SMSReplyURL, Logger: o.Logger, Clock: o.Clock,
	})
	s.state, err = openState(o.StateDir, s.network, s.phones, o.Logger)
	if err != nil {
		s.phones.Close()
		s.bots.Close()
		s.robot.Close()
		return errors.Join(err, listener.Close())
	}
	s.control = control.New(control.Config{
		Network: s.network, Faults: s.faults, Robot: s.robot, Bots: s.bots, Phones: s.phones, Save: s.state.save,
		Limits: *o.Limits,
	})
	// Calls live as long as the server, not as long as the context of Start.
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.http = &http.Server{
		BaseContext: func(net.Listener) context.Context { return calls },
		Handler:     s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			o.Logger.Error("sandbox stopped serving", "error", err)
		}
	}()
	s.bots.Resume()
	return nil
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/control/v1/", s.control)
	mux.Handle("/sms/v1/", s.phones)
	mux.Handle("/", page.Handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isBotAPI(r.URL.Path) {
			s.bots.ServeHTTP(w, r) // not through the mux: it would redirect unclean paths
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// isBotAPI tells a call such as /bot123:.../getMe from the page of a bot named @botanist_bot.
func isBotAPI(path string) bool {
	for _, prefix := range []string{"/bot", "/file/bot"} {
		if len(path) > len(prefix) && path[:len(prefix)] == prefix && path[len(prefix)] >= '0' && path[len(prefix)] <= '9' {
			return true
		}
	}
	return false
}

// URL is the sandbox's address, such as http://127.0.0.1:43127: the base of the Bot API, the control API and the page.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Network is the sandbox's state, for programs that hold the sandbox in their own process.
func (s *Server) Network() *network.Network { return s.network }

// Stop ends waiting calls and deliveries, stops listening and writes the state. The context bounds the waiting.
func (s *Server) Stop(ctx context.Context) error {
	if s.http == nil {
		return nil
	}
	s.cancel()
	s.control.Close()
	s.bots.Close()
	s.phones.Close()
	s.robot.Close()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.served
	return errors.Join(err, s.state.close())
}
