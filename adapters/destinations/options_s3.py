"""The buckets that an access key of S3 may list."""

from adapters.destinations.attempt import Attempt
from adapters.destinations.checks import CheckFailed
from adapters.destinations.s3 import client_of, judge_key, judge_region, odd
from workflows.catalog import DestinationSpec
from workflows.fields import Field
from workflows.options import MOST_CHOICES, Choice, OptionsAnswer


async def ask(attempt: Attempt, spec: DestinationSpec, field: Field) -> OptionsAnswer:
    """Return the buckets; raises CheckFailed or DoorError for what stands in the way."""
    if attempt.variant != "s3-access-key":
        return OptionsAnswer.unsupported(f"buckets cannot be listed with {spec.variant(attempt.variant).title}")
    client, _ = client_of(attempt)
    answer = await client.list_buckets(most=MOST_CHOICES)
    judge_key(answer)
    judge_region(answer, client)
    if answer.code in ("AccessDenied", "AllAccessDisabled"):
        what, fix = "the key may not list buckets (s3:ListAllMyBuckets)", "allow it, or type the name of the bucket"
        raise CheckFailed("list-refused", what, kind="credential", fix=fix)
    if not answer.listing:
        problem = odd(answer)
        problem.kind = "protocol"  # asking the same once more would not help
        raise problem
    return OptionsAnswer.offered([Choice(value=name, title=name) for name in answer.names], more=answer.more)
