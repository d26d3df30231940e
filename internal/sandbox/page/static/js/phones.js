// A phone: its status bar, its SMS, an answer, and how it treats delivery.

import { api } from "./api.js";
import { el, fill, icon, iconButton, reconcile } from "./dom.js";
import { clock, exact, phoneNumber } from "./format.js";
import { attempt } from "./notice.js";
import { store } from "./store.js";

export const STATES = [
  ["on", "On"],
  ["off", "Switched off"],
  ["unreachable", "Out of coverage"],
];
export const REPORTS = [
  ["now", "At once"],
  ["late", "Late"],
  ["twice", "Twice"],
  ["before_answer", "Before the answer"],
  ["never", "Never"],
  ["undelivered", "As undelivered"],
];
const STATUS = { accepted: "on its way", undelivered: "not delivered", expired: "expired", sent: "sent" };

export class Phone {
  // numberOf tells whose phone it is; onGiveNumber is called when there is none yet, onLink when a link is followed.
  constructor(numberOf, onGiveNumber, onLink) {
    this.numberOf = numberOf;
    this.onGiveNumber = onGiveNumber;
    this.onLink = onLink;
    this.settingsShown = false;
    this.unseen = 0;
    this.count = null;
    this.root = el("section", { class: "phone-place grow", "aria-label": "Phone" });
    this.smsList = el("div", {
      class: "sms-list thin-scroll",
      role: "log",
      "aria-live": "polite",
      "aria-label": "SMS",
      tabindex: 0,
    });
    this.to = el("select", { class: "input to", "aria-label": "Answer to" });
    this.text = el("input", {
      class: "input",
      placeholder: "Write an SMS",
      "aria-label": "SMS text",
      maxlength: 1600,
      autocomplete: "off",
    });
    this.answer = el(
      "form",
      {
        class: "sms-compose",
        onsubmit: (event) => {
          event.preventDefault();
          this.#send();
        },
      },
      this.to,
      el(
        "div",
        { class: "row" },
        this.text,
        el(
          "button",
          { type: "submit", class: "icon-button primary", "aria-label": "Send SMS", title: "Send SMS" },
          icon("send"),
        ),
      ),
    );
  }

  draw() {
    const number = this.numberOf();
    if (!number) return this.#drawNone();
    const phone = store.phone(number) ?? { phone: number, state: "on", sms: [] };
    const messages = phone.sms ?? [];
    this.#countUnseen(number, messages);
    const on = phone.state === "on";
    const version = JSON.stringify([number, phone.state, phone.report, this.settingsShown]);
    if (this.root.dataset.version !== version) {
      this.root.dataset.version = version;
      fill(this.root, this.#device(phone, on));
    }
    if (on) this.#drawMessages(messages);
    return undefined;
  }

  seen() {
    this.unseen = 0;
  }

  #countUnseen(number, messages) {
    const received = messages.filter((sms) => !isOut(sms)).length;
    const visible = this.smsList.offsetParent !== null && !document.hidden;
    if (this.count?.number === number && received > this.count.received && !visible)
      this.unseen += received - this.count.received;
    if (visible) this.unseen = 0;
    this.count = { number, received };
  }

