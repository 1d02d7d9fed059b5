"""Step Functions: LocalStack's provider behind the gateway; each call of a state machine is under the state machine's role."""
