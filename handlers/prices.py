"""Stream `cartsnitch.prices`: price observations."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.prices", __doc__)
