package messaging

import (
	"fmt"
	"time"

	"herald/internal/gateway"
)

// CascadeLeg is one leg of a cascade as a sender asks for it.
type CascadeLeg struct {
	Channel gateway.Channel
	Until   gateway.Until // accepted
	Within  time.Duration // how long the evidence may take before the next leg begins
}

func (c CascadeLeg) until() gateway.Until {
	if c.Until == "" {
		return gateway.UntilAccepted
	}
	return c.Until
}

// maxWithin bounds the wait for evidence: nothing waits longer than the longest lifetime.
const maxWithin = MaxTTL

func (r Request) checkCascade() *gateway.Error {
	switch r.Fallback {
	case "": // none, or one that became a leg of the cascade
	case string(gateway.ChannelSMS):
		return gateway.Fault(gateway.CodeCascade, "fallback", "Give a cascade or a fallback, not both: a fallback is the short form of a cascade.")
	default:
		return gateway.Fault(gateway.CodeCascade, "fallback", "A message can fall back to: sms.")
	}
	seen := map[gateway.Channel]bool{}
	for i, c := range r.Cascade {
		field := fmt.Sprintf("cascade[%d]", i)
		last := i == len(r.Cascade)-1
		switch {
		case c.Channel != gateway.ChannelTelegram && c.Channel != gateway.ChannelSMS:
			return gateway.Fault(gateway.CodeCascade, field+".channel", "There are two channels: telegram and sms.")
		case seen[c.Channel]:
			return gateway.Fault(gateway.CodeCascade, field+".channel", "A cascade takes each channel once.")
		case !knownUntil(c.until()):
			return gateway.Fault(gateway.CodeCascade, field+".until", "A leg goes until it is: accepted, delivered, read or replied.")
		case c.Within < 0 || c.Within > maxWithin:
			return gateway.Fault(gateway.CodeCascade, field+".within", "How long evidence may take is written like 90s, 2m or 1h: more than zero and at most 7 days.")
		case c.until() != gateway.UntilAccepted && c.Within == 0 && !last:
			return gateway.Fault(gateway.CodeCascade, field+".within", "Say how long the evidence may take before the next leg begins, such as 2m.")
		}
		seen[c.Channel] = true
	}
	return nil
}

func knownUntil(u gateway.Until) bool {
	switch u {
	case gateway.UntilAccepted, gateway.UntilDelivered, gateway.UntilRead, gateway.UntilReplied:
		return true
	default:
		return false
	}
}
