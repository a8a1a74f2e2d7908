"""Days on which clocks change: by an hour, by half of one, by two; for Ramadan; at midnight; by a day."""

CHANGE_DAYS = [
    ("America/New_York", "2050-03-13"),
    ("America/New_York", "2050-11-06"),
    ("Europe/London", "2050-03-27"),
    ("Europe/London", "2050-10-30"),
    ("Australia/Lord_Howe", "2050-04-03"),
    ("Australia/Lord_Howe", "2050-10-02"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Africa/Casablanca", "2026-03-22"),
    ("Africa/Casablanca", "2050-05-15"),
    ("Africa/Casablanca", "2050-06-26"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Apia", "2012-04-01"),
    ("Pacific/Apia", "2012-09-30"),
    ("America/Santiago", "2050-04-02"),
    ("America/Santiago", "2050-09-04"),
    ("America/Havana", "2050-03-13"),
    ("America/Havana", "2050-11-06"),
    ("Antarctica/Troll", "2050-03-27"),
    ("Antarctica/Troll", "2050-10-30"),
    ("Asia/Kathmandu", "1986-01-01"),
]
