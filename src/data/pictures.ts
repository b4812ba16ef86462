/** The pictures of a folder: which there are, of which classes, and what is read of one. */
import { host } from "#host";
import { CounterfoilError, fail, sha256 } from "../base/index.ts";

const PICTURE = /\.(png|jpe?g)$/i;
/** Pictures that we do not read. */
const OTHER = /\.(webp|gif|bmp|tiff?|avif|heic|jxl)$/i;
/** Decoded at the same time. */
export const CHUNK = 16;

/** One name a line, in the order of the labels: which folders there may be. */
export const CLASS_LIST = "classes.txt";

export interface Listed {
  /** Path inside the folder. */
  readonly file: string;
  readonly label: number;
}

export interface Listing {
  /** None of a folder without class folders. */
  readonly classes: readonly string[];
  readonly pictures: readonly Listed[];
}

const visible = async (folder: string) => (await host.readDir(folder)).filter((e) => !e.name.startsWith("."));

const picturesIn = async (folder: string, which = PICTURE): Promise<string[]> =>
  (await visible(folder)).filter((e) => !e.directory && which.test(e.name)).map((e) => e.name);

/** The classes behind folders' names, and which each folder is of. */
function classesOf(folders: readonly string[], list: readonly string[] | null, root: string): { classes: string[]; labels: number[] } {
  if (list) {
    const labels = folders.map((name) => list.indexOf(name));
    const strange = folders.filter((_, at) => labels[at]! < 0);
    if (strange.length > 0 || new Set(list).size < list.length)
      fail({
        code: "folder-classes",
        expected: `the folders of ${root} to be among the names in its ${CLASS_LIST}, each there once`,
        got: strange.join(", ") || "a name that is there twice",
        mend: `mend ${CLASS_LIST}, or remove it: then the folders' names are the classes`,
      });
    return { classes: [...list], labels };
  }
  const counted = folders.map((name) => (/^\d{1,4}$/.test(name) ? Number(name) : Number.NaN));
  const byNumber = counted.includes(0) && !counted.some(Number.isNaN) && new Set(counted).size === folders.length;
  if (!byNumber) return { classes: [...folders], labels: folders.map((_, at) => at) };
  const classes = Array.from({ length: Math.max(...counted) + 1 }, (_, label) => folders[counted.indexOf(label)] ?? `${label}`);
  return { classes, labels: counted };
}

async function classList(root: string): Promise<string[] | null> {
  if ((await host.kind(`${root}/${CLASS_LIST}`)) !== "file") return null;
  const text = new TextDecoder().decode(await host.readFile(`${root}/${CLASS_LIST}`));
  return text.split(/\r?\n/).filter((line) => line !== "");
}

/** Pictures of class folders, one of each class in turn. Throws `folder-classes`, `folder-class-empty`. */
export async function classFolders(root: string): Promise<Listing> {
  const folders = (await visible(root)).filter((e) => e.directory).map((e) => e.name);
  if (folders.length === 0)
    fail({
      code: "folder-classes",
      expected: `one folder per class in ${root}`,
      got: "no folder",
      mend: "put the pictures of each class into a folder",
    });
  const { classes, labels } = classesOf(folders, await classList(root), root);
  const files = await Promise.all(folders.map((name) => picturesIn(`${root}/${name}`)));
  const empty = folders.filter((_, at) => files[at]!.length === 0);
  if (empty.length > 0)
    fail({
      code: "folder-class-empty",
      expected: `PNG or JPEG pictures in each folder of ${root}`,
      got: `none in ${empty.join(", ")}`,
      mend: "fill the folder, or remove it",
    });
  const pictures = folders.flatMap((name, at) => files[at]!.map((f, turn) => ({ file: `${name}/${f}`, label: labels[at]!, turn })));
  return { classes, pictures: pictures.sort((a, b) => a.turn - b.turn || a.label - b.label) };
}

/** Pictures of a folder, which are of no class, or of its class folders; and the names of `others` of a kind that is not read. Throws `folder-pictures` and what {@link classFolders} throws. */
export async function anyFolder(root: string): Promise<Listing & { readonly others: readonly string[] }> {
  const entries = await visible(root);
  const loose = await picturesIn(root);
  const folders = entries.filter((e) => e.directory).map((e) => e.name);
  const full = (await Promise.all(folders.map((name) => picturesIn(`${root}/${name}`)))).map((files) => files.length > 0);
  const mend = "put pictures there, or into one folder per class";
  if (loose.length === 0 && !full.includes(true))
    fail({
      code: "folder-pictures",
      expected: `PNG or JPEG pictures in ${root}`,
      got: entries.length === 0 ? "an empty folder" : `none: ${naming(entries.map((e) => e.name))}`,
      mend,
    });
  const others = await picturesIn(root, OTHER);
  for (const name of folders) others.push(...(await picturesIn(`${root}/${name}`, OTHER)).map((file) => `${name}/${file}`));
  if (loose.length === 0) return { ...(await classFolders(root)), others };
  const beside = folders.filter((_, at) => full[at]);
  if (beside.length > 0)
    fail({
      code: "folder-pictures",
      expected: `pictures in ${root} itself or in its folders, not in both`,
      got: `${naming(loose)} beside ${naming(beside)}`,
      mend: "move the ones or the others elsewhere",
    });
  return { classes: [], pictures: loose.map((file) => ({ file, label: 0 })), others };
}

/** Up to three names, and how many more there are. */
export const naming = (names: readonly string[]): string =>
  names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");

/** What `act` finds in a picture's bytes, and their hash. Throws `image-unreadable`, and of what cannot be read. */
export async function readPicture<T>(root: string, file: string, act: (bytes: Uint8Array) => Promise<T>) {
  const path = `${root}/${file}`;
  const bytes = await host.readFile(path);
  try {
    return { file, found: await act(bytes), hash: await sha256(bytes) };
  } catch (cause) {
    if (!(cause instanceof CounterfoilError)) throw cause;
    // the host saw bytes only; the reader needs the path
    const { code, expected, got, mend } = cause;
    return fail({ code, expected: `${expected} in ${path}`, got, mend, cause });
  }
}

/** Of all files: cd the folder; LC_ALL=C; sha256sum *.{png,jpg,jpeg} (of class folders, *\/*.…) | sort -k 2 | sha256sum. */
export const hashOf = (files: readonly { readonly file: string; readonly hash: string }[]): Promise<string> =>
  sha256(
    new TextEncoder().encode(
      [...files]
        .sort((a, b) => (a.file < b.file ? -1 : 1))
        .map(({ hash, file }) => `${hash}  ${file}\n`)
        .join(""),
    ),
  );
