"""Pages kept apart: written before any rule was, and looked at when the rules were done."""

from html import escape

from benchmarks.sites.page import Page, Template, linked_data, links, open_graph, ps, whole
from benchmarks.sites.prose import Desk

_MENU = ("World", "Region", "Business", "Tech", "Sport", "Arts", "Video", "Archive")


def platform(desk: Desk) -> Page:
    """A writers' platform: hashed names, follow buttons, claps, more from the author."""
    s = desk.story()
    paragraphs = "".join(
        f'<p id="{i:x}f3" class="pw-post-body-paragraph nc nd gr ne b nf">{escape(text, quote=False)}</p>'
        for i, text in enumerate(s.paragraphs)
    )
    more = "".join(
        f'<div class="ab q"><h2 class="be fv">{t}</h2><p class="be b">{desk.sentence()}</p><span>·5 min read</span></div>'
        for t in s.teasers[:4]
    )
    body = f"""<div id="root"><div class="a b c"><div class="d e"><a href="/">Open in app</a><a>Sign up</a><a>Sign in</a><a>Write</a></div>
<div class="fr fs"><article><div class="l"><section><div class="gg gh"><div><h1 class="pw-post-title" data-testid="storyTitle">{escape(s.headline)}</h1>
<div class="speechify-ignore"><div class="bl"><a data-testid="authorName" rel="author noopener" href="/@a">{s.author}</a><span>·</span><button>Follow</button></div>
<div><span data-testid="storyReadTime">5 min read</span><span>·</span><span data-testid="storyPublishDate">{s.at:%b %d, %Y}</span></div>
<div class="ab"><div>121</div><div>3</div><button>Listen</button><button>Share</button></div></div>
<figure class="paragraph-image"><img><figcaption class="hc">{s.caption}</figcaption></figure></div>{paragraphs}</div></section></div></article></div>
<div class="ab ca"><div class="footer-tags"><a>Transport</a><a>City</a></div><div><button>121</button><div>Written by {s.author}</div><p>1.2K Followers</p>
<p>Notes from the coast.</p></div><h2>More from {s.author} and Notes</h2>{more}<h2>Recommended from the platform</h2>{more}</div>
<div class="footer"><a>Help</a><a>Status</a><a>About</a><a>Careers</a></div></div></div>"""
    head = open_graph(s, title=s.headline) + linked_data(s)
    return Page(
        html=whole(s, head, body, title=f"{s.headline} | by {s.author} | Notes"), story=s, body=s.paragraphs
    )


def letter(desk: Desk) -> Page:
    """A letter's page on the web: buttons to subscribe between the paragraphs, footnotes, discussion."""
    s = desk.story()
    widget = (
        '<div class="subscription-widget-wrap-editor"><div class="subscription-widget show-subscribe"><div class="preamble"><p class="cta-caption">'
        "Thanks for reading! Subscribe for free to receive new posts and support my work.</p></div><form><input type=email><button>Subscribe</button></form></div></div>"
    )
    talk = "".join(
        f'<div class="comment"><div class="comment-content"><p>{c}</p><button>Reply</button></div></div>'
        for c in s.comments
    )
    body = f"""<div id="entry"><div id="main" class="main typography"><div class="main-menu"><div class="topbar"><a href="/">{s.site}</a><button>Subscribe</button>
<button>Sign in</button></div></div><div class="single-post-container"><div class="container"><div class="single-post"><article class="typography newsletter-post post">
<div class="post-header"><h1 class="post-title published">{escape(s.headline)}</h1><h3 class="subtitle">{s.standfirst}</h3><div class="byline-wrapper"><div class="profile-hover-card-target">
<a href="/@a">{s.author}</a></div><div class="pencraft">{s.at:%b %d, %Y}</div><div>∙ Paid</div></div><div class="post-ufi"><a>12</a><a>4</a><a>Share</a></div></div>
<div class="available-content"><div dir="auto" class="body markup">{ps(s.paragraphs[:3])}{widget}<h2 class="header-anchor-post">Then and now</h2>{ps(s.paragraphs[3:-1])}
<blockquote><p>{s.caption}</p></blockquote><p>{s.paragraphs[-1]}</p><p class="button-wrapper"><a class="button primary" href="/s"><span>Share</span></a></p>{widget}</div></div></article></div></div>
<div id="discussion" class="comments-page"><h4>Discussion about this post</h4>{talk}</div><div class="portable-archive"><h3>Top</h3>{links(s.teasers, item="div")}</div></div>
<div class="footer">© 2025 {s.author} · Privacy · Terms · Collection notice. This site requires JavaScript to run correctly.</div></div></div>"""
    gold = (*s.paragraphs[:3], "Then and now", *s.paragraphs[3:-1], s.caption, s.paragraphs[-1])
    return Page(
        html=whole(s, open_graph(s) + linked_data(s), body), story=s, body=gold, optional=s.standfirst
    )


