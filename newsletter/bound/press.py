"""From settings to what makes editions: newsroom and press."""

from collections.abc import Callable
from functools import partial

from newsletter import wiring
from newsletter.errors import SettingsError
from newsletter.messages.render import Renderer
from newsletter.model.editions import MailingList
from newsletter.model.stories import GroupingRules
from newsletter.publish import Newsroom, Press
from newsletter.settings import Settings
from newsletter.settings.values import mailbox_name
from newsletter.stories.news import RepeatRules
from newsletter.stories.rewriting.language_model import LanguageModel


def press(values: Settings, mailing_list: MailingList) -> Press:
    """Return what turns documents into a list's edition."""
    links = wiring.link_signer(values)

    def view_url(list_name: str, number: int) -> str | None:
        """Return the public address of an edition; None without web pages."""
        return links.view_url(list_name, number) if links else None

    return Press(
        renderer=Renderer(folders=wiring.template_folders(values)),
        view_url=view_url,
        has_preferences=links is not None,
        unsubscribe_address=wiring.ascii_domain(values.unsubscribe_address) or mailing_list.contact_address,
        places=_places(values, mailing_list),
        newsroom=newsroom(values),
    )


def _places(values: Settings, mailing_list: MailingList) -> tuple[str, ...]:
    """Return the folders and mailboxes that a list carries, by their names in the store."""
    if mailing_list.folders or mailing_list.sources is not None:
        return mailing_list.folders
    return (*map(str, values.all_folders()), *map(mailbox_name, values.mailboxes))


def newsroom(values: Settings) -> Newsroom:
    """Return how documents become stories.

    Raises:
        SettingsError: A language model is set by half.
    """
    return Newsroom(
        grouping=GroupingRules(
            story_cutoff=values.story_cutoff,
            copy_cutoff=values.copy_cutoff,
            open_days=values.story_days,
        ),
        repeats=RepeatRules(repeat_cutoff=values.repeat_cutoff),
        document_seconds=values.document_seconds,
        language_model=_language_model(values),
    )


def _language_model(values: Settings) -> Callable[[], LanguageModel] | None:
    """Return what makes the language model of one draft, checked once; None where none is set."""
    if not values.llm_url:
        return None
    if not values.llm_model:
        raise SettingsError("LLM_MODEL: LLM_URL is set, so the model's name there is needed")
    make = partial(
        LanguageModel,
        url=values.llm_url,
        model=values.llm_model,
        key=values.llm_key.get_secret_value(),
        timeout_seconds=values.llm_timeout_seconds,
    )
    make()
    return make
