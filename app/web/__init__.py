"""What people see: pages, and what they load. Plain files, served by `app.api.site`."""
