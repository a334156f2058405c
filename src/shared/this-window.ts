/** This window among those of a server: what it looks at stays as it is, and what others drew has to be loaded anew. */
export const WINDOW: string = crypto.randomUUID();
