"""What the framework containers bring, run inside a job's or a server's own environment: script mode and the model server."""
