"""dunning.toml: everything a run needs to know, checked before anything is opened."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from dunning_adapters.approvals import Approvals, ApprovalTable
from dunning_adapters.copies import checked
from dunning_adapters.pdf import PrintSettings
from dunning_adapters.safety.settings import SafetyTable
from dunning_adapters.senders import Senders
from dunning_core.aging import Buckets
from dunning_core.complaints import choice, complaints, read_toml
from dunning_core.errors import ConfigError, DunningError
from dunning_core.ledger import Account, Address, Creditor
from dunning_core.policy import PolicyBook, policy
from dunning_core.values import known_currencies

NAME = "dunning.toml"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AdapterTable(BaseModel):
    """`[source]`, `[history]`, `[transport]`: the adapter's name; the rest of the table is the adapter's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    adapter: str

    @property
    def own(self) -> dict[str, Any]:
        """What the adapter's settings validate."""
        return dict(self.model_extra or {})


class RunTable(_Table):
    """`[run]`: what a run without a person may do, and what makes it stop."""

    channels: tuple[Literal["email", "sms", "letter"], ...] = Field(default=("email",), min_length=1)
    approve: Literal["all"] | tuple[str, ...] = "all"
    """Levels that `dunning run` sends by itself; the others wait for `dunning send`."""
    plan_valid_days: int = Field(default=3, ge=0, le=60)
    """A saved plan older than this is not sent any more."""
    payments_max_age_days: int | None = Field(default=None, ge=0, le=60)
    """Stop when the newest payment in the books is older than this."""
    payments_known_days: int = Field(default=3, ge=0, le=60)
    """How old the newest payment of a file may be, or the day up to which the bank is said to be posted, for letters
    above `unconfirmed_level`."""
    unconfirmed_level: int = Field(default=1, ge=0, le=99)
    """The highest level at which letters go out of a file without anybody knowing how new its payments are."""
    file_max_age_hours: int = Field(default=24, ge=1, le=8784)
    """A source that cannot be read again is not sent from when it was written longer ago than this."""
    facts_max_age_seconds: int = Field(default=60, ge=1, le=3600)
    """Facts older than this are read again before the next letter leaves."""
    max_drop: int = Field(default=20, ge=0, le=100)
    """How many percent less than the reading before a reading may hold without a question; 100: any."""
    drop_floor: int = Field(default=10, ge=1)
    """Fewer items less than this are no matter for a question."""
    max_days_between: int = Field(default=35, ge=1, le=400)
    """A run that is later than the last one by more days than this, or earlier, is asked whether its clock is right."""
    batch: int | None = Field(default=None, ge=1, le=10_000)
    """Letters whose dispatch is recorded in one transaction. None: 1, or 200 for a transport that is idempotent."""
    holidays: tuple[date, ...] = ()
    max_items: int = Field(default=10_000_000, ge=1)
    """A source that yields more items, or more ledgers without one, is taken for one that does not end."""


class WorkTable(_Table):
    """`[work]`: how workers carry letters out of the outbox. All times are seconds.

    A letter whose worker died while sending may still arrive: the worker may only be paused, with the last dot unsent.
    It cannot arrive any more when the mail server has hung up on it. So a person may decide about a letter in doubt
    only after the quarantine, which begins when the lease ends. The letter may have been marked in the last moment of
    the lease, so `quarantine > deadline + relay_idle` must hold.
    """

    connections: int = Field(default=1, ge=1, le=64)
    """Connections to the mail server that a worker has."""
    batch: int = Field(default=20, ge=1, le=1000)
    """Letters that a worker claims at a time."""
    lease_seconds: int = Field(default=300, ge=1)
    """How long they are his."""
    deadline_seconds: int = Field(default=60, ge=1)
    """From the mark until the last dot must be out."""
    relay_idle_seconds: int = Field(default=900, ge=1)
    """After how long a silence the mail server hangs up."""
    quarantine_seconds: int = Field(default=1800, ge=0)
    """How long after the lease a letter in doubt is left alone."""
    facts_max_age_seconds: int = Field(default=60, ge=1)
    """How old the facts may be when a letter is marked."""
    tries: int = Field(default=8, ge=1, le=50)
    """How often a letter is tried before a person has to look."""

    @model_validator(mode="after")
    def _nothing_arrives_after_the_quarantine(self) -> Self:
        if self.quarantine_seconds <= self.deadline_seconds + self.relay_idle_seconds:
            message = "quarantine_seconds must be more than deadline_seconds + relay_idle_seconds"
            raise ValueError(message)
        if self.deadline_seconds >= self.lease_seconds:
            message = "deadline_seconds must be less than lease_seconds"
            raise ValueError(message)
        return self


