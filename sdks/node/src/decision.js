// What is decided, as it is asked and as it is answered.

import { isObject, ofProblem, text, unreadable } from './error.js'

/** A request as the service reads it. */
export function wire({ body, bodyComplete = true, ...request }) {
  const described = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
  if (body !== undefined && body.length > 0) {
    described.body_base64 = Buffer.from(body).toString('base64')
    if (!bodyComplete) described.body_complete = false
  }
  return described
}

/** What failOpen says of what was not checked. */
export const unseen = () => ({
  id: '',
  action: 'allow',
  effective: 'allow',
  risk: 0,
  reasons: [],
  passes: true,
  checked: false,
  requestHeaders: [],
  removeHeaders: [],
  response: null,
})

export function readDecision(told) {
  const whole =
    isObject(told) && [told.id, told.action, told.effective].every((v) => typeof v === 'string') && typeof told.passes === 'boolean'
  if (!whole) throw unreadable('the decision is not whole')
  const response = told.passes ? null : readResponse(told.response)
  if (response === undefined) throw unreadable('the decision does not say what to send')
  return {
    id: told.id,
    action: told.action,
    effective: told.effective,
    risk: Number.isInteger(told.risk) ? told.risk : 0,
    reasons: Array.isArray(told.reasons) ? told.reasons.filter(isObject) : [],
    passes: told.passes,
    checked: true,
    requestHeaders: pairs(told.request_headers),
    removeHeaders: Array.isArray(told.remove_headers) ? told.remove_headers.filter((name) => typeof name === 'string') : [],
    response,
  }
}

/** One decision or error for each request, in their order. */
export function readBatch(answer, wanted) {
  const told = answer.decisions
  if (!Array.isArray(told) || told.length !== wanted) {
    throw unreadable('there is not one decision for each request')
  }
  return told.map((one) =>
    isObject(one) && isObject(one.problem) ? ofProblem(one.problem, Number(one.problem.status)) : readDecision(one),
  )
}

function readResponse(told) {
  if (!isObject(told) || !Number.isInteger(told.status) || told.status < 200 || told.status > 599) return undefined
  return { status: told.status, headers: pairs(told.headers), body: text(told.body) }
}

function pairs(told) {
  const isPair = (pair) => Array.isArray(pair) && pair.length === 2 && pair.every((v) => typeof v === 'string')
  return Array.isArray(told) ? told.filter(isPair) : []
}
