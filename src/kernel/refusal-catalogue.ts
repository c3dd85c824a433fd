/**
 * Every reason for which the server refuses: the one place that ties a stable code to its OAuth error, HTTP status,
 * clause and remedy. Codes are never renamed or given another meaning; the page behind `error_uri` prints this table.
 *
 * Clauses: DCR, FAPI-BR and CS are Open Finance Brasil's registration profile, security profile and certificate
 * standard; R is the number of the check in the registration inspector.
 */

export interface CatalogueEntry {
  readonly error: string;
  readonly status: 400 | 401 | 403 | 405 | 429 | 503;
  readonly clause: string;
  readonly en: { readonly what: string; readonly mend: string };
  readonly pt: { readonly what: string; readonly mend: string };
}

type Texts = readonly [whatEn: string, mendEn: string, whatPt: string, mendPt: string];

function entriesOf<Code extends string>(
  answer: Pick<CatalogueEntry, "error" | "status">,
  table: Readonly<Record<Code, readonly [clause: string, ...Texts]>>,
): Record<Code, CatalogueEntry> {
  const rows = Object.entries<readonly [string, ...Texts]>(table).map(([code, row]) => {
    const [clause, whatEn, mendEn, whatPt, mendPt] = row;
    return [code, { ...answer, clause, en: { what: whatEn, mend: mendEn }, pt: { what: whatPt, mend: mendPt } }];
  });
  // fromEntries widens the keys to string; they are exactly the table's.
  return Object.fromEntries(rows) as Record<Code, CatalogueEntry>;
}

