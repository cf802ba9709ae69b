"""What is good and bad about a head or a policy, as findings with stable codes and a grade.

    >>> from wsgi_headers import audit, presets
    >>> audit.policy(presets.BASELINE).grade
    'B+'

`head` judges the lines of a response, `policy` what a policy makes of a bare application's. The rules are those of the
MDN HTTP Observatory, in a named version: what its site would say, without a site, a network or Node.js.
"""

from .cross_origin_resource_sharing import PROBE_ORIGIN
from .observatory import Audit, Finding, head
from .policies import policy

__all__ = ["PROBE_ORIGIN", "Audit", "Finding", "head", "policy"]
