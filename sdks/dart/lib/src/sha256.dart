import 'dart:typed_data';

const _k = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, //
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const _initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const _block = 64;

/// SHA-256 (FIPS 180-4), since neither Dart nor Flutter has one without a package.
Uint8List sha256(List<int> bytes) => (Sha256()..add(bytes)).digest();

/// A hash under way. `copy` goes on from where it is, so that a common beginning is hashed once.
final class Sha256 {
  Sha256() : _h = Uint32List.fromList(_initial);

  Sha256._copy(Sha256 other)
      : _h = Uint32List.fromList(other._h),
        _length = other._length {
    _pending.setAll(0, other._pending);
  }

  static final _w = Uint32List(64);

  final Uint32List _h;
  final _pending = Uint8List(_block);
  int _length = 0;

  Sha256 copy() => Sha256._copy(this);

  void add(List<int> bytes) {
    for (final byte in bytes) {
      _pending[_length++ % _block] = byte;
      if (_length % _block == 0) _compress();
    }
  }

  /// The hash of all that was added; ends it.
  Uint8List digest() {
    final bits = 8 * _length;
    add(const [0x80]);
    while (_length % _block != _block - 8) {
      add(const [0]);
    }
    add((ByteData(8)..setUint64(0, bits)).buffer.asUint8List());
    final digest = ByteData(32);
    for (var n = 0; n < 8; n++) {
      digest.setUint32(4 * n, _h[n]);
    }
    return digest.buffer.asUint8List();
  }

  void _compress() {
    final w = _w;
    final m = ByteData.sublistView(_pending);
    for (var t = 0; t < 16; t++) {
      w[t] = m.getUint32(4 * t);
    }
    for (var t = 16; t < 64; t++) {
      final p = w[t - 15], q = w[t - 2];
      final s0 = _right(p, 7) ^ _right(p, 18) ^ (p >>> 3);
      final s1 = _right(q, 17) ^ _right(q, 19) ^ (q >>> 10);
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    var a = _h[0], b = _h[1], c = _h[2], d = _h[3], e = _h[4], f = _h[5], g = _h[6], h = _h[7];
    for (var t = 0; t < 64; t++) {
      final s1 = _right(e, 6) ^ _right(e, 11) ^ _right(e, 25);
      final t1 = h + s1 + (g ^ (e & (f ^ g))) + _k[t] + w[t];
      final s0 = _right(a, 2) ^ _right(a, 13) ^ _right(a, 22);
      final t2 = s0 + ((a & b) | (c & (a | b)));
      h = g;
      g = f;
      f = e;
      e = (d + t1) & 0xffffffff;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) & 0xffffffff;
    }
    _h[0] += a;
    _h[1] += b;
    _h[2] += c;
    _h[3] += d;
    _h[4] += e;
    _h[5] += f;
    _h[6] += g;
    _h[7] += h;
  }
}

int _right(int word, int by) => ((word >>> by) | (word << (32 - by))) & 0xffffffff;
