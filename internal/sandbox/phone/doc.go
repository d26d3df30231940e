// Package phone is the sandbox's SMS operator and the phones that it reaches.
//
// Programs hand in SMS by POST /sms/v1/messages (http.go). Each SMS is carried by one goroutine (carry.go): it waits
// while the phone is off, puts the text into the phone's list and posts the delivery report as the phone's settings
// want it: at once, late, twice, before the answer, never, or as undelivered. A number that nobody has yet becomes a
// phone with its first SMS. What a person writes back is posted to the operator's reply address.
package phone
