import type { Instance, Loose } from './instance.js'

// How billing's rows are shown: by the API, and in events. Amounts are kept in cents.

export const money = (cents: number) => ({
  amount: cents,
  amount_formatted: (cents / 100).toFixed(2),
  currency: 'USD',
  currency_symbol: '$',
})

const row = (table: ReadonlyMap<string, Loose>, id: unknown): Loose | undefined => table.get(String(id))

export function planJson(plan: Loose): object {
  const monthly = Number(plan.amount)
  const byYear = Number(plan.annual_monthly_amount)
  const formatted = (cents: number) => money(cents).amount_formatted
  return {
    ...plan,
    fee: money(monthly),
    annual_monthly_fee: money(byYear),
    annual_fee: money(byYear * 12),
    amount: monthly,
    amount_formatted: formatted(monthly),
    annual_monthly_amount: byYear,
    annual_monthly_amount_formatted: formatted(byYear),
    annual_amount: byYear * 12,
    annual_amount_formatted: formatted(byYear * 12),
    currency: 'USD',
    currency_symbol: '$',
    description: '',
    product_id: 'cprod_offline',
    is_recurring: true,
    publicly_visible: true,
    has_base_fee: monthly > 0,
    payer_type: [plan.for_payer_type],
    avatar_url: '',
    features: (plan.features as object[]).map((feature) => ({
      object: 'feature',
      description: '',
      avatar_url: '',
      ...feature,
    })),
    free_trial_enabled: plan.free_trial_days !== null,
  }
}

export function priceJson(price: Loose, { instanceId }: Instance): object {
  const monthly = Number(price.amount ?? 0)
  const byYear = Number(price.annual_monthly_amount ?? 0)
  const amounts = { amount: monthly, annual_monthly_amount: byYear }
  const fees = { fee: money(monthly), annual_monthly_fee: money(byYear) }
  return { ...price, ...amounts, ...fees, instance_id: instanceId, currency_symbol: '$' }
}

function payerJson(instance: Instance, id: unknown) {
  const { state, instanceId } = instance
  const payer = row(state.billingPayers, id)
  const user = state.users.get(String(payer?.owner_id))
  const organization = state.organizations.get(String(payer?.owner_id))
  return {
    object: 'commerce_payer',
    id: String(id),
    instance_id: instanceId,
    ...(user ? { user_id: user.id } : {}),
    first_name: user?.first_name ?? '',
    last_name: user?.last_name ?? '',
    email: user?.email_addresses[0]?.email_address ?? '',
    ...(organization ? { organization_id: organization.id, organization_name: organization.name } : {}),
    image_url: (user ?? organization)?.image_url ?? '',
    created_at: payer?.created_at,
    updated_at: payer?.updated_at,
  }
}

/** In events every field of a payer is there. */
const payerEvent = (instance: Instance, id: unknown) => ({
  user_id: '',
  organization_id: '',
  organization_name: '',
  ...payerJson(instance, id),
})

export function itemJson(item: Loose, instance: Instance): object {
  const { state, instanceId } = instance
  const plan = row(state.billingPlans, item.plan_id)
  const paid = [...state.billingPayments.values()]
    .filter(({ subscription_item_id, status }) => subscription_item_id === item.id && status === 'paid')
    .reduce((sum, { cents }) => sum + Number(cents), 0)
  const amount = money(Number(plan?.amount ?? 0))
  const next = item.status === 'active' && item.period_end ? { amount, date: item.period_end } : null
  return {
    ...item,
    instance_id: instanceId,
    plan: plan ? planJson(plan) : null,
    payer: payerJson(instance, item.payer_id),
    payment_source_id: '',
    proration_date: new Date(Number(item.period_start)).toISOString().slice(0, 10),
    lifetime_paid: money(paid),
    amount,
    ...(next ? { next_payment: next } : {}),
  }
}

const itemsOf = ({ state }: Instance, id: string) =>
  [...state.billingItems.values()].filter(({ subscription_id }) => subscription_id === id)

