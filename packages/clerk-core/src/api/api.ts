/** The Backend API operations this project needs. */
export interface ClerkApi {
  getSession(
    sessionId: string,
  ): Promise<{ id: string; userId: string; status: string; lastActiveOrganizationId: string | null }>
}
