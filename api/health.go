package api

import (
	"context"
	"time"

	"herald/api/internal/wire"
)

// readyTimeout bounds how long the parts may take to answer.
const readyTimeout = 5 * time.Second

// GetHealth says that the process serves requests.
func (s *server) GetHealth(context.Context, wire.GetHealthRequestObject) (wire.GetHealthResponseObject, error) {
	return wire.GetHealth200JSONResponse{Status: wire.HealthStatusOk}, nil
}

// GetReadiness asks every part. The log says why one fails; the answer does not, since anybody may ask.
func (s *server) GetReadiness(ctx context.Context, _ wire.GetReadinessRequestObject) (wire.GetReadinessResponseObject, error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	body := wire.Health{Status: wire.HealthStatusOk, Parts: map[string]wire.HealthParts{}}
	for part, err := range s.ready(ctx) {
		body.Parts[part] = wire.HealthPartsOk
		if err != nil {
			body.Parts[part], body.Status = wire.HealthPartsFailing, wire.HealthStatusFailing
			s.logger.WarnContext(ctx, "a part is not ready", "part", part, "error", err)
		}
	}
	if body.Status == wire.HealthStatusFailing {
		return wire.GetReadiness503JSONResponse(body), nil
	}
	return wire.GetReadiness200JSONResponse(body), nil
}
