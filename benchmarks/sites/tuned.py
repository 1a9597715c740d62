"""The pages that the rules of extraction were made with."""

from html import escape

from benchmarks.sites.page import Page, Template, linked_data, links, open_graph, ps, whole
from benchmarks.sites.prose import Desk

_MENU = ("Home", "News", "Sport", "Opinion", "Culture", "Weather", "Podcasts", "Jobs")


def wordpress(desk: Desk) -> Page:
    s = desk.story()
    day = s.at.strftime("%B %d, %Y").replace(" 0", " ")
    comments = "".join(
        f'<li class="comment depth-1"><article class="comment-body"><footer class="comment-meta"><b class="fn">Reader{i}'
        f'</b> says:</footer><div class="comment-content">{ps([text])}</div><a class="comment-reply-link" href="#r">Reply</a>'
        "</article></li>"
        for i, text in enumerate(s.comments)
    )
    body = f"""
<div id="page" class="hfeed site"><header id="masthead"><p class="site-title"><a href="/">{s.site}</a></p>
<p class="site-description">News from the coast since 1911</p><nav class="main-navigation"><ul>{links(_MENU)}</ul></nav></header>
<div id="content" class="site-content"><main id="main"><article id="post-1" class="post type-post hentry">
<header class="entry-header"><span class="cat-links"><a href="/c">Town hall</a></span><h1 class="entry-title">{escape(s.headline)}</h1>
<div class="entry-meta"><span class="posted-on">Posted on <time class="entry-date published" datetime="{s.iso}">{day}</time>
<time class="updated" datetime="2026-01-01T00:00:00+00:00">January 1, 2026</time></span><span class="byline"> by
<span class="author vcard"><a class="url fn n" href="/author/x">{s.author}</a></span></span></div></header>
<div class="entry-content"><div id="attachment_9" class="wp-caption alignright"><img src="a.jpg" alt=""><p class="wp-caption-text">{s.caption}</p></div>
{ps(s.paragraphs[:3])}<p><strong>Read more: <a href="/x">{s.teasers[0]}</a></strong></p>{ps(s.paragraphs[3:])}
<div class="sharedaddy sd-sharing-enabled"><h3 class="sd-title">Share this:</h3><ul><li><a>Click to share on Facebook (Opens in new window)</a></li>
<li><a>Click to email a link to a friend (Opens in new window)</a></li></ul></div>
<div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3>{links(s.teasers[1:4], item="div")}</div></div>
<footer class="entry-footer">Tagged <a rel="tag" href="/t/a">Transport</a>, <a rel="tag" href="/t/b">Town hall</a></footer>
<div class="author-box"><h4>About {s.author}</h4><p>{s.author} has written about the coast for twenty years and keeps bees.</p></div></article>
<nav class="post-navigation"><h2>Post navigation</h2>Previous: <a href="/p">{s.teasers[4]}</a> Next: <a href="/n">{s.teasers[5]}</a></nav>
<div id="comments" class="comments-area"><h2 class="comments-title">4 thoughts on “{escape(s.headline)}”</h2><ol class="comment-list">{comments}</ol>
<div id="respond"><h3>Leave a Reply</h3><form><p>Your email address will not be published.</p><textarea></textarea></form></div></div></main>
<aside id="secondary" class="widget-area"><section class="widget widget_recent_entries"><h2>Recent Posts</h2><ul>{links(s.teasers)}</ul></section></aside></div>
<footer id="colophon">Proudly powered by a press. Theme: Coastal.</footer></div>"""
    return Page(html=whole(s, open_graph(s), body), story=s, body=s.paragraphs)


