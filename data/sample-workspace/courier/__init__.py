"""Courier: webhooks delivered at least once, in order per receiver, without drowning anybody."""

__version__ = "2.4.0"
