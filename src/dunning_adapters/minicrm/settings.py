"""What a person writes about his MiniCRM system; its own fields have other names in every installation."""

from __future__ import annotations

from pydantic import Field

from dunning_adapters.endpoint import Endpoint


class MiniCrmSettings(Endpoint):
    """`[source]` with `adapter = "minicrm"`. Fields have the names of the API, like `Float1910`.

    Times are seconds.
    """

    url: str = "https://r3.minicrm.hu"
    system_id: str = Field(pattern="^[0-9]+$", description="the number after the host in the address of the system")
    receivable: tuple[str, ...] = Field(default=("Invoice",), min_length=1, description="types that ask for money")
    ignored: tuple[str, ...] = Field(default=("Proforma", "Offer", "Order"), description="types that ask for none")
    paid_field: str = Field(default="", description="field of the invoice's card that holds what was paid so far")
    hold_fields: tuple[str, ...] = Field(default=(), description="fields of the card that mean a dispute when set")
    email_fields: tuple[str, ...] = Field(default=("Email",), min_length=1, description="fields of the contact")
    phone_fields: tuple[str, ...] = Field(default=("Phone",), description="fields of the contact")
    country: str = Field(default="HU", pattern="^[A-Z]{2}$", description="of the customers, for the letters")
