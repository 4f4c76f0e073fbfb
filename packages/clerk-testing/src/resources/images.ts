import type { ApiCall } from '../server/api.js'
import { missingParameter } from '../server/errors.js'
import type { Instance } from './instance.js'

interface Pictured {
  id: string
  image_url: string
  has_image: boolean
  profile_image_url?: string
}

export const drawnUrl = (instance: Instance, id: string) => `${instance.url}/avatars/${id}.svg`

/** Keeps the file of a form as the picture of a user or organisation. @throws {BackendError} 422 without a file */
export function setImage({ instance, file }: ApiCall, object: Pictured): void {
  if (!file) throw missingParameter('file')
  instance.state.images.set(object.id, { type: file.type, base64: file.bytes.toString('base64') })
  show(object, `${instance.url}/images/${object.id}?v=${instance.now()}`, true)
}

export function removeImage(instance: Instance, object: Pictured): void {
  instance.state.images.delete(object.id)
  show(object, drawnUrl(instance, object.id), false)
}

function show(object: Pictured, url: string, has: boolean): void {
  object.image_url = url
  object.has_image = has
  if (object.profile_image_url !== undefined) object.profile_image_url = url
}
