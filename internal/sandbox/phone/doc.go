// Package phone is the sandbox's SMS operator and the phones that it reaches.
package phone
