// The event stream: tells what changed, so that open parts of the page read again.

const RETRY_MS = 1000;
const REST = 2; // times as long as the work before it

// listen calls onChange with each change and onStatus with true or false as the stream comes and goes. After a gap
// (a restarted sandbox numbers its events anew) onChange gets {kind: "all"}.
export function listen(onChange, onStatus) {
  let source = null;

  function connect() {
    source = new EventSource("/control/v1/events");
    source.addEventListener("open", () => {
      onStatus(true);
      onChange({ kind: "all" });
    });
    source.addEventListener("change", (event) => onChange(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      onStatus(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
    });
  }

  connect();
  addEventListener("pagehide", () => source.close());
}

// latest wraps an asynchronous function so that it never overlaps itself: calls made while it runs become one more run.
// After each run it rests for a multiple of the time that the run took, so that a crowded network cannot keep the page
// busy with reading alone.
export function latest(run) {
  let running = null;
  let again = false;
  let restedAt = 0;

  async function loop() {
    do {
      const rest = restedAt - performance.now();
      if (rest > 0) await new Promise((done) => setTimeout(done, rest));
      again = false;
      const began = performance.now();
      await run();
      restedAt = performance.now() + REST * (performance.now() - began);
    } while (again);
  }

  return function request() {
    if (running) again = true;
    else running = loop().finally(() => (running = null));
    return running;
  };
}
