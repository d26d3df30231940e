// What the test tells each bot, and what the bots have in common.
import { createServer } from "node:http";

export const token = process.env.BOT_TOKEN;
export const apiRoot = process.env.API_ROOT;
export const polling = process.env.BOT_MODE === "polling";
export const secret = "a-secret_of-the_webhook";

// serve listens on a free port and returns the address of the webhook.
export function serve(handle) {
  return new Promise((done) => {
    const server = createServer(handle);
    server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}/hook`));
  });
}

// ready tells the test that the bot receives updates.
export const ready = () => console.log("ready");

// size downloads a file of the Bot API and returns its length.
export async function size(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`download answered ${answer.status}`);
  return (await answer.arrayBuffer()).byteLength;
}
