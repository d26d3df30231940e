// The open chat of one person: head, messages, and below them what one can do (start, unblock, or write).

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { Composer } from "./compose.js";
import { el, fill, icon, iconButton, menu, reconcile } from "./dom.js";
import { fullName } from "./format.js";
import { latest } from "./live.js";
import { renderRow, rows } from "./message.js";
import { alertBox, attempt, complain, confirmBox, copy, toast } from "./notice.js";
import { askPayload } from "./people.js";
import { shareContact } from "./share.js";
import { store } from "./store.js";

const NEAR_END_PX = 90;

// What a bot can say that it is doing (sendChatAction).
const ACTIONS = { typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…" };

export class Conversation {
  // seat: {personID, openLink(url), closeChat(), chatGone(), chatsChanged(), started()}
  constructor(seat) {
    this.seat = seat;
    this.target = null; // {chat, bot?, group?, payload?, entry?}: what is open
    this.messages = [];
    this.refresh = latest(() => this.#read());
    this.composer = new Composer(this);
    this.list = el("div", {
      class: "messages thin-scroll",
      role: "log",
      "aria-live": "polite",
      "aria-label": "Messages",
      tabindex: 0,
    });
    this.atEnd = true;
    this.list.addEventListener(
      "scroll",
      () => (this.atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_END_PX),
    );
    new ResizeObserver(() => this.atEnd && this.#toEnd()).observe(this.list); // a keyboard that opens must not hide the newest message
    this.head = el("header", { class: "chat-head" });
    this.foot = el("div", { class: "foot" });
    this.root = el("section", { class: "conversation", "aria-label": "Open chat" });
    this.#draw();
  }

  get chat() {
    return this.target?.chat ?? null;
  }

  // open shows a chat. payload, if given, is what the start button will send.
  open(target) {
    const other = target?.chat !== this.chat;
    this.target = target;
    if (other) {
      this.messages = [];
      this.loaded = false;
      this.list.replaceChildren();
      this.composer.clear();
    }
    this.#draw();
    if (target) this.refresh();
  }

  // update takes news about the open chat from the chat list.
  update(target) {
    this.target = { ...target, payload: this.target?.payload };
    this.#draw();
    this.#markRead();
  }

  async #read() {
    const chat = this.chat;
    if (chat === null) return;
    let messages;
    try {
      messages = await api.messages(this.seat.personID, chat);
    } catch (error) {
      if (chat !== this.chat) return;
      if (error.status === 404 || error.status === 409)
        this.seat.chatGone(); // it is deleted, or the person is no longer in it
      else complain(error);
      return;
    }
    if (chat !== this.chat) return;
    this.messages = messages;
    this.loaded = true;
    this.#draw();
    this.#markRead();
  }

  #markRead() {
    if (!this.target?.entry?.unread || document.hidden || !this.list.offsetParent) return;
    api.read(this.seat.personID, this.chat).then(
      () => this.seat.chatsChanged(),
      () => {},
    );
  }

  #draw() {
    if (!this.target) {
      fill(
        this.root,
        el(
          "div",
          { class: "empty" },
          icon("chat"),
          el("h2", {}, "No chat open"),
          el("p", {}, "Pick a chat on the left, or find a bot by its name or link."),
        ),
      );
      this.drawn = null;
      return;
    }
    this.#drawHead();
    this.#drawMessages();
    this.#drawFoot();
    if (this.drawn !== this.chat) {
      fill(this.root, this.head, this.list, this.foot);
      this.drawn = this.chat;
      this.#toEnd();
    }
  }

  #drawHead() {
    const { bot, group, entry } = this.target;
    const who = bot ?? group;
    const name = fullName(who);
    const doing = ACTIONS[entry?.action] ?? (entry?.action ? "busy…" : "");
    const version = JSON.stringify([this.chat, name, bot?.username, entry?.blocked, entry?.started, doing]);
    if (this.head.dataset.version === version) return;
    this.head.dataset.version = version;
    fill(
      this.head,
      iconButton("back", "Back to all chats", () => this.seat.closeChat(), { class: "icon-button only-narrow" }),
      avatar(who, "small", Boolean(bot)),
      el(
        "div",
        { class: "grow" },
        el("div", { class: "name clip" }, name),
        el(
          "div",
          { class: `sub clip${doing ? " busy" : ""}` },
          doing || [bot ? `@${bot.username}` : "Group", entry?.blocked ? " · blocked" : ""],
        ),
      ),
      bot ? menu("more", "More about this chat", "below", () => this.#actions()) : null,
    );
  }

  #actions() {
    const { bot, entry } = this.target;
    return [
      { icon: "play", label: "Start with a payload…", run: () => this.startWithPayload() },
      { icon: "person", label: "Share a contact…", run: () => shareContact(this.seat.personID, this.chat) },
      bot.link ? { icon: "copy", label: "Copy the bot's link", run: () => copy(bot.link, "Link") } : null,
      entry?.blocked
        ? { icon: "check", label: "Unblock", run: () => this.unblock() }
        : { icon: "block", label: "Block this bot", danger: true, run: () => this.block() },
    ].filter(Boolean);
  }

  #drawMessages() {
    if (this.messages.length === 0) {
      this.list.replaceChildren(this.loaded ? this.#nothingYet() : "");
    } else {
      this.list.querySelector(":scope > .empty")?.remove();
      const actions = this.#messageActions();
      reconcile(
        this.list,
        rows(this.messages, this.seat.personID),
        (row) => row.key,
        (row, updated) => renderRow(row, actions, Boolean(this.target.group), updated),
      );
    }
    if (this.atEnd) this.#toEnd();
  }

  #nothingYet() {
    const { bot } = this.target;
    const text = bot
      ? "Nobody has written here yet. A bot cannot write first: press Start below."
      : "Nobody has written here yet. Say something below.";
    return el(
      "div",
      { class: "empty" },
      icon(bot ? "bot" : "people"),
      el("h3", {}, fullName(bot ?? this.target.group)),
      bot?.description ? el("p", {}, bot.description) : null,
      el("p", {}, text),
    );
  }

  #messageActions() {
    return {
      link: (url) => this.seat.openLink(url),
      command: (text) => attempt(() => api.write(this.seat.personID, this.chat, text)),
      press: (message, button, row, col) => this.#press(message, button, row, col),
      reply: (message) => this.composer.replyTo(message),
      edit: (message) => this.composer.edit(message),
      find: (id) => this.#find(id),
    };
  }

  #toEnd() {
    this.atEnd = true;
    this.list.scrollTop = this.list.scrollHeight;
  }

  #find(id) {
    const node = this.list.querySelector(`[data-message="${Number(id)}"]`);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.animate([{ opacity: 0.35 }, { opacity: 1 }], 900);
  }

  #drawFoot() {
    const { bot, entry, payload } = this.target;
    const state = entry?.blocked ? "blocked" : bot && (payload !== undefined || !entry?.started) ? "start" : "write";
    const version = JSON.stringify([this.chat, state, payload]);
    if (this.foot.dataset.version !== version) {
      this.foot.dataset.version = version;
      if (state === "blocked") fill(this.foot, this.#blockedBar());
      else if (state === "start") fill(this.foot, this.#startBar());
      else fill(this.foot, this.composer.root);
    }
    if (state === "write") this.composer.draw();
  }

  #startBar() {
    const { payload } = this.target;
    return el(
      "div",
      { class: "compose start-bar" },
      payload
        ? el("div", { class: "small muted" }, "The link carries the payload ", el("span", { class: "mono" }, payload))
        : null,
      el("button", { type: "button", class: "button primary", onclick: () => this.start(payload) }, "Start"),
    );
  }

  #blockedBar() {
    return el(
      "div",
      { class: "compose start-bar" },
      el("div", { class: "small muted" }, "You blocked this bot. It cannot write to you."),
      el("button", { type: "button", class: "button", onclick: () => this.unblock() }, "Unblock"),
    );
  }

  async start(payload) {
    await attempt(async () => {
      await api.start(this.seat.personID, this.chat, payload || undefined);
      delete this.target.payload;
      this.seat.started();
      await Promise.all([this.seat.chatsChanged(), this.refresh()]);
      this.composer.focus();
    });
  }

  async startWithPayload() {
    const payload = await askPayload();
    if (payload !== null) await this.start(payload);
  }

  async block() {
    const name = fullName(this.target.bot);
    if (
      !(await confirmBox(
        "Block this bot?",
        `${name} will get a refusal when it writes. You can unblock it at any time.`,
        "Block",
        true,
      ))
    )
      return;
    await attempt(() => api.block(this.seat.personID, this.chat));
    await this.seat.chatsChanged();
  }

  async unblock() {
    await attempt(() => api.unblock(this.seat.personID, this.chat));
    await this.seat.chatsChanged();
  }

  async #press(message, button, row, col) {
    if (button.url) return this.seat.openLink(button.url);
    if (button.copy_text) return copy(button.copy_text.text, "Text");
    const answer = await attempt(() =>
      api.press(this.seat.personID, this.chat, { message_id: message.message_id, row, col }),
    );
    if (!answer) return undefined;
    if (answer.url) return this.seat.openLink(answer.url);
    if (!answer.answered) return toast("The bot has not answered the press yet.");
    if (!answer.text) return undefined;
    return answer.alert ? alertBox(fullName(this.target.bot ?? message.from), answer.text) : toast(answer.text);
  }

  // bot commands for the composer's suggestions
  get commands() {
    return store.bot(this.target?.bot?.id)?.commands ?? this.target?.bot?.commands ?? [];
  }
}
