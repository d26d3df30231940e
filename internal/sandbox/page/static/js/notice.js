// Short notes at the bottom of the page, and boxes that ask for attention.

import { el } from "./dom.js";

const TOAST_MS = 4500;

// toast shows a note for a while. Its holder is shown anew each time, so that it lies above a box that is open.
export function toast(text, bad = false) {
  const holder = document.getElementById("toasts");
  const note = el("div", { class: `toast fade-in${bad ? " bad" : ""}` }, text);
  holder.append(note);
  if (holder.matches(":popover-open")) holder.hidePopover();
  holder.showPopover();
  setTimeout(() => {
    note.remove();
    if (!holder.hasChildNodes()) holder.hidePopover();
  }, TOAST_MS);
}

// complain shows a refusal of the control API. Anything else is a defect of the page and goes to the console as well.
export function complain(error) {
  if (error?.name !== "Error" || !("code" in error)) console.error(error);
  toast(error?.message || "Something went wrong.", true);
}

// attempt runs an action of the user and shows what goes wrong; it returns undefined then.
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

// box opens a modal dialog around the given content and resolves when it is closed. The browser keeps the focus inside,
// closes on Escape and gives the focus back.
export function box(label, content, className = "") {
  const dialog = el("dialog", { class: `dialog ${className}`, "aria-label": label }, content);
  document.body.append(dialog);
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    }),
  );
}

// alertBox is what Telegram shows for a callback answer with show_alert.
export function alertBox(title, text) {
  const close = (event) => event.target.closest("dialog").close();
  return box(
    title,
    el(
      "div",
      { class: "inside" },
      el("h2", {}, title),
      el("p", { class: "text" }, text),
      el(
        "div",
        { class: "actions" },
        el("button", { class: "button primary", type: "button", autofocus: true, onclick: close }, "OK"),
      ),
    ),
    "alert",
  );
}

// confirmBox resolves to true when the person agrees.
export async function confirmBox(title, text, action, danger = false) {
  const end = (answer) => (event) => event.target.closest("dialog").close(answer);
  const answer = await box(
    title,
    el(
      "div",
      { class: "inside" },
      el("h2", {}, title),
      el("p", {}, text),
      el(
        "div",
        { class: "actions" },
        el("button", { class: "button", type: "button", onclick: end("no") }, "Cancel"),
        el(
          "button",
          { class: `button ${danger ? "danger" : "primary"}`, type: "button", autofocus: true, onclick: end("yes") },
          action,
        ),
      ),
    ),
  );
  return answer === "yes";
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied.`);
  } catch {
    toast("The browser did not allow copying. Select the text instead.", true);
  }
}
