"""What every context shares: errors, verdicts, events, identities and the entry of a function."""
