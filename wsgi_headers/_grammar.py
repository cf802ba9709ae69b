"""The grammar of heads: each rule as a compiled pattern under its ABNF.

Native strings hold one octet a character (PEP 3333, "Unicode Issues"), so the patterns speak of code points 00-FF.
Every pattern is meant for `fullmatch`: `$` would also match before a final line feed. `re.ASCII` is set wherever a
class or a case rule could reach beyond ASCII.
"""

from __future__ import annotations

import re

# RFC 9110 5.6.2
#   token = 1*tchar
#   tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

# RFC 9110 5.5
#   field-value   = *field-content
#   field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
#   field-vchar   = VCHAR / obs-text          obs-text = %x80-FF
# What an application sends may also be empty or begin and end with blanks: recipients strip them (RFC 9110 5.5).
field_value = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

# The same without the blanks at both ends and without the empty value: what a policy may declare.
declared_value = re.compile(r"[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")

# RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ]
#   status-code = 3DIGIT        reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )
# PEP 3333 hands over "status-code SP reason-phrase"; interim (1xx) responses are no head of an application.
# 999 is the greatest code that RFC 9110 15 lets a recipient treat as one.
status = re.compile(r"[2-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*")

# RFC 9110 8.3.1
#   media-type = type "/" subtype parameters          type = token          subtype = token
media_type = re.compile(rf"{token.pattern}/{token.pattern}")

# RFC 9110 5.6.4
#   quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
# RFC 9110 5.6.1 (lists): a comma inside a quoted-string is no delimiter. An unclosed quote runs to the end of the
# value.
list_member = re.compile(r'(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|[^",])+', re.DOTALL)

# RFC 8288 3: link-value = "<" URI-Reference ">" *( OWS ";" OWS [ link-param ] ). A comma of the address is no delimiter
# either.
link_member = re.compile(rf"(?:<[^<>]*>|{list_member.pattern.removeprefix('(?:')}", re.DOTALL)

# A member whose last quote is not closed; only the last member of a value can be one.
unclosed_member = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"])*"(?:[^"\\]|\\.)*\\?', re.DOTALL)

# RFC 1034 3.5 and RFC 1123 2.1, with the underscore that private names use:
#   label = let-dig [ *61( let-dig / "-" ) let-dig ]
_label = r"[0-9a-z_](?:[0-9a-z_\-]{0,61}[0-9a-z_])?"
host_name = re.compile(rf"{_label}(?:\.{_label})*", re.ASCII)

# RFC 3986 3.2.2: IP-literal = "[" ( IPv6address / IPvFuture ) "]"; the address itself is read by `ipaddress`.
ip_literal = re.compile(r"\[([0-9A-Fa-f:.]+)\]")

# RFC 6454 6.2, a serialized origin as browsers send it: all in lower case, the default port left out, hosts in ASCII
#   origin = scheme "://" host [ ":" port ]
# RFC 3986 3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ). A dot at the end of a name makes another origin.
scheme = re.compile(r"[a-z][a-z0-9+.\-]*")
origin = re.compile(
    rf"({scheme.pattern})://(\[[0-9a-f:.]+\]|{host_name.pattern}\.?)(?::([1-9][0-9]{{0,4}}))?", re.ASCII
)

# RFC 9110 8.8.3
#   entity-tag = [ weak ] opaque-tag          weak = %s"W/"          opaque-tag = DQUOTE *etagc DQUOTE
#   etagc = %x21 / %x23-7E / obs-text
# Nothing is escaped within, and "W/" is case-sensitive.
entity_tag = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*+")')

# RFC 9110 13.1.1: If-Match = "*" / #entity-tag, If-None-Match too; 5.6.1.2: a recipient passes over empty members
#   #element = [ element ] *( OWS "," OWS [ element ] )          OWS = *( SP / HTAB )
# What comes between the members, and what must come after one. Possessive, since a request may bring 64 KiB of blanks.
list_separators = re.compile(r"[ \t,]*+")
end_of_member = re.compile(r"[ \t]*+(?:,|\Z)")

# RFC 9110 5.6.7, case-sensitive: the form that is still written and the two that were
#   HTTP-date    = IMF-fixdate / obs-date          obs-date = rfc850-date / asctime-date
#   IMF-fixdate  = day-name "," SP day SP month SP year SP time-of-day SP GMT
#   rfc850-date  = day-name-l "," SP day "-" month "-" 2DIGIT SP time-of-day SP GMT
#   asctime-date = day-name SP month SP ( 2DIGIT / ( SP 1DIGIT ) ) SP time-of-day SP year
#   time-of-day  = hour ":" minute ":" second          60 is a leap second
_month = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_time_of_day = r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9]|60)"
http_dates = (
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>[0-9]{{2}}) {_month} (?P<year>[0-9]{{4}}) {_time_of_day} GMT"
    ),
    re.compile(
        r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday), "
        rf"(?P<day>[0-9]{{2}})-{_month}-(?P<year>[0-9]{{2}}) {_time_of_day} GMT"
    ),
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_month} (?P<day>[0-9]{{2}}| [0-9]) {_time_of_day} (?P<year>[0-9]{{4}})"
    ),
)