def split_by_ads(desk: Desk) -> Page:
    """Advertisements and captions between every two paragraphs."""
    s = desk.story(paragraphs=10)
    parts = []
    for number, text in enumerate(s.paragraphs):
        parts.append(ps([text]))
        if number % 2:
            parts.append(
                '<div class="ad-unit"><p class="ad-label">Article continues below advertisement</p><div id="div-gpt-ad"></div></div>'
            )
        if number == 4:
            parts.append(
                f'<div class="picture"><img src="b.jpg"><div class="picture-text">{s.caption} <span class="photographer">Photo: Kim Dahl</span></div></div>'
                f'<p>Read more: <a href="/o">{s.teasers[0]}</a></p>'
            )
    body = f"""<div id="cookie-notice"><p>This website uses cookies to improve your experience. By continuing you accept our policy.</p><a>OK</a></div>
<div id="header"><div id="logo">{s.site}</div><ul id="topnav">{links(_MENU)}</ul></div><div id="wrap"><div id="left"><div class="kicker">Transport</div>
<h1>{escape(s.headline)}</h1><div class="credits"><span class="name">{s.author}</span> <span class="mail">a@paper.example</span> <span class="when">{s.at:%d %B %Y %H:%M}</span></div>
<div id="text">{"".join(parts)}</div><div class="feedback">Did you find a mistake? Tell us.</div></div><div id="right"><h3>Most popular</h3><ol>{links(s.teasers)}</ol></div></div>
<div id="bottom">All content © {s.site}. Reproduction only with permission.</div>"""
    head = f'<meta name="author" content="{s.author}"><meta name="date" content="{s.iso}">'
    return Page(html=whole(s, head, body, title=f"{s.headline} | {s.site}"), story=s, body=s.paragraphs)


def arabic(desk: Desk) -> Page:
    s = desk.story("ar")
    box = (
        f'<div class="more-on"><h2>اقرأ أيضا</h2><ul class="more-on__list">{links(s.teasers[:3])}</ul></div>'
    )
    body = f"""<div class="screen-reader-text"><a href="#c">تخط إلى المحتوى</a></div><header class="site-header"><ul class="menu">{links(("الرئيسية", "سياسة", "اقتصاد", "رياضة"))}</ul></header>
<main id="c"><div class="container--two-col"><header class="article-header"><h1>{escape(s.headline)}</h1><p class="article__subhead"><em>{s.standfirst}</em></p></header>
<figure class="article-featured-image"><img><figcaption>{s.caption} [الفرنسية]</figcaption></figure><div class="article-info-block"><div class="article-b-l">
<span class="article-author-name">بقلم <a class="author-link" href="/a">{s.author}</a></span></div><div class="article-dates"><span class="screen-reader-text">نشر في</span>
<span aria-hidden="true">{s.at:%d/%m/%Y}</span></div></div><div class="wysiwyg wysiwyg--all-content">{ps(s.paragraphs[:2])}{box}{ps(s.paragraphs[2:])}</div>
<div class="article-source"><span>المصدر</span>: وكالات</div></div><section><h2>الأكثر قراءة</h2>{links(s.teasers)}</section></main><footer>جميع الحقوق محفوظة © {s.site}</footer>"""
    return Page(
        html=whole(s, open_graph(s) + linked_data(s), body), story=s, body=s.paragraphs, optional=s.standfirst
    )


