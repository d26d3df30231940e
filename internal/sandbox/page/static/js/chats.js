// The list of a person's chats, and the field that finds a bot by name, @username or link.

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { el, fill, icon, reconcile } from "./dom.js";
import { fullName, shortWhen } from "./format.js";
import { parseLink } from "./link.js";
import { summary } from "./message.js";
import { complain } from "./notice.js";

const TYPING_PAUSE_MS = 160;
const MAX_FOUND = 50;

export class ChatList {
  // seat: {openChat(target), openLink(text), createBot()}
  constructor(seat) {
    this.seat = seat;
    this.chats = [];
    this.current = null;
    this.input = el("input", {
      class: "input",
      type: "search",
      placeholder: "Find a bot or paste a link",
      "aria-label": "Find a bot by name, @name or link",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 2048,
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.items = el("div", { class: "chat-items thin-scroll" });
    this.found = null; // bots found, or null when nothing is being looked for
    this.root = el(
      "nav",
      { class: "chat-list", "aria-label": "Chats" },
      el("div", { class: "find" }, icon("search"), this.input),
      this.items,
    );
  }

  draw(chats, current) {
    this.chats = chats;
    this.current = current;
    if (this.found) return this.#drawFound();
    const rows = chats.map((entry) => ({ entry, current: entry.chat === current }));
    if (rows.length === 0) return fill(this.items, this.#empty());
    this.items.querySelectorAll(":scope > :not([data-key])").forEach((node) => node.remove());
    reconcile(
      this.items,
      rows,
      (row) => row.entry.chat,
      (row) => this.#row(row),
    );
    return undefined;
  }

  #row({ entry, current }) {
    const who = entry.bot ?? entry.group;
    const name = fullName(who);
    return el(
      "button",
      {
        type: "button",
        class: "chat-item",
        "aria-current": current ? "true" : null,
        onclick: () => this.seat.openChat({ chat: entry.chat }),
      },
      avatar(who, "", Boolean(entry.bot)),
      el(
        "span",
        { class: "title" },
        el("span", { class: "clip" }, name),
        entry.blocked ? el("span", { role: "img", "aria-label": "blocked", title: "Blocked" }, icon("block")) : null,
      ),
      el("span", { class: "when" }, entry.last ? shortWhen(entry.last.date) : ""),
      el("span", { class: "last clip" }, entry.last ? summary(entry.last) : "Nothing written yet"),
      entry.unread
        ? el("span", { class: "badge", "aria-label": `${entry.unread} unread` }, String(entry.unread))
        : null,
    );
  }

  #empty() {
    return el(
      "div",
      { class: "empty" },
      icon("bot"),
      el("h3", {}, "No chats yet"),
      el("p", {}, "Paste a link such as t.me/acme_bot?start=abc into the field above, or make a bot of your own."),
      el(
        "button",
        { type: "button", class: "button", onclick: () => this.seat.createBot() },
        icon("plus"),
        "Create a bot",
      ),
    );
  }

  #typed() {
    clearTimeout(this.pause);
    const text = this.input.value.trim();
    if (!text) return this.#clear();
    this.pause = setTimeout(() => this.#look(text), TYPING_PAUSE_MS);
    return undefined;
  }

  async #look(text) {
    try {
      const link = parseLink(text, true);
      const bots = await api.findBots(link?.name ?? text);
      const found = bots.slice(0, MAX_FOUND).map((bot) => ({ bot, payload: link?.payload }));
      if (link) found.sort((a, b) => isNamed(b.bot, link.name) - isNamed(a.bot, link.name));
      if (this.input.value.trim() !== text) return;
      this.found = found;
      this.#drawFound();
    } catch (error) {
      complain(error);
    }
  }

  #drawFound() {
    if (this.found.length === 0) {
      return fill(
        this.items,
        el(
          "div",
          { class: "empty" },
          icon("search"),
          el("h3", {}, "No such bot"),
          el("p", {}, "No bot here has this name or link. Check the spelling, or create the bot."),
          el(
            "button",
            { type: "button", class: "button", onclick: () => this.seat.createBot() },
            icon("plus"),
            "Create a bot",
          ),
        ),
      );
    }
    return fill(
      this.items,
      el("div", { class: "section-title" }, "Bots found"),
      this.found.map(({ bot, payload }) =>
        el(
          "button",
          {
            type: "button",
            class: "chat-item",
            onclick: () => this.#choose({ bot, payload }),
          },
          avatar(bot, "", true),
          el("span", { class: "title clip" }, fullName(bot)),
          el("span"),
          el("span", { class: "last clip" }, `@${bot.username}`, payload ? ` · starts with ${payload}` : ""),
        ),
      ),
    );
  }

  #choose({ bot, payload }) {
    this.#clear();
    this.input.value = "";
    this.seat.openChat({ chat: bot.id, bot, payload });
  }

  #clear() {
    this.found = null;
    this.draw(this.chats, this.current);
  }

  async #key(event) {
    if (event.key === "Escape" && this.input.value) {
      this.input.value = "";
      this.#clear();
    } else if (event.key === "Enter" && this.input.value.trim()) {
      event.preventDefault();
      clearTimeout(this.pause);
      await this.#look(this.input.value.trim());
      if (this.found?.length) this.#choose(this.found[0]);
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      this.items.querySelector("button")?.focus();
    }
  }
}

function isNamed(bot, name) {
  return bot.username.toLowerCase() === name.toLowerCase();
}
