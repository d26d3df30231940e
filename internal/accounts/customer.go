package accounts

import (
	"context"
	"fmt"
	"strings"

	"herald/internal/gateway"
	"herald/internal/phone"
)

// NewAccount is what a new account of a customer shall be.
type NewAccount struct {
	ID     gateway.AccountID // filled if empty
	Name   string
	Region string // two letters, or none
	Key    NewKey // the first one, with a name of its own if that is empty
}

const maxAccountName = 100

// Create makes an account with its first key, whose secret is shown this once.
func (s *Service) Create(ctx context.Context, n NewAccount) (gateway.Account, gateway.Key, gateway.Secret, error) {
	account := gateway.Account{ID: n.ID, Name: strings.TrimSpace(n.Name), Region: n.Region, CreatedAt: s.now()}
	faults := checkName(account.Name)
	if account.Name == "" {
		faults = append(faults, gateway.Fault(gateway.CodeRequired, "name", "Name the account after the customer."))
	}
	faults = append(faults, checkRegion(n.Region)...)
	if len(faults) > 0 {
		return gateway.Account{}, gateway.Key{}, "", faults
	}
	if account.ID == "" {
		account.ID = s.ids.Account()
	}
	if n.Key.Name == "" {
		n.Key.Name = "first"
	}
	if err := s.store.CreateAccount(ctx, account); err != nil {
		return gateway.Account{}, gateway.Key{}, "", fmt.Errorf("create account: %w", err)
	}
	key, secret, err := s.CreateKey(ctx, account.ID, n.Key)
	return account, key, secret, err
}

// Account returns an account.
func (s *Service) Account(ctx context.Context, id gateway.AccountID) (gateway.Account, error) {
	return s.store.Account(ctx, id)
}

// Accounts lists the accounts of the installation, newest first.
func (s *Service) Accounts(ctx context.Context, p gateway.Page) (gateway.List[gateway.Account], error) {
	return s.store.Accounts(ctx, p.Bounded())
}

// Change renames an account, gives it a region, suspends it or lets it work again. Other processes notice within a second.
func (s *Service) Change(ctx context.Context, id gateway.AccountID, c gateway.AccountChange) (gateway.Account, error) {
	c.Name = strings.TrimSpace(c.Name)
	faults := checkName(c.Name)
	if c.Region != nil {
		faults = append(faults, checkRegion(*c.Region)...)
	}
	if len(faults) > 0 {
		return gateway.Account{}, faults
	}
	if c.Suspend != nil && *c.Suspend {
		account, err := s.store.Account(ctx, id)
		if err != nil {
			return gateway.Account{}, err
		}
		if account.Operator {
			return gateway.Account{}, gateway.Fault(gateway.CodeOperatorWorks, "suspended", "The operator's own account cannot be suspended.")
		}
	}
	account, err := s.store.ChangeAccount(ctx, id, c, s.now())
	if err != nil {
		return gateway.Account{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.cache)
	return account, nil
}

func checkName(name string) gateway.Faults {
	if len(name) > maxAccountName {
		return gateway.Faults{gateway.Fault(gateway.CodeFieldInvalid, "name", "An account's name has at most 100 bytes.")}
	}
	return nil
}

func checkRegion(code string) gateway.Faults {
	if code != "" && !phone.Region(code) {
		return gateway.Faults{gateway.Fault(gateway.CodeFieldInvalid, "region", "A region is the two capital letters of a country, such as UA.")}
	}
	return nil
}
