import { type ApiCall, action } from '../server/api.js'
import type { Fields } from '../server/check.js'
import { BackendError, conflict, invalidParameter, notFound } from '../server/errors.js'
import {
  attemptEvent,
  attemptJson,
  itemEvent,
  itemJson,
  money,
  planJson,
  priceJson,
  statementJson,
  subscriptionEvent,
  subscriptionJson,
} from './billing-json.js'
import { type IdPrefix, newId } from './ids.js'
import { type Instance, type Loose, type TableName, touch } from './instance.js'
import { answerList, order } from './lists.js'
import { getOrganization } from './organizations.js'
import { getUser } from './users.js'

const day = 86_400_000

const insert = (
  instance: Instance,
  table: TableName,
  idPrefix: IdPrefix,
  object: string,
  fields: Fields,
): Loose => {
  const now = instance.now()
  const row: Loose = { id: newId(idPrefix), object, created_at: now, updated_at: now, ...fields }
  ;(instance.state[table] as unknown as Map<string, Loose>).set(row.id, row)
  return row
}

const found = (rows: ReadonlyMap<string, Loose>, id: string | undefined, noun: string): Loose => {
  const row = rows.get(id ?? '')
  if (!row) throw notFound(noun)
  return row
}

export interface NewPlan {
  name: string
  slug?: string
  /** Cents a month. Default 0. */
  amount?: number
  /** Cents a month when paid by the year. */
  annualMonthlyAmount?: number
  payer?: 'user' | 'org'
  features?: readonly string[]
  freeTrialDays?: number
  isDefault?: boolean
}

export function createPlan(instance: Instance, given: NewPlan): Loose {
  const slug = given.slug ?? given.name.toLowerCase().replaceAll(/\W+/g, '_')
  const { amount = 0, annualMonthlyAmount = amount, payer = 'user', features = [], isDefault = false } = given
  const plan = insert(instance, 'billingPlans', 'cplan', 'commerce_plan', {
    name: given.name,
    slug,
    amount,
    annual_monthly_amount: annualMonthlyAmount,
    for_payer_type: payer,
    is_default: isDefault,
    free_trial_days: given.freeTrialDays ?? null,
    features: features.map((name) => ({ id: newId('feat'), slug: name, name })),
  })
  createPrice(instance, plan, { amount, annual_monthly_amount: annualMonthlyAmount, is_default: true })
  return plan
}

const createPrice = (instance: Instance, plan: Loose, fields: Fields) =>
  insert(instance, 'billingPrices', 'cprice', 'commerce_price', {
    plan_id: plan.id,
    currency: 'USD',
    supported_billing_periods: 'both',
    is_default: false,
    ...fields,
  })

/** Clerk has a free plan of either kind. */
export function plantPlans(instance: Instance): void {
  createPlan(instance, { name: 'Free', slug: 'free_user', payer: 'user', isDefault: true })
  createPlan(instance, { name: 'Free', slug: 'free_org', payer: 'org', isDefault: true })
}

// Who pays: a user or an organisation

function payerOf(instance: Instance, reference: string): Loose {
  const { state } = instance
  const isUser = state.users.has(reference)
  const id = isUser ? reference : getOrganization(instance, reference).id
  const known = [...state.billingPayers.values()].find((payer) => payer.owner_id === id)
  if (known) return known
  return insert(instance, 'billingPayers', 'cpayer', 'commerce_payer', {
    owner_id: id,
    payer_type: isUser ? 'user' : 'org',
    balance: 0,
    ledger: [],
  })
}

function subscriptionOf(instance: Instance, payer: Loose): Loose {
  const { state } = instance
  const known = [...state.billingSubscriptions.values()].find((one) => one.payer_id === payer.id)
  if (known) return known
  const subscription = insert(instance, 'billingSubscriptions', 'csub', 'commerce_subscription', {
    payer_id: payer.id,
    status: 'active',
    active_at: instance.now(),
    past_due_at: null,
    canceled_at: null,
    ended_at: null,
  })
  const free = [...state.billingPlans.values()].find(
    (plan) => plan.is_default === true && plan.for_payer_type === payer.payer_type,
  )
  if (free) addItem(instance, subscription, free, {})
  return subscription
}

