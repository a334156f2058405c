/** What the trainer's process sends beside its events: it wants a GPU, and is answered with a port. */
export const GPU_REQUEST = 'gpu';
