// The event stream: tells what changed, so that open parts of the page read again.

const RETRY_MS = 1000;

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
export function latest(run) {
  let running = null;
  let again = false;
  return function request() {
    if (running) {
      again = true;
      return running;
    }
    running = (async () => {
      try {
        do {
          again = false;
          await run();
        } while (again);
      } finally {
        running = null;
      }
    })();
    return running;
  };
}
