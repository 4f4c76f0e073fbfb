import { newId } from './ids.js'
import type { Instance } from './instance.js'
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
  instance.emit('email.created', {
    id: newId('ema'),
    object: 'email',
    slug: message.slug,
    from_email_name: 'notifications',
    reply_to_email_name: null,
    to_email_address: message.contact.email_address,
    email_address_id: message.contact.id ?? null,
    user_id: message.userId,
    subject: text,
    body: `<p>${text}</p>`,
    body_plain: text,
    status: 'queued',
    data: dataOf(message),
    delivered_by_clerk: true,
  })
}

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
