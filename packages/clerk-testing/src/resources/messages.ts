import { action } from '../server/api.js'
import { createEmailOperation, getEmailOperation } from '../server/beyond.js'
import { notFound } from '../server/errors.js'
import { newId } from './ids.js'
import type { Instance, Loose } from './instance.js'
import type { EmailAddressJSON, PhoneNumberJSON } from './json.js'

interface Message<T> {
  slug: string
  userId: string | null
  contact: T
  code?: string
  /** What the link of the message opens. */
  url?: string
}

const textOf = ({ code, url }: Message<unknown>) =>
  code === undefined ? `Open ${url ?? ''}` : `${code} is your verification code`
const dataOf = ({ code, url }: Message<unknown>) => ({
  ...(code === undefined ? {} : { otp_code: code }),
  ...(url === undefined ? {} : { action_url: url }),
})

/** Nothing is sent: the event says what Clerk would have sent, as for an application that delivers its own mail. */
export function sendEmail(
  instance: Instance,
  message: Message<Pick<EmailAddressJSON, 'email_address'> & { id?: string }>,
): void {
  const text = textOf(message)
  announce(instance, {
    slug: message.slug,
    from_email_name: 'notifications',
    reply_to_email_name: null,
    to_email_address: message.contact.email_address,
    email_address_id: message.contact.id ?? null,
    user_id: message.userId,
    subject: text,
    body: `<p>${text}</p>`,
    body_plain: text,
    data: dataOf(message),
  })
}

function announce(instance: Instance, fields: Record<string, unknown>): Loose {
  const now = instance.now()
  const made = { ...fields, status: 'queued', delivered_by_clerk: true, created_at: now, updated_at: now }
  const email: Loose = { id: newId('ema'), object: 'email', ...made }
  instance.state.emails.set(email.id, email)
  instance.emit('email.created', email)
  return email
}

interface NewEmail {
  to: { address?: string; user_id?: string }
  from: { address: string; name?: string }
  subject: string
  html?: string
  text?: string
}

export const messageOperations = [
  action<NewEmail>(createEmailOperation, ({ instance, body }) => {
    const user = instance.state.users.get(body.to.user_id ?? '')
    const contact = user?.email_addresses.find(({ id }) => id === user.primary_email_address_id)
    const address = body.to.address ?? contact?.email_address
    if (address === undefined) throw notFound('user')
    return announce(instance, {
      slug: null,
      from_email_name: body.from.name ?? body.from.address.split('@')[0] ?? '',
      reply_to_email_name: null,
      to_email_address: address,
      email_address_id: contact?.id ?? null,
      user_id: user?.id ?? null,
      subject: body.subject,
      body: body.html ?? body.text ?? '',
      body_plain: body.text ?? null,
      data: {},
    })
  }),
  action(getEmailOperation, ({ instance, path }) => {
    const email = instance.state.emails.get(path.email_id ?? '')
    if (!email) throw notFound('email')
    return email
  }),
]

export function sendSms(instance: Instance, message: Message<PhoneNumberJSON>): void {
  instance.emit('sms.created', {
    id: newId('sms'),
    object: 'sms_message',
    slug: message.slug,
    from_phone_number: '+12015550199',
    to_phone_number: message.contact.phone_number,
    phone_number_id: message.contact.id,
    user_id: message.userId,
    message: textOf(message),
    status: 'queued',
    data: dataOf(message),
    delivered_by_clerk: true,
    created_at_ms: instance.now(),
  })
}
