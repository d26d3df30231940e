package api

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"

	"herald/api/internal/strictjson"
	"herald/internal/gateway"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 1 << 20

var errBodyTooLarge = gateway.Fault(gateway.CodeBodyTooLarge, "", "The body is over 1 MiB.")

// maxDrained bounds how much is read of a body that is over the limit, in bytes. Many clients write all of a request before
// they read the answer: one whose connection is closed while it writes never learns what was wrong.
const maxDrained = 16 << 20

// readBody reads the whole body of a request, whether its length was announced or not, and puts it back for whoever
// comes next. A body over the limit is not kept.
func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		drain(r)
		return nil, errBodyTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, &gateway.Error{Code: gateway.CodeBodyInvalid, Message: "The body did not arrive whole.", Err: err}
	case len(body) > maxBody:
		drain(r)
		return nil, errBodyTooLarge
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// drain reads what a client still writes, so that it comes to read its answer. One that asked before it wrote, with
// Expect: 100-continue, is answered at once.
func drain(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
	}
}

// checkRequest holds a request against the specification before anything is done: its path, its query and its body.
func (s *server) checkRequest(c *gin.Context) {
	op := s.operationOf(c)
	if op.scope == "" {
		return // probes of load balancers may ask as they like
	}
	for _, p := range c.Params {
		if !gateway.Storable(p.Value) || len(p.Value) > maxParameter {
			s.refuse(c, gateway.Fault(gateway.CodeFieldInvalid, p.Key, "This part of the address is not a name or an id."))
			return
		}
	}
	if err := checkQuery(c.Request.URL.RawQuery, op.query); err != nil {
		s.refuse(c, err)
		return
	}
	// RFC 7240 lets a client send preferences in one header or in several.
	if prefer := c.Request.Header.Values("Prefer"); len(prefer) > 1 {
		c.Request.Header.Set("Prefer", strings.Join(prefer, ", "))
	}
	if op.upload {
		if err := openUpload(c); err != nil {
			s.refuse(c, err)
		}
		return
	}
	if op.body == nil {
		return
	}
	body, err := readBody(c.Request)
	if err == nil {
		err = strictjson.Check(body, op.body)
	}
	if err != nil {
		s.refuse(c, err)
	}
}

// maxParameter bounds a parameter in bytes, whatever the specification says of its characters.
const maxParameter = 512

// checkQuery refuses parameters that the operation does not know and values that cannot be: a filter with a slip in its
// name must not return everything.
func checkQuery(raw string, known map[string]*openapi3.Parameter) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return gateway.Fault(gateway.CodeBodyInvalid, "", "The query of the address cannot be read: check its % signs and write & between parameters.")
	}
	var faults gateway.Faults
	for _, name := range slices.Sorted(maps.Keys(query)) {
		parameter, ok := known[name]
		switch {
		case !ok && len(faults) >= maxQueryFaults:
		case !ok:
			faults = append(faults, gateway.Fault(gateway.CodeFieldUnknown, echo(name), "There is no such parameter here. "+parameterNames(known)))
		case len(query[name]) > 1:
			faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, name, "This parameter stands here twice."))
		default:
			if message := checkParameter(query[name][0], parameter); message != "" {
				faults = append(faults, gateway.Fault(gateway.CodeFieldInvalid, name, message))
			}
		}
	}
	return faults.OrNil()
}

// maxQueryFaults bounds how many unknown parameters are listed.
const maxQueryFaults = 20

// checkParameter says what is wrong with the value of a parameter, "" if nothing is.
func checkParameter(value string, parameter *openapi3.Parameter) string {
	schema := parameter.Schema.Value
	switch {
	case value == "":
		return "This parameter is empty. Leave it out, or give it a value."
	case !gateway.Storable(value):
		return "This is not valid UTF-8, or contains a NUL character."
	case schema.MaxLength != nil && uint64(utf8.RuneCountInString(value)) > *schema.MaxLength:
		return fmt.Sprintf("This value is too long: it has at most %d characters.", *schema.MaxLength)
	case len(value) > maxParameter:
		return "This value is too long."
	case schema.Type.Is("integer"):
		return checkInteger(value, schema)
	case len(schema.Enum) > 0 && !slices.Contains(schema.Enum, any(value)):
		return "This must be one of: " + strictjson.Choices(schema) + "."
	case schema.Pattern != "" && !regexp.MustCompile(schema.Pattern).MatchString(value):
		return "This value is not written as it must be. " + strings.ReplaceAll(parameter.Description, "`", "")
	}
	return ""
}

func checkInteger(value string, schema *openapi3.Schema) string {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if schema.Min != nil {
		low = int64(*schema.Min)
	}
	if schema.Max != nil {
		high = int64(*schema.Max)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err == nil && n >= low && n <= high:
		return ""
	case schema.Min != nil && schema.Max != nil:
		return fmt.Sprintf("This must be a whole number from %d to %d.", low, high)
	case schema.Min != nil:
		return fmt.Sprintf("This must be a whole number from %d on.", low)
	default:
		return "This must be a whole number."
	}
}

func parameterNames(known map[string]*openapi3.Parameter) string {
	if len(known) == 0 {
		return "This call takes none."
	}
	return "There are: " + strings.Join(slices.Sorted(maps.Keys(known)), ", ") + "."
}

// echo returns an unknown name as it may be repeated: short and printable.
func echo(name string) string {
	const longest = 64
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
