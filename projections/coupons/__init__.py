"""What there is to save money with. In Postgres, because it is joined to what one user bought."""

from readmodel.engine.projection import POSTGRES, Entity, Projection
from readmodel.events.coupons import CouponRemoved, CouponUpdated

projection = Projection(
    version=1,
    stores=(POSTGRES,),
    tables=(Entity("coupons", key="coupon_id", saved_by=CouponUpdated, removed_by=CouponRemoved),),
)
