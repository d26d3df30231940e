// One message as a bubble.

import { fileURL } from "./api.js";
import { avatar } from "./avatar.js";
import { el, icon, iconButton } from "./dom.js";
import { richText } from "./entities.js";
import { clock, day, exact, fullName, phoneNumber, size } from "./format.js";
import { inlineKeyboard } from "./keyboard.js";

// rows puts what the list shows around the messages: a day line where the day changes, and `turn` on the first message
// of each speaker's turn.
export function rows(messages, me) {
  const list = [];
  let lastDay = "";
  let lastFrom = null;
  for (const message of messages) {
    const label = day(message.date);
    if (label !== lastDay) {
      list.push({ key: `day ${label}`, day: label });
      lastFrom = null;
    }
    const from = message.from?.id ?? null;
    list.push({ key: message.message_id, message, mine: from === me, turn: from !== lastFrom });
    lastDay = label;
    lastFrom = from;
  }
  return list;
}

// renderRow draws one row. actions: {link(url), command(text), press(message, button, row, col), reply(message),
// edit(message), find(message id)}; group says whether senders are named.
export function renderRow(row, actions, group, updated) {
  if (row.day) return el("div", { class: "day" }, row.day);
  const note = serviceText(row.message);
  if (note) return el("div", { class: "service" }, note);
  return bubble(row, actions, group, updated);
}

function bubble({ message, mine, turn }, actions, group, updated) {
  const classes = ["message", mine && "mine", turn && "turn", message.edit_date && "edited", !updated && "fade-in"];
  const buttons = message.reply_markup?.inline_keyboard;
  return el(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      "data-message": message.message_id,
      "aria-label": `${mine ? "You" : fullName(message.from)}, ${clock(message.date)}`,
    },
    el(
      "div",
      { class: "bubble" },
      group && !mine && turn ? el("div", { class: "sender" }, fullName(message.from ?? message.sender_chat)) : null,
      forwarded(message),
      quote(message, actions),
      photo(message),
      file(message),
      contact(message.contact),
      words(message, actions),
      el(
        "span",
        {
          class: "meta",
          title: message.edit_date
            ? `Sent ${exact(message.date)}, edited ${exact(message.edit_date)}`
            : exact(message.date),
        },
        message.has_protected_content ? "protected " : null,
        message.silent ? "silent " : null,
        message.edit_date ? "edited " : null,
        el("time", {}, clock(message.date)),
      ),
    ),
    buttons?.length ? inlineKeyboard(buttons, (button, r, c) => actions.press(message, button, r, c)) : null,
    el(
      "div",
      { class: "message-actions" },
      iconButton("reply", "Reply", () => actions.reply(message)),
      mine && message.text ? iconButton("edit", "Edit", () => actions.edit(message)) : null,
    ),
  );
}

function words(message, actions) {
  const text = message.text ?? message.caption;
  if (!text) return null;
  return el(
    "div",
    { class: "text" },
    richText(text, message.entities ?? message.caption_entities, actions.link, actions.command),
  );
}

function forwarded(message) {
  const from = message.forward_origin?.sender_user;
  return message.forward_origin ? el("div", { class: "forwarded" }, `Forwarded from ${fullName(from)}`) : null;
}

function quote(message, actions) {
  const original = message.reply_to_message;
  if (!original) return null;
  return el(
    "button",
    { type: "button", class: "quote", onclick: () => actions.find(original.message_id) },
    el("b", {}, fullName(original.from)),
    el("span", {}, summary(original).slice(0, 120)),
  );
}

function photo(message) {
  if (!message.photo?.length) return null;
  const largest = message.photo[message.photo.length - 1];
  return el("img", {
    class: "photo",
    src: fileURL(largest.file_id),
    alt: message.caption || "Photo",
    loading: "lazy",
    width: largest.width || null,
    height: largest.height || null,
  });
}

function file(message) {
  const document = message.document;
  if (!document || message.photo?.length) return null;
  const name = document.file_name || "File";
  return el(
    "a",
    { class: "file", href: fileURL(document.file_id), download: name },
    el("span", { class: "round" }, icon("file")),
    el("div", { class: "grow" }, el("b", {}, name), el("span", {}, size(document.file_size))),
  );
}

function contact(shared) {
  if (!shared) return null;
  const name = fullName(shared);
  return el(
    "div",
    { class: "contact" },
    avatar({ ...shared, id: shared.user_id }),
    el("div", {}, el("b", {}, name), el("span", {}, phoneNumber(shared.phone_number))),
  );
}

function serviceText(message) {
  const names = (users) => users.map(fullName).join(", ");
  if (message.new_chat_members?.length) return `${names(message.new_chat_members)} joined the group`;
  if (message.left_chat_member) return `${fullName(message.left_chat_member)} left the group`;
  if (message.group_chat_created) return "The group was created";
  if (message.migrate_to_chat_id) return "The group became a supergroup";
  if (message.migrate_from_chat_id) return "This supergroup was a group before";
  return "";
}

// summary is one line about a message, for the chat list and for quotes.
export function summary(message) {
  if (!message) return "";
  if (message.text) return message.text;
  if (message.photo?.length) return message.caption ? `Photo: ${message.caption}` : "Photo";
  if (message.document) return message.caption || message.document.file_name || "File";
  if (message.contact) return `Contact: ${fullName(message.contact)}`;
  return serviceText(message);
}