def chinese(desk: Desk) -> Page:
    """A portal in GB2312, its header silent about it."""
    s = desk.story("zh")
    text = "".join(f"<p>　　{escape(text, quote=False)}</p>\n" for text in s.paragraphs)
    html = f"""<!DOCTYPE html><html><head><meta http-equiv="Content-type" content="text/html; charset=gb2312" /><title>{s.headline}_{s.site}</title>
<meta name="keywords" content="交通,港口" /><meta property="og:title" content="{s.headline}" /><meta property="article:published_time" content="{s.iso}" />
<meta property="article:author" content="{s.site}" /></head><body><div class="path-nav"><a href="/">首页</a> &gt; <a href="/c">国内</a> &gt; 正文</div>
<div class="main-content"><h1 class="main-title">{s.headline}</h1><div class="top-bar"><div class="date-source"><span class="date">{s.at:%Y年%m月%d日 %H:%M}</span>
<span class="source">{s.site}</span></div><div class="share">分享到微博 分享到微信</div></div><div class="article" id="artibody">{text}<p class="show_author">责任编辑：{s.author}</p></div>
<div class="article-bottom"><div class="keywords">关键字 : <a>交通</a> <a>港口</a></div></div></div><div class="related"><h2>相关阅读</h2><ul>{links(s.teasers)}</ul></div>
<div class="hot"><h2>热门排行</h2>{links(s.teasers)}</div><div class="footer">Copyright © 1996-2025 All Rights Reserved 版权所有</div></body></html>"""
    return Page(
        html=html, story=s, body=s.paragraphs, charset="gb18030", header_charset=None, has_author=False
    )


def agency_of_state(desk: Desk) -> Page:
    """A government's news page: contents, a list of details beside, share and contact below."""
    s = desk.story()
    body = f"""<div id="global-cookie-message" role="region" class="cookie-banner"><h2>Cookies on the state's pages</h2><p>We use some essential cookies to make this website work.</p>
<button>Accept additional cookies</button></div><a class="skip-link" href="#content">Skip to main content</a><header role="banner"><a href="/">STATE</a><nav>{links(("Topics", "Departments"))}</nav></header>
<div class="width-container"><div class="breadcrumbs"><ol>{links(("Home", "Transport", "Rail"))}</ol></div><main id="content" class="news-article"><div class="grid-row"><div class="column-two-thirds">
<span class="title__context">News story</span><h1 class="title__text">{escape(s.headline)}</h1><p class="lead-paragraph">{s.standfirst}</p></div></div><div class="metadata-block"><dl><dt>From:</dt>
<dd><a href="/d">Department for Rail</a></dd><dt>Published</dt><dd>{s.at:%d %B %Y}</dd><dt>Last updated</dt><dd>1 January 2026</dd></dl></div><div class="column-two-thirds"><div class="component-govspeak">
<div class="govspeak">{ps(s.paragraphs[:3])}<ul><li>{s.caption}</li></ul><h2 id="next">Next steps</h2>{ps(s.paragraphs[3:])}</div></div><div class="share-links"><h2>Share this page</h2>
<ul>{links(("Share on Facebook (opens in new tab)", "Share on Twitter (opens in new tab)"))}</ul></div><div class="updates"><h2>Updates to this page</h2><p>Published {s.at:%d %B %Y}</p><button>Sign up for emails or print this page</button></div></div></main>
<div class="feedback"><h2>Is this page useful?</h2><button>Yes</button><button>No</button></div><div class="contextual-footer"><h2>Related content</h2>{links(s.teasers[:4])}</div></div>
<footer role="contentinfo"><h2>Topics</h2>{links(("Benefits", "Births", "Business"))}<p>All content is available under the open licence, except where otherwise stated</p></footer>"""
    gold = (*s.paragraphs[:3], s.caption, "Next steps", *s.paragraphs[3:])
    head = f'<meta name="govuk:public-updated-at" content="2026-01-01T00:00:00Z"><link rel="canonical" href="{s.url}">'
    return Page(html=whole(s, head, body), story=s, body=gold, optional=s.standfirst, has_author=False)