def component_site(desk: Desk) -> Page:
    """Hashed class names, each paragraph in a block of its own, a list of links in the middle."""
    s = desk.story()
    block = '<div data-component="text-block" class="ssrcss-7uxr49-RichText e5tfeyi1"><p class="ssrcss-1q0x1qg-Paragraph e1jhz7w10">{}</p></div>'
    paragraphs = [block.format(escape(text, quote=False)) for text in s.paragraphs]
    paragraphs.insert(
        3,
        '<div data-component="unordered-list-block" class="ssrcss-1pzprxn-BulletListContainer"><ul role="list">'
        f"{links(s.teasers[:3])}</ul></div>",
    )
    figure = (
        '<div data-component="image-block" class="ssrcss-1qn0xuy"><figure><img alt="x"><span class="ssrcss-credit">Getty</span>'
        f'<figcaption><span class="visually-hidden">Image caption, </span>{s.caption}</figcaption></figure></div>'
    )
    promo = "".join(
        f'<li class="ssrcss-promo"><div><p class="PromoHeadline">{t}</p></div></li>' for t in s.teasers
    )
    body = f"""
<header><a href="#main">Skip to content</a><nav aria-label="Global"><ul>{links(_MENU)}</ul></nav></header>
<div id="main-wrapper"><main id="main-content"><article class="ssrcss-pv1rh6-ArticleWrapper">
<div data-component="headline-block"><h1 id="main-heading" tabindex="-1">{escape(s.headline)}</h1></div>
<div data-component="byline-block" class="ssrcss-byline"><span>Published</span><time datetime="{s.iso}">12 hours ago</time>
<div class="ssrcss-contributor"><span>By {s.author}</span><div>Transport correspondent</div></div></div>
{figure}<div data-component="text-block"><p><b>{s.standfirst}</b></p></div>{"".join(paragraphs)}
<div data-component="links-block"><h2>More on this story</h2><ul>{links(s.teasers[3:6])}</ul></div>
<div data-component="topic-list"><h2>Related Topics</h2><ul>{links(("Transport", "Port Aldis"))}</ul></div></article>
<section aria-label="Top stories"><h2>Top stories</h2><ol>{promo}</ol></section></main></div>
<footer><p>© 2025 The site is not responsible for the content of external sites.</p></footer>"""
    head = open_graph(s, times=False) + linked_data(s)
    return Page(html=whole(s, head, body), story=s, body=s.paragraphs, optional=s.standfirst)


def islands(desk: Desk) -> Page:
    """Rich links, a sign-up box and a figure between the paragraphs."""
    s = desk.story(paragraphs=10)
    parts = [f'<p class="dcr-130mj7b">{escape(text, quote=False)}</p>' for text in s.paragraphs]
    parts.insert(
        2,
        f'<figure class="dcr-173mewl"><gu-island name="RichLinkComponent"><div data-print-layout="hide"><div><a href="/r">'
        f"<div>{s.teasers[0]}</div><div>Read more</div></a></div></div></gu-island></figure>",
    )
    parts.insert(
        5,
        '<figure data-spacefinder-role="inline"><a data-ignore="global-link-styling" href="#EmailSignup-skip-link-1">skip past '
        'newsletter promotion</a><aside aria-label="newsletter promotion"><h2>Sign up to <span>First Tide</span></h2><p>Our morning '
        "email breaks down the key stories of the day</p><form><input><button>Sign up</button></form><span><strong>Privacy Notice:</strong> "
        'Newsletters may contain info about charities and online ads.</span></aside><p id="EmailSignup-skip-link-1" tabindex="0">'
        "after newsletter promotion</p></figure>",
    )
    body = f"""
<div data-layout="StandardLayout"><nav><ul>{links(_MENU)}</ul></nav><main><div class="dcr-h"><a href="/t">Rail transport</a></div>
<div data-gu-name="headline"><h1>{escape(s.headline)}</h1></div><div data-gu-name="standfirst"><p>{s.standfirst}</p><p>See all our
<a href="/e">coverage of the vote</a></p></div><div data-gu-name="media"><figure><img><figcaption>{s.caption} Photograph: Jo Quay/Alamy
</figcaption></figure></div><aside data-gu-name="meta"><address aria-label="Contributor info"><a rel="author" href="/p">{s.author}</a>
</address><details><summary>Fri 4 May 2025 10.00 CEST</summary>Last modified on Thu 1 Jan 2026</details></aside>
<div data-gu-name="body"><div id="maincontent"><div class="article-body-commercial-selector article-body-viewer-selector">{"".join(parts)}</div></div>
<div class="dcr-submeta"><h2>Explore more on these topics</h2><ul>{links(("Rail transport", "news"))}</ul><div><button>Share</button>
<a href="/s">Reuse this content</a></div></div></div></main><section data-component="most-viewed"><h2>Most viewed</h2><ol>{links(s.teasers)}</ol></section>
<footer>Original reporting and incisive analysis, direct from the paper every morning<ul>{links(("About us", "Help", "Terms"))}</ul></footer></div>"""
    head = open_graph(s, title=f"{s.headline} | Rail") + linked_data(s)
    return Page(
        html=whole(s, head, body),
        story=s,
        body=s.paragraphs,
        optional=f"{s.standfirst} See all our coverage of the vote",
    )


