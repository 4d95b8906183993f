"""API representations of users and tokens; a token's secret appears in one answer only."""

from rest_framework import serializers

from accounts.models import ApiToken, RaterProfile, User
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
        fields = ["username", "role", "pseudonym", "kind", "languages"]
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


class SignInLinkSerializer(serializers.Serializer):
    url = serializers.CharField(read_only=True)


class UserStateSerializer(StrictSerializer):
    is_active = StrictBoolean()
