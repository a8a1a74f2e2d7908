// Dates as "2050-09-05", times of day as minutes, instants as ISO 8601. Time zones are the server's and Intl's to know.

const DAY_MS = 86_400_000;
const utc = (day) => new Date(`${day}T00:00:00Z`);
const dayOf = (date) => date.toISOString().slice(0, 10);

export const addDays = (day, count) => dayOf(new Date(utc(day).getTime() + count * DAY_MS));

/** The Monday of a day's week. */
export const fromMonday = (day) => addDays(day, -((utc(day).getUTCDay() + 6) % 7));

export const minuteOf = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

export const clockOf = (minute) =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** What clocks show at an instant that is written in their zone. */
export const wallOf = (text) => ({ day: text.slice(0, 10), minute: minuteOf(text.slice(11, 16)) });

export const dayName = (day, length) =>
  new Intl.DateTimeFormat("en-GB", { weekday: length, day: "numeric", month: length, timeZone: "UTC" }).format(utc(day));

/** The instant at which clocks in a zone show a time; of two the first. */
export function instantOf(day, minute, timeZone) {
  const wall = utc(day).getTime() + minute * 60_000;
  const [earlier] = [offsetAt(wall - DAY_MS, timeZone), offsetAt(wall + DAY_MS, timeZone)]
    .map((offset) => wall - offset)
    .filter((instant) => instant + offsetAt(instant, timeZone) === wall)
    .sort((one, other) => one - other);
  // In a gap there is none: the offset from before it.
  return new Date(earlier ?? wall - offsetAt(wall - DAY_MS, timeZone)).toISOString();
}

function offsetAt(instant, timeZone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
  }).formatToParts(instant);
  const of = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute) - Math.floor(instant / 60_000) * 60_000;
}
