"""Stream `cartsnitch.receipts`: what users bought."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.receipts", __doc__)