class TemplatesTable(_Table):
    """`[templates]`: a folder of yours whose files stand in for the stock ones; payment codes on letters."""

    folder: Path | None = None
    payment_codes: bool = False


class PdfTable(PrintSettings):
    """`[pdf]`: which letters by e-mail have themselves with them as PDF, and how these are printed."""

    levels: Literal["all"] | tuple[str, ...] = ()


class AttachmentsTable(_Table):
    """`[attachments]`: copies of the invoices that a letter by e-mail asks for."""

    folder: Path | None = None
    """Where they lie."""
    name: str = "{number}.pdf"
    """How they are called there."""
    from_source: bool = False
    """Ask the source for those that are in no folder."""
    levels: Literal["all"] | tuple[str, ...] = "all"
    most_kb: int = Field(default=5000, ge=1, le=50_000)
    """What the copies of one letter may have together; mail servers refuse large letters."""
    missing: Literal["report", "refuse"] = "report"
    """Whether a letter goes without a copy that cannot be had."""

    @field_validator("name")
    @classmethod
    def _telling(cls, value: str) -> str:
        return checked(value)


class ReportTable(_Table):
    """`[report]`: where reports go, and whether they are mailed to those responsible."""

    folder: Path = Path("reports")
    mail_to: tuple[str, ...] = ()
    mail_responsible: bool = False


class JournalTable(_Table):
    """`[journal]`: where the head of the history is written down, and how long the history keeps what."""

    anchor: Path | None = None
    """None: the file `dunning.anchor` beside the folder of the reports."""
    keep_text_days: int | None = Field(default=None, ge=60)
    """Recipients, subjects, texts and reasons older than this are pruned."""
    keep_bounces_days: int | None = Field(default=90, ge=1)
    """What mail servers said of letters that came back."""
    keep_events_days: int | None = Field(default=None, ge=365)
    """Letters whose items are no longer open, this long after the last thing that happened to them."""


class AgingTable(_Table):
    """`[aging]`: last day of each bucket."""

    edges: tuple[int, ...] = (30, 60, 90, 120)

    @field_validator("edges")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        try:
            Buckets(value)
        except ConfigError as error:
            message = f"{error.what}; {error.mend}"
            raise ValueError(message) from None
        return value


class RegisterTable(_Table):
    """`[law.register]`: the register of debtors with which the creditor has a contract."""

    name: str = Field(min_length=1)
    address: str = Field(min_length=1)


class LawTable(_Table):
    """`[law]`: statutes and rates. Their tables are watched by `dunning check` when this table is there."""

    statutes: Path | None = None
    """A file of yours on top of the statutes of the package."""
    exchange: tuple[Path, ...] = ()
    """Files with exchange rates of the euro, which turn a compensation into another currency."""
    agreed_percent: Annotated[Decimal, Field(ge=0, le=1000)] | None = None
    """Interest a year that the contracts with businesses and public bodies name, in place of the statutory rate."""
    across_borders: bool = False
    """The contracts say that the creditor's law holds for debtors of other countries as well."""
    limitation_warning_days: int = Field(default=60, ge=0, le=3660)
    """So many days before a claim becomes time-barred, the plan says so."""
    register_: RegisterTable | None = Field(default=None, alias="register")


class PluginsTable(_Table):
    """`[plugins]`: modules to load besides the installed plugins, and installed ones to leave out."""

    modules: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


class BouncesTable(_Table):
    """`[bounces]`: where notices of letters that came back arrive."""

    folder: Path | None = None
    """A maildir, an mbox file, or a folder of .eml files."""