const certificate = entriesOf(
  { error: "invalid_client", status: 401 },
  {
    "certificate.absent": [
      "DCR 7.1-1",
      "No client certificate came with the connection.",
      "Send the BRCAC and its key (curl: --cert client.crt --key client.key) to the mutual-TLS address.",
      "A conexão veio sem certificado de cliente.",
      "Envie o BRCAC e sua chave (curl: --cert client.crt --key client.key) ao endereço que usa TLS mútuo.",
    ],
    "certificate.unreadable": [
      "DCR 7.1-1, R01",
      "The certificate cannot be read as X.509.",
      "Export the public certificate again, as PEM or DER, leaf first.",
      "O certificado não pode ser lido como X.509.",
      "Exporte novamente o certificado público, em PEM ou DER, com o certificado final primeiro.",
    ],
    "certificate.key-type": [
      "CS 104, R02",
      "The certificate's key is not RSA.",
      "Ask the authority for a certificate with an RSA key of 2048 bits.",
      "A chave do certificado não é RSA.",
      "Peça à AC um certificado com chave RSA de 2048 bits.",
    ],
    "certificate.key-size": [
      "CS 104, R02",
      "The certificate's RSA key is too short.",
      "Ask the authority for a certificate with an RSA key of 2048 bits.",
      "A chave RSA do certificado é curta demais.",
      "Peça à AC um certificado com chave RSA de 2048 bits.",
    ],
    "certificate.digest": [
      "CS 104, R02",
      "The certificate is signed with a digest that is no longer safe.",
      "Ask the authority for a certificate signed with SHA-256 or better.",
      "O certificado foi assinado com um algoritmo de hash que já não é seguro.",
      "Peça à AC um certificado assinado com SHA-256 ou superior.",
    ],
    "certificate.not-yet-valid": [
      "CS 113, R03",
      "The certificate is not valid yet.",
      "Wait for its notBefore date, or check the clock of the machine that issued it.",
      "O certificado ainda não é válido.",
      "Aguarde a data notBefore ou confira o relógio da máquina que o emitiu.",
    ],
    "certificate.expired": [
      "CS 113, R03",
      "The certificate has expired.",
      "Renew the BRCAC; the registration itself stays as it is.",
      "O certificado expirou.",
      "Renove o BRCAC; o registro permanece como está.",
    ],
    "certificate.key-usage": [
      "CS 108, R06",
      "The certificate's key usage does not allow what it is used for.",
      "Use the BRCAC for transport and the BRSEAL for signatures, not the other way round.",
      "O uso de chave (key usage) do certificado não permite esta finalidade.",
      "Use o BRCAC para transporte e o BRSEAL para assinaturas, não o contrário.",
    ],
    "certificate.extended-key-usage": [
      "CS 108, R06",
      "The certificate is not made for client authentication.",
      "Use a certificate of the BRCAC profile (extended key usage clientAuth).",
      "O certificado não se destina à autenticação de cliente.",
      "Use um certificado do perfil BRCAC (uso estendido de chave clientAuth).",
    ],
    "certificate.issuer-unknown": [
      "DCR 9.3.1-1, R04",
      "The certificate does not chain to an accepted authority.",
      "Send the intermediates with the certificate, and check that it belongs to this environment.",
      "A cadeia do certificado não chega a uma autoridade certificadora aceita.",
      "Envie os intermediários com o certificado e confira se ele é deste ambiente.",
    ],
    "certificate.signature": [
      "DCR 9.3.1-1, R04",
      "The certificate names a known authority, but that authority did not sign it.",
      "Use the certificate as the authority issued it.",
      "O certificado indica uma autoridade conhecida como emissora, mas não foi assinado por ela.",
      "Use o certificado tal como a autoridade o emitiu.",
    ],
    "certificate.issuer-invalid": [
      "DCR 9.3.1-1, R04",
      "An authority in the certificate's chain may not issue certificates, or no longer.",
      "Send the chain that the authority publishes today.",
      "Uma autoridade da cadeia não pode emitir certificados, ou já não pode.",
      "Envie a cadeia que a autoridade publica atualmente.",
    ],
    "certificate.authority-not-accepted": [
      "CS 112, R04",
      "The certificate's authority is not one of those that Open Finance Brasil accepts.",
      "Have the certificate issued by one of the accepted authorities.",
      "A autoridade certificadora emissora não está entre as aceitas pelo Open Finance Brasil.",
      "Obtenha o certificado em uma das autoridades aceitas.",
    ],
    "certificate.revoked": [
      "CS 113, R05",
      "The certificate has been revoked.",
      "Issue a new certificate in the directory and use that one.",
      "O certificado foi revogado.",
      "Emita um novo certificado no diretório e use-o.",
    ],
    "certificate.revocation-unknown": [
      "CS 113, R05",
      "It cannot be told whether the certificate has been revoked, because the authority's list is out of reach.",
      "Try again in some minutes; if it lasts, tell the bank which authority issued the certificate.",
      "Não é possível saber se o certificado foi revogado: a lista da autoridade está inacessível.",
      "Tente novamente em alguns minutos; se persistir, informe ao banco qual AC emitiu o certificado.",
    ],
    "brcac.software-id-missing": [
      "CS 107, R07",
      "The certificate's subject has no UID with the software statement's id.",
      "Use the BRCAC that the directory issued for the software statement.",
      "O titular do certificado não traz o UID com o identificador do software statement.",
      "Use o BRCAC que o diretório emitiu para o software statement.",
    ],
    "brcac.organisation-id-missing": [
      "CS 107, R08",
      "The certificate's subject has no organisation id (2.5.4.97 OFBBR-).",
      "Use a BRCAC of the current profile, issued through the directory.",
      "O titular do certificado não traz o identificador da organização (2.5.4.97 OFBBR-).",
      "Use um BRCAC do perfil atual, emitido pelo diretório.",
    ],
    "certificate.other-client": [
      "DCR 7.1-13, DCR 7.1-14",
      "The certificate belongs to other software, or another organisation, than the client.",
      "Use the BRCAC of the software statement under which this client is registered.",
      "O certificado pertence a outro software, ou a outra organização, que não os do cliente.",
      "Use o BRCAC do software statement com que este cliente foi registrado.",
    ],
    "resource-server.unknown": [
      "RFC 7662 2.1",
      "The certificate is not that of a resource server known to the bank.",
      "Ask the bank's operator to list this certificate's public key among the resource servers.",
      "O certificado não é de um servidor de recursos conhecido pelo banco.",
      "Peça ao operador do banco que inclua a chave pública deste certificado entre os servidores de recursos.",
    ],
  },
);

const registrationToken = entriesOf(
  { error: "invalid_token", status: 401 },
  {
    "registration-token.absent": [
      "RFC 7592 2, DCR 7.1-7",
      "The registration access token is missing.",
      "Send it as Authorization: Bearer. If it is lost, call the recover address with a fresh software statement.",
      "Falta o registration access token.",
      "Envie-o em Authorization: Bearer. Se foi perdido, chame o endereço recover com um software statement recém-emitido.",
    ],
    "registration-token.unknown": [
      "RFC 7592 2, DCR 9.3.2-2",
      "The registration access token does not open this client, or the client does not exist.",
      "Use the token and the address of the same registration answer. If it is lost, call the recover address.",
      "O registration access token não abre este cliente, ou o cliente não existe.",
      "Use o token e o endereço da mesma resposta de registro. Se foi perdido, chame o endereço recover.",
    ],
    "registration-token.other-software": [
      "DCR 9.3.2-3",
      "The certificate belongs to other software, or another organisation, than the registered client.",
      "Use a BRCAC of the registered software; a renewed one is welcome.",
      "O certificado pertence a outro software, ou a outra organização, que não os do cliente registrado.",
      "Use um BRCAC do software registrado; um certificado renovado é aceito.",
    ],
  },
);

