// What the browser's authenticator is asked, and its answers as the API takes them.

import { api, type SessionState } from "./client.js";

/** Browsers keep passkeys for names, not for addresses, and on safe pages alone. */
export const passkeysWork = (): boolean => isSecureContext && typeof PublicKeyCredential === "function" && !/^[\d.]+$|^\[/.test(location.hostname);

const text = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

export async function signInWithPasskey(): Promise<SessionState> {
  const asked = await api.session.passkeyQuestion();
  const publicKey: PublicKeyCredentialRequestOptions = { challenge: bytes(asked.challenge), rpId: asked.host, userVerification: "required" };
  const credential = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return api.session.passkey({
    challenge: asked.challenge,
    id: text(credential.rawId),
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.authenticatorData),
    signature: text(response.signature),
  });
}

export async function makePasskey(password: string | null, label: string): Promise<void> {
  const asked = await api.me.passkeyQuestion({ password });
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: bytes(asked.challenge),
    rp: { id: asked.host, name: "Spigot" },
    user: { id: bytes(asked.user ?? ""), name: asked.name ?? "", displayName: asked.name ?? "" },
    pubKeyCredParams: asked.algorithms.map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: asked.known.map((id) => ({ type: "public-key", id: bytes(id) })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    attestation: "none",
  };
  const credential = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  await api.me.addPasskey({
    challenge: asked.challenge,
    client_data: text(response.clientDataJSON),
    authenticator_data: text(response.getAuthenticatorData()),
    public_key: text(response.getPublicKey() ?? new ArrayBuffer(0)),
    algorithm: response.getPublicKeyAlgorithm(),
    label,
  });
}