function addItem(instance: Instance, subscription: Loose, plan: Loose, fields: Fields): Loose {
  const now = instance.now()
  const annual = fields.plan_period === 'annual'
  const paid = Number(plan.amount) > 0
  const [price] = [...instance.state.billingPrices.values()].filter(({ plan_id }) => plan_id === plan.id)
  return insert(instance, 'billingItems', 'csubi', 'commerce_subscription_item', {
    subscription_id: subscription.id,
    payer_id: subscription.payer_id,
    plan_id: plan.id,
    price_id: price?.id ?? '',
    status: 'active',
    plan_period: 'month',
    is_free_trial: false,
    period_start: now,
    period_end: paid ? now + (annual ? 365 : 30) * day : null,
    canceled_at: null,
    past_due_at: null,
    ended_at: null,
    ...fields,
  })
}

export type ItemStatus =
  | 'active'
  | 'canceled'
  | 'ended'
  | 'past_due'
  | 'upcoming'
  | 'incomplete'
  | 'abandoned'

const eventOf = (status: string) => (status === 'past_due' ? 'pastDue' : status)
const timeOf: Readonly<Record<string, string>> = {
  canceled: 'canceled_at',
  past_due: 'past_due_at',
  ended: 'ended_at',
}

/** Gives an item a state, with its event, and the subscription the same where that follows. */
export function setItemStatus(instance: Instance, id: string, status: ItemStatus): Loose {
  const item = found(instance.state.billingItems, id, 'subscription item')
  const time = timeOf[status]
  Object.assign(item, { status, ...(time ? { [time]: instance.now() } : {}) })
  touch(instance, item)
  instance.emit(`subscriptionItem.${eventOf(status)}`, itemEvent(instance, item))
  if (status === 'past_due' || status === 'active') {
    const subscription = found(
      instance.state.billingSubscriptions,
      String(item.subscription_id),
      'subscription',
    )
    Object.assign(subscription, { status, [`${status}_at`]: instance.now() })
    touch(instance, subscription)
    instance.emit(`subscription.${eventOf(status)}`, subscriptionEvent(instance, subscription))
  }
  return item
}

export interface Subscribing {
  period?: 'month' | 'annual'
  /** Begins with the plan's free trial: nothing is charged. */
  freeTrial?: boolean
  /** The payment fails: the item is past due. */
  fails?: boolean
}

/** What checking out in the browser does: the payer's other plan ends, this one is paid and begins. */
export function subscribe(instance: Instance, payerRef: string, planRef: string, given: Subscribing): Loose {
  const { state } = instance
  const plan =
    state.billingPlans.get(planRef) ?? [...state.billingPlans.values()].find(({ slug }) => slug === planRef)
  if (!plan) throw notFound('plan')
  const payer = payerOf(instance, payerRef)
  const isNew = ![...state.billingSubscriptions.values()].some((one) => one.payer_id === payer.id)
  const subscription = subscriptionOf(instance, payer)
  if (isNew) instance.emit('subscription.created', subscriptionEvent(instance, subscription))
  for (const item of itemsOf(instance, subscription)) {
    if (item.status === 'active') setItemStatus(instance, item.id, 'ended')
  }
  const trialDays = given.freeTrial ? Number(plan.free_trial_days ?? 0) : 0
  const item = addItem(instance, subscription, plan, {
    status: 'incomplete',
    plan_period: given.period ?? 'month',
    is_free_trial: trialDays > 0,
    ...(trialDays > 0 ? { period_end: instance.now() + trialDays * day } : {}),
  })
  instance.emit('subscriptionItem.incomplete', itemEvent(instance, item))
  if (trialDays > 0 || Number(plan.amount) === 0) setItemStatus(instance, item.id, 'active')
  else charge(instance, item.id, given)
  touch(instance, subscription)
  instance.emit('subscription.updated', subscriptionEvent(instance, subscription))
  return item
}

