"""Noria: what its functions decide. Policies and values are pure; only `adapters` reaches AWS."""
