"""Stream `cartsnitch.indices`: official price indices, which ours are shown beside."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.indices", __doc__)