/** Attempts to collect an item's price: paid it is active, failed it is past due. */
export function charge(instance: Instance, itemId: string, { fails = false }: { fails?: boolean }): Loose {
  const { state } = instance
  const item = found(state.billingItems, itemId, 'subscription item')
  const payer = found(state.billingPayers, String(item.payer_id), 'payer')
  const open = [...state.billingStatements.values()].find(
    (one) => one.payer_id === payer.id && one.status === 'open',
  )
  const statement =
    open ??
    insert(instance, 'billingStatements', 'cstmt', 'commerce_statement', {
      payer_id: payer.id,
      status: 'open',
    })
  const plan = found(state.billingPlans, String(item.plan_id), 'plan')
  const first = ![...state.billingPayments.values()].some((one) => one.subscription_item_id === itemId)
  const attempt = insert(instance, 'billingPayments', 'cpay', 'commerce_payment', {
    subscription_item_id: itemId,
    payer_id: payer.id,
    statement_id: statement.id,
    cents: plan.amount,
    charge_type: first ? 'checkout' : 'recurring',
    status: 'pending',
    paid_at: null,
    failed_at: null,
  })
  instance.emit('paymentAttempt.created', attemptEvent(instance, attempt))
  Object.assign(
    attempt,
    fails ? { status: 'failed', failed_at: instance.now() } : { status: 'paid', paid_at: instance.now() },
  )
  touch(instance, attempt)
  instance.emit('paymentAttempt.updated', attemptEvent(instance, attempt))
  setItemStatus(instance, itemId, fails ? 'past_due' : 'active')
  return attempt
}

const itemsOf = ({ state }: Instance, { id }: Loose): Loose[] =>
  [...state.billingItems.values()].filter(({ subscription_id }) => subscription_id === id)

/** `fea` and `pla` of a token: what the user, and the active organisation, have subscribed to. */
export function entitlements(instance: Instance, owners: Readonly<Record<'u' | 'o', string | null>>) {
  const { state } = instance
  const features: string[] = []
  const plans: string[] = []
  for (const [scope, owner] of Object.entries(owners)) {
    const payer = [...state.billingPayers.values()].find(({ owner_id }) => owner_id === owner)
    for (const item of state.billingItems.values()) {
      if (!payer || item.payer_id !== payer.id || item.status !== 'active') continue
      const plan = state.billingPlans.get(String(item.plan_id))
      if (!plan) continue
      plans.push(`${scope}:${plan.slug}`)
      for (const { slug } of plan.features as { slug: string }[]) features.push(`${scope}:${slug}`)
    }
  }
  return { features, plans }
}

// The operations

const userPayer = ({ instance, path }: ApiCall) => payerOf(instance, getUser(instance, path.user_id ?? '').id)
const organizationPayer = ({ instance, path }: ApiCall) =>
  payerOf(instance, getOrganization(instance, path.organization_id ?? '').id)

const balanceJson = (payer: Loose) => ({
  object: 'commerce_credit_balance',
  balance: money(Number(payer.balance)),
})

interface Adjustment {
  amount: number
  action: 'increase' | 'decrease'
  idempotency_key: string
  note?: string
}

function adjust(call: ApiCall, payer: Loose): object {
  const body = call.body as unknown as Adjustment
  const ledger = payer.ledger as { key: string }[]
  if (ledger.some(({ key }) => key === body.idempotency_key)) {
    throw conflict('idempotency_key_already_used', 'That idempotency key was used before.')
  }
  const change = body.action === 'increase' ? body.amount : -body.amount
  if (Number(payer.balance) + change < 0) throw invalidParameter('amount', 'at most the balance')
  payer.balance = Number(payer.balance) + change
  ledger.push({ key: body.idempotency_key })
  return {
    object: 'commerce_credit_ledger',
    id: newId('cled'),
    payer_id: payer.id,
    amount: money(body.amount),
    source_type: 'manual',
    source_id: body.idempotency_key,
    note: body.note ?? null,
    created_at: new Date(call.instance.now()).toISOString(),
  }
}

