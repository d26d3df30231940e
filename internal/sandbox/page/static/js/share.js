// Sending what is not text: contacts and files.

import { api } from "./api.js";
import { avatar } from "./avatar.js";
import { el, fill } from "./dom.js";
import { form } from "./form.js";
import { fullName, phoneNumber, size } from "./format.js";
import { attempt, box, toast } from "./notice.js";
import { store } from "./store.js";

const MAX_FILE_BYTES = 50 << 20; // what Telegram takes from a bot, and the control API from a person

// shareContact asks whose contact to send: one's own, that of somebody on the network, or anything typed by hand.
export async function shareContact(personID, chat) {
  const own = store.person(personID);
  const others = store.people.filter((person) => person.id !== personID && person.phone);
  const send = (what) => (event) => {
    event.target.closest("dialog").close();
    attempt(() => api.share(personID, chat, what));
  };
  const forwarded = el("input", { type: "checkbox" });
  const choice = (person, what, note) =>
    el(
      "button",
      {
        type: "button",
        onclick: (event) => send({ ...what, ...(forwarded.checked ? { forwarded: true } : {}) })(event),
      },
      avatar(person, "small"),
      el(
        "span",
        { class: "grow" },
        el("b", { class: "clip" }, fullName(person)),
        el("span", { class: "small muted" }, ` ${note}${phoneNumber(person.phone)}`),
      ),
    );

  await box(
    "Share a contact",
    el(
      "div",
      { class: "inside" },
      el("h2", {}, "Share a contact"),
      el(
        "div",
        { class: "pick thin-scroll" },
        own?.phone ? choice(own, {}, "you, ") : null,
        others.map((person) => choice(person, { person: person.id }, "")),
      ),
      own?.phone || others.length ? null : el("p", { class: "muted" }, "Nobody here has a phone number yet."),
      el("label", { class: "check" }, forwarded, "As a forwarded message"),
      el(
        "div",
        { class: "actions" },
        el(
          "button",
          {
            type: "button",
            class: "button",
            onclick: (event) => {
              event.target.closest("dialog").close();
              typedContact(personID, chat);
            },
          },
          "Another number…",
        ),
        el(
          "button",
          { type: "button", class: "button", onclick: (event) => event.target.closest("dialog").close() },
          "Cancel",
        ),
      ),
    ),
  );
}

function typedContact(personID, chat) {
  return form({
    title: "Share another number",
    note: "A contact that belongs to nobody here, as from an address book.",
    fields: [
      { name: "first_name", label: "Name", required: true, maxlength: 64 },
      {
        name: "phone_number",
        label: "Phone",
        type: "tel",
        required: true,
        maxlength: 32,
        placeholder: "+380501234567",
      },
    ],
    action: "Share",
    submit: (values) => api.share(personID, chat, { contact: values }),
  });
}

// sendFile lets the person choose a file and write a caption. kind is "photo" or "document".
export async function sendFile(personID, chat, kind) {
  const input = el("input", {
    type: "file",
    accept: kind === "photo" ? "image/png,image/jpeg,image/gif,image/webp" : null,
  });
  input.addEventListener("change", () => {
    const file = input.files[0];
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) return void toast("The sandbox takes files up to 50 MB.", true);
    caption(personID, chat, kind, file);
  });
  input.click();
}

async function caption(personID, chat, kind, file) {
  const preview = el("div");
  let url = null;
  if (kind === "photo") {
    url = URL.createObjectURL(file);
    fill(preview, el("img", { class: "photo", src: url, alt: "" }));
  } else {
    fill(preview, el("b", {}, file.name), " ", el("span", { class: "muted" }, size(file.size)));
  }
  await form({
    title: kind === "photo" ? "Send a photo" : "Send a file",
    before: preview,
    fields: [{ name: "caption", label: "Caption", maxlength: 1024 }],
    action: "Send",
    submit: (values) => (kind === "photo" ? api.sendPhoto : api.sendDocument)(personID, chat, file, values.caption),
  });
  if (url) URL.revokeObjectURL(url);
}
