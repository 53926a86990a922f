// The thread that solves one puzzle: its parent reads the proof, and ends it.

import { parentPort, workerData } from 'node:worker_threads'
import { proof } from './puzzle.js'

parentPort.postMessage(proof(workerData))
