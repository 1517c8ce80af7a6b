"""Starts ministack with three of its gaps closed, so that the template is deployed as it is written.

1. AWS hands the values of a stack's parameters to the SAM transform, ministack hands it none: `Enabled: !Ref Canary`
   would always be the default. Here they are passed on.
2. A parameter of type Number is text to ministack where AWS makes it a number, and its poller of queues stops at a
   `MaximumConcurrency` that is text. Here the numbers of an event source mapping are numbers.
3. An alarm over several metrics is refused. Here it is taken and never rings; no test asks an alarm.

Nothing else is changed. This reaches into ministack, so the version is pinned in `tests/deploy/run`.
"""

import contextvars

from ministack.app import main
from ministack.services.cloudformation import changesets, engine, handlers, provisioners
from samtranslator.translator import transform as sam

apply_transforms, translate = engine._apply_transforms, sam.transform
values = contextvars.ContextVar("values", default={})


def with_values(template, provided=None, previous=None):
    told = values.set(engine._transform_parameters(template, provided, previous))
    try:
        return apply_transforms(template, provided, previous)
    finally:
        values.reset(told)


def numbers(node):
    if isinstance(node, dict):
        return {name: numbers(value) for name, value in node.items()}
    return int(node) if isinstance(node, str) and node.isdigit() else node


def is_math(properties):
    return "Metrics" in properties


def instead(kind, step, change):
    own = provisioners._RESOURCE_HANDLERS[kind]
    own[step] = change(own[step])


for module in (engine, changesets, handlers):
    module._apply_transforms = with_values
sam.transform = lambda template, _none, loader: translate(template, values.get(), loader)

instead("AWS::Lambda::EventSourceMapping", "create", lambda own: lambda name, new, stack: own(name, numbers(new), stack))
instead(
    "AWS::Lambda::EventSourceMapping",
    "update",
    lambda own: lambda name, old, new, stack: own(name, numbers(old), numbers(new), stack),
)
instead(
    "AWS::CloudWatch::Alarm",
    "create",
    lambda own: lambda name, new, stack: (name, {}) if is_math(new) else own(name, new, stack),
)
instead(
    "AWS::CloudWatch::Alarm",
    "update",
    lambda own: lambda name, old, new, stack, *more: (name, {}) if is_math(new) else own(name, old, new, stack, *more),
)

main()
