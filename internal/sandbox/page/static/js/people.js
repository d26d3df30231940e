// People: the bar at the top, and the forms that make and change them.

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { el, fill, icon, reconcile } from "./dom.js";
import { form } from "./form.js";
import { fullName, phoneNumber } from "./format.js";
import { attempt, box, confirmBox } from "./notice.js";
import { store } from "./store.js";

// Names to offer, so that a first person is one press away. The numbers are valid and belong to nobody: North America keeps 555-01xx for examples.
const SUGGESTIONS = [
  { first_name: "Anna", last_name: "Kovalenko", username: "anna_k", phone: "+12025550143", language: "uk" },
  { first_name: "Ben", last_name: "Carter", username: "ben_carter", phone: "+12025550168", language: "en" },
  { first_name: "Chiara", last_name: "Rossi", username: "chiara_r", phone: "+12025550117", language: "it" },
  { first_name: "Daniel", last_name: "Okafor", username: "daniel_o", phone: "+12025550184", language: "en" },
];

const LANGUAGES = [
  ["", "Not told"],
  ["en", "English"],
  ["uk", "Ukrainian"],
  ["de", "German"],
  ["es", "Spanish"],
  ["fr", "French"],
  ["it", "Italian"],
  ["pl", "Polish"],
  ["pt", "Portuguese"],
  ["ru", "Russian"],
  ["tr", "Turkish"],
];

// The bar stays quick to read; on a crowded network everybody else is found by name or number.
const MAX_PILLS = 24;
const MAX_FOUND = 50;

export class PeopleBar {
  constructor(toggleNetwork) {
    this.list = el("nav", { class: "people", "aria-label": "People" });
    this.more = el("button", { type: "button", class: "tool", hidden: true, onclick: () => findPerson() });
    this.add = el(
      "button",
      { type: "button", class: "tool", "aria-label": "New person", onclick: () => createPerson() },
      icon("plus"),
      el("span", {}, "Person"),
    );
    this.two = el(
      "button",
      { type: "button", class: "tool two", "aria-pressed": "false", onclick: () => this.#toggleTwo() },
      icon("columns"),
      el("span", {}, "Side by side"),
    );
    this.network = el(
      "button",
      {
        type: "button",
        class: "tool",
        "aria-expanded": "false",
        "aria-controls": "network",
        "aria-label": "Network",
        onclick: toggleNetwork,
      },
      icon("network"),
      el("span", {}, "Network"),
      el("b", { class: "count", hidden: true }),
    );
    this.live = el("span", { class: "live", role: "img", "aria-label": "Connecting", title: "Connecting" });
    fill(
      document.getElementById("topbar"),
      el(
        "h1",
        { class: "brand" },
        el("img", { src: "/static/icon.svg", alt: "" }),
        el("span", {}, "Sandbox"),
        this.live,
      ),
      this.list,
      el("div", { class: "tools" }, this.more, this.add, this.two, this.network),
    );
  }

  draw() {
    const shown = store.people.filter((person) => store.seats.includes(person.id));
    const others = store.people.filter((person) => !store.seats.includes(person.id));
    const pills = [...shown, ...others.slice(0, MAX_PILLS - shown.length)].sort((a, b) => a.id - b.id);
    const items = pills.map((person) => ({
      id: person.id,
      name: fullName(person),
      shown: store.seats.includes(person.id),
      news: store.news.has(person.id),
    }));
    reconcile(
      this.list,
      items,
      (item) => item.id,
      (item) =>
        el(
          "button",
          {
            type: "button",
            class: "person-pill",
            "aria-pressed": String(item.shown),
            title: item.name,
            onclick: () => store.show(item.id),
          },
          avatar(item, "tiny"),
          item.news ? el("span", { class: "dot", role: "img", "aria-label": "has news" }) : null,
          el("span", { class: "clip" }, item.name),
        ),
    );
    this.more.hidden = store.people.length <= pills.length;
    this.more.textContent = `All ${store.people.length}…`;
    const two = store.seats.length > 1;
    this.two.setAttribute("aria-pressed", String(two));
    this.two.disabled = store.people.length === 0;
    const count = this.network.querySelector(".count");
    count.hidden = store.faults.length === 0;
    count.textContent = String(store.faults.length);
    count.title = "Faults that are switched on";
    this.live.classList.toggle("on", store.live);
    const state = store.live ? "Live" : "Connecting";
    this.live.setAttribute("aria-label", state);
    this.live.title = state;
  }

  async #toggleTwo() {
    if (store.seats.length > 1) return store.leaveSeat(store.seats[1]);
    const other = store.people.find((person) => !store.seats.includes(person.id));
    if (other) return store.showBeside(other.id);
    return createPerson(true);
  }
}

