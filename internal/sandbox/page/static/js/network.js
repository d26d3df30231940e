// The drawer: what belongs to nobody in particular — bots, all phones, faults, limits and the calls that bots make.

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { createBot, showToken } from "./bots.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { faultsTab } from "./faults.js";
import { form } from "./form.js";
import { clock, fullName, phoneNumber } from "./format.js";
import { limitsTab } from "./limits.js";
import { latest } from "./live.js";
import { attempt, complain, confirmBox, copy } from "./notice.js";
import { phoneSettings } from "./phones.js";
import { store } from "./store.js";

const CALLS_SHOWN = 60;
const PHONES_SHOWN = 100;
const CALLS_PAUSE_MS = 400;

const TABS = [
  ["bots", "Bots"],
  ["groups", "Groups"],
  ["phones", "Phones"],
  ["faults", "Faults"],
  ["limits", "Limits"],
  ["calls", "Calls"],
];

export class NetworkDrawer {
  constructor(root) {
    this.root = root;
    this.tab = "bots";
    this.calls = [];
    this.refreshCalls = latest(() => this.#readCalls());
    this.tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Parts of the network" });
    this.body = el("div", { class: "tab-body thin-scroll", role: "tabpanel", tabindex: 0 });
    fill(
      root,
      el(
        "div",
        { class: "network-head" },
        el("h2", {}, "Network"),
        iconButton("close", "Close the network panel", () => this.toggle()),
      ),
      this.tabs,
      this.body,
    );
    this.#drawTabs();
  }

  toggle(button = this.button) {
    this.button = button;
    this.root.hidden = !this.root.hidden;
    button?.setAttribute("aria-expanded", String(!this.root.hidden));
    if (this.root.hidden) return button?.focus();
    this.draw();
    this.refreshCalls();
    this.tabs.querySelector("[aria-selected=true]").focus();
    return undefined;
  }

  changed() {
    if (this.root.hidden || this.tab !== "calls") return;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.refreshCalls(), CALLS_PAUSE_MS);
  }

  draw() {
    if (this.root.hidden || !store.loaded) return;
    const version = JSON.stringify([this.tab, this.#shown()]);
    if (this.body.dataset.version === version) return;
    this.body.dataset.version = version;
    fill(this.body, this.#content());
  }

  #drawTabs() {
    fill(
      this.tabs,
      TABS.map(([name, label]) =>
        el(
          "button",
          {
            type: "button",
            role: "tab",
            "aria-selected": String(name === this.tab),
            onclick: () => {
              this.tab = name;
              this.#drawTabs();
              this.tabs.querySelector("[aria-selected=true]").focus();
              this.draw();
              if (name === "calls") this.refreshCalls();
            },
          },
          label,
        ),
      ),
    );
  }

  // #shown is what the present tab depends on; it is drawn again only when that changes.
  #shown() {
    switch (this.tab) {
      case "bots":
        return store.bots;
      case "groups":
        return [store.groups, store.people, store.bots];
      case "phones":
        return [store.phones.map(({ phone, state, report, sms }) => [phone, state, report, sms?.length]), store.people];
      case "faults":
        return [store.faults, store.bots];
      case "limits":
        return store.limits;
      default:
        return this.calls;
    }
  }

  #content() {
    switch (this.tab) {
      case "bots":
        return botsTab();
      case "groups":
        return groupsTab();
      case "phones":
        return phonesTab();
      case "faults":
        return faultsTab();
      case "limits":
        return limitsTab();
      default:
        return callsTab(this.calls);
    }
  }

  async #readCalls() {
    if (this.root.hidden || this.tab !== "calls") return;
    try {
      const log = await api.log(CALLS_SHOWN);
      this.calls = [...(log.calls ?? log)].sort((a, b) => b.seq - a.seq).slice(0, CALLS_SHOWN);
      this.draw();
    } catch (error) {
      complain(error);
    }
  }
}

function quiet(label, iconName, onclick, danger = false) {
  return el(
    "button",
    { type: "button", class: `button quiet${danger ? " danger" : ""}`, onclick },
    icon(iconName),
    label,
  );
}

function botsTab() {
  return [
    el("button", { type: "button", class: "button primary", onclick: () => createBot() }, icon("plus"), "Create a bot"),
    store.bots.length
      ? null
      : el(
          "div",
          { class: "empty" },
          icon("bot"),
          el("h3", {}, "No bots yet"),
          el("p", {}, "Create one to get a token. Any program that speaks the Bot API can then run as this bot."),
        ),
    store.bots.map((bot) =>
      el(
        "article",
        { class: "card", "aria-label": fullName(bot) },
        el(
          "div",
          { class: "row" },
          avatar(bot, "small", true),
          el(
            "div",
            { class: "grow" },
            el("b", { class: "clip" }, fullName(bot)),
            el("div", { class: "small muted clip" }, `@${bot.username}`),
          ),
        ),
        el(
          "div",
          { class: "card-actions" },
          quiet("Token", "key", () => showToken(bot, fullName(bot))),
          bot.link ? quiet("Link", "copy", () => copy(bot.link, "Link")) : null,
          quiet("Revoke", "block", () => revoke(bot)),
          quiet("Delete", "trash", () => removeBot(bot), true),
        ),
      ),
    ),
  ];
}

