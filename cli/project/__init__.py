"""Commands on model projects: start one, publish one."""
