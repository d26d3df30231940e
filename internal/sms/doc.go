// Package sms sends SMS through operators and aggregators, and takes in what they report.
//
// Each provider is one file that knows one protocol: sandbox.go, smsc.go, kannel.go, twilio.go. All of them stand on
// exchange.go, which notes what really happened on the wire, so that a refusal tells "never left" from "had left", and on
// callback.go, which bounds and checks what comes back. [ParseConfig] reads which providers there are, and [New] makes the
// [Router] of them: it picks by the number's prefix and by order, and asks the next provider only where the first did not
// take the SMS for certain.
//
// Reports arrive by callback ([Router.Callbacks]) and by asking ([Router.Watch]); both end in a gateway.SMSSink, which
// may see the same report twice, or before the answer to the submission.
package sms