const itemAt = ({ instance, path }: Pick<ApiCall, 'instance' | 'path'>): Loose =>
  found(instance.state.billingItems, path.subscription_item_id, 'subscription item')

const list = (call: ApiCall, rows: readonly Loose[], json: (row: Loose, instance: Instance) => object) =>
  answerList(call, order(rows, call, {}), (row) => json(row, call.instance))

function transition(call: ApiCall<{ from_price_id: string; to_price_id: string }>): object {
  const { instance, body } = call
  const { state } = instance
  const previous = itemAt(call)
  if (previous.price_id !== body.from_price_id)
    throw conflict('price_mismatch', 'The item has another price.')
  const from = found(state.billingPrices, body.from_price_id, 'price')
  const to = found(state.billingPrices, body.to_price_id, 'price')
  const subscription = found(state.billingSubscriptions, String(previous.subscription_id), 'subscription')
  const plan = found(state.billingPlans, String(to.plan_id), 'plan')
  // More is charged at once; less begins when what was paid for ends.
  const immediate = Number(to.amount) >= Number(from.amount)
  const effective = immediate ? instance.now() : Number(previous.period_end ?? instance.now())
  const status = immediate ? 'active' : 'upcoming'
  const item = addItem(instance, subscription, plan, { status, price_id: to.id, period_start: effective })
  setItemStatus(instance, previous.id, immediate ? 'ended' : 'canceled')
  instance.emit(`subscriptionItem.${status}`, itemEvent(instance, item))
  touch(instance, subscription)
  instance.emit('subscription.updated', subscriptionEvent(instance, subscription))
  const charged = immediate && Number(to.amount) > 0
  return {
    object: 'commerce_price_transition',
    subscription_item: itemJson(item, instance),
    transition: {
      previous_plan: planJson(found(state.billingPlans, String(from.plan_id), 'plan')),
      previous_price: priceJson(from, instance),
      effective_at: effective,
      effective_mode: immediate ? 'immediate' : 'end_of_period',
      next_billing_date: item.period_end,
      charged_immediately: charged,
      immediate_charge: charged ? money(Number(to.amount) - Number(from.amount)) : null,
      previous_subscription_item_status: previous.status,
      previous_subscription_item_id: previous.id,
    },
  }
}

const discountJson = ({ owner: _, ...redemption }: Loose) => redemption

