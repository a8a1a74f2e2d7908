/** A month as an ARIA grid: one day is in the tab order, the arrow keys move it. */
import { element } from "./dom.js";
import { dayText, firstOfMonth, lastOfMonth, monthText, plusDays, plusMonths, weekday } from "./zones.js";

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const STEPS = {
  ArrowLeft: (date) => plusDays(date, -1),
  ArrowRight: (date) => plusDays(date, 1),
  ArrowUp: (date) => plusDays(date, -7),
  ArrowDown: (date) => plusDays(date, 7),
  Home: (date) => plusDays(date, -weekday(date)),
  End: (date) => plusDays(date, 6 - weekday(date)),
  PageUp: (date) => plusMonths(date, -1),
  PageDown: (date) => plusMonths(date, 1),
};

/** Returns the grid. `focused` is the day in the tab order; `counts` says how many slots each date has. */
export function calendar({ focused, chosen, today, counts, onChoose, onMove }) {
  const head = element("tr", { role: "row" }, ...WEEKDAYS.map((name) =>
    element("th", { role: "columnheader", scope: "col", abbr: name, "aria-label": name }, name.slice(0, 2))));
  const grid = element("table", { role: "grid", "aria-label": monthText(focused), class: "month" },
    element("thead", { role: "rowgroup" }, head),
    element("tbody", { role: "rowgroup" }, ...weeks(focused).map((week) =>
      element("tr", { role: "row" }, ...week.map((date) => date ? day(date) : element("td", { role: "gridcell" }))))));
  grid.addEventListener("keydown", (event) => {
    const date = event.target.dataset?.date;
    const step = STEPS[event.key];
    if (!date || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = step(date);
    onMove(next < today ? today : next);
  });

  function day(date) {
    const button = element("button", {
      type: "button", class: "day", "data-date": date, tabindex: date === focused ? 0 : -1,
      "aria-current": date === today ? "date" : null,
      onclick: () => button.hasAttribute("aria-disabled") || onChoose(date),
    }, String(Number(date.slice(8))));
    return element("td", { role: "gridcell", "aria-selected": String(date === chosen) }, button);
  }
  showCounts(grid, counts);
  return grid;
}

/** Shows in a grid how many slots each date has. */
export function showCounts(grid, counts) {
  for (const button of grid.querySelectorAll(".day")) {
    const { date } = button.dataset;
    const count = counts[date] ?? 0;
    button.setAttribute("aria-label",
      `${dayText(date)}, ${count === 0 ? "no times" : count === 1 ? "1 time" : `${count} times`}`);
    if (count) button.removeAttribute("aria-disabled");
    else button.setAttribute("aria-disabled", "true");
  }
}

function weeks(date) {
  const first = firstOfMonth(date);
  const days = Array(weekday(first)).fill(null);
  for (let one = first; one <= lastOfMonth(date); one = plusDays(one, 1)) days.push(one);
  while (days.length % 7) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}