const statement = entriesOf(
  { error: "invalid_software_statement", status: 400 },
  {
    "statement.absent": [
      "DCR 7.1-2, R34",
      "The software statement is missing.",
      "Fetch one from the directory and send it as software_statement.",
      "Falta o software statement.",
      "Obtenha-o no diretório e envie-o em software_statement.",
    ],
    "statement.malformed": [
      "DCR 7.1-2, R11",
      "The software statement is not a compact JWS.",
      "Send the directory's answer as it came: three parts, no quotes, no line breaks.",
      "O software statement não é um JWS compacto.",
      "Envie a resposta do diretório tal como veio: três partes, sem aspas, sem quebras de linha.",
    ],
    "statement.algorithm": [
      "DCR 7.1-2, R11",
      "The software statement is not signed with PS256, or its header holds what may not be there.",
      "Send the statement that the directory signed, unchanged.",
      "O software statement não está assinado com PS256, ou seu cabeçalho contém algo não permitido.",
      "Envie o statement assinado pelo diretório, sem alteração.",
    ],
    "statement.key-unknown": [
      "DCR 8, R12",
      "The directory of this environment has no signing key of that kid.",
      "Check that the statement comes from this environment's directory, and fetch a fresh one.",
      "O diretório deste ambiente não tem chave de assinatura com esse kid.",
      "Confira se o statement vem do diretório deste ambiente e obtenha um novo.",
    ],
    "statement.signature": [
      "DCR 7.1-2, DCR 9.3.1-3, R13",
      "The software statement's signature does not verify with the directory's key.",
      "Fetch the statement again and do not edit it.",
      "A assinatura do software statement não confere com a chave do diretório.",
      "Obtenha o statement de novo e não o edite.",
    ],
    "statement.claims": [
      "DCR 8.1",
      "The software statement lacks a claim that the profile demands, or one has the wrong type.",
      "Complete the software statement in the directory and fetch a fresh one.",
      "Falta no software statement uma claim exigida pelo perfil, ou alguma tem o tipo errado.",
      "Complete o software statement no diretório e obtenha um novo.",
    ],
    "statement.too-old": [
      "DCR 7.1-3, R14",
      "The software statement was issued too long ago.",
      "Fetch a fresh statement from the directory right before the call.",
      "O software statement foi emitido há tempo demais.",
      "Obtenha um statement novo no diretório logo antes da chamada.",
    ],
    "statement.from-the-future": [
      "DCR 7.1-3, R14",
      "The software statement's iat lies in the future.",
      "Check the clocks; fetch a fresh statement from the directory.",
      "O iat do software statement está no futuro.",
      "Confira os relógios; obtenha um statement novo no diretório.",
    ],
    "statement.other-software": [
      "DCR 9.3.2-3",
      "The software statement is that of other software than the registered client.",
      "Send a fresh statement of the software under which the client is registered.",
      "O software statement é de um software diferente do registrado.",
      "Envie um statement novo do software com que o cliente foi registrado.",
    ],
    "statement.other-organisation": [
      "DCR 9.3.2-3",
      "The software statement is that of another organisation than the registered client.",
      "Send a fresh statement of the organisation under which the client is registered.",
      "O software statement é de uma organização diferente da registrada.",
      "Envie um statement novo da organização com que o cliente foi registrado.",
    ],
    "brcac.other-software": [
      "DCR 7.1-13, R18",
      "The certificate's UID is not the statement's software_id.",
      "Use the BRCAC and the statement of the same software.",
      "O UID do certificado não é o software_id do statement.",
      "Use o BRCAC e o statement do mesmo software.",
    ],
    "brcac.other-organisation": [
      "DCR 7.1-14, DCR 9.3.1-4, R19",
      "The certificate's organisation is not the statement's org_id.",
      "Use the BRCAC and the statement of the same organisation.",
      "A organização do certificado não é o org_id do statement.",
      "Use o BRCAC e o statement da mesma organização.",
    ],
    "registration.duplicate": [
      "DCR 9.3.1-5, R20",
      "This software statement is registered already.",
      "Update the registration with PUT, delete it, or call the recover address if its token is lost.",
      "Este software statement já está registrado.",
      "Atualize o registro com PUT, exclua-o, ou chame o endereço recover se o token foi perdido.",
    ],
    "registration.absent": [
      "DCR 9.3.1-6",
      "There is no registration of this software to recover.",
      "Register the software with POST to the registration address.",
      "Não há registro deste software para recuperar.",
      "Registre o software com POST no endereço de registro.",
    ],
  },
);

