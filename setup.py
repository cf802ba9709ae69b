"""The one part of the package that is compiled; everything else about it is in pyproject.toml.

It is optional: where it cannot be built, the package is installed without it and does the same in Python.
"""

from setuptools import Extension, setup

setup(ext_modules=[Extension("wsgi_headers._applying", ["wsgi_headers/_applying.c"], optional=True)])
