import type { Certificate } from "./certificate.ts";
import { attributeTexts, attributeType } from "./distinguished-name.ts";

/**
 * Whether an authority between leaf and anchor bears one of these names, as a word of its common name: `SERPRO` stands
 * in `Autoridade Certificadora do SERPRO SSLv1`, `VALID` in `AC VALID-JUS v5`, and neither in `AC Validade`. What
 * an authority of theirs has certified below itself is theirs. The path is proven, so nobody gave himself the name.
 */
export function passesThroughOneOf(names: readonly string[], path: readonly Certificate[]): boolean {
  const between = path.slice(1, -1).flatMap(({ subject }) => attributeTexts(subject, attributeType.commonName));
  return names.some((name) => between.some((commonName) => hasWord(commonName, name)));
}

/** Authorities write their generation right behind the name: `SERPRORFBv5`. */
const generation = /^v?\d/i;

function hasWord(text: string, word: string): boolean {
  const [haystack, needle] = [text.toLowerCase(), word.toLowerCase()];
  for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
    const behind = haystack.slice(at + needle.length);
    if (!isLetter(haystack[at - 1]) && (!isLetter(behind[0]) || generation.test(behind))) return true;
  }
  return false;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /\p{L}/u.test(character);
}
