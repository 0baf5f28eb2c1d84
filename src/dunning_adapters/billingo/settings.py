"""What a person writes about his Billingo account."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dunning_adapters.endpoint import Endpoint


class BillingoSettings(Endpoint):
    """`[source]` with `adapter = "billingo"`. The key is an API key of version 3. Times are seconds."""

    url: str = "https://api.billingo.hu/v3"
    company: str = Field(default="", description="own tax number; a key of another company is refused")
    payments: Literal["all", "partial"] = Field(
        default="all", description="whether payments are asked for every open document, or only if it is partly paid"
    )
    page: int = Field(default=100, ge=1, le=100)
