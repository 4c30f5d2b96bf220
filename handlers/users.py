"""Stream `cartsnitch.users`: what users are and want."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.users", __doc__)