def portal_wire(desk: Desk) -> Page:
    """Wire copy on a portal, stories suggested in its middle and a long column of more below."""
    s = desk.story()
    stream = "".join(
        f'<li class="stream-item"><h3><a href="/{i}">{desk.headline()}</a></h3><p>{desk.sentence()} {desk.sentence()}</p><span>{i}h ago</span></li>'
        for i in range(1, 12)
    )
    suggest = f'<div class="caas-readmore"><span>Story continues</span></div><div class="recirc"><h3>Recommended Stories</h3><ul>{links(s.teasers[:3])}</ul></div>'
    body = f"""<div id="header-wrapper"><div class="nav-bar"><ul>{links(_MENU)}</ul><form><input placeholder="Search the web"></form></div></div><div id="module"><article class="caas-container">
<div class="caas-inner"><header class="caas-header"><div class="caas-logo"><a>Northline Wire</a></div><h1 data-test-locator="headline">{escape(s.headline)}</h1></header><div class="caas-attr"><div class="caas-attr-item-author">
<span>{s.author}</span></div><div class="caas-attr-time-style"><time datetime="{s.iso}">{s.at:%A, %B %d, %Y}</time><span> · 2 min read</span></div></div><div class="caas-content"><div class="caas-body">
<p>PORT ALDIS (Northline) — {s.paragraphs[0]}</p>{ps(s.paragraphs[1:3])}{suggest}{ps(s.paragraphs[3:])}<p>(Reporting by {s.author}; Editing by Jo Quay)</p></div></div><div class="caas-comments"><button>View Comments (41)</button></div></div></article></div>
<div class="stream-wrap"><h2>Latest Stories</h2><ul>{stream}</ul></div><div class="rail-ads">Advertisement</div><div class="foot-links">Terms Privacy Dashboard About Our Ads</div>"""
    gold = (f"PORT ALDIS (Northline) — {s.paragraphs[0]}", *s.paragraphs[1:])
    return Page(
        html=whole(s, open_graph(s) + linked_data(s), body),
        story=s,
        body=gold,
        optional=f"(Reporting by {s.author}; Editing by Jo Quay)",
    )


def german_amp(desk: Desk) -> Page:
    s = desk.story("de")
    body = f"""<amp-sidebar id="menu"><ul>{links(("Politik", "Sport", "Ratgeber"))}</ul></amp-sidebar><div class="top"><a>ABO</a><a>Anmelden</a></div><main><article class="o-article"><header>
<div class="o-kicker">Streit im Rat:</div><h1 class="o-headline">{escape(s.headline)}</h1><div class="o-meta">{s.at:%d.%m.%Y}, {s.at:%H:%M} Uhr • von <a class="o-author" href="/a">{s.author}</a></div></header>
<p class="o-intro">{s.standfirst}</p><div class="o-body">{ps(s.paragraphs[:3], ' class="o-p"')}<amp-ad></amp-ad><div class="o-hint">Anzeige</div><aside class="o-ref"><span>Mehr zum Thema</span><a>{s.teasers[0]}</a></aside>
<p class="o-p"><b>Lesen Sie auch:</b> <a href="/z">{s.teasers[1]}</a></p>{ps(s.paragraphs[3:], ' class="o-p"')}<p class="o-p"><i>Mit Material der dpa</i></p></div><div class="o-news">Jetzt den Newsletter abonnieren und keine Nachricht verpassen!</div></article>
<div class="o-teasers"><h3>Das könnte Sie auch interessieren</h3>{links(s.teasers, item="div")}</div></main><div class="o-foot">Impressum · Datenschutz · Kontakt</div>"""
    head = f'<link rel="canonical" href="{s.url}">' + linked_data(s)
    return Page(
        html=whole(s, head, body, attributes=" ⚡"),
        story=s,
        body=s.paragraphs,
        optional=f"{s.standfirst} Mit Material der dpa",
    )


