"""Settings of alerts: from where on something is wrong, and who hears of it."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from newsletter.settings.values import Names


class AlertSettings(BaseSettings):
    """What the operator is told of at once."""

    alert_address: Names = Field(
        (),
        description="addresses that alerts are mailed to, parted by commas; off: none; "
        "empty: those of operators who are admins",
    )
    alert_webhook: SecretStr = Field(
        SecretStr(""), description="address (https) that alerts are posted to as JSON; empty: none"
    )
    alert_webhook_secret: SecretStr = Field(
        SecretStr(""), description="secret that signs them (Standard Webhooks), such as whsec_...; needed"
    )
    bounce_alert_percent: float = Field(
        2, gt=0, le=100, description="share of an edition's mails that may bounce, from 100 on, %"
    )
    complaint_alert_percent: float = Field(
        0.1, gt=0, le=100, description="share of them that readers may report as spam, %"
    )
    disk_alert_megabytes: int = Field(
        500, ge=0, description="room on the disks of store and folders below which you are told, MB; 0: never"
    )
