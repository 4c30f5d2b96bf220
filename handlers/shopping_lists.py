"""Stream `cartsnitch.shopping_lists`: what users mean to buy."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.shopping_lists", __doc__)
