"""The peer: SQLAlchemy's ORM over the same tables."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Text, Uuid, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    __table_args__ = {"schema": "deep"}  # noqa: RUF012  SQLAlchemy's way


class Link(Base):
    __tablename__ = "links"
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)
    space: Mapped[str] = mapped_column("_deep", Uuid(as_uuid=False))
    type: Mapped[str | None] = mapped_column("_type", Uuid(as_uuid=False))
    source: Mapped[str | None] = mapped_column("_from", Uuid(as_uuid=False))
    target: Mapped[str | None] = mapped_column("_to", Uuid(as_uuid=False))
    value: Mapped[str | None] = mapped_column("_value", Uuid(as_uuid=False))


class String(Base):
    __tablename__ = "strings"
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("deep.links.id"), primary_key=True)
    space: Mapped[str] = mapped_column("_deep", Uuid(as_uuid=False))
    data: Mapped[str] = mapped_column("_data", Text)


def write(url: str, links: list[tuple[object, ...]], strings: list[tuple[object, ...]]) -> None:
    """Add everything to a session and commit once."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    names = ("id", "space", "type", "source", "target", "value")
    with Session(engine) as session:
        session.add_all(Link(**dict(zip(names, row, strict=True))) for row in links)
        session.flush()
        session.add_all(String(id=id, space=space, data=data) for id, space, data in strings)
        session.commit()
    engine.dispose()