  #drawNone() {
    if (this.root.dataset.version === "none") return;
    this.root.dataset.version = "none";
    fill(
      this.root,
      el(
        "div",
        { class: "empty no-phone" },
        icon("phone"),
        el("h3", {}, "No phone"),
        el("p", {}, "Without a number this person gets no SMS and cannot share a contact."),
        el("button", { type: "button", class: "button", onclick: this.onGiveNumber }, "Give a number"),
      ),
    );
  }

  #device(phone, on) {
    const state = STATES.find(([value]) => value === phone.state)?.[1] ?? phone.state;
    return el(
      "div",
      { class: `phone${on ? "" : " off"}` },
      el(
        "div",
        { class: "screen" },
        el(
          "div",
          { class: "status-bar" },
          el("time", { class: "phone-clock" }, on ? clock(new Date()) : ""),
          on ? icon("signal") : null,
        ),
        el(
          "div",
          { class: "phone-head" },
          el(
            "div",
            { class: "grow" },
            el("h3", {}, "Messages"),
            el("div", { class: "small muted clip" }, phoneNumber(phone.phone)),
          ),
          iconButton(
            "tune",
            "Phone and delivery settings",
            () => {
              this.settingsShown = !this.settingsShown;
              this.draw();
            },
            { "aria-expanded": String(this.settingsShown) },
          ),
          iconButton("power", on ? "Switch the phone off" : "Switch the phone on", () =>
            this.#change({ state: on ? "off" : "on" }),
          ),
        ),
        this.settingsShown ? phoneSettings(phone) : null,
        on
          ? [this.smsList, this.answer]
          : el(
              "div",
              { class: "empty" },
              icon("power"),
              el("h3", {}, state),
              el(
                "p",
                {},
                phone.state === "off"
                  ? "SMS wait at the operator until the phone is on again, or expire."
                  : "SMS to this phone are reported as not delivered.",
              ),
              el(
                "button",
                { type: "button", class: "button", onclick: () => this.#change({ state: "on" }) },
                "Switch it on",
              ),
            ),
      ),
    );
  }

  #drawMessages(messages) {
    const list = this.smsList;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    if (messages.length === 0) {
      fill(
        list,
        el(
          "div",
          { class: "empty" },
          icon("chat"),
          el("h3", {}, "No SMS yet"),
          el("p", {}, "What is sent to this number shows up here at once."),
        ),
      );
    } else {
      list.querySelector(":scope > .empty")?.remove();
      let last = null;
      const rows = messages.map((sms) => {
        const other = isOut(sms) ? sms.to : sms.from;
        const row = { sms, other, named: other !== last };
        last = other;
        return row;
      });
      reconcile(
        list,
        rows,
        (row) => row.sms.id,
        (row, updated) => renderSMS(row, this.onLink, updated),
      );
    }
    this.#drawSenders(messages);
    if (atEnd) requestAnimationFrame(() => (list.scrollTop = list.scrollHeight));
  }

  // #drawSenders offers those who wrote, the last one first.
  #drawSenders(messages) {
    const senders = [...new Set(messages.map((sms) => (isOut(sms) ? sms.to : sms.from)).reverse())];
    this.answer.hidden = senders.length === 0;
    const version = JSON.stringify(senders);
    if (this.to.dataset.version === version) return;
    this.to.dataset.version = version;
    fill(
      this.to,
      senders.map((sender) => el("option", { value: sender }, `To ${phoneNumber(sender)}`)),
    );
  }

  async #send() {
    const text = this.text.value.trim();
    if (!text) return;
    const sent = await attempt(async () => {
      await api.writeSMS(this.numberOf(), this.to.value, text);
      return true;
    });
    if (sent) this.text.value = "";
    await store.refresh();
  }

  async #change(changes) {
    await attempt(() => api.changePhone(this.numberOf(), changes));
    await store.refresh();
  }
}

function isOut(sms) {
  return sms.direction === "out";
}

function renderSMS({ sms, other, named }, onLink, updated) {
  const out = isOut(sms);
  const missing = !out && STATUS[sms.status]; // known to the operator, but never shown by the phone itself
  return el(
    "article",
    { class: `sms ${out ? "out" : "in"}${missing ? " missing" : ""}${updated ? "" : " fade-in"}`, "data-sms": sms.id },
    named ? el("div", { class: "who" }, phoneNumber(other)) : null,
    el("div", { class: "body" }, withLinks(sms.text, onLink)),
    el(
      "div",
      { class: "at", title: exact(sms.at) },
      clock(sms.at),
      sms.segments > 1 ? ` · ${sms.segments} parts` : "",
      STATUS[sms.status] ? ` · ${STATUS[sms.status]}` : "",
    ),
  );
}

// withLinks makes the web addresses of a plain text something to press, as phones do.
function withLinks(text, onLink) {
  return text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,:;!?)\]])/)
    .map((part, i) =>
      i % 2 ? el("button", { type: "button", class: "as-link", onclick: () => onLink(part) }, part) : part,
    );
}

// phoneSettings is shared with the network drawer: what the phone is doing, and how deliveries are reported.
export function phoneSettings(phone) {
  const choose = (label, name, options, value) =>
    el(
      "label",
      { class: "field" },
      el("span", {}, label),
      el(
        "select",
        {
          class: "input",
          onchange: async (event) => {
            await attempt(() => api.changePhone(phone.phone, { [name]: event.target.value }));
            await store.refresh();
          },
        },
        options.map(([option, text]) => el("option", { value: option, selected: option === value }, text)),
      ),
    );
  return el(
    "div",
    { class: "phone-settings" },
    choose("The phone is", "state", STATES, phone.state),
    choose("Deliveries are reported", "report", REPORTS, phone.report ?? "now"),
  );
}