def broadcaster(desk: Desk) -> Page:
    """Divs without semantics, a media block with its caption, boxes to other pieces, a share panel."""
    s = desk.story()
    box = (
        '<div class="wsw__embed wsw__embed--small"><div class="media-block also-read"><a href="/a/1.html" class="img-wrap"></a>'
        f'<div class="media-block__content"><span class="label">SEE ALSO:</span><h4 class="media-block__title">{s.teasers[0]}</h4></div></div></div>'
    )
    body = f"""
<div class="page"><div class="header"><div class="hdr-20__inner"><ul class="main-nav">{links(_MENU)}</ul></div></div>
<div class="c-hlights">Accessibility links <a>Skip to main content</a></div><div id="content"><div class="container"><div class="hdr-container">
<div class="category"><a href="/z/1">Infrastructure</a></div><div class="col-title"><h1 class="title pg-title">{escape(s.headline)}</h1></div>
<div class="col-publishing-details"><div class="publishing-details"><div class="published"><span class="date"><time pubdate="pubdate" datetime="{s.iso}">
{s.at:%B %d, %Y}</time></span></div><div class="links"><ul class="links__list"><li class="links__item">By <a class="links__item-link" href="/author/1">
{s.author}</a></li></ul></div></div></div><div class="col-multimedia"><div class="media-image"><div class="thumb"><img></div>
<figcaption><span class="caption">{s.caption}</span></figcaption></div></div><div class="sharing-box"><ul><li><p>Share</p></li><li>Print</li>
<li>Copy link</li></ul></div></div><div class="body-container"><div id="article-content" class="content-floated-wrap fb-quotable"><div class="wsw">
{ps(s.paragraphs[:2])}{box}{ps(s.paragraphs[2:4])}<div class="wsw__embed"><figure class="media-image"><img><figcaption><span class="caption">{s.caption}
</span></figcaption></figure></div><h2 class="wsw__h2">What comes next</h2>{ps(s.paragraphs[4:])}<div class="wsw__embed"><div class="infgraphicsAttach">
Subscribe to our weekly newsletter. To subscribe, <a href="/n">click here</a>.</div></div></div><ul class="author-list"><li><div class="author"><h4>{s.author}</h4>
<div class="wsw"><p>{s.author} is a senior correspondent in Port Aldis who covers rail and sea.</p></div></div></li></ul></div>
<div class="media-block-wrap"><h2 class="section-head">Related</h2><ul>{links(s.teasers[1:5])}</ul></div></div></div></div>
<div class="footer"><h3>Follow Us</h3><p>{s.site} © 2025, Inc. All Rights Reserved.</p></div></div>"""
    gold = (*s.paragraphs[:4], "What comes next", *s.paragraphs[4:])
    return Page(html=whole(s, linked_data(s), body), story=s, body=gold)


