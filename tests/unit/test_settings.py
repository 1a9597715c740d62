"""Settings: typed, from three places, wrong ones told in one line."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from newsletter.app import App
from newsletter.bound.mail import news_boxes
from newsletter.cli import logs
from newsletter.errors import SettingsError, StoreError
from newsletter.model.subscribers import Cadence
from newsletter.settings import Settings, in_force, load, unknown_environment
from newsletter.settings.values import mailbox_name

ROOT = Path(__file__).parents[2]


def test_nothing_needs_to_be_set() -> None:
    settings = load()
    assert settings.database_url == "sqlite:///newsletter.db"
    assert [mailing_list.name for mailing_list in settings.mailing_lists()] == ["news"]


def test_the_environment_wins_over_env_file_over_toml(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("newsletter.toml").write_text('smtp_host = "toml"\nlist_title = "Toml"\nword_budget = 300\n')
    Path(".env").write_text("SMTP_HOST=file\nLIST_TITLE=File\n")
    monkeypatch.setenv("SMTP_HOST", "environment")
    settings = load()
    assert (settings.smtp_host, settings.list_title, settings.word_budget) == ("environment", "File", 300)


def test_an_empty_value_counts_as_not_set() -> None:
    Path(".env").write_text("TIMEZONE=\nWORD_BUDGET=\nTEMPLATE_FOLDER=\n")
    settings = load()
    assert (settings.timezone, settings.word_budget, settings.template_folder) == ("UTC", 900, None)


def test_two_rates_for_one_period_are_refused_in_one_line() -> None:
    Path(".env").write_text("SMTP_RATES=10/hour, 2000/day, 12/hour\n")
    with pytest.raises(SettingsError) as caught:
        load()
    [problem] = caught.value.problems
    assert "SMTP_RATES" in problem
    assert "several rates for an hour" in problem


def test_lists_of_newsletter_toml_take_what_they_leave_out_from_above() -> None:
    Path("newsletter.toml").write_text(
        'timezone = "Europe/Berlin"\nsender_address = "digest@example.org"\n'
        '[[lists]]\nname = "daily"\ntitle = "Daily"\nfolders = ["in/daily"]\n'
        '[[lists]]\nname = "weekly"\nschedule = "0 8 * * sat"\nword_budget = 900\nfolders = "in/weekly"\n'
    )
    settings = load()
    daily, weekly = settings.mailing_lists()
    assert (daily.title, daily.schedule, daily.time_zone) == ("Daily", "0 7 * * *", "Europe/Berlin")
    assert (weekly.title, weekly.schedule, weekly.word_budget) == ("The News Digest", "0 8 * * sat", 900)
    assert daily.folders == (str(Path("in/daily").resolve()),)
    assert settings.all_folders() == (Path("in/daily").resolve(), Path("in/weekly").resolve())


def test_a_list_without_folders_carries_those_set_above_or_else_everything() -> None:
    own = '[[lists]]\nname = "sport"\nfolders = ["sport"]\n'
    Path("newsletter.toml").write_text('folders = ["top"]\n[[lists]]\nname = "daily"\n' + own)
    daily, sport = load().mailing_lists()
    assert (daily.folders, sport.folders) == ((str(Path("top").resolve()),), (str(Path("sport").resolve()),))
    assert load().all_folders() == (Path("top").resolve(), Path("sport").resolve())
    Path("newsletter.toml").write_text('[[lists]]\nname = "daily"\n' + own)
    settings = load()
    assert settings.mailing_lists()[0].folders == ()
    assert settings.all_folders() == (Path("sport").resolve(),), "the sample documents are not asked for"


def test_a_list_carries_the_mailboxes_that_it_names_or_else_those_set_above() -> None:
    account = "imaps://alerts%40x.example@imap.x.example"
    Path("newsletter.toml").write_text(
        f'folders = ["top"]\nmailboxes = "{account.replace("@imap", ":s3cret@imap")}, box"\n'
        '[[lists]]\nname = "daily"\n[[lists]]\nname = "sport"\nfolders = ["sport"]\n'
        f'[[lists]]\nname = "alerts"\nfolders = []\nmailboxes = ["{account}"]\n'
    )
    daily, sport, alerts = load().mailing_lists()
    top, box, own = (str(Path(name).resolve()) for name in ("top", "box", "sport"))
    assert daily.folders == (top, f"{account}/INBOX", box)
    assert sport.folders == (own,)
    assert alerts.folders == (f"{account}/INBOX",)


def test_the_example_in_the_readme_is_right() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    Path("newsletter.toml").write_text(readme.split("```toml\n")[1].split("```")[0])
    app = App.load()
    assert [mailing_list.name for mailing_list in app.lists] == ["daily", "weekly", "sport"]
    Path("newsletter.toml").unlink()
    block = next(b for b in readme.split("```sh\n")[1:] if "LIST_TITLE" in b).split("```")[0]
    Path(".env").write_text("\n".join(line.strip() for line in block.splitlines()))
    App.load().check_sending()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("SMTP_PORT", "abc", "SMTP_PORT: 'abc' is wrong: a whole number is expected"),
        ("SMTP_PORT", "70000", "less than or equal to 65535"),
        (
            "SMTP_SECURITY",
            "ssl",
            "SMTP_SECURITY: 'ssl' is wrong: input should be 'starttls', 'tls' or 'none'",
        ),
        ("LIST_NAME", "My List", "lower-case letters, digits, hyphens"),
        ("SOURCE_ALIASES", "{bad", "SOURCE_ALIASES: '{bad' is wrong"),
        ("UNCERTAIN_POLICY", "guess", "input should be 'resend' or 'hold'"),
        ("LANGUAGE", "english", "two-letter language"),
        ("MAX_DOCUMENT_MEGABYTES", "-1", "greater than 0"),
    ],
)
def test_a_wrong_value_names_key_value_and_what_is_expected(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, message: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_wrong_value_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PORT", "x")
    monkeypatch.setenv("WORD_BUDGET", "y")
    with pytest.raises(SettingsError) as caught:
        load()
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("smtp_hots = 1", "smtp_hots is not a setting: smtp_host is; see .env.example"),
        ("colour = 1", "colour is not a setting: see .env.example"),
        ("a = = 1", "cannot be read"),
        (
            '[[lists]]\nname = "a"\nschedul = "x"',
            r"LISTS\[0\].schedul: 'x' is wrong: no setting of a list has that name",
        ),
        ('[[lists]]\ntitle = "a"', r"LISTS\[0\].name"),
    ],
)
def test_a_mistake_in_the_toml_file_is_told(toml: str, message: str) -> None:
    Path("newsletter.toml").write_text(toml)
    with pytest.raises(SettingsError, match=message):
        load()


def test_a_misspelt_key_in_the_env_file_is_noticed() -> None:
    Path(".env").write_text("SMTP_HOTS=x\nSMTP_HOST=y\n")
    assert unknown_environment() == ["SMTP_HOTS in .env is not a setting: SMTP_HOST is; see .env.example"]


def test_several_lists_in_the_environment_are_told_where_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTS", "daily,weekly")
    with pytest.raises(SettingsError, match=r"several lists stand in newsletter\.toml"):
        load()


def test_secrets_are_masked() -> None:
    settings = load(smtp_password="hunter2", secret_keys=("k3y-one", "k3y-two"))
    shown = "\n".join(value for _, value, _ in in_force(settings)) + repr(settings)
    assert "hunter2" not in shown
    assert "k3y" not in shown
    assert "********" in shown


def test_the_stores_password_is_masked_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(database_url="postgresql://me:hunter2@db.example.org/news")
    assert "hunter2" not in str(in_force(settings))
    assert "hunter2" in App(settings).secrets()
    monkeypatch.setenv("DATABASE_URL", "postgres:/me:hunter2@db/news")
    with pytest.raises(StoreError) as caught:
        _ = App.load().store
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        "imaps://a%40x.example:secret@imap.x.example/INBOX",
        "imaps://a%40x.example@imap.x.example",
        "imaps://a@x.example@imap.x.example/",
        "imaps://a%40x.example:other@IMAP.x.example:993/INBOX/",
    ],
)
def test_a_mailbox_has_one_name_in_all_ways_of_writing_it(written: str) -> None:
    assert mailbox_name(written) == "imaps://a%40x.example@imap.x.example/INBOX"


def test_the_passwords_of_mailboxes_are_masked_everywhere() -> None:
    settings = load(
        mailboxes="imaps://a%40x.example:hunt%40er2@imap.x.example/News, imaps://b:s3cret@y.example, box"
    )
    shown = {key: value for key, value, _ in in_force(settings)}["MAILBOXES"]
    assert shown == "imaps://a%40x.example:********@imap.x.example/News, imaps://b:********@y.example, box"
    assert {"hunt%40er2", "hunt@er2", "s3cret"} <= set(App(settings).secrets())


@pytest.mark.parametrize(
    "value",
    [
        *("imap://a:hunter2@x.example", "imaps://x.example", "imaps://a:hunter2@x.example:0/INBOX"),
        *("imaps://a:hunter2@x.example/INBOX#x", "imaps://a:hunter2@[x", "imaps://a:hunter2@x.example:port"),
    ],
)
def test_an_account_that_is_written_wrongly_is_told_without_its_password(value: str) -> None:
    with pytest.raises(SettingsError, match=r"MAILBOXES.*imaps://name:password@host/folder") as caught:
        load(mailboxes=value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "table",
    [
        '[[lists]]\nname = "a"\nmailboxes = ["http://u:hunter2@x.example"]',
        '[[lists]]\nname = "a"\nmailboxes = [["imaps://u:hunter2@x.example"]]',
        '[[lists]]\nname = "a"\nmailbox = ["imaps://u:hunter2@x.example"]',
    ],
)
def test_a_lists_mailbox_that_is_written_wrongly_is_told_without_its_password(
    tmp_path: Path, table: str
) -> None:
    (tmp_path / "newsletter.toml").write_text(table)
    with pytest.raises(SettingsError, match=r"LISTS\[0\].mailbox") as caught:
        load(folder=tmp_path)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        *("imaps://a%40b@X.example", "imaps://a@b@x.example/", "imaps://a%40b:p@x.example:993/inbox"),
        "imaps://a%40b:p@x.example//INBOX/",
    ],
)
def test_an_account_has_one_name_however_it_is_written(value: str) -> None:
    assert mailbox_name(value) == "imaps://a%40b@x.example/INBOX"


def test_a_mailbox_that_is_set_twice_is_read_once() -> None:
    box = "imaps://a:p@x.example"
    boxes = news_boxes(load(mailboxes=f"{box}, {box}/INBOX, box, ./box"))
    assert [box.name for box in boxes] == ["imaps://a@x.example/INBOX", str(Path("box").resolve())]
    assert mailbox_name("imaps://a@x.example:1993/A%2FB%20C") == "imaps://a@x.example:1993/A/B%20C"


@pytest.mark.parametrize(
    "value", ["*@gazette.example", "Gazette <a@gazette.example>", "mailto:a@gazette.example"]
)
def test_a_sender_that_no_mail_could_have_is_told(value: str) -> None:
    with pytest.raises(SettingsError, match="MAIL_SENDERS.*no mail address and no domain"):
        load(mail_senders=value)


def test_senders_are_addresses_and_domains() -> None:
    assert load(mail_senders="News@Gazette.example, @b.example,c.example").mail_senders == (
        *("news@gazette.example", "b.example", "c.example"),
    )


def test_an_account_without_a_password_is_told() -> None:
    with pytest.raises(SettingsError, match="imaps://a@x.example/INBOX has no password"):
        _ = App(load(mailboxes="imaps://a@x.example")).mail.has_boxes


def test_no_secret_stands_in_a_log_not_even_in_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        for form in ("text", "json"):
            logs.configure(level="INFO", form=form, secrets=["hunter2"])
            try:
                raise ValueError("login failed for me:hunter2")
            except ValueError:
                logging.getLogger("x").exception("with %s", "hunter2")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    written = capsys.readouterr().err
    assert written.count("ValueError: login failed for me:********") == 2
    assert "hunter2" not in written


LINKS = {"public_url": "https://news.example.org", "secret_keys": ("a key of this test alone",)}


def test_addresses_in_headers_have_ascii_domains() -> None:
    app = App.isolated(sender_address="digest@bücher.example", smtp_host="127.0.0.1", **LINKS)
    app.check_sending()
    assert app.lists[0].sender_address == "digest@xn--bcher-kva.example"


@pytest.mark.parametrize("key", ["sender_address", "reply_to", "unsubscribe_address"])
def test_an_address_that_no_header_can_hold_is_told_before_anything_is_sent(key: str) -> None:
    for wrong in ("zzz", "dïgest@example.org"):
        values = {"sender_address": "digest@example.org", "smtp_host": "127.0.0.1", key: wrong}
        with pytest.raises(SettingsError, match=key.upper()):
            App.isolated(**values, **LINKS).check_sending()


def test_a_wrong_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "")
    with pytest.raises(SettingsError) as caught:
        load(secret_keys=("good", 3.5))
    assert "3.5" not in str(caught.value)


def test_the_app_refuses_what_the_lists_cannot_be() -> None:
    for overrides, message in (
        ({"schedule": "every day"}, "SCHEDULE"),
        ({"weekly_schedule": "saturdays"}, "WEEKLY_SCHEDULE: 'saturdays'"),
        ({"timezone": "Berlin"}, "TIMEZONE"),
        ({"summarizer": "magic"}, "SUMMARIZER: 'magic' is not one of editor, lead"),
    ):
        with pytest.raises(SettingsError, match=message):
            App.isolated(**overrides)


@pytest.mark.parametrize(
    ("of", "problem"),
    [
        ({"b": "c"}, "b names 'c', which is not another list \\(a, d\\)"),
        ({"b": "b"}, "b names 'b', which is not another list"),
        ({"b": "a", "d": "b"}, "d names 'b', which is a translation itself: name 'a'"),
    ],
)
def test_a_translation_is_of_another_list_that_stands_for_itself(of: dict[str, str], problem: str) -> None:
    tables = [f'[[lists]]\nname = "{name}"\n' for name in ("a", "b", "d")]
    for name, original in of.items():
        tables["abd".index(name)] += f'translation_of = "{original}"\n'
    Path("newsletter.toml").write_text("".join(tables))
    with pytest.raises(SettingsError, match=f"TRANSLATION_OF: {problem}"):
        App.load()


def test_two_translations_of_one_list_are_taken() -> None:
    named = ['name = "a"\n', *(f'name = "{name}"\ntranslation_of = "a"\n' for name in ("b", "d"))]
    Path("newsletter.toml").write_text("".join(f"[[lists]]\n{table}" for table in named))
    assert [one.translation_of for one in App.load().lists] == ["", "a", "a"]


def test_a_weekly_digest_has_a_name_and_numbers_of_its_own() -> None:
    app = App.isolated(list_name="daily")
    assert [one.name for one in app.lists] == ["daily"]
    assert [one.name for one in app.series] == ["daily", "daily.weekly"]
    assert app.mailing_list(None).name == "daily"
    digest = app.mailing_list("daily.weekly")
    assert (digest.cadence, digest.schedule, digest.audience_name) == (Cadence.WEEKLY, "0 8 * * sat", "daily")
    with pytest.raises(SettingsError, match="no list 'dayly'; known: daily, daily.weekly"):
        app.mailing_list("dayly")
    assert [one.name for one in App.isolated(weekly_schedule="off").series] == ["news"]


def test_two_lists_of_one_name_are_refused() -> None:
    Path("newsletter.toml").write_text('[[lists]]\nname = "a"\n[[lists]]\nname = "a"\n')
    with pytest.raises(SettingsError, match="more than once"):
        App.load()


def test_sending_needs_a_server_a_sender_and_pages_to_link_to() -> None:
    with pytest.raises(SettingsError) as caught:
        App.isolated().check_sending()
    missing = ["SMTP_HOST", "SENDER_ADDRESS", "PUBLIC_URL", "SECRET_KEYS"]
    assert [problem.split()[0] for problem in caught.value.problems] == missing


def test_isolated_settings_read_nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PORT", "nonsense")
    Path(".env").write_text("WORD_BUDGET=nonsense\n")
    assert App.isolated(list_name="x").settings.smtp_port == 587


def test_every_setting_is_in_the_example_with_its_default_and_described() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    shown = {key: value for key, value, _ in in_force(load())}
    for name, field in Settings.model_fields.items():
        assert field.description, name
        if name == "lists":
            continue
        assert f"\n# {field.description}\n" in example, name
        assert f"\n{name.upper()}={shown[name.upper()]}\n" in example, f"{name} and its default"


def test_the_example_holds_no_key_that_is_not_a_setting() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    keys = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert keys == {name.upper() for name in Settings.model_fields} - {"LISTS"}


@pytest.mark.parametrize("title", ["", "   ", "\u200b\u200d", "\x00"])
def test_a_title_that_readers_could_not_read_is_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(SettingsError, match="LIST_TITLE"):
        load(folder=tmp_path, list_title=title)
    quoted = "".join(f"\\u{ord(char):04x}" for char in title)
    (tmp_path / "newsletter.toml").write_text(f'[[lists]]\nname = "daily"\ntitle = "{quoted}"\n')
    with pytest.raises(SettingsError, match=r"LISTS\[0\].title"):
        load(folder=tmp_path)


def test_a_section_without_a_list_of_words_is_told_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECTIONS", '{"Economy": "bank"}')
    with pytest.raises(SettingsError, match=r"SECTIONS.Economy: 'bank' is wrong: a list is expected"):
        load()
