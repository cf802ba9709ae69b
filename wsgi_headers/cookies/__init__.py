"""Set-Cookie lines and the Cookie field: what they say, and the parts of a policy that change it."""
