"""`newsletter web`."""

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port; 0 takes any that is free.  [default: PORT]"
)
def web(*, host: str, port: int | None) -> None:
    """Serve the webhook for bounces and complaints, until SIGTERM.

    It speaks plain HTTP: put a web server with a certificate before it.
    """
    from newsletter.cli import logs
    from newsletter.cli.common import opened, utc_now
    from newsletter.web.app import serve

    with opened() as app:
        settings = app.settings
        logs.configure(level=settings.log_level, form=settings.log_format, secrets=app.secrets())
        serve(app, host=host, port=settings.port if port is None else port, clock=utc_now)
