"""The parts of the mutation bench: the mutants, the tests that notice them, and the processes that run these."""
