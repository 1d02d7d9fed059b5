"""A small model spec without a fault."""

GOOD = """name: churn
task: binary
target: left
data:
  columns:
    age: {type: integer}
evaluate:
  split: {by: random}
  gates:
    - {metric: accuracy, at_least: 0.5}
"""
