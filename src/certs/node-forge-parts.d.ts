/** Parts of node-forge by themselves: the whole keeps its own TLS, RSA and PKCS in memory, which nobody here asks for. */
declare module "node-forge/lib/asn1.js" {
  import forge from "node-forge";
  const asn1: typeof forge.asn1;
  export default asn1;
}
declare module "node-forge/lib/pem.js" {
  import forge from "node-forge";
  const pem: typeof forge.pem;
  export default pem;
}
declare module "node-forge/lib/util.js" {
  import forge from "node-forge";
  const util: typeof forge.util;
  export default util;
}
