/** Follows a listing: by the server's stream, and by asking every second while there is none. */
const POLL_MS = 1_000;
const STREAM_AGAIN_MS = 30_000;

/**
 * Calls `onSlots` with each listing, at once and as it changes, until the returned function is called.
 * `onError` hears what went wrong with a question that polling asked.
 */
export function follow(api, question, onSlots, onError) {
  let ended = false;
  let source = null;
  let pollTimer = null;
  let streamTimer = null;
  let lastTag = null;

  function tell(slots, tag) {
    if (ended || (tag && tag === lastTag)) return;
    lastTag = tag;
    onSlots(slots);
  }

  async function poll() {
    try {
      const { slots, tag } = await api.slots(question);
      if (pollTimer !== null) tell(slots, tag);
    } catch (error) {
      if (!ended && pollTimer !== null) onError(error);
    }
    if (!ended && pollTimer !== null) pollTimer = setTimeout(poll, POLL_MS);
  }

  function startPolling() {
    if (ended || pollTimer !== null) return;
    pollTimer = setTimeout(poll, 0);
  }

  function stopPolling() {
    clearTimeout(pollTimer);
    pollTimer = null;
  }

  function listen() {
    source = new EventSource(api.listingAddress(question, "/v2/slots/stream"));
    source.addEventListener("slots", (event) => {
      stopPolling();
      tell(JSON.parse(event.data).data, event.lastEventId);
    });
    source.addEventListener("error", () => {
      startPolling();
      // A refused stream is closed for good; one that was cut off comes back by itself.
      if (!ended && source.readyState === EventSource.CLOSED) streamTimer = setTimeout(listen, STREAM_AGAIN_MS);
    });
  }

  listen();
  return () => {
    ended = true;
    source.close();
    stopPolling();
    clearTimeout(streamTimer);
  };
}