def ghost(desk: Desk) -> Page:
    s = desk.story()
    body = f"""
<div class="viewport"><header id="gh-head" class="gh-head outer"><a class="gh-head-logo" href="/">{s.site}</a><ul class="nav">{links(_MENU[:4])}</ul>
<a href="#/portal/signup">Subscribe</a></header><main class="site-main"><article class="article post"><header class="article-header gh-canvas">
<a class="article-tag" href="/tag/t">Transport</a><h1 class="article-title">{escape(s.headline)}</h1><p class="article-excerpt">{s.standfirst}</p>
<div class="article-byline"><h4 class="author-name"><a href="/author/a">{s.author}</a></h4><div class="byline-meta-content"><time datetime="{s.at:%Y-%m-%d}">
{s.at:%d %b %Y}</time><span class="byline-reading-time"><span class="bull">•</span> 4 min read</span></div></div>
<figure class="article-image"><img><figcaption>{s.caption}</figcaption></figure></header><section class="gh-content gh-canvas">{ps(s.paragraphs[:3])}
<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="https://other.example"><div class="kg-bookmark-content">
<div class="kg-bookmark-title">{s.teasers[0]}</div><div class="kg-bookmark-description">{s.caption}</div><div class="kg-bookmark-metadata">
<span class="kg-bookmark-author">Other</span></div></div></a></figure>{ps(s.paragraphs[3:])}<div class="kg-card kg-cta-card"><div class="kg-signup-card-text">
<h2>Get the letter</h2><p>Join 9,000 readers. No spam. Unsubscribe anytime.</p></div></div></section></article></main>
<section class="footer-cta outer"><h2 class="footer-cta-title">Sign up for more like this.</h2><a href="#">Enter your email</a></section>
<aside class="read-more-wrap outer"><div class="read-more inner">{links(s.teasers[1:4], item="article")}</div></aside>
<footer class="site-footer">{s.site} © 2025 Powered by a Ghost</footer></div>"""
    return Page(html=whole(s, open_graph(s), body), story=s, body=s.paragraphs, optional=s.standfirst)


def tables(desk: Desk) -> Page:
    """A page of 1999: tables in tables, fonts, line breaks for paragraphs."""
    s = desk.story()
    text = "<br><br>\n".join(escape(paragraph, quote=False) for paragraph in s.paragraphs)
    menu = "".join(
        f'<tr><td><font size=1><a href="{i}.htm">{name}</a></font></td></tr>' for i, name in enumerate(_MENU)
    )
    html = f"""<HTML><HEAD><META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=windows-1252"><TITLE>{s.site}: {escape(s.headline)}</TITLE></HEAD>
<BODY BGCOLOR=#FFFFFF><TABLE WIDTH=750 BORDER=0><TR><TD COLSPAN=3 BGCOLOR=#003366><FONT COLOR=white SIZE=5>{s.site}</FONT></TD></TR>
<TR><TD WIDTH=120 VALIGN=top><TABLE>{menu}</TABLE></TD><TD VALIGN=top><FONT FACE=Arial><H1>{escape(s.headline)}</H1>
<FONT SIZE=2>By {s.author}<BR>{s.at:%d %B %Y}</FONT><P><TABLE ALIGN=right WIDTH=200><TR><TD><IMG SRC=a.gif></TD></TR><TR><TD><FONT SIZE=1>{s.caption}</FONT></TD></TR></TABLE>
{text}<BR><BR><FONT SIZE=1><A HREF="javascript:print()">Print this page</A> | <A HREF="mailto:">E-mail to a friend</A></FONT></FONT></TD>
<TD WIDTH=130 VALIGN=top><TABLE><TR><TD><B>Also today</B></TD></TR>{links(s.teasers[:5], item="tr")}</TABLE></TD></TR>
<TR><TD COLSPAN=3 ALIGN=center><FONT SIZE=1>Copyright 1999 {s.site}. All rights reserved. <A HREF=/>Home</A></FONT></TD></TR></TABLE></BODY></HTML>"""
    return Page(html=html, story=s, body=s.paragraphs, charset="cp1252", header_charset=None)


