// The input line: text, replies, files, and the bot's reply keyboard under it.

import { api } from "./api.js";
import { el, fill, icon, iconButton, menu } from "./dom.js";
import { fullName, phoneNumber } from "./format.js";
import { replyKeyboard } from "./keyboard.js";
import { summary } from "./message.js";
import { attempt, confirmBox } from "./notice.js";
import { sendFile, shareContact } from "./share.js";
import { store } from "./store.js";

const MAX_TEXT = 4096;

export class Composer {
  #forced = null; // the message whose answer the bot asked for, until it is on the screen

  constructor(conversation) {
    this.conversation = conversation;
    this.about = null; // the message that is answered or edited
    this.editing = false;
    this.keyboardShown = true;
    this.text = el("textarea", {
      rows: 1,
      maxlength: MAX_TEXT,
      placeholder: "Write a message",
      "aria-label": "Message",
      onkeydown: (event) => this.#key(event),
      oninput: () => this.#suggest(),
    });
    this.replying = el("div", { class: "replying", hidden: true });
    this.commands = el("div", {
      class: "commands thin-scroll",
      role: "group",
      "aria-label": "Commands of the bot",
      hidden: true,
    });
    this.keyboard = el("div");
    this.toggle = iconButton(
      "keyboard",
      "Show or hide the bot's keyboard",
      () => {
        this.keyboardShown = !this.keyboardShown;
        this.draw();
      },
      { hidden: true },
    );
    this.root = el(
      "form",
      {
        class: "compose",
        onsubmit: (event) => {
          event.preventDefault();
          this.send();
        },
      },
      this.commands,
      this.replying,
      el(
        "div",
        { class: "compose-line" },
        menu("attach", "Attach", "above", () => this.#attachments()),
        this.text,
        this.toggle,
        el(
          "button",
          { type: "submit", class: "icon-button primary", "aria-label": "Send", title: "Send" },
          icon("send"),
        ),
      ),
      this.keyboard,
    );
  }

  get #where() {
    return [this.conversation.seat.personID, this.conversation.chat];
  }

  #attachments() {
    const person = store.person(this.conversation.seat.personID);
    return [
      person?.phone ? { icon: "phone", label: "My phone number", run: () => this.#shareOwn() } : null,
      { icon: "person", label: "Somebody else's contact…", run: () => shareContact(...this.#where) },
      { icon: "photo", label: "Photo…", run: () => sendFile(...this.#where, "photo") },
      { icon: "file", label: "File…", run: () => sendFile(...this.#where, "document") },
    ].filter(Boolean);
  }

  // draw follows what the bot did to the keyboard: a new one opens by itself, a forced reply begins one.
  draw() {
    const markup = this.conversation.target?.entry?.keyboard ?? null;
    const rows = markup?.keyboard ?? [];
    const given = JSON.stringify([this.conversation.chat, markup?.message_id, rows]);
    if (this.given !== given) {
      this.given = given;
      this.keyboardShown = true;
      if (markup?.force_reply) this.#forced = markup.message_id;
    }
    const asked = this.#forced && this.conversation.messages.find((message) => message.message_id === this.#forced);
    if (asked) {
      this.#forced = null;
      this.replyTo(asked);
    }
    this.toggle.hidden = rows.length === 0;
    this.text.placeholder = markup?.input_field_placeholder || "Write a message";
    const version = JSON.stringify([given, this.keyboardShown]);
    if (this.keyboard.dataset.version === version) return;
    this.keyboard.dataset.version = version;
    fill(
      this.keyboard,
      rows.length > 0 && this.keyboardShown ? replyKeyboard(rows, (button) => this.#pressKey(button, markup)) : null,
    );
  }

  clear() {
    this.text.value = "";
    this.commands.hidden = true;
    this.#about(null, false);
  }

  focus() {
    this.text.focus();
  }

  replyTo(message) {
    this.#about(message, false);
  }

  edit(message) {
    this.#about(message, true);
    this.text.value = message.text;
  }

  // #about says what the text will be: an answer to a message, a new text of it, or (null) nothing of the kind.
  #about(message, editing) {
    this.about = message;
    this.editing = editing;
    this.replying.hidden = !message;
    if (!message) return fill(this.replying);
    fill(
      this.replying,
      el("div", { class: "grow clip" }, el("b", {}, editing ? "Edit" : fullName(message.from)), " ", summary(message)),
      iconButton("close", editing ? "Leave it as it was" : "Do not reply to this message", () => this.clear()),
    );
    this.focus();
    return undefined;
  }

  async send() {
    const text = this.text.value.trim();
    if (!text) return;
    const sent = await attempt(async () => {
      if (this.editing) await api.edit(...this.#where, this.about.message_id, text);
      else await api.write(...this.#where, text, this.about?.message_id);
      return true;
    });
    if (sent) this.clear();
    this.focus();
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && this.about) {
      this.clear();
    } else if (event.key === "ArrowUp" && !this.commands.hidden) {
      event.preventDefault();
      this.commands.lastElementChild?.focus();
    }
  }

  // #suggest lists the bot's commands while a command is being typed.
  #suggest() {
    const typed = this.text.value;
    const fits = /^\/\w*$/.test(typed)
      ? this.conversation.commands.filter((entry) => `/${entry.command}`.startsWith(typed))
      : [];
    this.commands.hidden = fits.length === 0;
    fill(
      this.commands,
      fits.map((entry) =>
        el(
          "button",
          {
            type: "button",
            onclick: () => {
              this.text.value = `/${entry.command}`;
              this.send();
            },
          },
          el("span", { class: "mono" }, `/${entry.command}`),
          el("span", { class: "muted clip" }, entry.description),
        ),
      ),
    );
  }

  async #pressKey(button, markup) {
    if (button.request_contact && !(await this.#agree())) return;
    if (markup.one_time_keyboard) this.keyboardShown = false;
    await attempt(() => api.press(...this.#where, { text: button.text }));
    this.draw();
    await this.conversation.seat.chatsChanged();
  }

  async #shareOwn() {
    if (await this.#agree()) await attempt(() => api.share(...this.#where, {}));
  }

  #agree() {
    const person = store.person(this.conversation.seat.personID);
    const bot = fullName(this.conversation.target.bot ?? this.conversation.target.group);
    return confirmBox("Share your phone number?", `${bot} will see ${phoneNumber(person?.phone)}.`, "Share");
  }
}
