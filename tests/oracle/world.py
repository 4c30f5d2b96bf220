"""All that was told up to some moment."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property

from tests.oracle.alerts import Alerts, settings_of
from tests.oracle.catalogue import Catalogue
from tests.oracle.coupons import Coupons
from tests.oracle.people import Account, accounts_of
from tests.oracle.prices import Prices
from tests.oracle.purchases import Purchases
from tests.oracle.reading import Fields, Told
from tests.oracle.shops import Shops, Store


class World:
    """What is known after some events, in whatever order they came, on a day."""

    def __init__(self, told: Iterable[Told], today: date) -> None:
        self.today = today
        self._by_type: defaultdict[str, list[Told]] = defaultdict(list)
        for each in told:
            self._by_type[each.type].append(each)
        self._erased = {each.data["user_id"] for each in self._by_type["users.erased"]}
        self._purchases: dict[str, Purchases] = {}

    def of(self, *types: str, user: str | None = None) -> list[Told]:
        """The events of some types; those of a user, of whom nothing is left after erasure."""
        found = [told for type_ in types for told in self._by_type[type_]]
        if user is None:
            return found
        return [told for told in found if told.data["user_id"] == user and user not in self._erased]

    @cached_property
    def shops(self) -> Shops:
        """The stores."""
        return Shops(self.of("stores.updated"), self.of("stores.location_updated"))

    @cached_property
    def catalogue(self) -> Catalogue:
        """The products."""
        return Catalogue(self.of("products.normalized"), self.of("products.removed"))

    @cached_property
    def prices(self) -> Prices:
        """What they cost."""
        return Prices(self.of("prices.updated"), self.shops, self.catalogue)

    @cached_property
    def coupons(self) -> Coupons:
        """What saves money."""
        return Coupons(self.of("coupons.updated"), self.of("coupons.removed"), self.shops, self.today)

    @cached_property
    def alerts(self) -> Alerts:
        """What was found."""
        return Alerts(self.of("alerts.price_increase"), self.of("alerts.shrinkflation"), self.catalogue)

    def purchases(self, user: str) -> Purchases:
        """What the user bought."""
        if user not in self._purchases:
            self._purchases[user] = Purchases(self.of("receipts.ingested", user=user), self.shops, self.catalogue)
        return self._purchases[user]

    def settings(self, user: str) -> Fields:
        """Which alerts the user wants."""
        return settings_of(self.of("users.alert_settings_changed", user=user), user)

    def accounts(self, user: str) -> dict[Store, Account]:
        """By store."""
        types = (type_ for type_ in self._by_type if type_.startswith("accounts."))
        return accounts_of(self.of(*types, user=user), self.shops)