def amp(desk: Desk) -> Page:
    s = desk.story()
    head = (
        '<script async src="https://cdn.ampproject.org/v0.js"></script><style amp-boilerplate>body{visibility:hidden}</style>'
        f'<link rel="canonical" href="{s.url}">{linked_data(s)}'
    )
    body = f"""
<amp-sidebar id="sidebar" layout="nodisplay"><ul>{links(_MENU)}</ul></amp-sidebar><amp-consent id="c" layout="nodisplay"><div id="cui"><p>We and our 812
partners store and access personal data on your device.</p><button>Accept</button></div></amp-consent><header class="top"><a href="/">{s.site}</a></header>
<article><h1 class="headline">{escape(s.headline)}</h1><div class="by">{s.author} · <span>{s.at:%d.%m.%Y}</span></div><amp-img src="a.jpg"></amp-img>
<div class="cap">{s.caption} (Photo: Quay)</div><div class="txt">{ps(s.paragraphs[:2])}<amp-ad type="doubleclick"><div placeholder>Advertisement</div></amp-ad>
{ps(s.paragraphs[2:])}</div><amp-social-share type="email"></amp-social-share></article><section class="more"><h3>You may also like</h3><amp-list><div>
{links(s.teasers, item="p")}</div></amp-list></section><footer><p>© {s.site}</p><a href="/imprint">Imprint</a></footer>"""
    return Page(html=whole(s, head, body, attributes=" amp"), story=s, body=s.paragraphs)


def german(desk: Desk) -> Page:
    """A consent layer, advertisements by name, boxes for more on the subject."""
    s = desk.story("de")
    mehr = f'<div class="teaser-inline"><strong>Lesen Sie auch</strong><a href="/2">{s.teasers[0]}</a></div>'
    body = f"""
<div id="onetrust-consent-sdk"><div id="onetrust-banner-sdk" role="dialog"><h2>Ihre Privatsphäre ist uns wichtig</h2><p>Wir und unsere 214 Partner speichern
und verarbeiten Informationen auf Ihrem Gerät, um Ihnen passende Werbung zu zeigen. Sie können Ihre Auswahl jederzeit ändern.</p><button>Alle akzeptieren</button>
<a>Datenschutzerklärung</a></div></div><header class="page-header"><nav class="nav-main"><ul>{links(("Politik", "Wirtschaft", "Sport", "Kultur", "Wetter"))}</ul></nav></header>
<main class="page-main"><div class="article"><div class="article-head"><span class="kicker">Verkehr</span><h1><span class="topline">Nordwiek</span> {escape(s.headline)}</h1>
<p class="article-lead">{s.standfirst}</p><div class="article-meta"><span class="autor">Von {s.author}</span> <time datetime="{s.iso}">{s.at:%d.%m.%Y, %H:%M} Uhr</time>
<span>Lesezeit: 3 Min.</span></div></div><div class="image"><img><p class="bildunterschrift">{s.caption} <span>© dpa</span></p></div><div class="article-text">
{ps(s.paragraphs[:2])}<div class="adslot"><span>Anzeige</span></div>{ps(s.paragraphs[2:4])}{mehr}{ps(s.paragraphs[4:])}<p><a href="/t">Mehr zum Thema Verkehr</a></p>
<p><em>(dpa/nb)</em></p></div><div class="article-footer"><ul class="social"><li>Teilen</li><li>Merken</li><li>Drucken</li></ul><h3>Kommentare (3)</h3>
{ps(s.comments[:3], ' class="kommentar-text"')}</div></div><section class="box"><h2>Das könnte Sie auch interessieren</h2>{links(s.teasers, item="h3")}</section></main>
<footer><ul>{links(("Impressum", "Datenschutz", "AGB", "Abo kündigen"))}</ul></footer>"""
    return Page(
        html=whole(s, open_graph(s), body), story=s, body=s.paragraphs, optional=f"{s.standfirst} dpa/nb"
    )


