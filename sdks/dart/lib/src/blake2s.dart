import 'dart:math';
import 'dart:typed_data';

const _iv = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// First word of the parameter block: depth 1, fan-out 1, no key, 32 bytes of output.
const _parameters = 0x01010020;

/// RFC 7693, section 2.7, a row a round.
const _sigma = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// BLAKE2s' `B(message, tag)`: one compression of sixteen words as the only and final block, with the byte counter set
/// to `tag`.
///
/// Words are kept in [Uint32List]s, which take the low 32 bits of what is written: sums and products need no mask.
Uint32List blake2sBlock(Uint32List message, int tag) {
  final h = _begun();
  _compress(h, message, tag, last: true);
  return h;
}

/// The hash of bytes, unkeyed, as eight words.
Uint32List blake2sWords(Uint8List bytes) {
  final h = _begun();
  var at = 0;
  // The last block carries the final flag, so a full one is only taken here when another follows.
  while (bytes.length - at > 64) {
    _compress(h, _read(bytes, at), at + 64, last: false);
    at += 64;
  }
  _compress(h, _read(bytes, at), bytes.length, last: true);
  return h;
}

int rotatedLeft(int word, int by) => ((word << by) | (word >>> (32 - by))) & 0xffffffff;

Uint32List _begun() => Uint32List.fromList(_iv)..[0] ^= _parameters;

Uint32List _read(Uint8List bytes, int at) {
  final words = Uint32List(16);
  for (var i = 0; i < min(64, bytes.length - at); i++) {
    words[i >> 2] |= bytes[at + i] << (8 * (i & 3));
  }
  return words;
}

void _compress(Uint32List h, Uint32List m, int counter, {required bool last}) {
  final v = Uint32List(16)
    ..setAll(0, h)
    ..setAll(8, _iv);
  v[12] ^= counter;
  if (last) v[14] = ~v[14];
  for (final s in _sigma) {
    _mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
    _mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
    _mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
    _mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
    _mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
    _mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
    _mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
    _mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
  }
  for (var i = 0; i < 8; i++) {
    h[i] ^= v[i] ^ v[i + 8];
  }
}

void _mix(Uint32List v, int a, int b, int c, int d, int x, int y) {
  v[a] += v[b] + x;
  v[d] = rotatedLeft(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotatedLeft(v[b] ^ v[c], 20);
  v[a] += v[b] + y;
  v[d] = rotatedLeft(v[d] ^ v[a], 24);
  v[c] += v[d];
  v[b] = rotatedLeft(v[b] ^ v[c], 25);
}
