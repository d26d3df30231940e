// What the network looks like now, and who is shown.

import { api } from "./api.js";
import { latest } from "./live.js";
import { complain } from "./notice.js";

const SEATS_KEY = "sandbox.seats";
const MAX_SEATS = 2;

// A change of these kinds alters what /state tells; messages and chats are read by the seats themselves.
const NETWORK_KINDS = new Set(["all", "person", "bot", "group", "sms", "phone", "fault", "limits", "reset"]);

class Store extends EventTarget {
  people = [];
  bots = [];
  groups = [];
  phones = [];
  faults = [];
  limits = {};
  loaded = false;
  live = false;
  news = new Set(); // people who got something while they were not shown
  seats = remembered(); // ids of the people shown, left to right
  active = 0; // the seat that the people bar fills

  refresh = latest(async () => {
    try {
      const state = await api.state();
      for (const part of ["people", "bots", "groups", "phones", "faults"]) this[part] = state[part] ?? [];
      this.people = this.people.filter((person) => !person.deleted);
      this.limits = state.limits ?? {};
      this.loaded = true;
      this.#seat();
      this.#tell("network");
    } catch (error) {
      complain(error);
    }
  });

  // changed takes one event of the stream.
  changed(change) {
    if (NETWORK_KINDS.has(change.kind)) this.refresh();
    if (change.kind === "message" && change.person && !this.seats.includes(change.person)) {
      this.news.add(change.person);
      this.#tell("seats");
    }
    this.dispatchEvent(new CustomEvent("change", { detail: change }));
  }

  setLive(live) {
    this.live = live;
    this.#tell("live");
  }

  person(id) {
    return this.people.find((person) => person.id === id);
  }

  bot(id) {
    return this.bots.find((bot) => bot.id === id);
  }

  phone(number) {
    return this.phones.find((phone) => phone.phone === number);
  }

  // show puts a person into the active seat; someone who already has a seat only becomes the active one.
  show(id) {
    const seat = this.seats.indexOf(id);
    if (seat >= 0) this.active = seat;
    else this.seats[this.active] = id;
    this.#seatsChanged();
  }

  showBeside(id) {
    if (!this.seats.includes(id)) this.seats = [...this.seats.slice(0, MAX_SEATS - 1), id];
    this.active = this.seats.indexOf(id);
    this.#seatsChanged();
  }

  leaveSeat(id) {
    this.seats = this.seats.filter((other) => other !== id);
    this.active = 0;
    this.#seatsChanged();
  }

  activate(id) {
    const seat = this.seats.indexOf(id);
    if (seat < 0 || seat === this.active) return;
    this.active = seat;
    this.#seatsChanged();
  }

  #seatsChanged() {
    for (const id of this.seats) this.news.delete(id);
    localStorage.setItem(SEATS_KEY, JSON.stringify(this.seats));
    this.#tell("seats");
  }

  // #seat drops people who are gone and never leaves the desk empty while somebody is there.
  #seat() {
    const kept = this.seats.filter((id) => this.person(id)).slice(0, MAX_SEATS);
    if (kept.length === 0 && this.people.length > 0) kept.push(this.people[0].id);
    if (String(kept) === String(this.seats)) return;
    this.seats = kept;
    this.active = Math.min(this.active, Math.max(0, kept.length - 1));
    this.#seatsChanged();
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(SEATS_KEY) ?? "[]");
    return Array.isArray(ids) ? ids.filter(Number.isInteger) : [];
  } catch {
    return [];
  }
}

export const store = new Store();
