// A seat: one person's place with their chats, the open conversation and their phone.

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { createBot } from "./bots.js";
import { ChatList } from "./chats.js";
import { Conversation } from "./conversation.js";
import { el, fill, icon, iconButton } from "./dom.js";
import { fullName, phoneNumber } from "./format.js";
import { botOf, forgetWanted, openOutside } from "./link.js";
import { latest } from "./live.js";
import { attempt, complain } from "./notice.js";
import { editPerson } from "./people.js";
import { Phone } from "./phones.js";
import { store } from "./store.js";

const NO_CHAT = 0; // stands for the chat when a link of an SMS is opened
const ACTION_LIFE_MS = 5500; // after this a bot that said nothing more is no longer typing

export class Seat {
  constructor(personID) {
    this.personID = personID;
    this.chats = [];
    this.list = new ChatList(this);
    this.conversation = new Conversation(this);
    this.phone = new Phone(
      () => store.person(personID)?.phone,
      () => this.#edit(),
      (url) => this.openLink(url),
    );
    this.refreshChats = latest(() => this.#readChats());
    this.head = el("header", { class: "seat-head" });
    this.tabs = el("div", { class: "seat-tabs", role: "tablist", "aria-label": "Chats or phone" });
    this.body = el(
      "div",
      { class: "seat-body", "data-tab": "chats" },
      el("div", { class: "chat-app" }, this.list.root, this.conversation.root),
      el("div", { class: "phone-place" }, this.phone.root),
    );
    this.root = el(
      "section",
      { class: "seat fade-in", onpointerdown: () => store.activate(this.personID) },
      this.head,
      this.body,
    );
    this.draw();
    this.refreshChats();
  }

  // draw follows the person, the phones and the other seat.
  draw() {
    const person = store.person(this.personID);
    if (!person) return;
    this.root.setAttribute("aria-label", fullName(person));
    this.root.classList.toggle("active", store.seats.length > 1 && store.seats[store.active] === this.personID);
    this.#drawHead(person);
    this.phone.draw();
    this.#drawTabs();
  }

  #drawHead(person) {
    const version = JSON.stringify([person, store.seats.length]);
    if (this.head.dataset.version === version) return;
    this.head.dataset.version = version;
    fill(
      this.head,
      avatar(person, "small"),
      el(
        "div",
        { class: "grow" },
        el("h2", { class: "seat-name clip" }, fullName(person)),
        el(
          "div",
          { class: "seat-facts" },
          el("span", {}, person.phone ? phoneNumber(person.phone) : "no phone"),
          person.username ? el("span", {}, `@${person.username}`) : null,
          person.language ? el("span", {}, person.language) : null,
        ),
      ),
      this.tabs,
      iconButton("edit", `Change ${fullName(person)}`, () => this.#edit()),
      store.seats.length > 1
        ? iconButton("close", `Close ${fullName(person)}`, () => store.leaveSeat(this.personID))
        : null,
    );
  }

  #drawTabs() {
    const unread = this.chats.reduce((sum, entry) => sum + (entry.unread ?? 0), 0);
    const tab = (name, label, count) =>
      el(
        "button",
        {
          type: "button",
          role: "tab",
          "aria-selected": String(this.body.dataset.tab === name),
          onclick: () => this.#showTab(name),
        },
        label,
        count ? el("span", { class: "badge" }, String(count)) : null,
      );
    const version = JSON.stringify([unread, this.phone.unseen, this.body.dataset.tab]);
    if (this.tabs.dataset.version === version) return;
    this.tabs.dataset.version = version;
    fill(this.tabs, tab("chats", "Chats", unread), tab("phone", "Phone", this.phone.unseen));
  }

