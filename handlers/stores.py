"""Stream `cartsnitch.stores`: the shops."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.stores", __doc__)
