"""Stream `cartsnitch.users`: what users are and want, published by this service. Never a password hash."""

from typing import Annotated, ClassVar

from pydantic import Field, StrictBool

from readmodel.events.event import Event
from readmodel.events.fields import Instant, Key, Percent, Title, Uuid


class UserRegistered(Event):
    """An account was made."""

    type: ClassVar = "cartsnitch.users.registered"

    user_id: Key
    email: Title | None = None
    display_name: Title | None = None
    email_inbound_token: Key | None = None
    created_at: Instant | None = None


class UserProfileUpdated(Event):
    """A user changed the profile."""

    type: ClassVar = "cartsnitch.users.profile_updated"
    patch: ClassVar = True

    user_id: Key
    email: Title | None = None
    display_name: Title | None = None


class UserAlertSettingsChanged(Event):
    """A user said which alerts are wanted; null goes back to the default."""

    type: ClassVar = "cartsnitch.users.alert_settings_changed"
    patch: ClassVar = True

    user_id: Key
    price_increase_threshold_pct: Annotated[Percent, Field(ge=0)] | None = None
    shrinkflation_enabled: StrictBool | None = None
    email_notifications: StrictBool | None = None


class UserAlertRead(Event):
    """A user has read an alert."""

    type: ClassVar = "cartsnitch.users.alert_read"

    user_id: Key
    alert_id: Uuid


class UserErased(Event):
    """A user is to be forgotten: a tombstone for every projection, also for events that arrive later."""

    type: ClassVar = "cartsnitch.users.erased"

    user_id: Key
