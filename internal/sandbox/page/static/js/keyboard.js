// The two kinds of keyboards that a bot can show.

import { el, icon } from "./dom.js";

function actionIcon(button) {
  if (button.url || button.login_url || button.web_app) return icon("link");
  if (button.copy_text) return icon("copy");
  return null;
}

// inlineKeyboard is the one under a message. onPress(button, row, col) may return a promise; the button shows that it
// waits for the bot until then.
export function inlineKeyboard(rows, onPress) {
  return el(
    "div",
    { class: "inline-keyboard", role: "group", "aria-label": "Buttons of the message" },
    rows.map((row, r) =>
      el(
        "div",
        { class: "line" },
        row.map((button, c) =>
          el(
            "button",
            {
              type: "button",
              onclick: async (event) => {
                const pressed = event.currentTarget;
                pressed.classList.add("waiting");
                pressed.setAttribute("aria-busy", "true");
                await onPress(button, r, c);
                pressed.classList.remove("waiting");
                pressed.removeAttribute("aria-busy");
              },
            },
            button.text,
            actionIcon(button),
          ),
        ),
      ),
    ),
  );
}

// replyKeyboard is the one below the input line: its buttons send their text or ask to share the phone number.
export function replyKeyboard(rows, onPress) {
  return el(
    "div",
    { class: "reply-keyboard thin-scroll", role: "group", "aria-label": "Keyboard of the bot" },
    rows.map((row) =>
      el(
        "div",
        { class: "line" },
        row.map((entry) => {
          const button = typeof entry === "string" ? { text: entry } : entry;
          return el(
            "button",
            { type: "button", onclick: () => onPress(button) },
            button.request_contact ? icon("phone") : null,
            button.text,
          );
        }),
      ),
    ),
  );
}
