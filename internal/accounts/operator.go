package accounts

import (
	"context"
	"fmt"

	"herald/internal/gateway"
)

// RequireOperator refuses every account but the one that owns the installation.
func (s *Service) RequireOperator(ctx context.Context, id gateway.AccountID) error {
	account, err := s.store.Account(ctx, id)
	if err != nil {
		return fmt.Errorf("find account: %w", err)
	}
	if !account.Operator {
		return gateway.Fault(gateway.CodeNotOperator, "", "Only the operator of the installation may do this.")
	}
	return nil
}
