"""What each number of a board means, in words: the one place, quoted by docs, API and exports."""

from core.words import gettext_noop

MEANING = {
    "strength": gettext_noop(
        "Log-odds, centred at 0 over the ranked models: Davidson's Bradley-Terry model with ties,"
        " fitted by maximum likelihood to the sign of each grade. Only differences matter: a"
        " difference of d means that, ties aside, the stronger model is preferred with odds of"
        " exp(d) to 1. The composite's strength is a weighted mean, not a fit."
    ),
    "rating": gettext_noop(
        "The strength on the Elo scale: 400 / ln 10 × strength + 1000. 1000 is the mean of the"
        " ranked models; 400 points are odds of 10 to 1."
    ),
    "interval": gettext_noop(
        "Interval of one model's centred strength or rating, at the level that the protocol froze"
        " (95 %, unless it says otherwise). Votes of one rater, and votes on one prompt, are taken to"
        " depend on each other (two-way cluster-robust, jackknife CR3, with Student's t quantiles), so"
        " it holds for other raters and other prompts like these. With one rater or one prompt it is"
        " clustered by the other alone; with fewer than 10 of either it is marked fragile;"
        " the board says which. To compare two models use the interval of their difference, never"
        " the overlap of two intervals."
    ),
    "rank": gettext_noop(
        "The place by strength; the rank range, from rank_lower (best) to rank_upper (worst), is"
        " what the data support: all ranges of a criterion hold together at the level of"
        " the intervals."
    ),
    "tier": gettext_noop(
        "Models that the rank ranges do not tell apart share a tier; each model of a lower tier is"
        " beyond doubt behind some model of the one above. Two of one tier are not thereby equal."
    ),
    "battles": gettext_noop(
        "Votes that are outcomes and in which the model took part: wins + losses + ties. Forfeits"
        " are among them; cannot judge is not."
    ),
    "ties": gettext_noop(
        "Votes for neither side. Both bad is counted here too, as it is in the fit."
    ),
    "both_bad_rate": gettext_noop(
        "Share of the model's battles that were voted both bad, or both harmful."
    ),
    "cannot_judge_rate": gettext_noop(
        "Share of the model's votes that said cannot judge. These are reported here, and never"
        " fitted."
    ),
    "win_rate": gettext_noop(
        "Share of the points from the model's battles, a tie counting one half. It depends on whom"
        " the model met; a secondary column."
    ),
    "win_rate_standard_error": gettext_noop(
        "Standard error of the win rate, clustered as the interval is; a fraction of one."
    ),
    "online_elo": gettext_noop(
        "Elo rating after the votes were played once in the order of submission (K = 4 unless"
        " the protocol says otherwise, start 1000). It depends on that order, so it has neither interval nor rank; a secondary column."
    ),
    "judgments": gettext_noop(
        "Votes that raters gave on comparisons with this model, cannot judge included."
    ),
    "raters": gettext_noop("How many raters gave them."),
    "forfeits": gettext_noop(
        "Outcomes that nobody voted: an answer was refused, filtered, empty or cut off, and the"
        " protocol says that such an answer loses. Each counts as often as a judged comparison"
        " would have. Nobody gave it, so it adds no cluster to the interval."
    ),
    "exclusions": gettext_noop(
        "Answers of the model that were not shown to raters, by the protocol's reason."
    ),
    "average_length": gettext_noop(
        "Mean length of the model's answers in the study, in characters."
    ),
    "composite": gettext_noop(
        "The mean of the criteria's strengths with the weights frozen in the protocol. Its interval"
        " adds up what each rater, and each prompt, did on all criteria before squaring, so that three"
        " votes of one submission are not taken for three. Criteria are never pooled as votes. It"
        " is over the models that every criterion with a weight ranks, fitted to the votes among"
        " these; models that some criterion cannot rank are named and left out."
    ),
    "difference": gettext_noop(
        "Strength of model a minus strength of model b on one criterion, with its own interval; the"
        " rating difference is the same on the Elo scale."
    ),
    "equivalent": gettext_noop(
        "Two one-sided tests at 5 %: the 90 % interval of the difference lies within the"
        " equivalence margin that the protocol froze. The margin is one of expected win rates"
        " (0.05: between 45 % and 55 %), turned into log-odds with the fitted tie parameter. Not"
        " equivalent does not mean different: it may mean too few votes."
    ),
    "verdict": gettext_noop(
        "What the votes say of a against b on one criterion. Equivalent: the difference is shown to"
        " lie within the margin that the protocol froze. Better, worse: not equivalent, and the"
        " interval of the difference lies on one side of zero. Unclear: neither is shown, there are"
        " too few votes to say. Not estimable: the votes do not link the two. Each verdict is at its"
        " own level: among many pairs and criteria some will be wrong by chance."
    ),
    "more_votes": gettext_noop(
        "For an unclear verdict: about how many more votes, spread over raters, prompts and pairs"
        " like those so far, would settle it with a chance of 80 %, if the difference is what it"
        " now seems to be. The estimate is itself uncertain, so read its size, not its digits."
        " Empty for a settled verdict, and where no reasonable number of votes would be enough."
    ),
    "anytime": gettext_noop(
        "Interval of the difference that may be looked at as often as one likes while votes come"
        " in, and after which one may stop because of what it shows: all looks hold together at"
        " its level (a confidence sequence by rater and prompt). It is about half as wide again as"
        " the ordinary interval, which is for one look, at the end."
    ),
    "fragility": gettext_noop(
        "The fewest votes, raters or prompts without which the order of two models would be the other"
        " way round: by their influences, confirmed by a refit without them. An upper bound, since some"
        " other choice may need fewer. An order that one prompt carries is a fact about that prompt."
    ),
    "agreement": gettext_noop(
        "How far raters who judged the same comparison give the same outcome (first, tie, second;"
        " both bad is a tie here). Per cent: the share of pairs of raters who agree. Alpha"
        " (Krippendorff's, nominal) and AC1 (Gwet's) take away what chance would give, and differ in"
        " what chance is: 0 is chance, 1 is full agreement. The interval is over comparisons. Low"
        " agreement is not an error of the board: people differ, and so its intervals are wide."
    ),
    "views": gettext_noop(
        "The same votes looked at in other ways, beside the board and never in its place. Even"
        " draw: a vote counts by how unlikely its pair was to be drawn, by the logged probability, as"
        " if every pair had been drawn equally often; empty where pairs were. Graded: how strongly a"
        " side was preferred, not only which (adjacent-categories model, clustered as the board"
        " is); its ratings are on a scale of their own. A cohort: by the votes of its raters alone, with"
        " their own interval, forfeits left out; a dash where they rank nothing."
    ),
    "audit": gettext_noop(
        "Checks of what could mislead on a board: each has a figure, and is flagged only where the"
        " figure is beyond the threshold shown beside it. A flag does not say that the order is"
        " wrong; it says where to look first."
    ),
    "raters_by_kind": gettext_noop(
        "Who judged: people, simulated raters (made by a program, for demonstration and tests), or"
        " a model judge."
    ),
    "interim": gettext_noop("The study was open when the board was taken: it may still change."),
    "not_estimable": gettext_noop(
        "The votes do not determine the number: models were never compared, or one side won every"
        " vote between two groups. The groups are named. The largest group is ranked, as the votes"
        " within it allow; the others have no strength, and no invented one."
    ),
}

