"""Stream `cartsnitch.coupons`: what ClipArtist found to save money with."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.coupons", __doc__)
