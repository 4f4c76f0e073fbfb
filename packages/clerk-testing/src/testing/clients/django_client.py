"""django-clerk-users against an offline Clerk."""

import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_clerk_users"],
    AUTH_USER_MODEL="django_clerk_users.ClerkUser",
    CLERK_SECRET_KEY=os.environ["CLERK_SECRET_KEY"],
    CLERK_JWT_KEY=os.environ["CLERK_JWT_KEY"],
    CLERK_WEBHOOK_SIGNING_KEY=os.environ["CLERK_WEBHOOK_SIGNING_SECRET"],
    CLERK_FRONTEND_HOSTS=["http://localhost:3000"],
)
django.setup()

from django_clerk_users.clerk_api import ClerkClient, ClerkTransport, paginate  # noqa: E402
from django_clerk_users.clerk_api.tokens import verify_session_token  # noqa: E402

base = os.environ["CLERK_API_URL"] + "/v1"
clerk = ClerkClient(os.environ["CLERK_SECRET_KEY"], base_url=base)
user = clerk.users.create(email_address=["ada@django.example"], first_name="Ada")
assert clerk.users.get(user_id=user.id).first_name == "Ada"
clerk.users.update(user_id=user.id, last_name="Lovelace")
assert [one.id for one in clerk.users.list(request={"email_address": ["ada@django.example"]})] == [user.id]
organization = clerk.organizations.list()
invitation = clerk.invitations.create(email_address="new@django.example")
clerk.invitations.revoke(invitation_id=invitation.id)
clerk.testing_tokens.create()
claims = verify_session_token(os.environ["SESSION_TOKEN"], jwt_key=os.environ["CLERK_JWT_KEY"])
print("signed in as", claims["sub"])
clerk.users.delete(user_id=user.id)
print("passed")