export const billingOperations = [
  action('GetUserBillingSubscription', (call) =>
    subscriptionJson(subscriptionOf(call.instance, userPayer(call)), call.instance),
  ),
  action('GetOrganizationBillingSubscription', (call) =>
    subscriptionJson(subscriptionOf(call.instance, organizationPayer(call)), call.instance),
  ),
  action('GetUserBillingCreditBalance', (call) => balanceJson(userPayer(call))),
  action('GetOrganizationBillingCreditBalance', (call) => balanceJson(organizationPayer(call))),
  action('AdjustUserBillingCreditBalance', (call) => adjust(call, userPayer(call))),
  action('AdjustOrganizationBillingCreditBalance', (call) => adjust(call, organizationPayer(call))),
  action('GetCommercePlanList', (call) => {
    const { payer_type: type } = call.query
    const plans = [...call.instance.state.billingPlans.values()]
    return list(
      call,
      plans.filter((plan) => type === undefined || plan.for_payer_type === type),
      planJson,
    )
  }),
  action('GetBillingPriceList', (call) => {
    const { plan_id: id } = call.query
    const prices = [...call.instance.state.billingPrices.values()]
    return list(
      call,
      prices.filter((price) => id === undefined || price.plan_id === id),
      priceJson,
    )
  }),
  action('CreateBillingPrice', ({ instance, body }) => {
    const { plan_id, ...fields } = body
    const plan = found(instance.state.billingPlans, String(plan_id), 'plan')
    return priceJson(
      createPrice(instance, plan, { annual_monthly_amount: fields.amount, ...fields }),
      instance,
    )
  }),
  action('GetCommerceSubscriptionItemList', (call) => {
    const { instance, query } = call
    const rows = [...instance.state.billingItems.values()].filter((item) => {
      const plan = instance.state.billingPlans.get(String(item.plan_id))
      const payer = instance.state.billingPayers.get(String(item.payer_id))
      const needle = String(query.query ?? '').toLowerCase()
      return (
        (query.status === undefined ||
          (query.status === 'free_trial' ? item.is_free_trial === true : item.status === query.status)) &&
        (query.payer_type === undefined || payer?.payer_type === query.payer_type) &&
        (query.plan_id === undefined || item.plan_id === query.plan_id) &&
        (query.include_free === true || Number(plan?.amount) > 0) &&
        JSON.stringify(itemJson(item, instance)).toLowerCase().includes(needle)
      )
    })
    return list(call, rows, itemJson)
  }),
  action('CancelCommerceSubscriptionItem', (call) => {
    const { instance, query } = call
    const item = itemAt(call)
    if (item.status !== 'active' && item.status !== 'upcoming' && item.status !== 'past_due') {
      throw new BackendError(400, 'subscription_item_not_cancelable', `The item is ${String(item.status)}`)
    }
    if (query.end_now === true) item.canceled_at = instance.now()
    return itemJson(setItemStatus(instance, item.id, query.end_now === true ? 'ended' : 'canceled'), instance)
  }),
  action<{ extend_to: string }>('ExtendBillingSubscriptionItemFreeTrial', (call) => {
    const { instance, body } = call
    const item = itemAt(call)
    const end = Date.parse(body.extend_to)
    if (item.is_free_trial !== true)
      throw new BackendError(400, 'subscription_item_not_in_free_trial', 'not a trial')
    if (!(end > Number(item.period_end))) throw invalidParameter('extend_to', 'after the trial ends now')
    item.period_end = end
    touch(instance, item)
    instance.emit('subscriptionItem.updated', itemEvent(instance, item))
    return itemJson(item, instance)
  }),
  action('CreateBillingPriceTransition', transition),
  action<{ discount_id: string }>('ApplyBillingSubscriptionItemDiscount', (call) => {
    const { instance, body } = call
    const item = itemAt(call)
    const { billingDiscounts } = instance.state
    const active = [...billingDiscounts.values()].some(
      (one) =>
        one.subscription_item_id === item.id &&
        one.discount_id === body.discount_id &&
        one.status === 'active',
    )
    if (active) throw conflict('discount_already_applied', 'The discount applies already.')
    const redemption = insert(instance, 'billingDiscounts', 'cdisc', 'commerce_discount_redemption', {
      subscription_item_id: item.id,
      discount_id: body.discount_id,
      source: 'manual',
      effect: 'percentage',
      percent_off: 10,
      cycles_remaining: null,
      cycles_applied: 0,
      status: 'active',
      redeemed_at: instance.now(),
      redeemed_by: null,
    })
    return discountJson(redemption)
  }),
  action('RemoveBillingSubscriptionItemDiscount', (call) => {
    const { id } = itemAt(call)
    const redemption = [...call.instance.state.billingDiscounts.values()].find(
      (one) => one.subscription_item_id === id && [one.discount_id, one.id].includes(call.path.discount_id),
    )
    if (!redemption) throw notFound('discount')
    redemption.status = 'removed'
    return discountJson(redemption)
  }),
  action('GetBillingStatementList', (call) =>
    list(call, [...call.instance.state.billingStatements.values()], statementJson),
  ),
  action('GetBillingStatement', ({ instance, path }) =>
    statementJson(found(instance.state.billingStatements, path.statementID, 'statement'), instance),
  ),
  action('GetBillingStatementPaymentAttempts', (call) => {
    const { id } = found(call.instance.state.billingStatements, call.path.statementID, 'statement')
    const own = [...call.instance.state.billingPayments.values()].filter(
      ({ statement_id }) => statement_id === id,
    )
    return list(call, own, attemptJson)
  }),
]
