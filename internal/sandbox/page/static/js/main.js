// The page's start: bar, desk and drawer, held together by the store and the event stream.

import { fill } from "./dom.js";
import { clock } from "./format.js";
import { botNamed, wanted } from "./link.js";
import { listen } from "./live.js";
import { NetworkDrawer } from "./network.js";
import { attempt, toast } from "./notice.js";
import { createPerson, PeopleBar } from "./people.js";
import { emptyDesk, Seat } from "./seat.js";
import { store } from "./store.js";

const CLOCK_MS = 5000;

const desk = document.getElementById("desk");
const drawer = new NetworkDrawer(document.getElementById("network"));
const bar = new PeopleBar(() => drawer.toggle(bar.network));
const seats = new Map(); // person id -> Seat; people keep their place while they are out of sight

function draw() {
  bar.draw();
  drawer.draw();
  if (!store.loaded) return;
  for (const id of seats.keys()) if (!store.person(id)) seats.delete(id);
  const shown = store.seats
    .filter((id) => store.person(id))
    .map((id) => {
      if (!seats.has(id)) seats.set(id, new Seat(id));
      const seat = seats.get(id);
      seat.draw();
      return seat.root;
    });
  const wantedNodes = shown.length ? shown : [...desk.querySelectorAll(":scope > .empty")].slice(0, 1);
  if (wantedNodes.length === 0) fill(desk, emptyDesk(createPerson));
  else if (wantedNodes.length !== desk.children.length || wantedNodes.some((node, i) => node !== desk.children[i]))
    fill(desk, wantedNodes);
  offerWanted();
}

// offerWanted opens the bot that the address names, once somebody is there to open it.
let offered = false;
async function offerWanted() {
  const want = wanted();
  if (offered || !want || store.seats.length === 0) return;
  offered = true;
  const bot = await attempt(() => botNamed(want.name));
  if (bot === null) toast(`There is no bot named @${want.name} here.`, true);
  if (bot) seats.get(store.seats[store.active])?.openChat({ chat: bot.id, bot, payload: want.payload ?? "" });
}

store.addEventListener("network", draw);
store.addEventListener("seats", draw);
store.addEventListener("live", () => bar.draw());
store.addEventListener("change", ({ detail }) => {
  for (const seat of seats.values()) seat.changed(detail);
  drawer.changed(detail);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const seat of seats.values()) seat.changed({ kind: "all" });
});

setInterval(() => {
  for (const node of document.querySelectorAll(".phone-clock:not(:empty)")) node.textContent = clock(new Date());
}, CLOCK_MS);

listen(
  (change) => store.changed(change),
  (live) => store.setLive(live),
);
store.refresh();
