import type { Operation } from './operation.js'

// Operations that the document no longer names and that official clients still send.

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