const unapproved = entriesOf(
  { error: "unapproved_software_statement", status: 400 },
  {
    "statement.issuer": [
      "DCR 9.2, R15",
      "The software statement's issuer is not the directory of this environment.",
      "Use the directory that belongs to this environment.",
      "O emissor do software statement não é o diretório deste ambiente.",
      "Use o diretório correspondente a este ambiente.",
    ],
    "statement.environment": [
      "DCR 9.2, R15",
      "The software statement is made for another environment.",
      "Use the statement of the software registered in this environment's directory.",
      "O software statement é de outro ambiente.",
      "Use o statement do software cadastrado no diretório deste ambiente.",
    ],
    "organisation.not-active": [
      "DCR 7.2, R16",
      "The organisation is not active in the directory.",
      "Have the organisation's state mended in the directory, then fetch a fresh statement.",
      "A organização não está ativa no diretório.",
      "Regularize a organização no diretório e obtenha um statement novo.",
    ],
    "software.not-active": [
      "DCR 7.2, R16",
      "The software is not active in the directory.",
      "Reactivate the software in the directory, then fetch a fresh statement.",
      "O software não está ativo no diretório.",
      "Reative o software no diretório e obtenha um statement novo.",
    ],
    "registration.suspended-by-bank": [
      "RFC 7591 3.2.2",
      "The bank has suspended this software, and deleting its client has not changed that.",
      "Contact the bank: once it has lifted the suspension, register again.",
      "O banco suspendeu este software, e a exclusão do cliente não mudou isso.",
      "Entre em contato com o banco: quando a suspensão for retirada, registre novamente.",
    ],
    "role.none-active": [
      "DCR 7.2, R17",
      "The software has no active regulatory role.",
      "Give the software a role (DADOS, PAGTO, CONTA, CCORR) in the directory, then fetch a fresh statement.",
      "O software não tem papel regulatório ativo.",
      "Atribua um papel (DADOS, PAGTO, CONTA, CCORR) ao software no diretório e obtenha um statement novo.",
    ],
  },
);

const redirectUris = entriesOf(
  { error: "invalid_redirect_uri", status: 400 },
  {
    "redirect-uris.absent": [
      "DCR 7.1-6, R21",
      "redirect_uris is missing or empty.",
      "Send at least one of the statement's software_redirect_uris.",
      "redirect_uris está ausente ou vazio.",
      "Envie ao menos uma das software_redirect_uris do statement.",
    ],
    "redirect-uris.outside-statement": [
      "DCR 7.1-6, R21",
      "A redirect URI is not among the statement's software_redirect_uris.",
      "Add the URI to the software in the directory and fetch a fresh statement; the comparison is exact.",
      "Uma redirect URI não está entre as software_redirect_uris do statement.",
      "Inclua a URI no software no diretório e obtenha um statement novo; a comparação é exata.",
    ],
    "redirect-uris.form": [
      "FAPI-BR 5.2.2, R21",
      "A redirect URI is not an https address without fragment on a public host.",
      "Use an absolute https address without fragment; localhost is not allowed with the implicit grant.",
      "Uma redirect URI não é um endereço https, sem fragmento, em um servidor público.",
      "Use um endereço https absoluto, sem fragmento; localhost não é permitido com o grant implicit.",
    ],
  },
);

