/** Tells once a second how long is left until an instant of this browser's clock, then, once, that it is past. */
export function countDown(endsAt, onTick, onEnd) {
  let timer;
  function tick() {
    clearTimeout(timer);
    const leftMs = endsAt - Date.now();
    if (leftMs <= 0) {
      stop();
      return onEnd();
    }
    onTick(Math.ceil(leftMs / 1_000));
    timer = setTimeout(tick, leftMs % 1_000 || 1_000);
  }
  function stop() {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", tick);
  }
  // Browsers let the timers of pages that nobody sees wait.
  document.addEventListener("visibilitychange", tick);
  tick();
  return stop;
}

/** In words, to be read out. */
export function leftText(seconds) {
  return seconds < 120 ? `${seconds} more seconds` : `${Math.round(seconds / 60)} more minutes`;
}

export function minutesText(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
