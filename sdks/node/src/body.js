// The beginning of a body, for the service to look into; the application reads all of it afterwards.

// As much as Envoy's configuration has.
const SHOWN_BYTES_MAX = 64 << 10
const NOTHING = { bodyComplete: true }

/** Of a request of node:http. What was read is put back. */
export async function begun(request) {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  const hasNone = coding === undefined && (length === undefined || Number(length) === 0)
  // A stream that is listened to when it is over says so to nobody else.
  if (hasNone || (request.complete && request.readableLength === 0)) return NOTHING
  const chunks = []
  await new Promise((resolve) => {
    let bytes = 0
    const read = () => {
      while (bytes <= SHOWN_BYTES_MAX && request.readableLength > 0) {
        const chunk = request.read()
        if (chunk === null) break
        bytes += chunk.length
        chunks.push(chunk)
      }
      if (bytes > SHOWN_BYTES_MAX || (request.complete && request.readableLength === 0)) over()
    }
    const over = () => {
      request.off('readable', read).off('error', over).off('close', over)
      // In the same turn as the last read: after it the stream would be at its end.
      if (bytes > 0) request.unshift(Buffer.concat(chunks))
      resolve()
    }
    request.on('readable', read).on('error', over).on('close', over)
  })
  return shown(chunks, request.complete)
}

/** Of a web stream; `stream` is what the application reads in its place. */
export async function begunOf(stream) {
  const reader = stream.getReader()
  const chunks = []
  let [bytes, over] = [0, false]
  while (!over && bytes <= SHOWN_BYTES_MAX) {
    const { done, value } = await reader.read()
    over = done
    if (!done) {
      bytes += value.length
      chunks.push(value)
    }
  }
  const told = shown(chunks, over)
  const again = new ReadableStream({
    async pull(controller) {
      const { done, value } = chunks.length > 0 ? { value: chunks.shift() } : await reader.read()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel: (why) => reader.cancel(why),
  })
  return { ...told, stream: again }
}

function shown(chunks, over) {
  const all = Buffer.concat(chunks)
  return { body: all.subarray(0, SHOWN_BYTES_MAX), bodyComplete: over && all.length <= SHOWN_BYTES_MAX }
}
