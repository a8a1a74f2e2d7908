/** How long to wait before something is tried again. */

/** The longest that a service may ask for. */
const MOST_ASKED_FOR_MS = 3_600_000;

/** Longer after each failure in a row, and for each of many another time: they do not come back all at once. */
export class Pauses {
  #firstMs;
  #mostMs;
  #failures = 0;

  constructor(firstMs, mostMs) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
  }

  /** What went well makes the next failure a first one. */
  reset() {
    this.#failures = 0;
  }

  /** Returns milliseconds: no fewer than the service asked for, and up to half as many again. */
  next(askedForMs = 0) {
    const ownMs = Math.min(this.#firstMs * 2 ** this.#failures, this.#mostMs);
    this.#failures += 1;
    return scattered(Math.max(ownMs, Math.min(askedForMs, MOST_ASKED_FOR_MS)));
  }
}

/** Returns as many milliseconds, or up to half as many again. */
export function scattered(ms) {
  return ms * (1 + Math.random() / 2);
}
