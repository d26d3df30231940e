// Faults: what can go wrong on a real network, switched on by hand.

import { api } from "./api.js";
import { el, icon, iconButton } from "./dom.js";
import { form } from "./form.js";
import { attempt } from "./notice.js";
import { store } from "./store.js";

const KINDS = [
  ["too_many_requests", "Too many requests (429)"],
  ["server_error", "Server error (5xx)"],
  ["html", "A page of HTML instead of JSON"],
  ["reset_before", "Connection cut before the effect"],
  ["reset_after", "Connection cut after the effect"],
  ["slow", "Slow answers"],
  ["duplicate_updates", "Updates come twice"],
  ["disordered_updates", "Updates come out of order"],
  ["two_pollers", "Another program polls the bot (409)"],
  ["stolen_webhook", "Another program took the webhook"],
  ["blocked", "Blocked by the person (403)"],
  ["deactivated", "The account is deleted (403)"],
  ["upgraded_group", "The group became a supergroup"],
  ["refuse_entities", "Formatting is refused (400)"],
];

export function faultsTab() {
  return [
    el("button", { type: "button", class: "button primary", onclick: () => addFault() }, icon("plus"), "Add a fault"),
    store.faults.length
      ? null
      : el(
          "div",
          { class: "empty" },
          icon("check"),
          el("h3", {}, "All is well"),
          el("p", {}, "Add a fault to see how a bot copes: lost answers, floods, updates that come twice."),
        ),
    store.faults.map(card),
  ];
}

function card(fault) {
  const bot = store.bots.find((one) => one.id === fault.bot || one.username === fault.bot);
  const facts = [
    bot ? `@${bot.username}` : fault.bot ? String(fault.bot) : "all bots",
    fault.method || "all methods",
    fault.retry_after ? `retry after ${fault.retry_after} s` : null,
    fault.delay ? `by ${fault.delay}` : null,
    fault.probability && fault.probability < 1 ? `${Math.round(fault.probability * 100)} % of calls` : null,
    fault.times ? `${fault.times} times` : "until removed",
    fault.happened ? `happened ${fault.happened} times` : null,
  ];
  return el(
    "article",
    { class: "card" },
    el(
      "div",
      { class: "row" },
      el(
        "div",
        { class: "grow" },
        el("b", {}, label(fault.kind)),
        el("div", { class: "small muted" }, facts.filter(Boolean).join(" · ")),
      ),
      iconButton("close", `Remove the fault: ${label(fault.kind)}`, async () => {
        await attempt(() => api.removeFault(fault.id));
        await store.refresh();
      }),
    ),
  );
}

function label(kind) {
  return KINDS.find(([value]) => value === kind)?.[1] ?? kind;
}

async function addFault() {
  await form({
    title: "Add a fault",
    fields: [
      { name: "kind", label: "What happens", options: KINDS, value: KINDS[0][0], wide: true },
      {
        name: "bot",
        label: "Bot",
        options: [["", "All bots"], ...store.bots.map((bot) => [String(bot.id), `@${bot.username}`])],
      },
      { name: "method", label: "Method", placeholder: "all, or sendMessage", maxlength: 64 },
      { name: "retry_after", label: "Retry after, seconds", type: "number", min: 0, max: 86400 },
      { name: "delay", label: "Delay", placeholder: "2s", maxlength: 16 },
      { name: "probability", label: "Share of calls, %", type: "number", min: 1, max: 100, placeholder: "100" },
      { name: "times", label: "How often", type: "number", min: 0, placeholder: "until removed" },
    ],
    action: "Add",
    submit: (values) =>
      api.addFault({
        ...values,
        ...numbers(values, "retry_after", "times"),
        ...(values.bot ? { bot: Number(values.bot) } : {}),
        ...(values.probability ? { probability: Number(values.probability) / 100 } : {}),
      }),
  });
  await store.refresh();
}

function numbers(values, ...names) {
  return Object.fromEntries(names.filter((name) => values[name]).map((name) => [name, Number(values[name])]));
}
