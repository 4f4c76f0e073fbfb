"""The official Python client against an offline Clerk. Prints one line for each step: its name and what went wrong."""

import os
import sys
import traceback

from clerk_backend_api import Clerk
from clerk_backend_api.security import authenticate_request
from clerk_backend_api.security.types import AuthenticateRequestOptions, TokenVerificationErrorReason  # noqa: F401

clerk = Clerk(bearer_auth=os.environ["CLERK_SECRET_KEY"], server_url=os.environ["CLERK_API_URL"] + "/v1")
failed = 0
made = {}


def step(name, run):
    global failed
    try:
        made[name] = run()
    except Exception as error:  # the next step is tried all the same
        failed += 1
        print(f"{name}: {type(error).__name__}: {str(error)[:600]}")
        if "--trace" in sys.argv:
            traceback.print_exc()


def id_of(name, field="id"):
    value = made.get(name)
    return getattr(value, field) if value is not None else "missing"


step("user", lambda: clerk.users.create(email_address=["ada@py.example"], username="adapy", first_name="Ada", password="correct horse"))
user = id_of("user")
step("get user", lambda: clerk.users.get(user_id=user))
step("list users", lambda: clerk.users.list(request={"email_address": ["ada@py.example"], "limit": 5}))
step("count", lambda: clerk.users.count(request={}))
step("update", lambda: clerk.users.update(user_id=user, last_name="Lovelace"))
step("metadata", lambda: clerk.users.update_metadata(user_id=user, public_metadata={"a": 1}))
step("replace metadata", lambda: clerk.users.replace_metadata(user_id=user, public_metadata={"b": 1}))
step("ban", lambda: clerk.users.ban(user_id=user))
step("unban", lambda: clerk.users.unban(user_id=user))
step("bulk ban", lambda: clerk.users.bulk_ban(user_ids=[user]))
step("bulk unban", lambda: clerk.users.bulk_unban(user_ids=[user]))
step("lock", lambda: clerk.users.lock(user_id=user))
step("unlock", lambda: clerk.users.unlock(user_id=user))
step("verify password", lambda: clerk.users.verify_password(user_id=user, password="correct horse"))
step("compromised", lambda: clerk.users.set_password_compromised(user_id=user))
step("uncompromised", lambda: clerk.users.unset_password_compromised(user_id=user))
step("user memberships", lambda: clerk.users.get_organization_memberships(user_id=user))
step("user invitations", lambda: clerk.users.get_organization_invitations(user_id=user))
step("trusted devices", lambda: clerk.users.list_trusted_devices(user_id=user))
step("user billing", lambda: clerk.users.get_billing_subscription(user_id=user))
step("user credits", lambda: clerk.users.get_billing_credit_balance(user_id=user))
step("disable mfa", lambda: clerk.users.disable_mfa(user_id=user))
step("email", lambda: clerk.email_addresses.create(request={"user_id": user, "email_address": "second@py.example"}))
step("get email", lambda: clerk.email_addresses.get(email_address_id=id_of("email")))
step("update email", lambda: clerk.email_addresses.update(email_address_id=id_of("email"), verified=True))
step("prepare email", lambda: clerk.email_addresses.prepare_verification(email_address_id=id_of("email")))
step("attempt email", lambda: clerk.email_addresses.attempt_verification(email_address_id=id_of("email"), verification_id=id_of("prepare email"), code="424242"))
step("delete email", lambda: clerk.email_addresses.delete(email_address_id=id_of("email")))
step("phone", lambda: clerk.phone_numbers.create(request={"user_id": user, "phone_number": "+15555550199"}))
step("get phone", lambda: clerk.phone_numbers.get(phone_number_id=id_of("phone")))
step("session", lambda: clerk.sessions.create(request={"user_id": user}))
step("list sessions", lambda: clerk.sessions.list(user_id=user))
step("session token", lambda: clerk.sessions.create_token(session_id=id_of("session")))
step("client", lambda: clerk.clients.get(client_id=id_of("session", "client_id")))
step("organization", lambda: clerk.organizations.create(request={"name": "Py", "created_by": user}))
organization = id_of("organization")
step("get organization", lambda: clerk.organizations.get(organization_id=organization, include_members_count=True))
step("list organizations", lambda: clerk.organizations.list())
step("update organization", lambda: clerk.organizations.update(organization_id=organization, name="Py 2"))
step("merge metadata", lambda: clerk.organizations.merge_metadata(organization_id=organization, public_metadata={"a": 1}))
step("other", lambda: clerk.users.create(email_address=["other@py.example"]))
step("membership", lambda: clerk.organization_memberships.create(organization_id=organization, user_id=id_of("other"), role="org:member"))
step("list memberships", lambda: clerk.organization_memberships.list(organization_id=organization))
step("update membership", lambda: clerk.organization_memberships.update(organization_id=organization, user_id=id_of("other"), role="org:admin"))
step("membership metadata", lambda: clerk.organization_memberships.update_metadata(organization_id=organization, user_id=id_of("other"), public_metadata={"a": 1}))
step("all memberships", lambda: clerk.users.get_instance_organization_memberships())
step("delete membership", lambda: clerk.organization_memberships.delete(organization_id=organization, user_id=id_of("other")))
step("invitation", lambda: clerk.organization_invitations.create(organization_id=organization, email_address="new@py.example", role="org:member", inviter_user_id=user))
step("get invitation", lambda: clerk.organization_invitations.get(organization_id=organization, invitation_id=id_of("invitation")))
step("pending", lambda: clerk.organization_invitations.list_pending(organization_id=organization))
step("all invitations", lambda: clerk.organization_invitations.get_all())
step("revoke invitation", lambda: clerk.organization_invitations.revoke(organization_id=organization, invitation_id=id_of("invitation")))
step("domain", lambda: clerk.organization_domains.create(organization_id=organization, name="py.example", enrollment_mode="manual_invitation"))
step("list domains", lambda: clerk.organization_domains.list(organization_id=organization))
step("verify domain", lambda: clerk.organization_domains.verify_ownership(organization_id=organization, domain_id=id_of("domain")))
step("roles", lambda: clerk.organization_roles.list())
step("role", lambda: clerk.organization_roles.create(name="Py", key="org:py"))
step("permission", lambda: clerk.organization_permissions.create(name="P", key="org:py:read", description="d"))
step("role sets", lambda: clerk.role_sets.list())
step("instance invitation", lambda: clerk.invitations.create(request={"email_address": "in@py.example"}))
step("invitations", lambda: clerk.invitations.list())
step("revoke", lambda: clerk.invitations.revoke(invitation_id=id_of("instance invitation")))
step("allow", lambda: clerk.allowlist_identifiers.create(request={"identifier": "a@py.example", "notify": False}))
step("allowed", lambda: clerk.allowlist_identifiers.list())
step("block", lambda: clerk.blocklist_identifiers.create(request={"identifier": "b@py.example"}))
step("blocked", lambda: clerk.blocklist_identifiers.list())
step("waitlist", lambda: clerk.waitlist_entries.create(request={"email_address": "w@py.example"}))
step("waiting", lambda: clerk.waitlist_entries.list())
step("redirect", lambda: clerk.redirect_urls.create(request={"url": "py://cb"}))
step("redirects", lambda: clerk.redirect_urls.list())
step("sign-in token", lambda: clerk.sign_in_tokens.create(request={"user_id": user}))
step("revoke sign-in token", lambda: clerk.sign_in_tokens.revoke(sign_in_token_id=id_of("sign-in token")))
step("actor token", lambda: clerk.actor_tokens.create(request={"user_id": user, "actor": {"sub": "user_support"}}))
step("testing token", lambda: clerk.testing_tokens.create())
step("template", lambda: clerk.jwt_templates.create(request={"name": "py", "claims": {}}))
step("templates", lambda: clerk.jwt_templates.list())
step("machine", lambda: clerk.machines.create(request={"name": "py"}))
step("machines", lambda: clerk.machines.list())
step("machine secret", lambda: clerk.machines.get_secret_key(machine_id=id_of("machine")))
step("m2m tokens", lambda: clerk.m2m.list_tokens(subject=id_of("machine")))
step("api key", lambda: clerk.api_keys.create_api_key(name="python", subject=user))
step("api keys", lambda: clerk.api_keys.get_api_keys(subject=user))
step("verify api key", lambda: clerk.api_keys.verify_api_key(secret=id_of("api key", "secret")))
step("revoke api key", lambda: clerk.api_keys.revoke_api_key(api_key_id=id_of("api key")))
step("oauth application", lambda: clerk.oauth_applications.create(request={"name": "Py"}))
step("oauth applications", lambda: clerk.oauth_applications.list())
step("enterprise", lambda: clerk.enterprise_connections.create(request={"name": "E", "provider": "saml_custom", "domains": ["e.example"]}))
step("enterprises", lambda: clerk.enterprise_connections.list())
step("directories", lambda: clerk.scim_directories.list())
step("plans", lambda: clerk.billing.list_plans())
step("items", lambda: clerk.billing.list_subscription_items(include_free=True))
step("statements", lambda: clerk.billing.list_statements())
step("instance", lambda: clerk.instance_settings.get())
step("organization settings", lambda: clerk.instance_settings.get_organization_settings())
step("restrictions", lambda: clerk.instance_settings.update_restrictions(request={"allowlist": False}))
step("domains", lambda: clerk.domains.list())
step("jwks", lambda: clerk.jwks.get_jwks())


class Request:
    headers = {"Authorization": f"Bearer {id_of('session token', 'jwt')}"}


def authenticate():
    options = AuthenticateRequestOptions(jwt_key=os.environ["CLERK_JWT_KEY"])
    state = authenticate_request(Request(), options)
    assert state.is_signed_in, state.reason
    assert state.payload["sub"] == user


step("authenticate a request", authenticate)
step("delete organization", lambda: clerk.organizations.delete(organization_id=organization))
step("delete user", lambda: clerk.users.delete(user_id=user))
print(f"{len(made)} steps passed, {failed} failed")
