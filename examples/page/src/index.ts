export { type Answer, connectTo, type Note, type NotesApi } from './client.js'
export { type PageConfig, pageConfig, pageFolder, pageHeaders } from './page.js'
export { sessionSecret } from './session-secret.js'
export { type Workspace, workspaceOf } from './workspace.js'
