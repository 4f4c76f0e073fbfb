import type { Operation, Schema } from './operation.js'

// Operations that official clients send and the document does not name: it no longer does, or does not yet.

export const verifySessionOperation: Operation = {
  id: 'VerifySession',
  method: 'POST',
  path: '/sessions/{session_id}/verify',
  body: { type: 'object', properties: { token: { type: 'string' } }, required: ['token'] },
  status: 200,
  response: { $ref: '#/$defs/Session' },
}

export const deleteInvitationOperation: Operation = {
  id: 'DeleteInvitation',
  method: 'DELETE',
  path: '/invitations/{invitation_id}',
  status: 200,
  response: { $ref: '#/$defs/DeletedObject' },
}

export const changeDomainOperation: Operation = {
  id: 'ChangeDomain',
  method: 'POST',
  path: '/beta_features/change_domain',
  body: { type: 'object', properties: { home_url: { type: 'string' }, is_secondary: { type: 'boolean' } } },
  status: 202,
}

const email: Schema = {
  type: 'object',
  properties: Object.fromEntries(
    [
      'id',
      'object',
      'slug',
      'from_email_name',
      'to_email_address',
      'email_address_id',
      'user_id',
      'subject',
      'body',
    ]
      .concat(['body_plain', 'status', 'data', 'delivered_by_clerk', 'created_at', 'updated_at'])
      .map((name) => [name, {}]),
  ),
}
const object: Schema = { type: 'object' }

export const createEmailOperation: Operation = {
  id: 'CreateEmail',
  method: 'POST',
  path: '/email',
  body: {
    type: 'object',
    properties: {
      to: { type: 'object', properties: { address: {}, name: {}, user_id: {} } },
      from: { type: 'object', properties: { address: {}, name: {} } },
      reply_to: object,
      subject: { type: 'string' },
      html: { type: 'string' },
      text: { type: 'string' },
      cc: { type: 'array' },
      bcc: { type: 'array' },
      headers: object,
      attachments: { type: 'array' },
    },
    required: ['to', 'from', 'subject'],
  },
  status: 200,
  response: email,
}

export const getEmailOperation: Operation = {
  id: 'GetEmail',
  method: 'GET',
  path: '/email/{email_id}',
  status: 200,
  response: email,
}
