"""Stream `cartsnitch.accounts`: users' accounts at the shops, and how ReceiptWitness fares in reading them."""

from handlers.subscriber import subscriber

subscribe = subscriber("cartsnitch.accounts", __doc__)
