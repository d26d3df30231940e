// What BotFather does: new bots, their tokens, and their end.

import { api } from "./api.js";
import { el, iconButton } from "./dom.js";
import { form } from "./form.js";
import { box, copy } from "./notice.js";
import { store } from "./store.js";

// createBot asks for a name and a username, shows the token once more clearly than anything else, then calls onCreated.
export async function createBot(onCreated = () => {}) {
  const bot = await form({
    title: "New bot",
    note: "BotFather's job: a name, a username that ends in bot, and you get a token.",
    fields: [
      { name: "name", label: "Name", required: true, maxlength: 64, placeholder: "Acme" },
      { name: "username", label: "Username", required: true, maxlength: 33, placeholder: "acme_bot" },
    ],
    action: "Create",
    submit: (values) => api.createBot({ ...values, username: values.username.replace(/^@/, "") }),
  });
  if (!bot?.id) return;
  await store.refresh();
  await showToken(bot, "Your bot is ready");
  onCreated(bot);
}

// showToken shows a token with what is worth copying beside it.
export function showToken(bot, title) {
  const line = (label, text, what) =>
    el(
      "div",
      { class: "field" },
      el("span", {}, label),
      el(
        "div",
        { class: "secret" },
        el("span", { class: "mono grow" }, text),
        iconButton("copy", `Copy the ${what.toLowerCase()}`, () => copy(text, what)),
      ),
    );
  return box(
    title,
    el(
      "div",
      { class: "inside" },
      el("h2", {}, title),
      el(
        "p",
        { class: "muted small" },
        "Give the token to your program, and point it at this address instead of api.telegram.org.",
      ),
      line("Token", bot.token, "Token"),
      line("Bot API address", location.origin, "Address"),
      line("Link for people, as on Telegram", bot.link, "Link"),
      line("Link that opens this page", `${location.origin}/${bot.username}`, "Address"),
      el(
        "div",
        { class: "actions" },
        el(
          "button",
          {
            type: "button",
            class: "button primary",
            autofocus: true,
            onclick: (event) => event.target.closest("dialog").close(),
          },
          "Done",
        ),
      ),
    ),
  );
}
