package inbox

import (
	"context"
	"time"

	"herald/internal/messaging"
)

// translateBatch bounds what is read at a time of what waits for its translation.
const translateBatch = 20

// translate brings what people wrote into the language that their rules want it in, for History and handlers. It happens
// after the update is done with: nothing waits for it, and what a crash leaves is found again.
func (i *Inbox) translate(ctx context.Context) {
	rest := time.NewTicker(lookAnyway)
	defer rest.Stop()
	for {
		more, err := i.TranslateSome(ctx)
		if err != nil && ctx.Err() == nil {
			i.logger.WarnContext(ctx, "translating what people wrote", "error", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-i.untold:
		case <-rest.C:
		}
	}
}

// TranslateSome translates the oldest messages that wait for it, and tells whether there may be more.
func (i *Inbox) TranslateSome(ctx context.Context) (more bool, err error) {
	waiting, err := i.store.UntranslatedInbound(ctx, translateBatch)
	if err != nil {
		return false, err
	}
	for _, w := range waiting {
		result := messaging.Translate(ctx, i.translator, w.Network, w.Message)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		result.At = i.now()
		if err := i.store.StoreTranslation(ctx, w.Message.AccountID, w.Message.ID, result); err != nil {
			return false, err
		}
	}
	return len(waiting) == translateBatch, nil
}
