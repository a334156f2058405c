/** Who may read what the program writes: files of patients are their owner's alone. Windows has the user's own folders for it. */
export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;