def live(desk: Desk) -> Page:
    """A live blog: what happened last stands first."""
    s = desk.story(paragraphs=14)
    posts, gold = [], [*s.paragraphs[:2]]
    for number, (text, head) in enumerate(zip(s.paragraphs[2:], s.teasers * 2, strict=False)):
        title = f"{head} (update {number})"
        gold += [title, text]
        posts.append(
            f'<article class="live-post" id="p{number}"><header><time datetime="{s.iso}">1{number % 10}:05</time><h2>{title}</h2></header>'
            f'<div class="live-post__body">{ps([text])}</div><div class="live-post__share"><button>Share</button><a>Copy link to post</a></div></article>'
        )
    body = f"""<header><nav>{links(_MENU)}</nav></header><main><div class="live-header"><span class="live-badge">Live</span><h1>{escape(s.headline)}</h1>
<div class="live-byline">By {s.author}</div></div><div class="live-intro">{ps(s.paragraphs[:2])}</div><div class="key-points"><h3>Jump to</h3><ul>
{links(s.teasers[:4])}</ul></div><div class="live-feed">{"".join(posts)}</div><button>Load more</button></main><footer>© {s.site}</footer>"""
    head = open_graph(s) + linked_data(s, kind="LiveBlogPosting")
    return Page(html=whole(s, head, body), story=s, body=tuple(gold))


def brief(desk: Desk) -> Page:
    """Some forty words among many hundred others."""
    s = desk.story(paragraphs=1)
    text = (desk.paragraph(sentences=3),)
    teasers = "".join(
        f'<div class="card"><a href="/{i}"><h3>{desk.headline()}</h3></a><p>{desk.sentence()}</p></div>'
        for i in range(12)
    )
    body = f"""<header class="site-header"><ul class="menu">{links(_MENU)}</ul></header><div class="layout"><div class="main-col"><div class="story">
<h1>{escape(s.headline)}</h1><div class="story-info">{s.at:%d %B %Y} | {s.author}</div><div class="story-text">{ps(text)}</div></div>
<div class="share-row">Share on X Share on Facebook Send by mail</div></div><div class="side-col"><h2>Latest</h2>{teasers}</div></div>
<div class="bottom">The {s.site} is a member of the press council. Complaints go to the editor.</div>"""
    return Page(html=whole(s, open_graph(s), body), story=s, body=text)


def press_release(desk: Desk) -> Page:
    """A ministry's release on Drupal, with notes and contacts below."""
    s = desk.story()
    notes = "For further information contact the press office: press@ministry.example, 01632 960 001."
    body = f"""<div class="dialog-off-canvas-main-canvas" data-off-canvas-main-canvas><header role="banner"><div class="region region-header">
<a href="/" rel="home">Ministry of Transport</a><nav role="navigation"><ul class="menu">{links(("About", "Topics", "Newsroom", "Contact"))}</ul></nav></div></header>
<div class="region region-breadcrumb"><ol class="breadcrumb"><li><a href="/">Home</a></li><li>Newsroom</li></ol></div><main role="main">
<div class="region region-content"><div id="block-main"><article role="article" class="node node--type-press-release node--view-mode-full">
<h1><span class="field field--name-title">{escape(s.headline)}</span></h1><div class="field field--name-field-date"><time datetime="{s.iso}">{s.at:%d %B %Y}</time></div>
<div class="node__content"><div class="clearfix text-formatted field field--name-body field--type-text-with-summary">{ps(s.paragraphs[:4])}
<ul><li>{s.caption}</li><li>{s.standfirst}</li></ul>{ps(s.paragraphs[4:])}<p>ENDS</p><h3>Notes to editors</h3><p>{notes}</p></div>
<div class="field field--name-field-tags"><div class="field__label">Tags</div><div class="field__item"><a href="/t">Transport</a></div></div></div></article></div>
<div id="block-related" class="views-element-container"><h2>Latest news</h2>{links(s.teasers[:5], item="div")}</div></div></main>
<footer><div class="region region-footer"><p>Sign up for our newsletter</p><ul>{links(("Accessibility", "Privacy", "Sitemap"))}</ul></div></footer></div>"""
    gold = (*s.paragraphs[:4], s.caption, s.standfirst, *s.paragraphs[4:])
    head = '<meta name="Generator" content="Drupal 10"><meta name="dcterms.creator" content="Ministry of Transport">'
    return Page(
        html=whole(s, head, body, title=f"{s.headline} | Ministry of Transport"),
        story=s,
        body=gold,
        optional=f"ENDS Notes to editors {notes}",
        has_author=False,
    )


