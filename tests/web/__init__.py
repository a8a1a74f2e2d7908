"""The booking page and the widget, in Chromium."""
