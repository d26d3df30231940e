// Forms in a box: fields, one action, the server's refusal above the buttons.

import { el } from "./dom.js";
import { box } from "./notice.js";

// form resolves to what submit returned, or to null when the person closed it. A field is {name, label, value, type,
// required, maxlength, placeholder, pattern, options: [[value, label]], wide}. Empty values of optional fields are left
// out unless keepEmpty is set.
export async function form({ title, note, before, fields, action, submit, extra, keepEmpty = false }) {
  let result = null;
  const error = el("p", { class: "error", role: "alert", hidden: true });
  const button = el("button", { type: "submit", class: "button primary" }, action);
  const inputs = fields.map((field) => [field, control(field)]);

  const node = el(
    "form",
    {
      novalidate: false,
      onsubmit: async (event) => {
        event.preventDefault();
        const values = {};
        for (const [field, input] of inputs) {
          const value = input.value.trim();
          if (value || keepEmpty) values[field.name] = value;
        }
        error.hidden = true;
        button.disabled = true;
        try {
          result = (await submit(values)) ?? true;
          node.closest("dialog").close();
        } catch (refusal) {
          error.textContent = refusal.message;
          error.hidden = false;
        } finally {
          button.disabled = false;
        }
      },
    },
    el("h2", {}, title),
    note ? el("p", { class: "muted small" }, note) : null,
    before ?? null,
    el(
      "div",
      { class: "columns" },
      inputs.map(([field, input]) =>
        el("label", { class: `field${field.wide ? " wide" : ""}` }, el("span", {}, field.label), input),
      ),
    ),
    error,
    el(
      "div",
      { class: "actions" },
      extra ? extra(() => node.closest("dialog").close()) : null,
      el("button", { type: "button", class: "button", onclick: () => node.closest("dialog").close() }, "Cancel"),
      button,
    ),
  );

  await box(title, node);
  return result;
}

function control(field) {
  if (field.options) {
    return el(
      "select",
      { class: "input", name: field.name },
      field.options.map(([value, label]) => el("option", { value, selected: value === (field.value ?? "") }, label)),
    );
  }
  return el("input", {
    class: "input",
    name: field.name,
    type: field.type ?? "text",
    value: field.value ?? "",
    required: field.required,
    maxlength: field.maxlength,
    placeholder: field.placeholder,
    pattern: field.pattern,
    title: field.patternHint,
    autocomplete: "off",
    spellcheck: "false",
    min: field.min,
    max: field.max,
    step: field.step,
  });
}
