// The page: renders one hook at a time inside CalProvider, and tells what it answered.
import { CalProvider, useAvailableSlots, useBooking, useBookings, useCancelBooking, useEventTypes, useMe } from "@calcom/atoms";
import { useCreateBooking } from "atoms-inside/hooks/bookings/use-create-booking.js";
import { useSchedules } from "atoms-inside/hooks/schedules/use-schedules.js";
import { useDeleteSelectedSlot } from "atoms-inside/hooks/use-delete-selected-slot.js";
import { useReserveSlot } from "atoms-inside/hooks/use-reserve-slot.js";
import { mapBookingToMutationInput } from "atoms-inside/vendor/booking-to-mutation-input.js";
import { createElement, useEffect } from "react";
import { createRoot } from "react-dom/client";

const { CLIENT_API_URL, CLIENT_ACCESS_TOKEN, CLIENT_ID } = process.env;
const root = createRoot(document.getElementById("root"));

const queries = {
  useAvailableSlots,
  useBookings,
  useBooking: ({ uid }) => useBooking(uid),
  useEventTypes: ({ username }) => useEventTypes(username),
  useMe: () => useMe(),
  useSchedules,
};
const mutations = { useCancelBooking, useCreateBooking, useDeleteSelectedSlot, useReserveSlot };
const bodies = { useCreateBooking: mapBookingToMutationInput };

// What is shown from an earlier look is not an answer: a query has answered once it has asked anew.
function Query({ hook, params, done, failed }) {
  const { data, error, isFetching, isFetchedAfterMount = true } = queries[hook](params);
  useEffect(() => {
    if (isFetching || !isFetchedAfterMount) return;
    if (error) failed(error);
    else if (data !== undefined) done(data);
  }, [data, error, isFetching, isFetchedAfterMount]);
}

function Mutation({ hook, params, done, failed }) {
  const { mutateAsync } = mutations[hook]({});
  useEffect(() => {
    mutateAsync((bodies[hook] ?? ((same) => same))(params)).then(done, failed);
  }, []);
}

let calls = 0;

export function call(hook, params) {
  return new Promise((done, failed) => {
    const kind = hook in queries ? Query : Mutation;
    const child = createElement(kind, { key: ++calls, hook, params, done, failed });
    const options = { apiUrl: CLIENT_API_URL };
    root.render(createElement(CalProvider, { clientId: CLIENT_ID, accessToken: CLIENT_ACCESS_TOKEN, options }, child));
  });
}
