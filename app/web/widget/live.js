/** Follows a listing: by the server's stream, and by asking every second while there is none. */
import { Pauses } from "./pauses.js";

const POLL_MS = 1_000;
const FIRST_STREAM_PAUSE_MS = 2_000;
const MOST_PAUSE_MS = 60_000;
/** How long nothing is asked because a stream may speak; one that a proxy keeps back does not. */
const SILENCE_MS = 3_000;
/** Of a page. Over HTTP/1.1 browsers open six connections to a host, and some are wanted for all else. */
const MOST_STREAMS = 3;

let openStreams = 0;

/**
 * Calls `onSlots` with each listing, at once and as it changes, until the returned function is called; but not while
 * nobody can see the page. `onError` hears what went wrong with a question that polling asked.
 */
export function follow(api, question, onSlots, onError) {
  const following = new Following(api, question, onSlots, onError);
  const turn = () => (document.hidden ? following.rest() : following.begin());
  document.addEventListener("visibilitychange", turn);
  turn();
  return () => {
    document.removeEventListener("visibilitychange", turn);
    following.rest();
  };
}

class Following {
  #api;
  #question;
  #onSlots;
  #onError;
  /** Of the listing that was told last, unless something went wrong since. */
  #tag = null;
  #source = null;
  #streamPauses = new Pauses(FIRST_STREAM_PAUSE_MS, MOST_PAUSE_MS);
  #noStreamUntil = 0;
  /** Another one each time polling begins: an answer to a question from before is late, and dropped. */
  #polling = null;
  #pollPauses = new Pauses(POLL_MS, MOST_PAUSE_MS);
  #timer;

  constructor(api, question, onSlots, onError) {
    this.#api = api;
    this.#question = question;
    this.#onSlots = onSlots;
    this.#onError = onError;
  }

  begin() {
    this.rest();
    this.#tag = null;
    this.#streamPauses.reset();
    this.#pollPauses.reset();
    this.#timer = setTimeout(() => this.#startPolling(0), SILENCE_MS);
    this.#listen();
  }

  rest() {
    this.#closeStream();
    this.#stopPolling();
  }

  /** Each stream begins with the whole listing, so nothing is missed, however long there was none. */
  #listen() {
    if (openStreams >= MOST_STREAMS) return this.#doWithout(0);
    openStreams += 1;
    this.#source = new EventSource(this.#api.listingAddress(this.#question, "/v2/slots/stream"));
    this.#source.addEventListener("slots", (event) => {
      this.#stopPolling();
      this.#streamPauses.reset();
      this.#pollPauses.reset();
      this.#tell(JSON.parse(event.data).data, event.lastEventId);
    });
    this.#source.addEventListener("error", () => {
      this.#closeStream();
      // A pod that stops ends the streams of many at once; those who know a listing do not all ask at once.
      this.#doWithout(this.#tag === null ? 0 : Math.random() * POLL_MS);
    });
  }

  #closeStream() {
    if (this.#source === null) return;
    this.#source.close();
    this.#source = null;
    openStreams -= 1;
  }

  #doWithout(pauseMs) {
    this.#noStreamUntil = performance.now() + this.#streamPauses.next();
    if (this.#polling === null) this.#startPolling(pauseMs);
  }

  #startPolling(pauseMs) {
    this.#stopPolling();
    this.#polling = {};
    this.#timer = setTimeout(() => this.#poll(), pauseMs);
  }

  #stopPolling() {
    clearTimeout(this.#timer);
    this.#polling = null;
  }

  /** Asks, again and again. Another stream is tried only where asking goes well. */
  async #poll() {
    const polling = this.#polling;
    const { slots, tag, error } = await this.#api.slots(this.#question).catch((error) => ({ error }));
    if (polling !== this.#polling) return;
    this.#timer = setTimeout(() => this.#poll(), error ? this.#pollPauses.next(error.retryAfterMs) : POLL_MS);
    if (error) {
      this.#tag = null;
      return this.#onError(error);
    }
    this.#pollPauses.reset();
    this.#tell(slots, tag);
    if (this.#source === null && performance.now() >= this.#noStreamUntil) this.#listen();
  }

  #tell(slots, tag) {
    if (tag && tag === this.#tag) return;
    this.#tag = tag;
    this.#onSlots(slots);
  }
}