def bare_text(desk: Desk) -> Page:
    """A local paper: text between line breaks, with credits of photos in brackets."""
    s = desk.story()
    text = "<br /><br />".join(escape(paragraph, quote=False) for paragraph in s.paragraphs[:4])
    rest = "<br /><br />".join(escape(paragraph, quote=False) for paragraph in s.paragraphs[4:])
    body = f"""<div class="topline"><a href="/abo">Subscribe</a> | <a href="/epaper">E-Paper</a></div><div class="menu2">{links(_MENU, item="span")}</div><div class="content2">
<div class="headline2">{escape(s.headline)}</div><div class="sub2">{s.at:%d.%m.%Y} - {s.author}</div><div class="text2"><img src=x.jpg><span class="img2">{s.caption} (Photo: Dahl)</span><br/>
{text}<div class="box2">ADVERTISEMENT</div>{rest}<br/><br/><a href="/back">Back to overview</a></div></div><div class="side2"><b>Other news</b>{links(s.teasers, item="div")}</div>
<div class="end2">Imprint Privacy Contact</div>"""
    return Page(html=whole(s, "", body, title=f"{s.site} :: {s.headline}"), story=s, body=s.paragraphs)


def columns(desk: Desk) -> Page:
    """The body in sections of their own, parted by advertisements that can be skipped; a correction below."""
    s = desk.story(paragraphs=12)
    groups = [s.paragraphs[at : at + 3] for at in range(0, len(s.paragraphs), 3)]
    ad = '<div class="StoryBodyAd"><div><p>Advertisement</p><p><a href="#after">SKIP ADVERTISEMENT</a></p></div></div>'
    columns_html = ad.join(
        f'<div class="css-s99gbd StoryBodyCompanionColumn" data-testid="companionColumn-{i}"><div class="css-53u6y8">{ps(group, " class=css-at9mc1")}</div></div>'
        for i, group in enumerate(groups)
    )
    body = f"""<div id="app"><div><a class="css-777zgl" href="#site-content">Skip to content</a><header><div class="css-1d8a290">Today’s Paper</div><nav>{links(_MENU)}</nav></header>
<main id="site-content"><article id="story" class="css-1vxca1d"><div id="top-wrapper"><p>Advertisement</p></div><header class="css-1vkm6nb"><h1 data-testid="headline">{escape(s.headline)}</h1><p id="article-summary">{s.standfirst}</p>
<div><button>Share full article</button></div><figure><img><figcaption><span>{s.caption}</span><span class="credit">Kim Dahl for The Paper</span></figcaption></figure><div class="byline-wrap"><p>By <span itemprop="name">{s.author}</span></p><div>Reporting from Port Aldis</div>
<time datetime="{s.iso}">{s.at:%B %d, %Y}</time></div></header><section name="articleBody" itemprop="articleBody" class="meteredContent">{columns_html}<div class="related-card"><div><div>{s.teasers[0]}</div><time>May 1, 2025</time></div></div></section>
<div class="bottom-of-article"><div><p>A correction was made on May 6, 2025: An earlier version of this article misstated the date.</p></div><p>{s.author} covers cities. <a>More about {s.author}</a></p><p>A version of this article appears in print on Section A, Page 1.</p></div></article>
<section id="collection-footer"><h2>More in Region</h2>{links(s.teasers, item="div")}</section></main><footer>{links(("© 2025", "Contact Us"))}</footer></div></div>"""
    return Page(
        html=whole(s, open_graph(s) + linked_data(s), body),
        story=s,
        body=s.paragraphs,
        optional=f"{s.standfirst} A correction was made on May 6, 2025: An earlier version of this article misstated the date.",
    )


