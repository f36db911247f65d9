"""The least that a checked command costs: click, and the same files as pydantic models."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from pydantic import BaseModel


class Subtask(BaseModel):
    id: int
    name: str
    status: str
    operation: str
    timeout: int
    upstreams: list[int]
    downstreams: list[int]
    prohibitRollback: bool
    runTime: int


class Task(BaseModel):
    id: int
    name: str
    status: str
    startTime: datetime
    subtasks: list[Subtask]


class Response(BaseModel):
    data: Task
    successful: bool
    timestamp: datetime


@click.command()
@click.argument("files", nargs=-1)
def main(files: tuple[str, ...]) -> None:
    for file in files:
        response = Response.model_validate_json(Path(file).read_bytes())
        click.echo(f"{len(response.data.subtasks)} subtasks")


main()
