package control

import (
	"net/http"

	"herald/internal/sandbox/phone"
)

// maxListed bounds the lists that are not paged.
const maxListed = 10_000

func (a *API) listPhones(*http.Request) (int, any, error) {
	return http.StatusOK, a.Phones.Phones(maxListed), nil
}

func (a *API) getPhone(r *http.Request) (int, any, error) {
	p, err := a.Phones.Phone(r.PathValue("phone"))
	return http.StatusOK, p, err
}

func (a *API) updatePhone(r *http.Request) (int, any, error) {
	var in phone.Change
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	p, err := a.Phones.Update(r.PathValue("phone"), in)
	return http.StatusOK, p, err
}

func (a *API) writeSMS(r *http.Request) (int, any, error) {
	var in struct {
		To   string `json:"to"`
		Text string `json:"text"`
	}
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	sms, err := a.Phones.Write(r.PathValue("phone"), in.To, in.Text)
	return http.StatusCreated, sms, err
}