export function subscriptionJson(subscription: Loose, instance: Instance): object {
  const items = itemsOf(instance, subscription.id).filter(
    ({ status }) => status !== 'ended' && status !== 'abandoned',
  )
  return {
    ...subscription,
    instance_id: instance.instanceId,
    subscription_items: items.map((item) => itemJson(item, instance)),
    eligible_for_free_trial: !items.some(({ is_free_trial }) => is_free_trial === true),
  }
}

const totals = (cents: number) => {
  const total = money(cents)
  return { grand_total: total, subtotal: total, base_fee: total, tax_total: money(0) }
}

const card = {
  gateway: 'offline',
  gateway_external_id: 'pm_offline',
  status: 'active',
  card_type: 'visa',
  last4: '4242',
}

export function attemptJson(attempt: Loose, instance: Instance): object {
  const item = row(instance.state.billingItems, attempt.subscription_item_id)
  const cents = Number(attempt.cents)
  return {
    ...attempt,
    payment_id: attempt.id,
    instance_id: instance.instanceId,
    payee_id: 'cpayee_offline',
    payee: {},
    payer: payerJson(instance, attempt.payer_id),
    ...(item ? { subscription_item: itemJson(item, instance) } : {}),
    amount: money(cents),
    totals: totals(cents),
    payment_method_id: 'cpm_offline',
    payment_method: {
      ...card,
      object: 'commerce_payment_method',
      id: 'cpm_offline',
      payer_id: attempt.payer_id,
      payment_type: 'card',
      gateway_external_account_id: null,
    },
    gateway_external_id: null,
    gateway_external_url: null,
  }
}

export function statementJson(statement: Loose, instance: Instance): object {
  const attempts = [...instance.state.billingPayments.values()].filter(
    ({ statement_id }) => statement_id === statement.id,
  )
  const cents = attempts.reduce((sum, attempt) => sum + Number(attempt.cents), 0)
  const items = attempts.map((attempt) => attemptJson(attempt, instance))
  return {
    ...statement,
    instance_id: instance.instanceId,
    timestamp: statement.created_at,
    payer: payerJson(instance, statement.payer_id),
    totals: totals(cents),
    groups: [{ object: 'commerce_statement_group', timestamp: statement.created_at, items }],
  }
}

// Events

export function itemEvent(instance: Instance, item: Loose): object {
  const plan = row(instance.state.billingPlans, item.plan_id)
  return {
    ...item,
    interval: item.plan_period,
    plan: plan && { ...plan, is_recurring: true, currency: 'USD' },
    payer: payerEvent(instance, item.payer_id),
  }
}

export function subscriptionEvent(instance: Instance, subscription: Loose): object {
  const payments = [...instance.state.billingPayments.values()]
  const latest = payments.filter(({ payer_id }) => payer_id === subscription.payer_id).at(-1)
  return {
    ...subscription,
    latest_payment_id: latest?.id ?? null,
    payer: payerEvent(instance, subscription.payer_id),
    payment_source_id: null,
    items: itemsOf(instance, subscription.id).map((item) => itemEvent(instance, item)),
  }
}

export function attemptEvent(instance: Instance, attempt: Loose): object {
  const item = row(instance.state.billingItems, attempt.subscription_item_id)
  const failed = attempt.status === 'failed'
  return {
    ...attempt,
    instance_id: instance.instanceId,
    payment_id: attempt.id,
    invoice_id: attempt.statement_id,
    gateway_external_id: '',
    failed_reason: failed ? { code: 'card_declined', decline_code: 'generic_decline' } : null,
    billing_date: attempt.created_at,
    payee: {
      id: 'cpayee_offline',
      gateway_type: 'offline',
      gateway_external_id: '',
      gateway_status: 'active',
    },
    payer: payerEvent(instance, attempt.payer_id),
    totals: totals(Number(attempt.cents)),
    payment_source: {
      ...card,
      id: 'cpm_offline',
      gateway_external_account_id: null,
      payment_method: 'card',
    },
    subscription_items: item ? [itemEvent(instance, item)] : [],
  }
}
