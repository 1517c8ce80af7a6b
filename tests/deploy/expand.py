"""Expands a SAM template as AWS would, so that a linter sees what is deployed: expand.py TEMPLATE EXPANDED [NAME=VALUE]…

The values are those of parameters that the transform itself reads.
"""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

template, expanded, *values = sys.argv[1:]
with open(template, encoding="utf-8") as file:
    parsed = yaml_parse(file)
for resource in parsed["Resources"].values():
    # what `sam build` builds is somewhere in S3 when AWS sees it
    if "CodeUri" in resource.get("Properties", {}):
        resource["Properties"]["CodeUri"] = "s3://bucket/function.zip"


class NoPolicies:
    def load(self):
        return {}


with open(expanded, "w", encoding="utf-8") as file:
    json.dump(transform(parsed, dict(value.split("=", 1) for value in values), NoPolicies()), file, indent=1)
