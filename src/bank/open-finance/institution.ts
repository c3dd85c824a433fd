/** The institution as its data APIs name it; invented. */
export interface Institution {
  readonly brandName: string;
  /** 14 digits. */
  readonly cnpj: string;
  /** Three digits. */
  readonly compeCode: string;
  /** Eight digits. */
  readonly ispb: string;
}

export const sampleInstitution: Institution = {
  brandName: "Banco Porteiro de Mentira",
  cnpj: "00077799000114",
  compeCode: "999",
  ispb: "00077799",
};
