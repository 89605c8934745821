"""Alarms told to people: the ways out, what is said, and who sends it."""

from .channels import Channel, Channels, checked_name
from .delivery import Delivery

__all__ = ["Channel", "Channels", "Delivery", "checked_name"]
