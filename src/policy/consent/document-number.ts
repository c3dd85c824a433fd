/** Whether these are 11 digits with the two check digits of a CPF. */
export function isCpf(text: string): boolean {
  return /^\d{11}$/.test(text) && hasCheckDigits(text, 9, (position, length) => length + 1 - position);
}

/** Whether these are 14 characters with the two check digits of a CNPJ, numeric or alphanumeric (Receita Federal, 2026). */
export function isCnpj(text: string): boolean {
  return /^[0-9A-Z]{12}\d{2}$/.test(text) && hasCheckDigits(text, 12, (position, length) => ((length - 1 - position) % 8) + 2);
}

/** Module 11 over the base, then over base and first digit; a letter counts as its ASCII code minus that of zero. */
function hasCheckDigits(text: string, baseLength: number, weight: (position: number, length: number) => number): boolean {
  return [baseLength, baseLength + 1].every((length) => {
    const values = Array.from(text.slice(0, length), (character) => character.charCodeAt(0) - 48);
    const sum = values.reduce((total, value, position) => total + value * weight(position, length), 0);
    const rest = sum % 11;
    return Number(text[length]) === (rest < 2 ? 0 : 11 - rest);
  });
}
