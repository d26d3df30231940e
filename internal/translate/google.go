package translate

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	translation "cloud.google.com/go/translate/apiv3"
	"cloud.google.com/go/translate/apiv3/translatepb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// What Google takes in one request, and what we take of its answer.
const (
	maxContents = 1024
	maxPoints   = 30_000  // code points of all contents together
	maxAnswer   = 1 << 20 // bytes
	// A translation is at most growth times as long as its text, and something more for very short ones.
	growth, growthMore = 8, 200
)

// google translates with Cloud Translation, version 3. Nothing is repeated: not by the client, whose TranslateText has no
// retry, and not here.
type google struct {
	client *translation.TranslationClient
	parent string
}

func newGoogle(ctx context.Context, c Config) (*google, error) {
	options := []option.ClientOption{option.WithTelemetryDisabled()}
	if c.Credentials != "" {
		options = append(options, option.WithAuthCredentialsJSON(option.ServiceAccount, []byte(c.Credentials.Reveal())))
	}
	if c.Endpoint != "" {
		server, plain, err := c.server()
		if err != nil {
			return nil, err
		}
		if plain {
			options = []option.ClientOption{
				option.WithTelemetryDisabled(), option.WithoutAuthentication(),
				option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
			}
		}
		options = append(options, option.WithEndpoint(server))
	}
	client, err := translation.NewTranslationClient(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("use Google Cloud Translation: %w", err)
	}
	client.CallOptions.TranslateText = append(client.CallOptions.TranslateText, gax.WithGRPCOptions(grpc.MaxCallRecvMsgSize(maxAnswer)))
	return &google{client: client, parent: "projects/" + c.Project + "/locations/" + c.Location}, nil
}

func (g *google) close() error { return g.client.Close() }

// translate asks for all texts in one request. An error is a *gateway.TranslationError.
func (g *google) translate(ctx context.Context, texts []string, from, to string) (translated []string, found string, err error) {
	answer, err := g.client.TranslateText(ctx, &translatepb.TranslateTextRequest{
		Parent: g.parent, Contents: texts, MimeType: "text/plain", SourceLanguageCode: from, TargetLanguageCode: to,
	})
	if err != nil {
		return nil, "", refusal(ctx, err)
	}
	if len(answer.GetTranslations()) != len(texts) {
		return nil, "", nonsense("another number of translations than texts")
	}
	translated = make([]string, len(texts))
	for i, t := range answer.GetTranslations() {
		translated[i] = t.GetTranslatedText()
		switch n := utf8.RuneCountInString(translated[i]); {
		case n == 0:
			return nil, "", nonsense("an empty translation")
		case n > growth*utf8.RuneCountInString(texts[i])+growthMore:
			return nil, "", nonsense("a translation that is far too long")
		}
	}
	return translated, answer.GetTranslations()[0].GetDetectedLanguageCode(), nil
}

// nonsense is an answer that no translator should give.
func nonsense(what string) error {
	return unavailable(&answered{errors.New("the translator answered with " + what)})
}