const clientMetadata = entriesOf(
  { error: "invalid_client_metadata", status: 400 },
  {
    "request.content-type": [
      "RFC 7591 3.1",
      "The body's content type is not application/json.",
      "Send Content-Type: application/json (curl: --header).",
      "O tipo de conteúdo do corpo não é application/json.",
      "Envie Content-Type: application/json (curl: --header).",
    ],
    "request.not-json": [
      "RFC 7591 3.1, R34",
      "The body is not a JSON object.",
      "Send one JSON object in UTF-8.",
      "O corpo não é um objeto JSON.",
      "Envie um único objeto JSON em UTF-8.",
    ],
    "request.too-large": [
      "RFC 7591 3.1",
      "The body is larger than the server accepts.",
      "Send only the members that the registration needs.",
      "O corpo é maior do que o servidor aceita.",
      "Envie somente os campos de que o registro precisa.",
    ],
    "request.too-deep": [
      "RFC 7591 3.1",
      "The body is nested too deeply.",
      "Send the flat object that RFC 7591 describes.",
      "O corpo tem níveis de aninhamento demais.",
      "Envie o objeto simples que a RFC 7591 descreve.",
    ],
    "request.member-type": [
      "RFC 7591 2",
      "A member has a type or form that its definition does not allow.",
      "Send the member in the type that RFC 7591 gives it, without control characters.",
      "Um campo tem um tipo ou formato que sua definição não permite.",
      "Envie o campo com o tipo que a RFC 7591 define, sem caracteres de controle.",
    ],
    "request.member-forbidden": [
      "RFC 7592 2.2",
      "An update may not hold this member.",
      "Leave out registration_access_token, registration_client_uri, client_secret_expires_at and client_id_issued_at.",
      "Uma atualização não pode trazer este campo.",
      "Retire registration_access_token, registration_client_uri, client_secret_expires_at e client_id_issued_at.",
    ],
    "request.other-client-id": [
      "RFC 7592 2.2",
      "The body's client_id is not that of the address.",
      "Send the client_id of the client that is updated, or leave it out.",
      "O client_id do corpo não é o do endereço.",
      "Envie o client_id do cliente atualizado ou omita-o.",
    ],
    "jwks.by-value": [
      "DCR 7.1-4, R22",
      "Keys are given by value.",
      "Leave out jwks; the keys are read from the statement's software_jwks_uri.",
      "As chaves foram enviadas por valor.",
      "Retire jwks; as chaves são lidas da software_jwks_uri do statement.",
    ],
    "jwks-uri.differs": [
      "DCR 7.1-5, R23",
      "jwks_uri is not the statement's software_jwks_uri.",
      "Send the statement's software_jwks_uri, or leave jwks_uri out.",
      "jwks_uri não é a software_jwks_uri do statement.",
      "Envie a software_jwks_uri do statement ou omita jwks_uri.",
    ],
    "jwks.not-in-keystore": [
      "DCR 9.4, R24",
      "The statement's software_jwks_uri does not lie in the directory's keystore.",
      "Use a statement of this environment's directory.",
      "A software_jwks_uri do statement não está no keystore do diretório.",
      "Use um statement do diretório deste ambiente.",
    ],
    "jwks.invalid": [
      "DCR 9.4, R24",
      "The keystore's answer for this software is not a usable JWKS.",
      "Publish RSA keys of at least 2048 bits with distinct kids in the directory.",
      "A resposta do keystore para este software não é um JWKS utilizável.",
      "Publique no diretório chaves RSA de ao menos 2048 bits com kids distintos.",
    ],
    "jwks.key-left-out": [
      "DCR 9.4, R24",
      "A published key is not usable and is left out. This is a warning and refuses nothing.",
      "Take the key out of the directory, or publish it as an RSA key of at least 2048 bits with a kid of its own.",
      "Uma chave publicada não é utilizável e foi deixada de lado. Isto é apenas um aviso e não impede o registro.",
      "Retire a chave do diretório ou publique-a como chave RSA de ao menos 2048 bits com um kid próprio.",
    ],
    "jwks.signing-key-missing": [
      "DCR 9.4, R24",
      "The keystore holds no signing key of this software.",
      "Publish a BRSEAL or signing key for the software in the directory.",
      "O keystore não tem chave de assinatura deste software.",
      "Publique um BRSEAL ou chave de assinatura do software no diretório.",
    ],
    "jwks.encryption-key-missing": [
      "FAPI-BR 5.2.2.1, R25",
      "The keystore holds no encryption key of this software.",
      "Create a key with use enc for the software in the directory.",
      "O keystore não tem chave de criptografia deste software.",
      "Crie uma chave com use enc para o software no diretório.",
    ],
    "brseal.not-accepted": [
      "CS 109, R10",
      "The certificate behind the software's signing key is not an accepted BRSEAL.",
      "Publish a valid BRSEAL in the directory.",
      "O certificado por trás da chave de assinatura do software não é um BRSEAL aceito.",
      "Publique um BRSEAL válido no diretório.",
    ],
    "brseal.other-organisation": [
      "CS 110, R10",
      "The BRSEAL behind the software's signing key belongs to another organisation.",
      "Publish the BRSEAL of the organisation that owns the software.",
      "O BRSEAL por trás da chave de assinatura do software é de outra organização.",
      "Publique o BRSEAL da organização dona do software.",
    ],
    "auth-method.not-offered": [
      "FAPI-BR 5.2.2-14, R26",
      "The client authentication method is not offered.",
      "Send token_endpoint_auth_method private_key_jwt, or leave it out.",
      "O método de autenticação do cliente não é oferecido.",
      "Envie token_endpoint_auth_method private_key_jwt ou omita-o.",
    ],
    "grant-types.not-offered": [
      "DCR 7.1, R28",
      "A grant type is not offered.",
      "Ask only for authorization_code, implicit, refresh_token and client_credentials.",
      "Um grant type não é oferecido.",
      "Peça somente authorization_code, implicit, refresh_token e client_credentials.",
    ],
    "response-types.not-offered": [
      "FAPI-BR 5.2.2-15, R29",
      "A response type is not offered.",
      "Send response_types with code id_token only, or leave it out.",
      "Um response type não é oferecido.",
      "Envie response_types somente com code id_token ou omita-o.",
    ],
    "metadata.overruled": [
      "DCR 7.1-10, R33",
      "A member differs from the software statement, which prevails. This is a warning and refuses nothing.",
      "Leave the member out, or change it in the directory.",
      "Um campo difere do software statement, que prevalece. Isto é apenas um aviso e não impede o registro.",
      "Omita o campo ou altere o valor no diretório.",
    ],
    "scope.role-missing": [
      "DCR 7.1-9, DCR 7.2, R30",
      "A scope lies outside the software's active roles.",
      "Ask for fewer scopes, or have the missing role given in the directory.",
      "Um escopo está fora dos papéis ativos do software.",
      "Peça menos escopos ou obtenha o papel que falta no diretório.",
    ],
    "scope.none-offered": [
      "DCR 7.1-9, R30",
      "None of the requested scopes is offered by this institution.",
      "Ask for scopes of scopes_supported in the discovery document, or leave scope out to get all that the roles give.",
      "Nenhum dos escopos pedidos é oferecido por esta instituição.",
      "Peça escopos de scopes_supported do documento de descoberta ou omita scope para obter todos os dos papéis.",
    ],
    "algorithm.not-offered": [
      "DCR 7.1.1-1, R31",
      "An algorithm or setting is not that of the profile.",
      "Leave the member out: the server fills in PS256, RSA-OAEP, A256GCM and public.",
      "Um algoritmo ou parâmetro não é o do perfil.",
      "Omita o campo: o servidor preenche PS256, RSA-OAEP, A256GCM e public.",
    ],
  },
);

