"""Commands on the record of a model: status and events."""
