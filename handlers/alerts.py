"""Stream `cartsnitch.alerts`: what StickerShock and ShrinkRay found."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.alerts", __doc__)
