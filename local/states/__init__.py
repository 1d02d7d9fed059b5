"""Step Functions on one machine: LocalStack's provider behind the gateway, each call of a machine under the machine's role."""
