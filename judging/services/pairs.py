"""How likely each pair of models is to be drawn next, as the scoring side says."""

from collections.abc import Mapping
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Invalid
from judging.models import ModelPair, Study


@transaction.atomic
def set_pair_weights(*, study: Study, weights: Mapping[tuple[int, int], float]) -> int:
    """Set the weights of a study's pairs, by the ids of their models in either order; return how many.

    Pairs that are not named keep theirs. Only the proportions between pairs with open places matter,
    and each assignment keeps the probability with which its pair was drawn.

    Raises `Invalid` for weights that are not above 0, and pairs that the study does not have.
    """
    if not all(isfinite(weight) and weight > 0 for weight in weights.values()):
        raise Invalid(
            _("A weight is above 0: a pair that is never drawn never ends."), code="weight"
        )
    wanted = {(min(pair), max(pair)): weight for pair, weight in weights.items()}
    found = {
        (pair.first_model_id, pair.second_model_id): pair
        for pair in ModelPair.objects.select_for_update().filter(study=study).order_by("pk")
    }
    if missing := wanted.keys() - found.keys():
        one, other = min(missing)
        raise Invalid(
            _("The models %(one)s and %(other)s do not meet in this study.")
            % {"one": one, "other": other},
            code="pair",
        )
    for ids, weight in wanted.items():
        found[ids].weight = weight
    # The lean is not written: drawing moves it meanwhile.
    ModelPair.objects.bulk_update([found[ids] for ids in wanted], ["weight"])
    return len(wanted)
