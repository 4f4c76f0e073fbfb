import type { Instance } from '../resources/instance.js'
import { settingsOf } from '../resources/settings.js'
import { open } from './operation.js'

const off = {
  enabled: false,
  required: false,
  immutable: false,
  verifications: [],
  used_for_first_factor: false,
  first_factors: [],
  used_for_second_factor: false,
  second_factors: [],
  verify_at_sign_up: false,
}
const asked = { ...off, enabled: true }
const identifier = { ...asked, used_for_first_factor: true }

/** What a user can have here. Everything else is off, so that no component offers what does not work. */
const attributes = {
  email_address: {
    ...identifier,
    required: true,
    first_factors: ['email_code'],
    verifications: ['email_code'],
    verify_at_sign_up: true,
  },
  username: identifier,
  phone_number: off,
  first_name: asked,
  last_name: asked,
  password: { ...asked, required: true },
  web3_wallet: off,
  authenticator_app: { ...asked, used_for_second_factor: true, second_factors: ['totp'] },
  backup_code: { ...asked, used_for_second_factor: true, second_factors: ['backup_code'] },
  passkey: off,
  ticket: asked,
}

const authConfig = {
  object: 'auth_config',
  first_name: 'on',
  last_name: 'on',
  email_address: 'required',
  phone_number: 'off',
  username: 'on',
  password: 'required',
  identification_requirements: [['email_address']],
  identification_strategies: ['email_address', 'username'],
  first_factors: ['password', 'email_code', 'reset_password_email_code', 'ticket'],
  second_factors: ['totp', 'backup_code'],
  email_address_verification_strategies: ['email_code'],
  single_session_mode: false,
  enhanced_email_deliverability: false,
  test_mode: true,
  cookieless_dev: false,
  url_based_session_syncing: true,
  claimed_at: null,
  reverification: false,
  native_settings: {
    object: 'native_settings',
    api_enabled: false,
    trusted_device_sign_in_enabled: false,
    trusted_device_enrollment_prompt_after_sign_in_enabled: false,
    trusted_device_enrollment_prompt_after_sign_up_enabled: false,
  },
}

const userSettings = {
  attributes,
  actions: { create_organization: true, delete_self: true, create_organizations_limit: null },
  social: {},
  saml: { enabled: false },
  enterprise_sso: { enabled: false, self_serve_sso: false },
  sign_in: { second_factor: { required: false, enabled: true } },
  sign_up: {
    allowlist_only: false,
    captcha_enabled: false,
    captcha_widget_type: null,
    custom_action_required: false,
    legal_consent_enabled: false,
    mode: 'public',
    progressive: true,
    mfa: { required: false },
  },
  password_settings: {
    allowed_special_characters: '',
    disable_hibp: true,
    enforce_hibp_on_sign_in: false,
    disable_password_reverification: true,
    min_length: 8,
    max_length: 72,
    require_special_char: false,
    require_numbers: false,
    require_uppercase: false,
    require_lowercase: false,
    show_zxcvbn: false,
    min_zxcvbn_strength: 0,
  },
  passkey_settings: { allow_autofill: false, show_sign_in_button: false, satisfies_second_factor: false },
  username_settings: {
    min_length: 4,
    max_length: 64,
    allow_extended_special_characters: false,
    allow_numeric_usernames: true,
  },
  attack_protection: { enumeration_protection: { enabled: false } },
}

const theme = {
  buttons: { font_color: '#ffffff', font_family: 'inherit', font_weight: '600' },
  general: {
    color: '#6c47ff',
    padding: '1em',
    box_shadow: 'none',
    font_color: '#151515',
    font_family: 'inherit',
    border_radius: '0.5em',
    background_color: '#ffffff',
    label_font_weight: '600',
  },
  accounts: { background_color: '#ffffff' },
}

function displayConfig({ url, appUrl, instanceId }: Instance): object {
  return {
    object: 'display_config',
    id: `display_config_${instanceId.slice('ins_'.length)}`,
    instance_environment_type: 'development',
    application_name: 'Offline Clerk',
    theme,
    preferred_sign_in_strategy: 'password',
    logo_image_url: '',
    favicon_image_url: '',
    home_url: appUrl,
    sign_in_url: `${url}/sign-in`,
    sign_up_url: `${url}/sign-up`,
    user_profile_url: `${url}/account`,
    organization_profile_url: appUrl,
    create_organization_url: appUrl,
    waitlist_url: appUrl,
    // Of the page that asks, wherever it is.
    after_sign_in_url: '/',
    after_sign_up_url: '/',
    after_sign_out_all_url: '/',
    after_sign_out_one_url: '/',
    after_switch_session_url: '/',
    after_leave_organization_url: '/',
    after_create_organization_url: '/',
    after_join_waitlist_url: '/',
    oauth_consent_url: `${url}/oauth/authorize`,
    logo_link_url: appUrl,
    logo_url: null,
    favicon_url: null,
    help_url: null,
    experimental_force_oauth_first: false,
    clerk_js_version: null,
    google_one_tap_client_id: null,
    support_email: '',
    branded: false,
    show_devmode_warning: false,
    terms_url: '',
    privacy_policy_url: '',
    captcha_public_key: null,
    captcha_widget_type: null,
    captcha_public_key_invisible: null,
    captcha_provider: 'turnstile',
    captcha_oauth_bypass: [],
    captcha_heartbeat: false,
  }
}

/** The settings of the instance that its Backend API can change. */
function organizationSettings(instance: Instance): object {
  const settings = settingsOf(instance, 'OrganizationSettings')
  return {
    enabled: settings.enabled,
    max_allowed_memberships: settings.max_allowed_memberships,
    force_organization_selection: false,
    actions: { admin_delete: settings.admin_delete_enabled },
    // An organisation's domains are changed by the Backend API; whom a member invites has the same role.
    domains: { enabled: false, enrollment_modes: [], default_role: settings.domains_default_role },
    slug: { disabled: settings.slug_disabled },
    creator_role: settings.creator_role,
    organization_creation_defaults: { enabled: false },
  }
}

const environment = ({ instance }: { instance: Instance }): object => ({
  auth_config: { ...authConfig, id: `aconf_${instance.instanceId.slice('ins_'.length)}` },
  display_config: displayConfig(instance),
  user_settings: userSettings,
  organization_settings: organizationSettings(instance),
  commerce_settings: {
    billing: {
      stripe_publishable_key: null,
      organization: { enabled: false, has_paid_plans: false },
      user: { enabled: false, has_paid_plans: false },
    },
  },
  api_keys_settings: { enabled: false, user_api_keys_enabled: false, orgs_api_keys_enabled: false },
  protect_config: { object: 'protect_config', id: '', loaders: [] },
  maintenance_mode: false,
  client_debug_mode: false,
  partitioned_cookies: false,
})

export const environmentOperations = [
  open('GET', '/environment', environment, { bare: true }),
  open('PATCH', '/environment', environment, { bare: true }),
]
