"""Programs of the framework containers, run in the environment of a job or a model server: script mode and the model server."""
