package control

import (
	"net/http"

	"herald/internal/sandbox/network"
)

func (a *API) createPerson(r *http.Request) (int, any, error) {
	var in network.PersonChange
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	p, err := a.Network.CreatePerson(in)
	return http.StatusCreated, p, err
}

func (a *API) listPeople(r *http.Request) (int, any, error) {
	after, err := number(r, "after", 0, 0, 1<<62)
	if err != nil {
		return 0, nil, err
	}
	limit, err := number(r, "limit", 1000, 1, 10_000)
	return http.StatusOK, a.Network.People(network.PersonID(after), int(limit)), err
}

func (a *API) getPerson(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	p, err := a.Network.Person(id)
	return http.StatusOK, p, err
}

func (a *API) updatePerson(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err != nil {
		return 0, nil, err
	}
	var in network.PersonChange
	if err := body(r, &in); err != nil {
		return 0, nil, err
	}
	p, err := a.Network.UpdatePerson(id, in)
	return http.StatusOK, p, err
}

func (a *API) deletePerson(r *http.Request) (int, any, error) {
	id, err := person(r)
	if err == nil {
		err = a.Network.DeletePerson(id)
	}
	return http.StatusNoContent, nil, err
}
