// Telegram's sending limits, as this network enforces them.

import { api } from "./api.js";
import { el } from "./dom.js";
import { attempt, toast } from "./notice.js";
import { store } from "./store.js";

const FIELDS = [
  ["per_chat_per_second", "Messages a second to one chat"],
  ["per_group_per_minute", "Messages a minute to one group"],
  ["per_bot_per_second", "Messages a second of one bot"],
  ["burst", "Short bursts up to"],
];

export function limitsTab() {
  const enforce = el("input", { type: "checkbox", checked: Boolean(store.limits.enforce) });
  const inputs = FIELDS.map(([name, label]) => [
    name,
    label,
    el("input", { class: "input", type: "number", min: 0, step: "any", value: store.limits[name] ?? "" }),
  ]);
  return el(
    "form",
    {
      class: "stack",
      onsubmit: async (event) => {
        event.preventDefault();
        const limits = { enforce: enforce.checked };
        for (const [name, , input] of inputs) if (input.value !== "") limits[name] = Number(input.value);
        if (!(await attempt(async () => (await api.setLimits(limits), true)))) return;
        toast("Limits saved.");
        await store.refresh();
      },
    },
    el("p", { class: "muted small" }, "A bot that sends faster is answered 429 with retry_after, as on Telegram."),
    el("label", { class: "check" }, enforce, "Enforce the limits"),
    inputs.map(([, label, input]) => el("label", { class: "field" }, el("span", {}, label), input)),
    el("button", { type: "submit", class: "button primary" }, "Save"),
  );
}