async function revoke(bot) {
  if (
    !(await confirmBox(
      "Make a new token?",
      `The present token of @${bot.username} stops working at once.`,
      "New token",
    ))
  )
    return;
  const changed = await attempt(() => api.revokeBot(bot.id));
  if (changed?.token) showToken(changed, "The new token");
}

async function removeBot(bot) {
  if (!(await confirmBox(`Delete @${bot.username}?`, "Its chats go with it.", "Delete", true))) return;
  await attempt(() => api.deleteBot(bot.id));
}

function groupsTab() {
  return [
    el(
      "button",
      { type: "button", class: "button primary", disabled: store.people.length === 0, onclick: () => createGroup() },
      icon("plus"),
      "Create a group",
    ),
    el(
      "button",
      { type: "button", class: "button", disabled: store.people.length === 0, onclick: () => createGroup("channel") },
      icon("plus"),
      "Create a channel",
    ),
    store.groups.some((group) => !group.migrated_to)
      ? null
      : el(
          "div",
          { class: "empty" },
          icon("people"),
          el("h3", {}, "No groups yet"),
          el(
            "p",
            {},
            store.people.length
              ? "A group holds all people and bots that are here now."
              : "Create a person first; then a group can hold people and bots.",
          ),
        ),
    store.groups
      .filter((group) => !group.migrated_to)
      .map((group) =>
        el(
          "article",
          { class: "card" },
          el(
            "div",
            { class: "row" },
            avatar(group, "small"),
            el(
              "div",
              { class: "grow" },
              el("b", { class: "clip" }, fullName(group)),
              el(
                "div",
                { class: "small muted" },
                `${group.type} `,
                el("span", { class: "mono" }, String(group.id)),
              ),
            ),
          ),
          el(
            "div",
            { class: "card-actions" },
            group.type === "group"
              ? quiet("Make a supergroup", "people", () => attempt(() => api.upgradeGroup(group.id)))
              : null,
            quiet("Delete", "trash", () => removeGroup(group), true),
          ),
        ),
      ),
  ];
}

async function removeGroup(group) {
  if (!(await confirmBox(`Delete ${fullName(group)}?`, "Its messages go with it.", "Delete", true))) return;
  await attempt(() => api.deleteGroup(group.id));
}

async function createGroup(type = "group") {
  await form({
    title: `New ${type}`,
    note:
      type === "channel"
        ? "The first person owns it and posts, all bots are its administrators, all other people read."
        : "All people and bots that are here now become members.",
    fields: [{ name: "title", label: "Title", required: true, maxlength: 128 }],
    action: "Create",
    submit: (values) =>
      api.createGroup({
        type,
        title: values.title,
        people: store.people.map((one) => one.id),
        bots: store.bots.map((one) => one.id),
      }),
  });
}

function phonesTab() {
  if (store.phones.length === 0) {
    return el(
      "div",
      { class: "empty" },
      icon("phone"),
      el("h3", {}, "No phones yet"),
      el("p", {}, "Give a person a number, or send an SMS to any number: its phone shows up here."),
    );
  }
  const rest = store.phones.length - PHONES_SHOWN;
  return [
    store.phones.slice(0, PHONES_SHOWN).map(phoneCard),
    rest > 0 ? el("p", { class: "muted small" }, `And ${rest} more.`) : null,
  ];
}

function phoneCard(phone) {
  const owner = store.person(phone.person);
  const last = phone.sms?.at(-1);
  return el(
    "article",
    { class: "card", "aria-label": phoneNumber(phone.phone) },
    el(
      "div",
      { class: "row" },
      icon("phone"),
      el(
        "div",
        { class: "grow" },
        el("b", {}, phoneNumber(phone.phone)),
        el("div", { class: "small muted clip" }, owner ? fullName(owner) : "nobody's phone"),
      ),
      el("span", { class: "chip" }, `${phone.sms?.length ?? 0} SMS`),
    ),
    last ? el("p", { class: "small" }, el("b", {}, `${phoneNumber(last.from)}: `), last.text) : null,
    phoneSettings(phone),
  );
}

function callsTab(calls) {
  if (calls.length === 0) {
    return el(
      "div",
      { class: "empty" },
      icon("network"),
      el("h3", {}, "No calls yet"),
      el("p", {}, "Every call that a bot makes to the Bot API is listed here, with what it was answered."),
    );
  }
  return el(
    "ol",
    { class: "calls" },
    calls.map((call) => {
      const bot = store.bots.find((one) => one.id === call.bot || one.username === call.bot);
      return el(
        "li",
        { class: "call" },
        el(
          "span",
          {},
          el("span", { class: "what" }, call.method),
          el("span", { class: "muted" }, bot ? ` @${bot.username}` : ""),
        ),
        el(
          "span",
          { class: "muted" },
          call.at ? clock(call.at) : "",
          ` · ${call.took_ms >= 1 ? Math.round(call.took_ms) : "<1"} ms `,
          call.ok ? null : el("span", { class: "chip danger" }, String(call.error_code || "lost")),
        ),
        call.ok
          ? null
          : el(
              "span",
              { class: "why" },
              call.description || "The connection was cut.",
              call.fault ? ` (fault: ${call.fault})` : "",
            ),
      );
    }),
  );
}
