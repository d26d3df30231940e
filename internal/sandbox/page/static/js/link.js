// Links to bots, and what a person sees after opening any other link.

import { api } from "./api.js";
import { el, fill, icon } from "./dom.js";
import { attempt, box } from "./notice.js";

const TELEGRAM_HOSTS = new Set(["t.me", "telegram.me", "telegram.dog"]);
const BOT_NAME = /^[A-Za-z][A-Za-z0-9_]{0,31}$/;

// parseLink reads @name, t.me/name?start=payload, tg://resolve?domain=name&start=payload and the sandbox's own links
// into {name, payload}; null for anything else. With anyHost a link of any host counts whose path is a name: somebody
// who pastes it into the search field means the bot, even if this page is reached by another address.
export function parseLink(text, anyHost = false) {
  if (text.startsWith("@")) return target(text.slice(1), null);
  const bare = /^(t|telegram)\.(me|dog)\//i.test(text);
  const url = URL.parse(bare ? `https://${text}` : text);
  if (!url) return null;
  const start = url.searchParams.get("start");
  if (url.protocol === "tg:") return target(url.searchParams.get("domain") ?? "", start);
  if (!/^https?:$/.test(url.protocol)) return null;
  if (!anyHost && !TELEGRAM_HOSTS.has(url.hostname) && url.origin !== location.origin) return null;
  return target((url.searchParams.get("bot") ?? url.pathname.slice(1)).replace(/^@|\/$/g, ""), start);
}

function target(name, payload) {
  return BOT_NAME.test(name) ? { name, payload: payload || undefined } : null;
}

// botNamed returns the bot with exactly this username, or null.
export async function botNamed(name) {
  const bots = await api.findBots(name);
  return bots.find((bot) => bot.username.toLowerCase() === name.toLowerCase()) ?? null;
}

// botOf returns {bot, payload} when the link of a message leads to a bot of this sandbox, else null.
export async function botOf(link) {
  const parsed = parseLink(link);
  const bot = parsed && (await botNamed(parsed.name));
  return bot ? { bot, payload: parsed.payload } : null;
}

// wanted reads the page's own address: /?bot=@acme_bot&start=payload or /acme_bot?start=payload. Null if it names none.
export function wanted() {
  return parseLink(location.href);
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
    return fill(
      result,
      el(
        "div",
        { class: "row" },
        el("span", { class: `chip ${good ? "good" : "danger"}` }, String(answer.status)),
        answer.confirmed ? el("span", { class: "chip good" }, "confirmed") : null,
        answer.location
          ? el("span", { class: "mono" }, `leads to ${answer.location}`)
          : el("span", { class: "muted small" }, "no redirect"),
      ),
      answer.body_excerpt ? el("div", { class: "excerpt thin-scroll", tabindex: 0 }, answer.body_excerpt) : null,
    );
  };
  const shown = box(
    "Link",
    el(
      "div",
      { class: "inside" },
      el("h2", {}, "Link"),
      el("p", { class: "mono" }, url),
      result,
      el(
        "div",
        { class: "card-actions" },
        CLIENTS.map(([as, label]) =>
          el("button", { type: "button", class: "button quiet", onclick: () => go(as) }, label),
        ),
      ),
      el(
        "div",
        { class: "actions" },
        /^https?:/i.test(url)
          ? el(
              "a",
              { class: "button", href: url, target: "_blank", rel: "noopener noreferrer" },
              icon("link"),
              "In this browser",
            )
          : null,
        el(
          "button",
          { type: "button", class: "button primary", onclick: (event) => event.target.closest("dialog").close() },
          "Close",
        ),
      ),
    ),
  );
  await go("person");
  return shown;
}