def divs_for_paragraphs(desk: Desk) -> Page:
    """Each paragraph is a div; related articles stand between them."""
    s = desk.story()
    parts = [
        f'<div class="zn-body__paragraph" data-uri="u/{i}">{escape(text, quote=False)}</div>'
        for i, text in enumerate(s.paragraphs)
    ]
    parts.insert(
        2,
        f'<div class="el__storyelement--standard"><a href="/r"><span class="hed">Related article</span> {s.teasers[0]}</a></div>',
    )
    parts.insert(
        4,
        f'<div class="el__embedded"><div class="media__caption">{s.caption}</div><div class="media__length">02:14</div><div>Video Ad Feedback</div></div>',
    )
    body = f"""<div class="nav-flyout">{links(_MENU, item="div")}</div><section class="pg-rail-tall"><article class="pg-wrapper"><h1 class="pg-headline">{escape(s.headline)}</h1>
<div class="metadata"><p class="metadata__byline"><span class="metadata__byline__author">By {s.author}, Northline</span></p><p class="update-time">Updated 0800 GMT January 1, 2026</p></div>
<div class="l-container"><section id="body-text"><div class="zn-body__read-all">{"".join(parts)}</div></section></div><div class="ob-widget"><h3>Paid Content</h3>{links(s.teasers[3:], item="div")}</div></article></section>
<div class="m-footer">© 2025 A Warm Company. All Rights Reserved.</div>"""
    head = (
        open_graph(s, title=f"{s.headline} - {s.site}") + f'<meta itemprop="datePublished" content="{s.iso}">'
    )
    return Page(html=whole(s, head, body), story=s, body=s.paragraphs)


def ticker(desk: Desk) -> Page:
    """A ticker: entries of a list under their times."""
    s = desk.story(paragraphs=10)
    entries = "".join(
        f'<li class="ticker__entry"><span class="ticker__time">{9 + i}:30</span><h3>{t} ({i})</h3>{ps([text])}<a class="ticker__link" href="#e{i}">Link</a></li>'
        for i, (text, t) in enumerate(zip(s.paragraphs[1:], s.teasers * 2, strict=False))
    )
    gold = [s.paragraphs[0]]
    for i, (text, t) in enumerate(zip(s.paragraphs[1:], s.teasers * 2, strict=False)):
        gold += [f"{t} ({i})", text]
    body = f"""<div class="masthead">{links(_MENU, item="a")}</div><main><h1>{escape(s.headline)}</h1><div class="dek">{ps(s.paragraphs[:1])}</div><div class="wrapper"><ol class="ticker">{entries}</ol></div>
<div class="summary-box"><h4>Key events</h4><ul>{links(s.teasers[:4])}</ul></div></main><div class="foot">{s.site}</div>"""
    head = open_graph(s) + f'<meta name="author" content="{s.author}">'
    return Page(html=whole(s, head, body), story=s, body=tuple(gold))


def old_cms(desk: Desk) -> Page:
    """A content management system of 2008."""
    s = desk.story()
    body = f"""<div id="wrapper"><table class="blog"><tr><td class="left" width="20%"><div class="moduletable"><h3>Main Menu</h3><ul class="menu">{links(_MENU)}</ul></div><div class="moduletable_text"><h3>Who's Online</h3>We have 14 guests online</div></td>
<td><table class="contentpaneopen"><tr><td class="contentheading" width="100%">{escape(s.headline)}</td><td class="buttonheading"><img alt="PDF"></td><td class="buttonheading"><img alt="Print"></td></tr></table>
<table class="contentpaneopen"><tr><td valign="top"><span class="small">Written by {s.author}</span></td></tr><tr><td valign="top" class="createdate">{s.at:%A, %d %B %Y %H:%M}</td></tr><tr><td valign="top">{ps(s.paragraphs)}</td></tr>
<tr><td class="modifydate">Last Updated on Thursday, 01 January 2026 00:00</td></tr></table><span class="article_separator">&nbsp;</span><div class="jcomments"><h4>Comments</h4>{ps(s.comments)}</div></td>
<td class="right"><div class="moduletable"><h3>Latest News</h3><ul class="latestnews">{links(s.teasers)}</ul></div></td></tr></table><div id="footer">Copyright © 2008 {s.site}. This is free software.</div></div>"""
    return Page(
        html=whole(s, '<meta name="generator" content="CMS 1.5">', body, title=s.headline),
        story=s,
        body=s.paragraphs,
    )