class Settings(_Table):
    """A validated dunning.toml. `folder` is where its relative paths start, `file` its own name there."""

    creditor: Creditor
    policies: PolicyBook
    source: AdapterTable
    sources: dict[str, AdapterTable] = {}
    """Further sources, one of which may be named to stand in the place of `source`."""
    history: AdapterTable = AdapterTable(adapter="sql")
    transport: AdapterTable = AdapterTable(adapter="folder")
    run: RunTable = RunTable()
    work: WorkTable = WorkTable()
    templates: TemplatesTable = TemplatesTable()
    senders: Senders = Senders()
    pdf: PdfTable = PdfTable()
    attachments: AttachmentsTable = AttachmentsTable()
    report: ReportTable = ReportTable()
    journal: JournalTable = JournalTable()
    aging: AgingTable = AgingTable()
    law: LawTable | None = None
    plugins: PluginsTable = PluginsTable()
    safety: SafetyTable = SafetyTable()
    approval: ApprovalTable = ApprovalTable()
    bounces: BouncesTable = BouncesTable()
    folder: Path = Path()
    file: str = NAME

    @property
    def source_name(self) -> str:
        """What `--source` calls the source: its name in `sources`, otherwise that of its adapter."""
        named = (name for name, table in self.sources.items() if table == self.source)
        return next(named, self.source.adapter)

    @property
    def buckets(self) -> Buckets:
        """The aging buckets."""
        return Buckets(self.aging.edges)

    @property
    def approvals(self) -> Approvals:
        """Which letters somebody has to approve."""
        return Approvals(self.approval, self.policies.policies)


