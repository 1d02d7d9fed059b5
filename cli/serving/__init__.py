"""Commands on served models: predict."""
