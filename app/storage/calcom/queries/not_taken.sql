-- Tables that are counted for the report, each if the database has it; the names are the tables'.

-- name: SelectedCalendar
SELECT count(*) FROM "SelectedCalendar";

-- name: Credential
SELECT count(*) FROM "Credential";

-- name: Availability
-- Hours that hang on no schedule, an older form.
SELECT count(*) FROM "Availability" WHERE "scheduleId" IS NULL;

-- name: Webhook
SELECT count(*) FROM "Webhook";

-- name: Workflow
SELECT count(*) FROM "Workflow";

-- name: App_RoutingForms_Form
SELECT count(*) FROM "App_RoutingForms_Form";

-- name: Payment
SELECT count(*) FROM "Payment";

-- name: HashedLink
SELECT count(*) FROM "HashedLink";

-- name: PlatformOAuthClient
SELECT count(*) FROM "PlatformOAuthClient";

-- name: SelectedSlots
SELECT count(*) FROM "SelectedSlots" WHERE "releaseAt" > now() AT TIME ZONE 'UTC';

-- name: UserHolidaySettings
SELECT count(*) FROM "UserHolidaySettings" WHERE "countryCode" IS NOT NULL;

-- name: Attribute
SELECT count(*) FROM "Attribute";