def load(path: Path, *, source: str = "") -> Settings:
    """Settings from a file, with the source of that name. Raises ConfigError naming file and field."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(error.strerror or str(error), where=str(path), mend="write one with: dunning init") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", where=str(path), mend="save it as UTF-8") from None
    return parse(text, where=path.name, folder=path.resolve().parent, source=source)


def parse(text: str, *, where: str = NAME, folder: Path = Path(), source: str = "") -> Settings:
    """Settings from the text of a dunning.toml. Raises ConfigError naming the field, PolicyError for a policy."""
    try:
        tables = read_toml(text)
    except ValueError as error:
        raise ConfigError(str(error), where=where) from None
    for name in {"folder", "file"}.intersection(tables):
        raise ConfigError("there is no such field", where=f"{where}: {name}")
    tables = _with_source(tables, source, where)
    tables["creditor"] = _creditor(_table(tables, "creditor", where), where)
    tables["policies"] = _policies(tables.get("policies", {}), _table(tables, "policy", where, {}), where)
    tables.pop("policy", None)
    try:
        settings = Settings.model_validate({**tables, "folder": folder, "file": where})
    except ValidationError as error:
        raise explained(error, tables, Settings, where=where)[0] from None
    settings.policies.refuse_unknown(settings.approval.named, f"{where}: approval.levels")
    return settings


def _with_source(tables: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    """The tables with `[sources.NAME]` as the source; `[source]` itself goes by the name of its adapter."""
    first, others = tables.get("source"), tables.get("sources", {})
    others = others if isinstance(others, Mapping) else {}  # what is wrong with it is said later
    if name in others:
        return {**tables, "source": others[name]}
    own = first.get("adapter") if isinstance(first, Mapping) else None
    names = sorted({*others, *([own] if isinstance(own, str) else [])})
    if name and name != own:
        raise ConfigError(f"there is no source named {name!r}", where=f"{where}: sources", mend=choice(name, names))
    if first is None and others:
        raise ConfigError("no source is chosen", where=where, mend=f"say --source with one of {', '.join(names)}")
    return tables


def faults(path: Path, *, source: str = "") -> list[DunningError]:
    """Everything that is wrong with a file, table by table, where `load` stops at the first; empty if it loads."""
    try:
        load(path, source=source)
    except DunningError as error:
        first = error
    else:
        return []
    try:
        tables = read_toml(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return [first]
    found = [first, *(fault for name, table in tables.items() for fault in _faults_of(name, table, path.name))]
    return list({str(error): error for error in found}.values())


def _faults_of(name: str, table: Any, where: str) -> Iterator[DunningError]:
    """What is wrong with one table by itself; how tables fit together is left to `parse`."""
    field = Settings.model_fields.get(name)
    try:
        if name == "creditor":
            _creditor(_table({name: table}, name, where), where)
        elif name == "policies":
            yield from _faults_of_policies(table, where)
        elif field is not None and field.annotation is not None:
            TypeAdapter(field.annotation).validate_python(table)
        elif name != "policy":
            mend = choice(name, list(Settings.model_fields))
            yield ConfigError("there is no such field", where=f"{where}: {name}", mend=mend)
    except ValidationError as error:
        yield from explained(error, table, field.annotation if field else None, where=where, table=name)
    except DunningError as error:
        yield error


def _faults_of_policies(tables: Any, where: str) -> Iterator[DunningError]:
    each = [{name: table} for name, table in tables.items()] if isinstance(tables, Mapping) else [tables]
    for one in each:
        try:
            _policies(one, {}, where)
        except DunningError as error:
            yield error


def _table(
    tables: Mapping[str, Any], name: str, where: str, default: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    table = tables.get(name, default)
    if table is None:
        raise ConfigError(f"the table [{name}] is missing", where=where, mend="see: dunning init")
    if not isinstance(table, Mapping):
        raise ConfigError("must be a table", where=f"{where}: {name}")
    return dict(table)


def _creditor(table: dict[str, Any], where: str) -> Creditor:
    """The plain dataclass, from a table in which every name must be known."""
    _known(Creditor, table, f"{where}: creditor")
    _known(Address, table.get("address", {}), f"{where}: creditor.address")
    accounts = table.get("accounts", ())
    if not isinstance(accounts, (list, tuple)):
        raise ConfigError("must be a list", where=f"{where}: creditor.accounts", mend="write [[creditor.accounts]]")
    for index, account in enumerate(accounts):
        _known(Account, account, f"{where}: creditor.accounts[{index}]")
    try:
        creditor = TypeAdapter(Creditor).validate_python({"id": str(table.get("name", "")), **table})
    except ValidationError as error:
        raise explained(error, table, where=where, table="creditor")[0] from None
    _can_be_owed(creditor, f"{where}: creditor")
    return creditor


def _can_be_owed(creditor: Creditor, where: str) -> None:
    """Refuse what would only show on letters, or as letters that cannot be written."""
    if not creditor.name.strip():
        raise ConfigError("must not be empty", where=f"{where}.name")
    if not re.fullmatch("[A-Za-z]{2}", creditor.country):
        what = f"must be a country's code of two letters, not {creditor.country!r}"
        raise ConfigError(what, where=f"{where}.country", mend="for example RO, ES, PL or HU")
    seen: set[str] = set()
    for index, account in enumerate(creditor.accounts):
        if account.currency not in known_currencies():
            what = f"{account.currency!r} is no ISO 4217 currency"
            raise ConfigError(what, where=f"{where}.accounts[{index}].currency", mend="for example EUR")
        if account.currency in seen:
            what = f"two accounts in {account.currency}"
            raise ConfigError(what, where=f"{where}.accounts[{index}]", mend="keep one of them")
        seen.add(account.currency)


def _known(kind: type, table: Any, where: str) -> None:
    if not isinstance(table, Mapping):
        raise ConfigError("must be a table", where=where)
    names = [field.name for field in dataclasses.fields(kind)]
    for name in table:
        if name not in names:
            raise ConfigError("there is no such field", where=f"{where}.{name}", mend=choice(name, names))


def _policies(tables: Any, choice: dict[str, Any], where: str) -> PolicyBook:
    """`[policies.NAME]` define, `[policy]` chooses: `default`, and `groups` of customers. Without any: 'standard'."""
    if not isinstance(tables, Mapping) or not all(isinstance(table, Mapping) for table in tables.values()):
        raise ConfigError("write [policies.NAME] with a table each", where=f"{where}: policies")
    named = tables or {"standard": {"preset": "standard"}}
    book = {name: policy({"name": name, **table}, where=f"{where}: policies.{name}") for name, table in named.items()}
    if "policies" in choice:
        raise ConfigError("there is no such field", where=f"{where}: policy.policies", mend="write [policies.NAME]")
    given = {"default": next(iter(book)), **choice, "policies": book}
    try:
        return PolicyBook.model_validate(given)
    except ValidationError as error:
        raise explained(error, given, PolicyBook, where=where, table="policy")[0] from None


def explained(
    error: ValidationError, given: object, model: object = None, *, where: str = "", table: str = ""
) -> list[ConfigError]:
    """Pydantic's complaints about `given`, which is the file `where` or a table of it: one line each."""
    errors = []
    for found in complaints(error, given, model):
        field = ".".join(filter(None, (table, found.path)))
        errors.append(ConfigError(found.what, where=": ".join(filter(None, (where, field))), mend=found.mend))
    return errors
