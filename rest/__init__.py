"""The REST face: decodes HTTP, calls one command, encodes JSON. `rest.app.create_rest` makes the application."""
