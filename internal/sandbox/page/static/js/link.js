// Links to bots, and what a person sees after opening any other link.

import { api } from "./api.js";
import { el, fill, icon } from "./dom.js";
import { attempt, box } from "./notice.js";

// looksLikeLink tells a link or @name from a search for a name.
export function looksLikeLink(text) {
  return /^@\w+$/.test(text) || /^tg:/i.test(text) || /^[a-z]+:\/\//i.test(text) || /^(t|telegram)\.(me|dog)\//i.test(text);
}

// botOf returns {bot, payload} when the link leads to a bot of this sandbox, else null.
export async function botOf(link) {
  const url = /^(t|telegram)\.(me|dog)\//i.test(link) ? `https://${link}` : link;
  if (!leadsToBot(url)) return null;
  try {
    return await api.resolve(url);
  } catch {
    return null;
  }
}

function leadsToBot(link) {
  if (/^@\w+$/.test(link) || /^tg:/i.test(link)) return true;
  try {
    const url = new URL(link);
    return ["t.me", "telegram.me", "telegram.dog"].includes(url.hostname) || url.origin === location.origin;
  } catch {
    return false;
  }
}

// wanted reads the page's own address: /?bot=@acme_bot&start=payload or /acme_bot?start=payload. Null if it names none.
export function wanted() {
  const query = new URLSearchParams(location.search);
  const name = (query.get("bot") ?? decodeURIComponent(location.pathname.slice(1))).replace(/^@/, "");
  return name ? { name, payload: query.get("start") || undefined } : null;
}

// forgetWanted takes the bot out of the address, so that a reload does not offer it again.
export function forgetWanted() {
  history.replaceState(null, "", "/");
}

const CLIENTS = [
  ["person", "As the person"],
  ["preview_robot", "As Telegram's preview robot"],
  ["scanner", "As a link scanner"],
];

// openOutside opens a link the way the person's browser would and shows what came back. The other kinds of clients that
// touch links in real life can be tried beside it.
export async function openOutside(personID, chat, url) {
  const result = el("div", { class: "stack", "aria-live": "polite" });
  const go = async (as) => {
    fill(result, el("p", { class: "muted" }, "Opening…"));
    const answer = await attempt(() => api.open(personID, chat, url, as));
    if (!answer) return fill(result, el("p", { class: "muted" }, "Nothing came back."));
    const good = answer.status >= 200 && answer.status < 400;
    return fill(result,
      el("div", { class: "row" }, el("span", { class: `chip ${good ? "good" : "danger"}` }, String(answer.status)),
        answer.location ? el("span", { class: "mono" }, `leads to ${answer.location}`) : el("span", { class: "muted small" }, "no redirect")),
      answer.body_excerpt ? el("div", { class: "excerpt thin-scroll", tabindex: 0 }, answer.body_excerpt) : null);
  };
  const shown = box("Link", el("div", { class: "inside" },
    el("h2", {}, "Link"), el("p", { class: "mono" }, url), result,
    el("div", { class: "card-actions" }, CLIENTS.map(([as, label]) => el("button", { type: "button", class: "button quiet", onclick: () => go(as) }, label))),
    el("div", { class: "actions" },
      /^https?:/i.test(url) ? el("a", { class: "button", href: url, target: "_blank", rel: "noopener noreferrer" }, icon("link"), "In this browser") : null,
      el("button", { type: "button", class: "button primary", onclick: (event) => event.target.closest("dialog").close() }, "Close"))));
  await go("person");
  return shown;
}
