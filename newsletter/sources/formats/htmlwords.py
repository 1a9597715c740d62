"""Words that pages print around articles, in the languages that news is most often read in."""

import re

#: What begins a pointer to another article.
LABEL = re.compile(
    r"(?:read (?:also|more|next|on)|see (?:also|more)|also read|related(?: (?:articles?|stories|story"
    r"|content|links|news|topics?))?"
    r"|more on this(?: story| topic)?|more:|don[’']t miss|recommended(?: stories| for you)?|watch"
    r"|listen|explore more[^:.]{0,30}"
    r"|lesen sie (?:auch|hier|dazu|mehr)|lies auch|mehr (?:zum thema|dazu|lesen)|siehe auch"
    r"|auch interessant|weiterlesen"
    r"|(?:à )?lire (?:aussi|également|la suite)|voir aussi|sur le même sujet|pour aller plus loin"
    r"|lea también|leer (?:también|más)|te puede interesar|ver también|leggi anche|leia (?:também|mais)"
    r"|veja também"
    r"|lees (?:ook|meer)|læs også|läs (?:också|mer|även)|les også|lue myös|czytaj (?:też|także|również"
    r"|więcej)|zobacz też"
    r"|čtěte (?:také|též)|citiți și|citește și|ayrıca bakınız|читайте (?:также|ещ[её]|по теме)"
    r"|смотрите также|читайте також"
    r"|اقرأ (?:أيضا|أيضًا|المزيد)|إقرأ أيضا|المزيد (?:من|حول)|相关(?:阅读|报道|新闻|链接)"
    r"|延伸阅读|推荐阅读|相關(?:閱讀|新聞)"
    r"|関連(?:記事|ニュース)|관련 ?기사)"
    r"(?=\W|$)\s*[:：>»–—-]*\s*",
    re.IGNORECASE,
)
#: Whole lines.
BOILERPLATE = re.compile(
    r"(?:advertisement|advertising|sponsored(?: content)?|ad|anzeige|werbung|publicité|publicidad"
    r"|pubblicità|reklame?|реклама|إعلان|广告"
    r"|(?:article|story) continues (?:below|after)(?: (?:this )?(?:advertisement|ad))?|story continues"
    r"|skip advertisement"
    r"|share(?: (?:this(?: (?:article|story|page|post))?|full article|on [\w, ]{1,60}"
    r"|via [\w, ]{1,60}))?:?|teilen|partager|compartir|поделиться"
    r"|(?:print|e-?mail|save)(?: this)?(?: (?:page|article|story|to a friend))?(?: ?\| ?(?:print"
    r"|e-?mail|share|save|pdf)[\w -]{0,30})*"
    r"|copy link(?: to post)?|link copied|load more|show more|read more|continue reading|see all"
    r"|back to (?:top|overview|the top)|zurück zur übersicht"
    r"|(?:view|show|post a|leave a|no|\d+) (?:comments?|replies|reply)(?: ?\(\d+\))?|leave a reply"
    r"|join the conversation"
    r"|sign up|subscribe(?: now| today)?|log in|sign in|follow(?: us)?(?: on [\w, ]{1,60})?"
    r"|accept(?: all)?|getting your trinity audio player ready[.…]*"
    r"|skip past newsletter promotion|after newsletter promotion"
    r"|(?:copyright|©|\(c\))[^.]{0,80}(?:\.? ?all rights reserved[^.]{0,40}\.?)?(?: \w+)?"
    r"|all rights reserved\.?|tous droits réservés\.?|alle rechte vorbehalten\.?"
    r"|jump to|\d{1,2}:\d\d(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4})?"
    r"|\d{1,3} min(?:ute)?s?(?: read)?|\d{1,2} (?:hours?|days?|minutes?) ago"
    r"|责任编辑[：:].{0,20}|(?:video )?ad feedback)",
    re.IGNORECASE,
)
#: Offers of a newsletter, of membership or for gifts; one of them makes a short paragraph an offer.
OFFER = re.compile(
    r"(?:sign up (?:for|to) (?:our|the|my|more)|subscribe (?:to|for) (?:our|the|my|free|this|continue"
    r"|read)|to subscribe, click"
    r"|join (?:[\d,.]+\+?|thousands of|our) (?:other )?(?:readers|subscribers|members)"
    r"|unsubscribe (?:at )?any ?time|no spam"
    r"|already (?:a subscriber|a member|have an account)|have an account\?|(?:create|register for) (?:a"
    r"|your) free account|this (?:story|article|post) is (?:only )?(?:for|available to) (?:paid "
    r"|our )?(?:members|subscribers)"
    r"|(?:become|join as) a (?:member|subscriber|patron)|support (?:our|my|independent) (?:work"
    r"|journalism)|thanks for reading!"
    r"|get (?:the|our) (?:newsletter|best stories|latest news)[^.]{0,40}(?:inbox|mail)"
    r"|privacy notice: newsletters|unlimited access"
    r"|(?:abonnieren sie|jetzt (?:den |unseren )?newsletter|jetzt (?:abonnieren|weiterlesen)"
    r"|newsletter (?:abonnieren|bestellen))|inscrivez-vous (?:à|pour)|abonnez-vous|suscríbete"
    r"|iscriviti alla)",
    re.IGNORECASE,
)
#: What walls before articles ask for.
CONSENT = re.compile(
    r"cookies?\b|\bconsent\b|personal(?:ised|ized) (?:ads|content|advertising)|(?:our|\d+) partners"
    r"|privacy (?:policy|settings)"
    r"|datenschutz|einwilligung|zustimm|données personnelles|vie privée|consentement|privacidad"
    r"|ملفات تعريف الارتباط|隐私",
    re.IGNORECASE,
)
#: The credit of a picture, standing alone or at a caption's end.
PICTURE_CREDIT = re.compile(
    r".{0,150}[(\[](?:photo|foto|image|bild|picture|fotos?|crédit(?: photo)?)s? ?[:/] ?[^()\[\]]{2,60}[)\]]"
    r"|(?:photo|foto|bild|image|crédit photo)s?(?: by| credit| courtesy)? ?[:/] ?[^.!?]{2,80}"
    r"|(?:photograph|photo): .{2,80}|.{2,40} ?/ ?(?:getty images|afp|reuters|ap|epa|dpa|alamy"
    r"|shutterstock).{0,20}",
    re.IGNORECASE,
)
