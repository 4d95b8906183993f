"""API representations of users, tokens, consent and invitations; secrets appear in one answer only."""

from rest_framework import serializers

from accounts.models import ApiToken, ConsentVersion, Invitation, RaterProfile, User
from accounts.services.consent import LONGEST_PART, PARTS
from accounts.services.invitations import LONGEST_NOTE, MOST_USES
from core.serializers import StrictBoolean, StrictInteger, StrictSerializer, StrictText


class UserSerializer(serializers.ModelSerializer):
    pseudonym = serializers.CharField(
        source="rater_profile.pseudonym", default=None, read_only=True
    )
    kind = serializers.CharField(source="rater_profile.kind", default=None, read_only=True)
    languages = serializers.ListField(
        child=serializers.CharField(),
        source="rater_profile.languages",
        default=None,
        read_only=True,
    )

    class Meta:
        model = User
        fields = ["username", "role", "is_active", "pseudonym", "kind", "languages"]
        read_only_fields = fields


class NewUserSerializer(StrictSerializer):
    username = StrictText(max_length=150)
    role = serializers.ChoiceField(choices=User.Role.choices)
    kind = serializers.ChoiceField(
        choices=RaterProfile.Kind.choices, default=RaterProfile.Kind.PERSON
    )
    languages = serializers.ListField(child=StrictText(), default=list)


class LanguagesSerializer(StrictSerializer):
    languages = serializers.ListField(child=StrictText(), allow_empty=True)


class TokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = ApiToken
        fields = [
            "id",
            "name",
            "prefix",
            "scopes",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        ]
        read_only_fields = fields


class NewTokenSerializer(StrictSerializer):
    name = StrictText(max_length=100)
    scopes = serializers.ListField(child=StrictText(), required=False)
    days = StrictInteger(min_value=1, max_value=366, default=90)


class IssuedTokenSerializer(TokenSerializer):
    secret = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class JoinedSerializer(UserSerializer):
    token = IssuedTokenSerializer(read_only=True)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "token"]
        read_only_fields = fields


class SignInLinkSerializer(serializers.Serializer):
    url = serializers.CharField(read_only=True)


class SignOutSerializer(StrictSerializer):
    tokens = StrictBoolean(default=False, help_text="End your tokens as well.")


class EndedSerializer(serializers.Serializer):
    tokens = serializers.IntegerField(help_text="How many tokens were ended.")


class JoinSerializer(StrictSerializer):
    code = StrictText(max_length=200, help_text="The last part of the invitation's link.")
    username = StrictText(max_length=150, help_text="Only admins see it; it need not be yours.")
    password = StrictText(
        max_length=4096,
        required=False,
        help_text="For the pages; without one, only a link from an admin leads there.",
    )


class UserStateSerializer(StrictSerializer):
    is_active = StrictBoolean()


class InvitationSerializer(serializers.ModelSerializer):
    created_by = serializers.CharField(source="created_by.username", default=None)

    class Meta:
        model = Invitation
        fields = [
            "id",
            "note",
            "languages",
            "cohorts",
            "max_uses",
            "uses",
            "created_by",
            "created_at",
            "expires_at",
            "revoked_at",
        ]
        read_only_fields = fields


class IssuedInvitationSerializer(InvitationSerializer):
    url = serializers.CharField(help_text="In this answer and nowhere else.")

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "url"]
        read_only_fields = fields


class NewInvitationSerializer(StrictSerializer):
    note = StrictText(
        max_length=LONGEST_NOTE, default="", allow_blank=True, help_text="Whom it is for."
    )
    languages = serializers.ListField(
        child=StrictText(max_length=12), default=list, help_text="What its raters start with."
    )
    max_uses = StrictInteger(min_value=1, max_value=MOST_USES, default=1)
    days = StrictInteger(min_value=1, max_value=366, default=14)


class ConsentTextSerializer(serializers.ModelSerializer):
    class Meta:
        model = ConsentVersion
        fields = ["number", *PARTS, "created_at"]
        read_only_fields = fields


class PublishedTextSerializer(ConsentTextSerializer):
    created_by = serializers.CharField(
        source="created_by.username", default=None, help_text="Null: the text that ships."
    )

    class Meta(ConsentTextSerializer.Meta):
        fields = [*ConsentTextSerializer.Meta.fields, "created_by"]
        read_only_fields = fields


class NewConsentTextSerializer(StrictSerializer):
    """All parts of the text, each of them Markdown."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {part: StrictText(max_length=LONGEST_PART) for part in PARTS}


class OwnConsentSerializer(serializers.Serializer):
    text = ConsentTextSerializer()
    agreed_at = serializers.DateTimeField(allow_null=True, help_text="Null: you did not yet.")


class AgreementSerializer(StrictSerializer):
    number = StrictInteger(min_value=1, max_value=2**31 - 1, help_text="Of the text you read.")
    languages = serializers.ListField(
        child=StrictText(max_length=12), help_text="Those you read well; at least one."
    )
    guidelines_read = StrictBoolean()
    avoid_every_warning = StrictBoolean(
        required=False, help_text="Be shown nothing with a content warning; else as it was."
    )


class WithdrawalSerializer(StrictSerializer):
    username = StrictText(max_length=150, help_text="Your own, to confirm.")


class ConsentOverApiSerializer(StrictSerializer):
    required = StrictBoolean()  # type: ignore[assignment] # a field of this name hides an argument