// findPerson lets one look for a person on a network that has too many for the bar.
function findPerson() {
  const list = el("div", { class: "pick thin-scroll" });
  const look = (text) => {
    const words = text.toLowerCase().replace(/^@/, "");
    const fits = store.people.filter((person) =>
      `${fullName(person)} ${person.username ?? ""} ${person.phone ?? ""}`.toLowerCase().includes(words),
    );
    fill(
      list,
      fits.slice(0, MAX_FOUND).map((person) =>
        el(
          "button",
          {
            type: "button",
            onclick: (event) => {
              event.target.closest("dialog").close();
              store.show(person.id);
            },
          },
          avatar(person, "small"),
          el(
            "span",
            { class: "grow clip" },
            fullName(person),
            el("span", { class: "small muted" }, ` ${phoneNumber(person.phone)}`),
          ),
        ),
      ),
    );
  };
  look("");
  box(
    "Find a person",
    el(
      "div",
      { class: "inside" },
      el("h2", {}, "Find a person"),
      el("input", {
        class: "input",
        type: "search",
        placeholder: "Name, @name or number",
        "aria-label": "Name, @name or number",
        oninput: (event) => look(event.target.value.trim()),
      }),
      list,
    ),
  );
}

function personFields(person) {
  return [
    { name: "first_name", label: "First name", required: true, maxlength: 64, value: person.first_name },
    { name: "last_name", label: "Last name", maxlength: 64, value: person.last_name },
    { name: "username", label: "Username", maxlength: 33, value: person.username, placeholder: "without @" },
    { name: "phone", label: "Phone", type: "tel", maxlength: 20, value: person.phone, placeholder: "+12025550143" },
    {
      name: "language",
      label: "Language of the app",
      value: person.language,
      options: languages(person.language),
      wide: true,
    },
  ];
}

function languages(current) {
  return current && !LANGUAGES.some(([code]) => code === current) ? [...LANGUAGES, [current, current]] : LANGUAGES;
}

function cleaned(values) {
  return values.username === undefined ? values : { ...values, username: values.username.replace(/^@/, "") };
}

// createPerson asks for a new person and gives them a seat, beside the present one if asked.
export async function createPerson(beside = false) {
  const taken = new Set(store.people.flatMap((person) => [person.phone, person.username]));
  const suggestion = SUGGESTIONS.find((one) => !taken.has(one.phone) && !taken.has(one.username)) ?? { first_name: "" };
  const person = await form({
    title: "New person",
    note: "Somebody with a Telegram account and a phone. Take the example or write your own.",
    fields: personFields(suggestion),
    action: "Create",
    submit: (values) => api.createPerson(cleaned(values)),
  });
  if (!person?.id) return;
  await store.refresh();
  if (beside) store.showBeside(person.id);
  else store.show(person.id);
}

// editPerson changes who somebody is. The account can be deleted here, too.
export async function editPerson(person) {
  await form({
    title: `Change ${fullName(person)}`,
    fields: personFields(person),
    keepEmpty: true,
    action: "Save",
    submit: (values) => api.changePerson(person.id, changes(person, cleaned(values))),
    extra: (close) =>
      el(
        "button",
        {
          type: "button",
          class: "button quiet danger",
          onclick: () => {
            close();
            deletePerson(person);
          },
        },
        "Delete account",
      ),
  });
}

function changes(person, values) {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== (person[name] ?? "")));
}

async function deletePerson(person) {
  const sure = await confirmBox(
    `Delete ${fullName(person)}?`,
    "Bots will hear that the user is deactivated. This cannot be taken back.",
    "Delete",
    true,
  );
  if (!sure) return;
  await attempt(() => api.deletePerson(person.id));
  await store.refresh();
}

// askPayload asks for the payload of a start; null when the person thinks better of it.
export async function askPayload() {
  const values = await form({
    title: "Start with a payload",
    note: "What stands after ?start= in a link: up to 64 letters, digits, - and _.",
    fields: [
      {
        name: "payload",
        label: "Payload",
        maxlength: 64,
        pattern: "[A-Za-z0-9_\\-]*",
        patternHint: "Letters, digits, - and _",
      },
    ],
    action: "Start",
    submit: async (given) => given,
  });
  return values === null ? null : (values.payload ?? "");
}
