// Asking along with a hand that drags: at most so often, what is wanted last always, what is overtaken called off.

const LONGEST_WAIT = 60;

/**
 * `send(what, signal)` promises an answer, `show(answer, what)` gets it; `fail(problem)` what went wrong; `wait(seconds)` is
 * told when the service asks for a pause (429), and null once it is over. Gives {want(what), stop()}.
 */
export function follow({ every, send, show, fail, wait, signal }) {
  let wanted = null;
  let timer = 0;
  let free = 0; // when the next may be sent
  let turn = 0;
  let shown = 0;
  let flying = [];

  const plan = () => {
    clearTimeout(timer);
    if (wanted) timer = setTimeout(start, Math.max(0, free - performance.now()));
  };
  async function start() {
    const own = { what: wanted, turn: ++turn, stop: new AbortController() };
    [wanted, free] = [null, performance.now() + every];
    // The one before may still come back first: with none left to finish, a slow line would show nothing until the end.
    while (flying.length > 1) flying.shift().stop.abort();
    flying.push(own);
    try {
      const answer = await send(own.what, own.stop.signal);
      if (own.turn < shown || own.stop.signal.aborted) return;
      shown = own.turn;
      wait(null);
      show(answer, own.what);
    } catch (problem) {
      if (problem.name === "AbortError" || own.stop.signal.aborted) return;
      if (problem.status !== 429) return own.turn === turn && fail(problem);
      const seconds = Math.min(problem.retryAfter ?? 1, LONGEST_WAIT);
      free = Math.max(free, performance.now() + seconds * 1000);
      wanted ??= own.turn === turn ? own.what : null;
      wait(seconds);
      plan();
    } finally {
      flying = flying.filter((each) => each !== own);
    }
  }
  function stop() {
    clearTimeout(timer);
    wanted = null;
    for (const { stop: call } of flying.splice(0)) call.abort();
  }
  signal.addEventListener("abort", stop);
  return {
    want(what) {
      wanted = what;
      plan();
    },
    stop,
  };
}

/** Asks again, a few times, where the service asks to wait (429). `told(seconds)` is called before each pause. */
export async function patiently(send, { signal, told, times = 3 }) {
  for (let left = times; ; left -= 1) {
    try {
      return await send();
    } catch (problem) {
      if (problem.status !== 429 || !left) throw problem;
      const seconds = Math.min(problem.retryAfter ?? 1, LONGEST_WAIT);
      told(seconds);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        signal.addEventListener("abort", () => [clearTimeout(timer), resolve()], { once: true });
      });
      signal.throwIfAborted();
    }
  }
}
