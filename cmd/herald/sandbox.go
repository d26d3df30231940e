package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"herald/internal/app"
	"herald/internal/sandbox"
)

// SandboxCmd runs the sandbox alone.
type SandboxCmd struct {
	Listen      string `help:"Address to listen on. The control API is open to whoever reaches it." default:"127.0.0.1:8082"`
	State       string `help:"Folder that keeps people, bots and chats; without it all is forgotten at the end." placeholder:"FOLDER" type:"path"`
	SMSReplyURL string `name:"sms-reply-url" help:"Where SMS that people write are posted to." placeholder:"URL"`

	LogFlags `group:"Logs"`
}

// Help is shown by herald sandbox --help.
func (SandboxCmd) Help() string {
	return `A Telegram network and phones in a box, for the tests of any bot: a Bot API server at http://ADDRESS/bot<token>/...,
a page with a chat app and phones at http://ADDRESS/, and a control API that plays people and injects faults. See
docs/sandbox.md.`
}

// Run serves the sandbox until the end.
func (c *SandboxCmd) Run(ctx context.Context, out *console) error {
	s, err := sandbox.New(sandbox.Options{Listen: c.Listen, StateDir: c.State, SMSReplyURL: c.SMSReplyURL, Logger: c.logger()})
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		var network *net.OpError
		if errors.As(err, &network) && network.Op == "listen" {
			return &app.ListenError{Flag: "--listen", Address: c.Listen, Err: network}
		}
		return err
	}
	_, _ = fmt.Fprintln(out.Out, "Ready:", s.URL())
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return s.Stop(stop)
}