  #showTab(name) {
    this.body.dataset.tab = name;
    if (name === "phone") this.phone.seen();
    this.#drawTabs();
  }

  #edit() {
    const person = store.person(this.personID);
    if (person) editPerson(person);
  }

  async #readChats() {
    try {
      const chats = await api.chats(this.personID);
      this.chats = chats.map((entry) => ({ ...entry, chat: (entry.bot ?? entry.group).id }));
    } catch (error) {
      if (error.status !== 404) complain(error);
      return;
    }
    this.chats.sort(
      (a, b) => (b.last?.date ?? 0) - (a.last?.date ?? 0) || (b.last?.message_id ?? 0) - (a.last?.message_id ?? 0),
    );
    this.#drawChats();
    this.#drawTabs();
    clearTimeout(this.actionPause);
    if (this.chats.some((entry) => entry.action))
      this.actionPause = setTimeout(() => this.refreshChats(), ACTION_LIFE_MS);
  }

  #drawChats() {
    const open = this.conversation.chat;
    this.list.draw(this.chats, open);
    if (open !== null) this.conversation.update(this.#target(open, this.conversation.target));
  }

  // #target joins what is known of a chat: its line in the list, the bot or group.
  #target(chat, given = {}) {
    const entry = this.chats.find((one) => one.chat === chat);
    return { chat, entry, bot: entry?.bot ?? given.bot ?? store.bot(chat), group: entry?.group ?? given.group };
  }

  chatsChanged() {
    return this.refreshChats();
  }

  // changed takes an event of the stream. The list is read first: it tells whether the open chat is still there.
  async changed(change) {
    const mine = !change.person || change.person === this.personID;
    if (!mine && change.kind !== "bot" && change.kind !== "group") return;
    if (change.kind === "sms" || change.kind === "fault") return;
    await this.refreshChats();
    await this.#leaveLostGroup();
    if (this.conversation.chat !== null) this.conversation.refresh();
  }

  // chatGone is told that the open chat could not be read.
  async chatGone() {
    if (this.conversation.chat > 0) return this.closeChat();
    await this.refreshChats();
    return this.#leaveLostGroup();
  }

  // #leaveLostGroup leaves an open group that the person is no longer in, for the supergroup if it became one.
  async #leaveLostGroup() {
    const open = this.conversation.chat;
    if (!(open < 0) || this.chats.some((entry) => entry.chat === open)) return;
    await store.refresh();
    if (this.conversation.chat !== open) return;
    const heir = store.groups.find((group) => group.id === open)?.migrated_to;
    if (this.chats.some((entry) => entry.chat === heir)) this.openChat({ chat: heir });
    else this.closeChat();
  }

  openChat(target) {
    const known = this.#target(target.chat, target);
    if (!known.bot && !known.group) return;
    this.conversation.open({ ...known, payload: target.payload });
    this.body.dataset.open = "chat";
    this.#showTab("chats");
    this.list.draw(this.chats, target.chat);
  }

  closeChat() {
    this.conversation.open(null);
    delete this.body.dataset.open;
    this.list.draw(this.chats, null);
  }

  started() {
    forgetWanted();
  }

  createBot() {
    createBot((bot) => this.openChat({ chat: bot.id, bot }));
  }

  // openLink follows a link of a message: to a bot of this network, or to the outside.
  async openLink(url) {
    const found = await attempt(() => botOf(url));
    if (found) this.openChat({ chat: found.bot.id, bot: found.bot, payload: found.payload });
    else openOutside(this.personID, this.conversation.chat ?? NO_CHAT, url);
  }
}

// emptyDesk is what stands there while the network has no people.
export function emptyDesk(createPerson) {
  return el(
    "div",
    { class: "empty" },
    icon("people"),
    el("h2", {}, "Nobody is here yet"),
    el(
      "p",
      {},
      "This is a Telegram network in a box. Create a person to get a chat app and a phone, then find a bot and write to it.",
    ),
    el(
      "button",
      { type: "button", class: "button primary", onclick: () => createPerson() },
      icon("plus"),
      "Create the first person",
    ),
  );
}
