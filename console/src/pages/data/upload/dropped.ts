// The files of a drop, with those of folders in it: their keys have the folders' names.

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) return all; // it hands out a hundred at a time
    all.push(...some);
  }
}

async function walk(entry: FileSystemEntry, into: { name: string; file: File }[]) {
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    into.push({ name: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  for (const inner of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(inner, into);
}

export async function filesOfDrop(data: DataTransfer): Promise<{ name: string; file: File }[]> {
  // Entries have to be taken at once: the list is empty after the event.
  const entries = [...data.items].map(item => item.webkitGetAsEntry()).filter(entry => entry !== null);
  const files: { name: string; file: File }[] = [];
  if (entries.length === 0) return [...data.files].map(file => ({ name: file.name, file }));
  for (const entry of entries) await walk(entry, files);
  return files;
}
