// Something done again and again, as long as the view is shown and somebody can see it.

/** How long between two looks. */
export const POLL_SECONDS = 5;

/** Calls `task()`, waits, and so on until `signal` is aborted; a page in the background waits until it is seen again. */
export async function poll(task, signal, seconds = POLL_SECONDS) {
  while (!signal.aborted) {
    if (document.hidden) await seen(signal);
    if (signal.aborted) return;
    await task();
    await pause(seconds, signal);
  }
}

function pause(seconds, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, seconds * 1000);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

function seen(signal) {
  return new Promise((resolve) => {
    const look = () => (signal.aborted || !document.hidden) && done();
    const done = () => {
      document.removeEventListener("visibilitychange", look);
      signal.removeEventListener("abort", done);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", done);
  });
}
