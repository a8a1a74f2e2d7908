"""What people see: plain files, which `app.api.site` serves."""