const webhookUris = entriesOf(
  { error: "invalid_webhook_uris", status: 400 },
  {
    "webhook-uris.differ": [
      "DCR 7.1, R32",
      "webhook_uris differs from the statement's software_api_webhook_uris.",
      "Send exactly the statement's list, or leave webhook_uris out.",
      "webhook_uris difere das software_api_webhook_uris do statement.",
      "Envie exatamente a lista do statement ou omita webhook_uris.",
    ],
    "webhook-uris.form": [
      "DCR 7.1, R32",
      "A webhook URI has a form that the profile does not allow.",
      "Use https without query, fragment or trailing slash, at most 255 characters.",
      "Uma webhook URI tem um formato que o perfil não permite.",
      "Use https sem query, fragmento ou barra final, com até 255 caracteres.",
    ],
  },
);

const clientAuthentication = entriesOf(
  { error: "invalid_client", status: 401 },
  {
    "assertion.absent": [
      "RFC 7523 2.2",
      "The client assertion is missing.",
      "Send client_assertion and client_assertion_type; see porteiro assertion.",
      "Falta a client assertion.",
      "Envie client_assertion e client_assertion_type; veja porteiro assertion.",
    ],
    "assertion.malformed": [
      "RFC 7523 3",
      "The client assertion is not a compact JWS with the claims that it needs.",
      "Send a PS256-signed JWT with iss, sub, aud, exp and jti.",
      "A client assertion não é um JWS compacto com as claims necessárias.",
      "Envie um JWT assinado com PS256 com iss, sub, aud, exp e jti.",
    ],
    "assertion.algorithm": [
      "FAPI-BR 6.2",
      "The client assertion is not signed with PS256.",
      "Sign it with PS256.",
      "A client assertion não está assinada com PS256.",
      "Assine-a com PS256.",
    ],
    "assertion.type": [
      "RFC 8725 3.11",
      "The client assertion's typ says that it is a JWT of another kind.",
      "Sign it with typ JWT or client-authentication+jwt, or without typ.",
      "O typ da client assertion indica um JWT de outra finalidade.",
      "Assine-a com typ JWT ou client-authentication+jwt, ou sem typ.",
    ],
    "assertion.client": [
      "RFC 7523 3",
      "The client assertion's iss and sub do not both name the calling client.",
      "Set iss and sub to the client_id.",
      "O iss e o sub da client assertion não identificam o cliente que chama.",
      "Use o client_id em iss e sub.",
    ],
    "assertion.key-unknown": [
      "DCR 9.4",
      "The client's keys in the directory hold no signing key of that kid.",
      "Sign with a key that is active in the directory, and name its kid in the header.",
      "As chaves do cliente no diretório não incluem chave de assinatura com esse kid.",
      "Assine com uma chave ativa no diretório e informe seu kid no cabeçalho.",
    ],
    "assertion.signature": [
      "RFC 7523 3",
      "The client assertion's signature does not verify.",
      "Sign with the private key of the kid that the header names.",
      "A assinatura da client assertion não confere.",
      "Assine com a chave privada do kid informado no cabeçalho.",
    ],
    "assertion.audience": [
      "RFC 7523 3",
      "The client assertion is not addressed to this server.",
      "Set aud to the issuer or to the address of the endpoint that is called.",
      "A client assertion não é dirigida a este servidor.",
      "Use em aud o issuer ou o endereço do endpoint chamado.",
    ],
    "assertion.expired": [
      "RFC 7523 3",
      "The client assertion has expired.",
      "Make a new one for each call; check the clock.",
      "A client assertion expirou.",
      "Gere uma nova a cada chamada; confira o relógio.",
    ],
    "assertion.not-yet-valid": [
      "RFC 7523 3",
      "The client assertion is not valid yet.",
      "Check the clock: nbf and iat lie in the future.",
      "A client assertion ainda não é válida.",
      "Confira o relógio: nbf e iat estão no futuro.",
    ],
    "assertion.too-long-lived": [
      "RFC 7523 3",
      "The client assertion lives longer than the server accepts.",
      "Let it live for a minute; ten minutes are the most.",
      "A client assertion dura mais do que o servidor aceita.",
      "Dê a ela a validade de um minuto; o máximo são dez minutos.",
    ],
    "assertion.used": [
      "RFC 7523 3",
      "The client assertion has been used before.",
      "Make a new one, with a new jti, for each call.",
      "A client assertion já foi usada.",
      "Gere uma nova, com novo jti, a cada chamada.",
    ],
    "client.unknown": [
      "RFC 6749 5.2",
      "There is no such client.",
      "Use the client_id of the registration answer.",
      "Este cliente não existe.",
      "Use o client_id da resposta de registro.",
    ],
    "client.suspended": [
      "DCR 7.2",
      "The client is suspended, because the directory (its software statement, or the list of participants) says that it is not active.",
      "Have the organisation, software or role made active in the directory, then update the registration with PUT.",
      "O cliente está suspenso, pois o diretório (seu software statement ou a lista de participantes) diz que não está ativo.",
      "Reative a organização, o software ou o papel no diretório e atualize o registro com PUT.",
    ],
    "client.suspended-by-bank": [
      "RFC 6749 5.2",
      "The bank has suspended this client.",
      "Contact the bank: only the bank can lift it; an update or a new registration does not.",
      "O banco suspendeu este cliente.",
      "Entre em contato com o banco: somente o banco pode reativá-lo; uma atualização ou um novo registro não o reativa.",
    ],
  },
);

