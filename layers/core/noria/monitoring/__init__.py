"""Whether what comes in now is like what a model was trained on."""
