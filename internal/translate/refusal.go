package translate

import (
	"context"
	"errors"
	"strings"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"herald/internal/gateway"
)

// refusal turns what the client says into a reason. The server's own words are left out: they may quote the text.
func refusal(ctx context.Context, err error) error {
	code := status.Code(err)
	if ctx.Err() != nil {
		return &gateway.TranslationError{Reason: gateway.TranslationTimeout, Err: ctx.Err()}
	}
	why := detail(err)
	said := "google answers " + code.String()
	if why != "" {
		said += ", " + why
	}
	return &gateway.TranslationError{Reason: reason(code, why, err), Err: errors.New(said)}
}

// reason is the table of codes. PermissionDenied stands for both a limit that is used up and rights that are missing: only
// the detail tells.
func reason(code codes.Code, why string, err error) gateway.TranslationReason {
	switch code {
	case codes.DeadlineExceeded, codes.Canceled:
		return gateway.TranslationTimeout
	case codes.InvalidArgument:
		return gateway.TranslationLanguage
	case codes.ResourceExhausted:
		if strings.Contains(err.Error(), "message larger than max") { // by our own client, about the size of the answer
			return gateway.TranslationUnavailable
		}
		return gateway.TranslationQuota
	case codes.PermissionDenied:
		if misconfigured(why) {
			return gateway.TranslationUnavailable
		}
		return gateway.TranslationQuota
	default:
		return gateway.TranslationUnavailable
	}
}

// misconfigured tells rights that are missing from limits, by google.rpc.ErrorInfo's reason.
func misconfigured(why string) bool {
	switch why {
	case "IAM_PERMISSION_DENIED", "SERVICE_DISABLED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED", "USER_PROJECT_DENIED",
		"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "BILLING_DISABLED", "SECURITY_POLICY_VIOLATED", "LOCATION_POLICY_VIOLATED":
		return true
	default:
		return false
	}
}

// detail is the machine word of an error, empty if it has none.
func detail(err error) string {
	var api *apierror.APIError
	if errors.As(err, &api) {
		return api.Reason()
	}
	return ""
}

// certainlyNotBilled tells whether the translator refused before it translated anything. Of a lost answer nobody knows.
func certainlyNotBilled(err error) bool {
	switch gateway.TranslationReasonOf(err) {
	case gateway.TranslationQuota, gateway.TranslationLanguage:
		return true
	case gateway.TranslationUnavailable:
		var said *answered
		return !errors.As(err, &said)
	default:
		return false
	}
}

// answered marks a failure after which the translator has been paid: it translated, and its answer is of no use.
type answered struct{ error }

func unavailable(err error) error {
	return &gateway.TranslationError{Reason: gateway.TranslationUnavailable, Err: err}
}