const invalidScope = entriesOf(
  { error: "invalid_scope", status: 400 },
  {
    "scope.not-covered": [
      "RFC 6749 5.2",
      "A scope is unknown, or this client may not have it with this grant.",
      "Ask for the scopes that the client holds, or leave scope out to get all of them.",
      "Um escopo é desconhecido, ou este cliente não pode obtê-lo com este grant.",
      "Peça os escopos que o cliente possui ou omita scope para obter todos.",
    ],
    "scope.nothing-left": [
      "RFC 6749 5.2",
      "This client holds no scope that this grant can give.",
      "Update the registration once the software has the role, or ask the bank for its product scopes.",
      "Este cliente não possui nenhum escopo que este grant possa conceder.",
      "Atualize o registro quando o software tiver o papel, ou peça ao banco os escopos de seus produtos.",
    ],
  },
);

const invalidRequest = entriesOf(
  { error: "invalid_request", status: 400 },
  {
    "parameter.absent": [
      "RFC 6749 5.2",
      "A required parameter is missing.",
      "Send it in the body, as application/x-www-form-urlencoded.",
      "Falta um parâmetro obrigatório.",
      "Envie-o no corpo, como application/x-www-form-urlencoded.",
    ],
    "parameter.repeated": [
      "RFC 6749 3.2",
      "A parameter is sent more than once.",
      "Send each parameter once.",
      "Um parâmetro foi enviado mais de uma vez.",
      "Envie cada parâmetro uma única vez.",
    ],
    "form.content-type": [
      "RFC 6749 3.2",
      "The body's content type is not application/x-www-form-urlencoded.",
      "Send the parameters as a form (curl: --data-urlencode).",
      "O tipo de conteúdo do corpo não é application/x-www-form-urlencoded.",
      "Envie os parâmetros como formulário (curl: --data-urlencode).",
    ],
    "form.too-large": [
      "RFC 6749 3.2",
      "The body is larger than the server accepts.",
      "Send only the parameters that the endpoint needs.",
      "O corpo é maior do que o servidor aceita.",
      "Envie somente os parâmetros de que o endpoint precisa.",
    ],
    "interaction-id.absent": [
      "FAPI-BR 5.2.2-23",
      "The header x-fapi-interaction-id is missing or not a UUID.",
      "Send a UUID (RFC 4122) in x-fapi-interaction-id.",
      "O cabeçalho x-fapi-interaction-id está ausente ou não é um UUID.",
      "Envie um UUID (RFC 4122) em x-fapi-interaction-id.",
    ],
  },
);

