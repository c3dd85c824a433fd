import { createHash } from "node:crypto";
import { z } from "zod";
import { displayName, type Customer } from "./sample-customers.ts";

/** The customer's profile on the wire. */
export const customerProfileSchema = z.object({
  userId: z.string().regex(/^[0-9A-F]{32}$/),
  fiId: z.string(),
  loginId: z.string(),
  userName: z.string(),
  firstName: z.string().optional(),
  middleName: z.string().optional(),
  lastName: z.string().optional(),
  fullName: z.string(),
  birthDate: z.iso.date().optional(),
  emailAddress: z.email(),
  failedLoginCount: z.int(),
  failedPasswordResetCount: z.int(),
  userStatus: z.object({
    active: z.boolean(),
    onHold: z.boolean(),
    locked: z.boolean(),
    reset: z.boolean(),
    registered: z.boolean(),
    approved: z.boolean(),
    rejected: z.boolean(),
    invalidEmailId: z.boolean(),
    acceptedDisclosure: z.boolean(),
    needsToAcceptDisclosure: z.boolean(),
  }),
  postalAddresses: z.array(
    z.object({
      address1: z.string(),
      address2: z.string(),
      city: z.string(),
      state: z.string(),
      postalCode: z.string(),
      country: z.literal("BR"),
    }),
  ),
  contactMethods: z.array(
    z.object({
      id: z.string(),
      telephoneCountryCode: z.string().optional(),
      contactInfo: z.string(),
      protocol: z.enum(["SMS", "VOICE", "EMAIL"]),
      isActivated: z.boolean(),
      enrolledDateTime: z.iso.datetime(),
    }),
  ),
  registrationDateTime: z.iso.datetime(),
  userType: z.enum(["RETAIL", "BUSINESS"]),
  userRole: z.literal("PRIMARY"),
  customers: z.array(
    z.object({
      customerId: z.string(),
      memberNumber: z.string(),
      customerType: z.enum(["RETAIL", "BUSINESS"]),
      hostLoginId: z.string(),
    }),
  ),
  acceptedDisclosure: z.boolean(),
  billPayChecked: z.boolean(),
});

export type CustomerProfile = z.infer<typeof customerProfileSchema>;

/** A customer's profile; a company has neither a birth date nor a person's names. */
export function toCustomerProfile(customer: Customer, institutionId: string): CustomerProfile {
  const userType = customer.kind === "person" ? "RETAIL" : "BUSINESS";
  const { address } = customer;
  return {
    userId: customer.userId,
    fiId: institutionId,
    loginId: customer.loginId,
    userName: customer.kind === "person" ? customer.firstName : customer.tradeName,
    ...(customer.kind === "person" && {
      firstName: customer.firstName,
      ...(customer.middleName !== undefined && { middleName: customer.middleName }),
      lastName: customer.lastName,
      birthDate: customer.birthDate,
    }),
    fullName: displayName(customer),
    emailAddress: customer.email,
    failedLoginCount: 0,
    failedPasswordResetCount: 0,
    userStatus: {
      active: true,
      onHold: false,
      locked: false,
      reset: false,
      registered: true,
      approved: true,
      rejected: false,
      invalidEmailId: false,
      acceptedDisclosure: true,
      needsToAcceptDisclosure: false,
    },
    postalAddresses: [
      {
        address1: address.street,
        address2: address.district,
        city: address.city,
        state: address.state,
        postalCode: address.postalCode,
        country: "BR",
      },
    ],
    contactMethods: [
      { ...contactMethod(customer, "EMAIL"), contactInfo: customer.email },
      { ...contactMethod(customer, "SMS"), contactInfo: customer.phone, telephoneCountryCode: "55" },
    ],
    registrationDateTime: customer.registeredAt,
    userType,
    userRole: "PRIMARY",
    customers: [
      {
        customerId: customer.customerId,
        memberNumber: customer.memberNumber,
        customerType: userType,
        hostLoginId: customer.loginId,
      },
    ],
    acceptedDisclosure: true,
    billPayChecked: false,
  };
}

function contactMethod(customer: Customer, protocol: "EMAIL" | "SMS") {
  const id = createHash("sha256").update(`${customer.customerId} ${protocol}`).digest("hex").slice(0, 32);
  return { id, protocol, isActivated: true, enrolledDateTime: customer.registeredAt };
}
