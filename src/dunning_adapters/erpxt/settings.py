"""What a person writes about his Comarch ERP XT account."""

from __future__ import annotations

from pydantic import Field

from dunning_adapters.endpoint import Endpoint


class ErpXtSettings(Endpoint):
    """`[source]` with `adapter = "erpxt"`. The key is the client secret. Times are seconds."""

    url: str = "https://app.erpxt.pl/api2/public"
    client_id: str = Field(
        min_length=1, pattern=r"^[!-9;-~]+$", description="the client ID of the registered application"
    )
    company: str = Field(default="", description="own tax number (NIP); books of another company are refused")
    country: str = Field(default="PL", pattern="^[A-Z]{2}$", description="of customers whose card names none")
    documents: tuple[str, ...] = Field(
        default=("invoices", "advanceinvoices", "profitmargininvoices", "correctiveinvoices"),
        min_length=1,
        description="resources that hold the documents of payments",
    )
    buffer: bool = Field(default=False, description="read documents that are not approved as well")
    page: int = Field(default=100, ge=1, le=1000)
