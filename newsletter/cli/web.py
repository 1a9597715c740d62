"""`newsletter web`."""

import click


@click.command(epilog="Example: newsletter web --port 8080")
@click.option("--host", help="Address to listen on.  [default: WEB_HOST]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes any that is free.  [default: PORT]"
)
def web(*, host: str | None, port: int | None) -> None:
    """Serve the readers' pages, and the webhook for bounces and complaints, until SIGTERM.

    `newsletter run` does so, too, unless it is told --no-web. It speaks plain HTTP: put a web server with a
    certificate before it.
    """
    from newsletter.cli import logs
    from newsletter.cli.common import opened, utc_now
    from newsletter.web.running import run

    with opened() as app:
        settings = app.settings
        logs.configure(level=settings.log_level, form=settings.log_format, secrets=app.secrets())
        run(
            app,
            host=settings.web_host if host is None else host,
            port=settings.port if port is None else port,
            clock=utc_now,
        )