def french(desk: Desk) -> Page:
    s = desk.story("fr")
    lire = f'<p><strong>À lire aussi : <a href="/x">{s.teasers[0]}</a></strong></p>'
    aussi = f'<div class="inread"><p>Lire aussi</p><a href="/y">{s.teasers[1]}</a></div>'
    body = f"""<div class="gdpr"><p>Avec votre accord, nos partenaires et nous utilisons des cookies pour stocker et accéder à des informations personnelles.</p>
<a>Continuer sans accepter</a></div><div class="header"><ul>{links(("Accueil", "Politique", "Société", "Sports"))}</ul></div><main>
<article><header><h1>{escape(s.headline)}</h1><p class="chapo">{s.standfirst}</p><p class="signature">Par <span>{s.author}</span></p>
<p class="date">Publié le {s.at:%d/%m/%Y} à 10h00, mis à jour le 01/01/2026 à 08h00</p></header><figure><img><figcaption>{s.caption}</figcaption></figure>
<section class="corps">{ps(s.paragraphs[:2])}{lire}{ps(s.paragraphs[2:4])}<div class="pub">Publicité</div>{aussi}{ps(s.paragraphs[4:])}
<div class="nl"><h3>La newsletter du soir</h3><p>Inscrivez-vous pour recevoir l’essentiel de l’actualité chaque soir.</p></div></section></article>
<section class="reactions"><h2>Réagir</h2>{ps(s.comments)}</section></main><footer>Mentions légales. Tous droits réservés.</footer>"""
    return Page(html=whole(s, open_graph(s), body), story=s, body=s.paragraphs, optional=s.standfirst)


def endless(desk: Desk) -> Page:
    """The next articles were loaded below the first."""
    s, t = desk.story(), desk.story()
    piece = """<div class="article-container"><div class="article-wrap"><h1 class="post-title">{}</h1><div class="post-author">{}</div>
<div class="post-date">{:%B %d, %Y}</div><div class="post-body">{}</div></div></div>"""
    one = piece.format(escape(s.headline), s.author, s.at, ps(s.paragraphs))
    two = piece.format(escape(t.headline + " after all"), t.author, t.at, ps(t.paragraphs))
    body = f"""<div class="top-menu">{links(_MENU, item="span")}</div><div id="scroll">{one}<div class="sep">Next article</div>{two}</div><div class="foot">© {s.site}</div>"""
    return Page(html=whole(s, open_graph(s) + linked_data(s), body), story=s, body=s.paragraphs)


def column(desk: Desk) -> Page:
    """An opinion, parts of it repeated as pull quotes, its author described below."""
    s = desk.story(paragraphs=9)
    pull = s.paragraphs[4]
    body = f"""<header><nav><ul>{links(_MENU)}</ul></nav></header><article class="opinion"><div class="opinion__label">Opinion</div>
<h1>{escape(s.headline)}</h1><p class="opinion__by">{s.author}</p><time datetime="{s.iso}"></time><div class="opinion__content">
{ps(s.paragraphs[:3])}<div class="pullquote"><span>“{pull}”</span></div>{ps(s.paragraphs[3:7])}<blockquote class="pull-quote"><p>{s.paragraphs[6]}</p></blockquote>
{ps(s.paragraphs[7:])}<p><em>{s.author} is a columnist. Write to letters@paper.example.</em></p></div>
<div class="opinion__disclaimer">The views expressed here are the author’s own and do not necessarily reflect those of {s.site}.</div></article>
<div class="rail"><h3>More opinion</h3>{links(s.teasers)}</div><footer>Terms</footer>"""
    note = f"{s.author} is a columnist. Write to letters@paper.example."
    return Page(html=whole(s, open_graph(s), body), story=s, body=s.paragraphs, optional=note)