const others = {
  ...entriesOf(
    { error: "invalid_request_object", status: 400 },
    {
      "request-object.parameter": [
        "RFC 9101 4",
        "A parameter in the request object is of a JSON type that no parameter has.",
        "Send each parameter as text, number or list, and only claims as an object.",
        "Um parâmetro no request object é de um tipo JSON que nenhum parâmetro tem.",
        "Envie cada parâmetro como texto, número ou lista, e somente claims como objeto.",
      ],
    },
  ),
  ...entriesOf(
    { error: "invalid_grant", status: 400 },
    {
      "code.used": [
        "RFC 6749 4.1.2",
        "The authorization code has been used before; what it gave is revoked.",
        "Take the customer through a new authorization, and use each code once.",
        "O código de autorização já foi usado; o que ele concedeu foi revogado.",
        "Leve o cliente por uma nova autorização e use cada código uma única vez.",
      ],
    },
  ),
  ...entriesOf(
    { error: "unsupported_grant_type", status: 400 },
    {
      "grant-type.not-offered": [
        "RFC 6749 5.2",
        "The grant type is not offered here.",
        "Use one of the grant types of the discovery document.",
        "O grant type não é oferecido aqui.",
        "Use um dos grant types do documento de descoberta.",
      ],
    },
  ),
  ...entriesOf(
    { error: "unauthorized_client", status: 400 },
    {
      "grant-type.not-registered": [
        "RFC 6749 5.2",
        "The client is not registered for this grant type.",
        "Update the registration with the grant type in grant_types.",
        "O cliente não está registrado para este grant type.",
        "Atualize o registro com o grant type em grant_types.",
      ],
    },
  ),
  ...entriesOf(
    { error: "invalid_request", status: 405 },
    {
      "method.not-allowed": [
        "RFC 9110 15.5.6",
        "The address does not take this method.",
        "Use one of the methods in the Allow header.",
        "O endereço não aceita este método.",
        "Use um dos métodos do cabeçalho Allow.",
      ],
    },
  ),
  ...entriesOf(
    { error: "temporarily_unavailable", status: 429 },
    {
      "rate-limit.exceeded": [
        "RFC 6585 4",
        "Too many calls in a short time.",
        "Wait for the seconds that Retry-After names, then go on.",
        "Houve chamadas demais em pouco tempo.",
        "Aguarde os segundos indicados em Retry-After e continue.",
      ],
    },
  ),
  ...entriesOf(
    { error: "temporarily_unavailable", status: 503 },
    {
      "directory.unreachable": [
        "DCR 8",
        "The Central Directory is needed for this answer and does not answer.",
        "Try again after the seconds that Retry-After names; nothing has been changed or used up.",
        "O Diretório Central é necessário para esta resposta e não está respondendo.",
        "Tente novamente após os segundos indicados em Retry-After; nada foi alterado nem consumido.",
      ],
      "store.unavailable": [
        "RFC 9110 15.6.4",
        "The server cannot reach its store just now.",
        "Try again after the seconds that Retry-After names.",
        "O servidor não alcança seu armazenamento neste momento.",
        "Tente novamente após os segundos indicados em Retry-After.",
      ],
    },
  ),
};

export const refusalCatalogue = {
  ...certificate,
  ...registrationToken,
  ...statement,
  ...unapproved,
  ...redirectUris,
  ...clientMetadata,
  ...webhookUris,
  ...clientAuthentication,
  ...invalidScope,
  ...invalidRequest,
  ...others,
} as const;

export type RefusalCode = keyof typeof refusalCatalogue;

/** Whether a text is a code of the catalogue, for the page behind `error_uri`. */
export function isRefusalCode(text: string): text is RefusalCode {
  return Object.hasOwn(refusalCatalogue, text);
}
