/** A CNPJ of an invented company: the first branch (0001) of an eight-digit root, with its two check digits. */
export function cnpjOf(root: number): string {
  const base = `${String(root % 100_000_000).padStart(8, "0")}0001`;
  const first = checkDigit(base, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  const second = checkDigit(base + first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  return base + first + second;
}

function checkDigit(digits: string, weights: readonly number[]): string {
  const sum = weights.reduce((total, weight, position) => total + weight * Number(digits[position]), 0);
  const rest = sum % 11;
  return String(rest < 2 ? 0 : 11 - rest);
}
