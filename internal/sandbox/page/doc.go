// Package page is the sandbox's face: a chat app and phones side by side, for people in a browser.
//
// Go does little here. [Handler] serves one HTML page, its style sheets and its ES modules, all embedded, under a
// Content-Security-Policy that allows nothing from another host and no inline script. Everything that the page shows it
// reads from the control API of the same listener (/control/v1/...), and an event stream (/control/v1/events) tells it
// when to read again. The page keeps no state of its own but which people are shown.
//
// The modules under static/ follow the same line. store.js holds what the network looks like, live.js hears the event
// stream, a seat (seat.js) is one person's place with a chat list, a conversation and a phone, and network.js is the
// drawer with bots, phones, faults and limits. Text that came from outside only ever becomes text nodes (dom.js): no
// module assigns markup.
//
// A connect link of the sandbox, http://sandbox/acme_bot?start=payload, opens the same page; link.js reads the address
// and offers the bot, ready to start.
package page