# The words for kinds of raters, wherever a board names them.
KINDS = {"person": "People", "simulated": "Simulated", "model_judge": "Model judge"}

# Each check of the audit: its name, and what its figure is.
CHECKS = {
    "connectivity": (
        gettext_noop("Connected"),
        gettext_noop("Groups of models that the votes do not link both ways; 1 is whole."),
    ),
    "coverage": (gettext_noop("Coverage"), gettext_noop("Votes of the model that has the fewest.")),
    "imbalance": (
        gettext_noop("Balance"),
        gettext_noop(
            "How unevenly the votes are spread over the models (Gini coefficient): 0 is even."
        ),
    ),
    "volatility": (
        gettext_noop("Volatility"),
        gettext_noop(
            "Ranks that a typical model could take by chance: the median width of the rank intervals."
        ),
    ),
    "separation": (
        gettext_noop("Separation"),
        gettext_noop(
            "Share of neighbours in rank that the votes cannot tell apart, all tested together."
        ),
    ),
    "position": (
        gettext_noop("Position"),
        gettext_noop(
            "What being shown first is worth, in log-odds; 0.05 is about one more win in a hundred."
        ),
    ),
    "position_order": (
        gettext_noop("Order without position"),
        gettext_noop(
            "Pairs told apart that turn around once the advantage of the first place is taken out."
        ),
    ),
    "tie_convention": (
        gettext_noop("Ties"),
        (
            gettext_noop(
                "Pairs told apart that turn around when ties are counted in another way: as half a win,"
                " as outcomes of their own, or not at all."
            )
        ),
    ),
    "both_bad": (
        gettext_noop("Both bad"),
        gettext_noop("Pairs told apart that turn around when votes of both bad are left out."),
    ),
    "intransitivity": (
        gettext_noop("Circles"),
        (
            gettext_noop(
                "How far pairs depart from what the strengths predict, beyond chance, in log-odds: one"
                " strength a model cannot say that a beats b, b beats c and c beats a."
            )
        ),
    ),
    "concentration": (
        gettext_noop("Concentration"),
        gettext_noop(
            "How many raters there would be if all had voted equally often; a few busy ones lower it."
        ),
    ),
    "clustering": (
        gettext_noop("Clustering"),
        (
            gettext_noop(
                "How much wider the standard errors are than if all votes were independent. The intervals"
                " here account for it; those of programs that do not would be too narrow by this factor."
            )
        ),
    ),
    "rater_influence": (
        gettext_noop("One rater"),
        gettext_noop(
            "The largest move of any strength when one rater's votes are taken out, in standard errors."
        ),
    ),
    "prompt_influence": (
        gettext_noop("One prompt"),
        gettext_noop(
            "The largest move of any strength when one prompt's votes are taken out, in standard errors."
        ),
    ),
    "draw": (
        gettext_noop("Draw of pairs"),
        (
            gettext_noop(
                "The largest move of any strength, in standard errors, when votes count as if every pair"
                " had been drawn equally often (by the logged probabilities of the draw)."
            )
        ),
    ),
}
