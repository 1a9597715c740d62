"""Plain text of HTML fragments as feeds and mails carry them, whole or damaged."""

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.sources.formats.html import text_of_html


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        (
            "<p>Rain in <b>Bonn</b>&nbsp;&amp; Trier</p><p>It stops.</p>",
            "Rain in Bonn\xa0& Trier\n\nIt stops.",
        ),
        ("<p>One\n  line\n\nof it", "One line of it"),
        ("one<br>line<br><br/> \n<br>next", "one\nline\n\nnext"),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("<pre>a\n  b\r\n\nc</pre> d", "a\n  b\n\nc\n\nd"),
        ("<p>5 < 6 and 7 > 6, <3 &lt;b&gt;", "5 < 6 and 7 > 6, <3 <b>"),
        ("a<!-- b --><script>if (a<b) '</p>'</script><style>p{}</style>c", "ac"),
        ("<title>t</title><textarea><p>x</textarea>y<noscript>z<p>z</noscript>", "y"),
        ("<figure><img alt='x'><figcaption>By <i>A</i></figcaption></figure><q>Yes</q>", "“Yes”"),
        ("<p>He said<![if !mso]> it<![endif]>.<!--[if mso]>no<![endif]-->", "He said it."),
        ("&#x41;&#0;&#xD800;&#" + "9" * 5000 + ";&bogus;&eacute;\0", "A\ufffd\ufffd\ufffd&bogus;é"),
        ('half <a href="x', "half"),
        ('<a href="x"">a</a> b', "a b"),
        ("", ""),
    ],
)
def test_text_of_fragments(fragment: str, text: str) -> None:
    assert text_of_html(fragment) == text


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("<ul><li>one<li>two<p>more</ul>end", "- one\n\n- two\n\nmore\n\nend"),
        ("<ol><li>a</li><li>b<ul><li>c</ul><li>d</ol>", "1. a\n\n2. b\n\n- c\n\n3. d"),
        ("<ul><li></ul>text", "text"),
        ("<dl><dt>Rain<dd>4 mm</dl>", "Rain\n\n4 mm"),
        ("<table><tr><th>Team<th>Points<tr><td>Bonn<td>3</table>x", "Team | Points\n\nBonn | 3\n\nx"),
        (
            "<table><tr><td><p>First.</p><p>Second.</p></td><td>Side</td></tr></table>",
            "First.\n\nSecond.\n\nSide",
        ),
        ("<table><tr><td>Left</td><td><table><tr><td>1<td>2</table></td></tr></table>", "Left\n\n1 | 2"),
        (
            f"<table><tr><td>{'word ' * 30}</td><td>side</td></tr></table>",
            f"{'word ' * 30}".strip() + "\n\nside",
        ),
    ],
)
def test_lists_and_tables(fragment: str, text: str) -> None:
    assert text_of_html(fragment) == text


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="color:red; DISPLAY : none;">x<div>x</div>x</div>',
        "<span hidden>x</span>",
        "<p aria-hidden=true>x<b>x</b></p>",
        "<div class='mail preheader'>x<br>x</div>",
        '<span style="mso-hide:all">x</span><div style="max-height:0px">x</div>',
        "<ul><li hidden>x<li hidden>x</ul>",
        "<section><span hidden>x</section>",
    ],
)
def test_hidden_elements_are_left_out(hidden: str) -> None:
    assert text_of_html(f"before {hidden} after").split() == ["before", "after"]


@pytest.mark.parametrize(
    "shown",
    [
        "<p class='hidden'>text",
        "<body style='display:none'>text",
        "<p hidden=until-found>text",
        "<p style='max-height:0.5em'>text",
        "<p title='hidden'>text",
        "<p hidden>x<p>text",
        "<table><tr><td hidden>x<td>text",
    ],
)
def test_what_only_looks_hidden_is_kept(shown: str) -> None:
    assert text_of_html(shown) == "text"


_PARTS = [
    *(
        "<div>",
        "</div>",
        "<p hidden>",
        "</p>",
        "<td>",
        "<tr>",
        "<table>",
        "</table>",
        "<li>",
        "<ol>",
        "</ol>",
    ),
    *(
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "<a href=",
        '"',
        "'",
        "<",
        ">",
        "&",
        "&#",
        ";",
        "9",
        "\0",
        "<pre>",
    ),
    *(
        " ",
        "\n",
        "word",
        "<br>",
        "</x>",
        "<![CDATA[",
        "=",
        "\ud800",
        "style='display:none'",
        "<b1 ",
        "<li hidden>",
    ),
]


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.sampled_from(_PARTS) | st.text(max_size=3), max_size=40).map("".join))
def test_anything_is_read(fragment: str) -> None:
    text = text_of_html(fragment)
    assert "\0" not in text
    assert all(paragraph.strip() for paragraph in text.split("\n\n") if text)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "part",
    [
        *(
            "<div>",
            "<!--",
            "<",
            "<a ",
            '<a x="',
            "<script>",
            "&#9",
            "<p hidden>",
            "<div hidden>",
            "</",
            "<br> ",
        ),
        *("<table><tr><td>", "<tr><td>a<td>b", "<a =", "= ", "<ol><li>x", " \n", "</x>", "<li hidden><b>"),
    ],
)
def test_time_grows_with_length_alone(part: str) -> None:
    """Each of these would take minutes if it were read more than once."""
    text_of_html("<div>" * 10_000 + part * 20_000 + "</p>" * 10_000)


@pytest.mark.sweep
def test_an_element_left_out_may_hold_many_names() -> None:
    text_of_html("<li hidden>" + "".join(f"<e{number}>" for number in range(20_000)) + "<li>" * 20_000)


def test_depth_is_no_limit() -> None:
    assert text_of_html("<div><b>" * 10_000 + "deep" + "</i></div>" * 10_000) == "deep"
