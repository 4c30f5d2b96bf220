"""Stream `cartsnitch.users`: what users are and want, published by this service. Never a password hash."""

from typing import Annotated

from pydantic import Field, StrictBool

from readmodel.events.event import Event
from readmodel.events.fields import Instant, Key, Percent, Title, Uuid


class UserRegistered(Event, type="cartsnitch.users.registered"):
    """An account was made."""

    user_id: Key
    email: Title | None = None
    display_name: Title | None = None
    email_inbound_token: Key | None = None
    created_at: Instant | None = None


class UserProfileUpdated(Event, type="cartsnitch.users.profile_updated", patch=True):
    """A user changed the profile."""

    user_id: Key
    email: Title | None = None
    display_name: Title | None = None


class UserAlertSettingsChanged(Event, type="cartsnitch.users.alert_settings_changed", patch=True):
    """A user said which alerts are wanted; null goes back to the default."""

    user_id: Key
    price_increase_threshold_pct: Annotated[Percent, Field(ge=0)] | None = None
    shrinkflation_enabled: StrictBool | None = None
    email_notifications: StrictBool | None = None


class UserAlertRead(Event, type="cartsnitch.users.alert_read"):
    """A user has read an alert."""

    user_id: Key
    alert_id: Uuid


class UserErased(Event, type="cartsnitch.users.erased"):
    """A user is to be forgotten: a tombstone for every projection, also for events that arrive later."""

    user_id: Key