def interview(desk: Desk) -> Page:
    """Questions in bold, a quoted post, a list."""
    s = desk.story(paragraphs=8)
    asked = [f"{desk.sentence()[:-1]}?" for _ in range(5)]
    parts, gold = [ps(s.paragraphs[:1])], [s.paragraphs[0]]
    for question, answer in zip(asked, s.paragraphs[1:], strict=False):
        parts.append(f"<p><strong>{question}</strong></p>{ps([answer])}")
        gold += [question, answer]
    parts.append(f"<ul><li>{s.standfirst}</li><li>{s.caption}</li></ul>{ps(s.paragraphs[6:])}")
    gold += [s.standfirst, s.caption, *s.paragraphs[6:]]
    post = f"{desk.sentence()} — Someone (@some) May 4, 2025"
    parts.insert(
        3,
        f'<blockquote class="twitter-tweet"><p lang="en" dir="ltr">{post}</p></blockquote><script src="w.js"></script>',
    )
    body = f"""<header class="l-header"><div class="burger">{links(_MENU)}</div></header><main class="l-main"><article><div class="hero"><h1>{escape(s.headline)}</h1><div class="by">Interview: {s.author}</div><span class="dt">{s.at:%d %B %Y}</span></div>
<div class="richtext">{"".join(parts)}</div><div class="tags">{links(("Interview", "Rail"), item="span")}</div><div class="donate"><h3>Our journalism needs you</h3><p>If you value what we do, please consider a gift. Every crown counts.</p><a>Donate</a></div></article>
<section class="next-up"><h2>Next up</h2>{links(s.teasers[:3], item="article")}</section></main><footer>{s.site}</footer>"""
    head = open_graph(s, times=False) + linked_data(s, kind="Article")
    return Page(html=whole(s, head, body), story=s, body=tuple(gold), optional=post)


def consent_wall(desk: Desk) -> Page:
    s = desk.story()
    body = f"""<main class="consent"><h1>Before you continue to {s.site}</h1><p>We use cookies and data to deliver and maintain our services, track outages and protect against spam, fraud and abuse, measure audience engagement and site statistics to understand how our services are used.</p>
<p>If you choose to “Accept all”, we will also use cookies and data to develop and improve new services, deliver and measure the effectiveness of ads and show personalised content, depending on your settings.</p><button>Reject all</button><button>Accept all</button><a>More options</a></main>"""
    return Page(
        html=whole(s, "", body, title=f"Your privacy - {s.site}"), story=s, body=(), has_article=False
    )


def section_page(desk: Desk) -> Page:
    s = desk.story()
    rows = "".join(
        f'<div class="row-item"><a href="/d/{i}"><img></a><div class="txt"><a href="/d/{i}">{desk.headline()}</a><div class="when">May {i}, 2025</div><div class="teaser">{desk.sentence()} {desk.sentence()}</div></div></div>'
        for i in range(1, 16)
    )
    body = f"""<div class="hd">{links(_MENU, item="span")}</div><div class="main"><h1>Transport</h1>{rows}<div class="pager"><a>1</a><a>2</a><a>Older</a></div></div><div class="ft">{s.site}</div>"""
    return Page(
        html=whole(s, '<meta property="og:type" content="website">', body, title=f"Transport - {s.site}"),
        story=s,
        body=(),
        has_article=False,
    )


def preview(desk: Desk) -> Page:
    """The first paragraphs are free, the rest is sold."""
    s = desk.story()
    shown = s.paragraphs[:3]
    body = f"""<header><nav><ul>{links(_MENU)}</ul></nav></header><article class="a-article"><h1>{escape(s.headline)}</h1><div class="a-by">By {s.author}</div><time datetime="{s.iso}">{s.at:%d %b %Y}</time><div class="a-body">{ps(shown)}</div>
<div class="piano-offer"><h3>This story is for members</h3><p>Become a member to read on. First month free, then 4 crowns a month.</p><a>Join now</a><p>Have an account? <a>Sign in</a></p></div></article><section><h2>Free to read</h2>{links(s.teasers, item="div")}</section><footer>Help</footer>"""
    return Page(
        html=whole(s, open_graph(s) + linked_data(s, isAccessibleForFree="False"), body), story=s, body=shown
    )


