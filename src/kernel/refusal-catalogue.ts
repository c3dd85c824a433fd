/** filled in below */
export type RefusalCode = string;
