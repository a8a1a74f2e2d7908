/** The booking page: which event type, and the widget for it. */
import { api } from "/widget.js";

const asked = new URLSearchParams(location.search);
const told = document.getElementById("told");

async function offered() {
  const username = asked.get("username");
  if (username) return api.eventTypesOf(username);
  if (asked.get("eventTypeId")) return [];
  const { usernames } = await (await fetch("/site/offered.json")).json();
  return (await Promise.allSettled(usernames.map((name) => api.eventTypesOf(name)))).flatMap((one) => one.value ?? []);
}

function link(type, chosenId) {
  const made = document.createElement("a");
  const query = new URLSearchParams(location.search);
  query.set("eventTypeId", type.id);
  made.href = `/?${query}`;
  made.textContent = `${type.title} · ${type.lengthInMinutes} min`;
  if (type.id === chosenId) made.setAttribute("aria-current", "page");
  return made;
}

try {
  const types = await offered();
  const chosenId = Number(asked.get("eventTypeId")) || types[0]?.id;
  document.getElementById("types").append(...types.map((type) => link(type, chosenId)));
  if (chosenId) {
    const widget = document.createElement("holdfast-slots");
    widget.setAttribute("event-type-id", chosenId);
    document.getElementById("place").append(widget);
  } else {
    told.textContent = "Nothing can be booked here. Add ?username=… or ?eventTypeId=… to this page's address.";
  }
} catch (error) {
  told.textContent = error.message;
}