def data_whole(desk: Desk) -> Page:
    """The page shows the beginning until a button is pressed; the linked data hold the whole."""
    s = desk.story(paragraphs=9)
    head = open_graph(s) + linked_data(s, articleBody=" ".join(s.paragraphs))
    body = f"""<div class="nav">{links(_MENU)}</div><article><h1>{escape(s.headline)}</h1><div class="c-body">{ps(s.paragraphs[:2])}</div><button class="read-more">Read the full story</button></article>
<div class="more-stories">{links(s.teasers, item="div")}</div><footer>{s.site}</footer>"""
    return Page(html=whole(s, head, body), story=s, body=s.paragraphs)


def outtalked(desk: Desk) -> Page:
    """A short item under which readers have written much more."""
    s = desk.story(paragraphs=2)
    talk = "".join(
        f'<div class="msg"><div class="msg-head">reader{i} wrote at 1{i % 10}:00</div><div class="msg-text">{desk.paragraph(sentences=4)}</div><a>Quote</a> <a>Report</a></div>'
        for i in range(14)
    )
    body = f"""<div class="menu">{links(_MENU)}</div><div class="news-item"><h1>{escape(s.headline)}</h1><div class="info">{s.at:%d.%m.%Y} {s.author}</div>{ps(s.paragraphs)}</div><div class="discussion"><h2>14 opinions</h2>{talk}</div><div class="foot">{s.site}</div>"""
    return Page(html=whole(s, open_graph(s), body), story=s, body=s.paragraphs)


def page_builder(desk: Desk) -> Page:
    """A page builder: each piece a widget in columns and sections."""
    s = desk.story()
    widgets = "".join(
        f'<div class="elementor-element elementor-widget elementor-widget-text-editor"><div class="elementor-widget-container"><p>{escape(text, quote=False)}</p></div></div>'
        for text in s.paragraphs
    )
    posts = "".join(
        f'<article class="elementor-post"><h3 class="elementor-post__title"><a>{t}</a></h3><div class="elementor-post__excerpt"><p>{desk.sentence()}</p></div><a>Read More »</a></article>'
        for t in s.teasers[:6]
    )
    body = f"""<header class="elementor elementor-location-header"><nav class="elementor-nav-menu">{links(_MENU)}</nav></header><div class="elementor elementor-location-single post type-post"><section class="elementor-section"><div class="elementor-container"><div class="elementor-column">
<div class="elementor-widget elementor-widget-theme-post-title"><h1 class="elementor-heading-title">{escape(s.headline)}</h1></div><div class="elementor-widget-post-info"><ul><li itemprop="author">{s.author}</li><li itemprop="datePublished"><a>{s.at:%B %d, %Y}</a></li><li>No Comments</li></ul></div>
{widgets}<div class="elementor-widget elementor-widget-share-buttons"><span>Facebook</span><span>LinkedIn</span></div></div></div></section><section class="elementor-section"><h2>More Posts</h2><div class="elementor-posts-container">{posts}</div></section></div>
<footer class="elementor-location-footer"><h3>Get in touch</h3><p>Send us a message and we will get back to you as soon as we can.</p></footer>"""
    return Page(html=whole(s, open_graph(s), body), story=s, body=s.paragraphs)


TEMPLATES: tuple[Template, ...] = (
    *(
        platform,
        letter,
        split_by_ads,
        arabic,
        chinese,
        agency_of_state,
        portal_wire,
        german_amp,
        bare_text,
        columns,
    ),
    *(
        divs_for_paragraphs,
        ticker,
        old_cms,
        interview,
        consent_wall,
        section_page,
        preview,
        data_whole,
        outtalked,
    ),
    page_builder,
)
