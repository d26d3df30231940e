// Package api is the HTTP face of Herald: the private listener with /v1 and its reference page, and the public one
// where messengers deliver their updates.
//
// openapi.yaml comes first. oapi-codegen makes internal/wire from it: the types of bodies, and an interface with one
// method per operation that can answer nothing else. The same file, read at start, tells the middleware which scope an
// operation needs, which query parameters it knows and what its body looks like, and is rendered as the page at /docs.
//
// A request under /v1 passes, in this order: a request id, the recovery from panics, headers (listener.go), the API key and its scope
// (auth.go), the query and the body against the specification (request.go, internal/strictjson), the Idempotency-Key
// (idempotency.go), and its handler, which turns it into a use case. Every refusal on the way is a gateway.Error and is
// written by one function from one table (problem.go).
//
// To add an operation: describe it in openapi.yaml with its scope, its examples and its error codes, run the generator,
// write the method that the compiler asks for, and add a golden to testdata.
package api
