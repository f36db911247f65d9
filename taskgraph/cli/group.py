"""Groups of commands, which know what was meant by one that does not exist."""

from __future__ import annotations

import os

import click

__all__ = ["Group"]


class Group(click.Group):
    """A group that suggests the command that is spelled nearly so."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant."""
        if args and args[0] not in self.list_commands(ctx):
            self._suggest(ctx, args[0])
        return super().resolve_command(ctx, args)

    def _suggest(self, ctx: click.Context, name: str) -> None:
        if name.startswith("-") and name != "-":
            return  # an option, which click knows to suggest itself
        from taskgraph.sources.nearest import nearest_text

        known = self.list_commands(ctx)
        near = nearest_text(name, known, 0.6)
        if near is None and "show" in known and (name == "-" or os.path.exists(name)):
            near = f"show {name}"
        meant = f"did you mean '{ctx.command_path} {near}'?" if near else ""
        ctx.fail(f"there is no command '{name}': {meant or ', '.join(known)}")