def guide(desk: Desk) -> Page:
    """Lists, steps and a table of figures in the article."""
    s = desk.story(paragraphs=6)
    items = tuple(desk.sentence() for _ in range(5))
    steps = tuple(desk.sentence() for _ in range(4))
    rows = [
        ("Line", "Passengers", "Delay"),
        ("Night ferry", "1,300", "4 min"),
        ("Old bridge", "27,000", "12 min"),
    ]
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    listed = "".join(f"<li>{item}</li>" for item in items)
    numbered = "".join(f"<li><b>Step {i}.</b> {step}</li>" for i, step in enumerate(steps, 1))
    body = f"""<nav class="navbar"><ul>{links(_MENU)}</ul></nav><div class="container"><div class="row"><div class="col-md-8"><h1>{escape(s.headline)}</h1>
<p class="text-muted">{s.at:%d %b %Y} by {s.author}</p><div class="post-content">{ps(s.paragraphs[:2])}<h2>What is known</h2><ul>{listed}</ul>
{ps(s.paragraphs[2:4])}<h2>What to do</h2><ol>{numbered}</ol><table class="table">{table}</table>{ps(s.paragraphs[4:])}</div></div>
<div class="col-md-4"><div class="card"><h4>Popular</h4><ul>{links(s.teasers)}</ul></div></div></div></div><footer class="py-5">© {s.site}</footer>"""
    cells = tuple(" ".join(row) for row in rows)
    told = tuple(f"Step {i}. {step}" for i, step in enumerate(steps, 1))
    gold = (
        *s.paragraphs[:2],
        "What is known",
        *items,
        *s.paragraphs[2:4],
        "What to do",
        *told,
        *cells,
        *s.paragraphs[4:],
    )
    return Page(html=whole(s, open_graph(s), body), story=s, body=gold)


def data_only(desk: Desk) -> Page:
    """The page is drawn by a script; the text stands in the linked data alone."""
    s = desk.story()
    head = linked_data(s, articleBody="\n\n".join(s.paragraphs), keywords=["Transport"])
    body = f"""<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"><header><nav>{links(_MENU)}</nav></header>
<div class="skeleton"></div></div><script>window.__STATE__={{"a":1}}</script>"""
    return Page(html=whole(s, head, body), story=s, body=s.paragraphs)


def front_page(desk: Desk) -> Page:
    s = desk.story()
    cards = "".join(
        f'<article class="card"><h3><a href="/n/{i}">{desk.headline()}</a></h3><p>{desk.sentence()}</p><span>{i} hours ago</span></article>'
        for i in range(1, 25)
    )
    body = f"""<header><h1>{s.site}</h1><nav><ul>{links(_MENU)}</ul></nav></header><main><section><h2>Top stories</h2>{cards}</section>
<section><h2>Most read</h2><ol>{links(s.teasers)}</ol></section></main><footer>© {s.site}</footer>"""
    head = f'<meta property="og:type" content="website"><meta property="og:site_name" content="{s.site}">'
    return Page(html=whole(s, head, body, title=s.site), story=s, body=(), has_article=False)


def paywall_stub(desk: Desk) -> Page:
    s = desk.story()
    body = f"""<header><nav><ul>{links(_MENU)}</ul></nav></header><main><article><h1>{escape(s.headline)}</h1><p class="lead">{s.standfirst}</p>
<div class="paywall"><h2>Subscribe to continue reading</h2><p>Get unlimited access to every story from 2 crowns a week. Cancel anytime.</p>
<button>Subscribe now</button><p>Already a subscriber? <a href="/login">Log in</a></p></div></article></main><footer>© {s.site}</footer>"""
    head = open_graph(s) + linked_data(s, isAccessibleForFree=False)
    return Page(html=whole(s, head, body), story=s, body=(), has_article=False)


TEMPLATES: tuple[Template, ...] = (
    *(
        wordpress,
        component_site,
        islands,
        broadcaster,
        ghost,
        tables,
        amp,
        german,
        live,
        brief,
        press_release,
    ),
    *(french, endless, column, guide, data_only, front_page, paywall_stub),
)
