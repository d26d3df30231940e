// Formatted text. Entities count in UTF-16 units, which is what JavaScript strings count in, too.

import { el } from "./dom.js";

// richText turns a text and its entities into nodes. onLink(url) is called when a link is followed, onCommand(text) when
// a /command, @name or #tag is pressed. Entities may nest; they never cross.
export function richText(text, entities, onLink, onCommand) {
  const sorted = (entities ?? [])
    .filter((entity) => entity.length > 0 && entity.offset >= 0 && entity.offset + entity.length <= text.length)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
  return part(text, 0, text.length, sorted, { onLink, onCommand });
}

function part(text, from, to, entities, actions) {
  const nodes = [];
  let at = from;
  for (let i = 0; i < entities.length; i++) {
    const entity = entities[i];
    const end = entity.offset + entity.length;
    if (entity.offset < at || end > to) continue;
    let next = i + 1;
    while (next < entities.length && entities[next].offset < end) next++;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inner = part(text, entity.offset, end, entities.slice(i + 1, next), actions);
    nodes.push(wrap(entity, text.slice(entity.offset, end), inner, actions));
    at = end;
    if (BLOCKS.has(entity.type) && text[at] === "\n") at++; // a block ends its line by itself
    i = next - 1;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

function wrap(entity, text, inner, { onLink, onCommand }) {
  const pressed = (act) => el("button", { type: "button", class: "as-link", onclick: act }, inner);
  switch (entity.type) {
    case "text_link":
      return link(entity.url, inner, onLink);
    case "url":
      return link(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `http://${text}`, inner, onLink);
    case "mention":
      return pressed(() => onLink(text));
    case "bot_command":
      return pressed(() => onCommand(text));
    case "email":
    case "phone_number":
    case "hashtag":
    case "cashtag":
    case "text_mention":
      return el("span", { class: "as-link" }, inner);
    case "spoiler":
      return spoiler(inner);
    case "pre":
      return el("pre", { title: entity.language || null }, el("code", {}, inner));
    default:
      return TAGS[entity.type] ? el(TAGS[entity.type], {}, inner) : el("span", {}, inner);
  }
}

// link never lets the browser leave the page: the person of the sandbox follows it, not the one who looks at the page.
function link(url, inner, onLink) {
  return el("button", { type: "button", class: "as-link", title: url, onclick: () => onLink(url) }, inner);
}

function spoiler(inner) {
  const node = el(
    "span",
    { class: "spoiler", role: "button", tabindex: 0, "aria-label": "Hidden text, press to show" },
    inner,
  );
  const show = (event) => {
    if (node.classList.contains("shown") || (event.type === "keydown" && event.key !== "Enter" && event.key !== " "))
      return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  };
  node.addEventListener("click", show, true);
  node.addEventListener("keydown", show, true);
  return node;
}
