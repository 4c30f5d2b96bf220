"""Stream `cartsnitch.products`: the normalised product catalogue."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.products", __doc__)
